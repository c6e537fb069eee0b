"""Laws that every result must obey; a broken one raises InternalError and is never printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.flow.arrays import Floats, Structure
from models.flow.joined import JoinedRoutes
from models.flow.solver import Solution
from routes.errors import InternalError

_SLACK = 1e-6


def check_solution(solution: Solution) -> float:
    """Check the flow laws; returns the greatest relative violation of a capacity.

    Laws: flows are not negative; supplies, markets and capacities are respected; every route runs
    unbroken over open arcs from its supply to its market; each node conserves each layer.
    """
    return check_solutions([solution])


def check_solutions(solutions: Sequence[Solution]) -> float:
    """As `check_solution`, for solutions on one structure: quicker than one by one."""
    problems = [solution.problem for solution in solutions]
    s, routes = problems[0].structure, JoinedRoutes(solutions)
    _require((routes.flow >= 0).all(), "flows are not negative")
    _require(all(map(_is_open, solutions)), "a closed link carries nothing")
    on_arc = routes.sum_arcs(len(s.arc_link))
    violation = float(np.max(list(map(_find_violation, solutions, on_arc))))
    _require(violation <= _SLACK, "every capacity is respected")
    supply, minimum, maximum = (
        np.stack([getattr(p, name) for p in problems]) for name in ("supply", "minimum", "maximum")
    )
    shipped = routes.group_routes(s.source_supply[routes.source], routes.flow, supply.shape[1])
    _require(
        (shipped <= supply + _SLACK * np.maximum(1.0, supply)).all(),
        "a supply ships no more than it has",
    )
    taken = routes.group_routes(s.sink_market[routes.sink], routes.flow, minimum.shape[1])
    _require(
        (taken <= maximum + _SLACK * np.maximum(1.0, taken)).all(),
        "a market takes no more than its maximum",
    )
    missed = np.stack([solution.missed for solution in solutions])
    _require(
        (taken + missed >= minimum - _SLACK * np.maximum(1.0, minimum)).all(),
        "an obligation is served or counted as missed",
    )
    _require(_is_balanced(routes, s), "each node conserves each commodity")
    _require(_is_unbroken(routes, s), "a route runs unbroken from its supply to its market")
    return max(violation, 0.0)


def _is_balanced(routes: JoinedRoutes, s: Structure) -> bool:
    """Whether what comes to each node leaves it."""
    place = [
        routes.at * s.n_nodes + s.arc_head[routes.arcs],
        routes.sample * s.n_nodes + s.source_node[routes.source],
        routes.at * s.n_nodes + s.arc_tail[routes.arcs],
        routes.sample * s.n_nodes + s.sink_node[routes.sink],
    ]
    amount = [routes.arc_flow, routes.flow, -routes.arc_flow, -routes.flow]
    left = np.bincount(np.concatenate(place), np.concatenate(amount), routes.n * s.n_nodes)
    worst = np.abs(left.reshape(routes.n, s.n_nodes)).max(axis=1, initial=0.0)
    return bool((worst <= _SLACK * np.maximum(1.0, routes.add_up(routes.flow))).all())


def _is_unbroken(routes: JoinedRoutes, s: Structure) -> bool:
    """Whether every route runs from its source over arcs that join to its sink."""
    arcs, starts = routes.arcs, routes.starts
    if not len(arcs):
        return True
    joins = s.arc_tail[arcs[1:]] == s.arc_head[arcs[:-1]]
    joins[starts[1:] - 1] = True
    return bool(
        joins.all()
        and (s.arc_tail[arcs[starts]] == s.source_node[routes.source]).all()
        and (s.arc_head[arcs[routes.ends - 1]] == s.sink_node[routes.sink]).all()
    )


def _is_open(solution: Solution) -> bool:
    """Whether no flow crosses a closed arc."""
    arcs, _ = solution.joined_arcs
    return bool(
        (solution.problem.arc_open[arcs] | (np.repeat(solution.flow, solution.lengths) <= 0)).all()
    )


def _find_violation(solution: Solution, on_arc: Floats) -> float:
    """Greatest use above a capacity, relative to it."""
    capacity = solution.problem.capacity
    finite = np.isfinite(capacity)
    over = (row_usage(solution, on_arc) - capacity)[finite] / np.maximum(1.0, capacity[finite])
    return float(over.max(initial=0.0))


def check_gap(solution: Solution, scale: float) -> float:
    """Relative gap of an optimum: over total generalised cost (`scale`) and missed obligations."""
    gap = solution.gap / max(scale + solution.penalty, 1.0)
    require_gap(gap)
    return gap


def require_gap(gap: float) -> None:
    """Check that a relative gap proves an optimum."""
    _require(gap <= 1e-9, f"the optimum is proven to 1e-9 (gap {gap:.2e})")


def arc_flow(solution: Solution) -> Floats:
    """Flow of each arc, kt: the sum of its routes' flows."""
    arcs, _ = solution.joined_arcs
    n_arcs = len(solution.problem.structure.arc_link)
    total = np.bincount(arcs, np.repeat(solution.flow, solution.lengths), minlength=n_arcs)
    return np.asarray(total, dtype=float)


def route_worth(solution: Solution) -> Floats:
    """Utility less lifting cost of each route, USD/t."""
    p, s = solution.problem, solution.problem.structure
    arcs, starts = solution.joined_arcs
    cost = np.add.reduceat(p.arc_cost[arcs], starts) if len(arcs) else np.zeros(0)
    price = p.price[s.sink_market[solution.sink]]
    return np.asarray(price - cost - p.lifting[s.source_supply[solution.source]])


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


def _require(holds: object, law: str) -> None:
    if not holds:
        msg = f"A law is broken: {law}. Please report this with the scenario."
        raise InternalError(msg)
