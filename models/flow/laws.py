"""Laws that every result must obey; a broken one raises InternalError and is never printed."""

from __future__ import annotations

import numpy as np

from models.flow.arrays import Floats, Ints
from models.flow.solver import Solution
from routes.errors import InternalError

_SLACK = 1e-6


def check_solution(solution: Solution) -> float:
    """Check the flow laws; returns the greatest relative violation of a capacity.

    Laws: flows are not negative; supplies, markets and capacities are respected; every route runs
    unbroken over open arcs from its supply to its market; each node conserves each layer.
    """
    p, s = solution.problem, solution.problem.structure
    flow = solution.flow
    _require(bool((flow >= 0).all()), "flows are not negative")
    on_arc = arc_flow(solution)
    used = np.flatnonzero(on_arc > 0)
    _require(bool(p.arc_open[used].all()), "a closed link carries nothing")
    usage = row_usage(solution, on_arc)
    finite = np.isfinite(p.capacity)
    over = (usage - p.capacity)[finite] / np.maximum(1.0, p.capacity[finite])
    violation = float(over.max(initial=0.0))
    _require(violation <= _SLACK, "every capacity is respected")
    shipped = np.bincount(s.source_supply[solution.source], flow, minlength=len(p.supply))
    _require(
        bool((shipped <= p.supply + _SLACK * np.maximum(1.0, p.supply)).all()),
        "a supply ships no more than it has",
    )
    taken = np.bincount(s.sink_market[solution.sink], flow, minlength=len(p.price))
    _require(
        bool((taken <= p.maximum + _SLACK * np.maximum(1.0, taken)).all()),
        "a market takes no more than its maximum",
    )
    _require(
        bool((taken + solution.missed >= p.minimum - _SLACK * np.maximum(1.0, p.minimum)).all()),
        "an obligation is served or counted as missed",
    )
    _check_conservation(solution, used, on_arc[used])
    _require(_unbroken(solution), "a route runs unbroken from its supply to its market")
    return max(violation, 0.0)


def check_gap(solution: Solution, scale: float) -> float:
    """Relative gap of an optimum: proven bound less objective, over total generalised cost."""
    gap = solution.gap / max(scale, 1.0)
    _require(gap <= 1e-9, f"the optimum is proven to 1e-9 (gap {gap:.2e})")
    return gap


def arc_flow(solution: Solution) -> Floats:
    """Flow of each arc, kt: the sum of its routes' flows."""
    arcs, starts = solution.joined_arcs
    lengths = np.diff(np.append(starts, len(arcs)))
    n_arcs = len(solution.problem.structure.arc_link)
    total = np.bincount(arcs, np.repeat(solution.flow, lengths), minlength=n_arcs)
    return np.asarray(total, dtype=float)


def route_worth(solution: Solution) -> Floats:
    """Utility less lifting cost of each route, USD/t."""
    p, s = solution.problem, solution.problem.structure
    arcs, starts = solution.joined_arcs
    cost = np.add.reduceat(p.arc_cost[arcs], starts) if len(arcs) else np.zeros(0)
    price = p.price[s.sink_market[solution.sink]]
    return np.asarray(price - cost - p.lifting[s.source_supply[solution.source]])


def _unbroken(solution: Solution) -> bool:
    s = solution.problem.structure
    arcs, starts = solution.joined_arcs
    if not len(arcs):
        return True
    ends = np.append(starts[1:], len(arcs)) - 1
    joins = s.arc_tail[arcs[1:]] == s.arc_head[arcs[:-1]]
    joins[starts[1:] - 1] = True
    return bool(
        joins.all()
        and (s.arc_tail[arcs[starts]] == s.source_node[solution.source]).all()
        and (s.arc_head[arcs[ends]] == s.sink_node[solution.sink]).all()
    )


def row_usage(solution: Solution, on_arc: Floats | None = None) -> Floats:
    """Use of each capacity row, scaled kt."""
    p = solution.problem
    usage = p.weights @ (arc_flow(solution) if on_arc is None else on_arc)
    if p.sink_weights.nnz:
        into = np.bincount(solution.sink, solution.flow, minlength=p.sink_weights.shape[1])
        usage = usage + p.sink_weights @ into
    usage = np.asarray(usage, dtype=float).copy()
    np.subtract.at(usage, p.growth_row, solution.grown)
    return usage


def _check_conservation(solution: Solution, used: Ints, flow: Floats) -> None:
    s = solution.problem.structure
    into = s.arc_head[used], s.source_node[solution.source]
    out_of = s.arc_tail[used], s.sink_node[solution.sink]
    amount = np.concatenate([flow, solution.flow])
    balance = np.bincount(
        np.concatenate([*into, *out_of]), np.concatenate([amount, -amount]), minlength=s.n_nodes
    )
    total = max(1.0, float(solution.flow.sum()))
    _require(
        bool(np.abs(balance).max(initial=0.0) <= _SLACK * total),
        "each node conserves each commodity",
    )


def _require(holds: object, law: str) -> None:
    if not holds:
        msg = f"A law is broken: {law}. Please report this with the scenario."
        raise InternalError(msg)
