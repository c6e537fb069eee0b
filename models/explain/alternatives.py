"""The best routes that are not used, and what would bring them in.

With the duals of the optimum, an arc's reduced loss is what a tonne would lose by turning into it.
The arc with the least loss that a shipped tonne could turn into opens the best unused route; the
loss is the fall of that arc's charge (or rise of that market's price) that brings it in. Since
duals need not be unique, each threshold is tried by solving again before it is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.explain.statement import Statement
from models.explain.worth import WorthTree
from models.flow.arrays import Floats, Problem
from models.flow.laws import arc_flow
from models.flow.result import RouteFacts
from models.flow.solve import solver_for
from models.flow.solver import FlowSolver, Solution
from models.names import name_capacities, name_places
from models.run import Run

_TIGHT = 1e-6
_TRIES = 24


@dataclass(frozen=True, slots=True)
class Turn:
    """A route that no tonne takes: where it leaves the used ones, and how much worse it is."""

    source: int
    sink: int
    arcs: tuple[int, ...]
    turn: int  # idle arc whose charge is the lever, or -1: the market's price is
    loss: float


def explain_alternatives(run: Run, commodity: str, *, top: int, margin: float) -> list[Statement]:
    """The used routes of a commodity, its best unused ones, and ties within `margin` USD/t."""
    found = find_turns(run, commodity)
    solver = solver_for(run.result.case)
    facts = RouteFacts(run.result.case, run.result.solution.problem.structure)
    told: list[Statement] = []
    seen: set[tuple[str, str]] = set()
    for turn in found:
        if len(told) >= top:
            break
        route = _facts(facts, turn)
        key = (route["corridor"], route["to_place_id"])
        if key in seen:
            continue
        seen.add(key)
        threshold = verify_turn(solver, run.result.solution, turn)
        if threshold is not None:
            told.append(_tell(run, turn, route, threshold, margin))
    return [_tell_used(run, commodity), *told]


def find_turns(run: Run, commodity: str) -> list[Turn]:
    """Unused ways for shipped tonnes of a commodity, least loss first."""
    solution = run.result.solution
    s = solution.problem.structure
    tree = WorthTree(solution)
    layers = [i for i, layer in enumerate(s.layers) if layer.commodity == commodity]
    sources = [int(i) for i in np.unique(solution.source) if s.source_layer[i] in layers]
    leaving: dict[int, list[int]] = {}
    for arc in np.flatnonzero(np.isin(s.arc_layer, layers)):
        leaving.setdefault(int(s.arc_tail[arc]), []).append(int(arc))
    flow = arc_flow(solution)
    turns: list[Turn] = []
    for source in sources:
        turns += _turns_of(solution, tree, flow, leaving, source)
    turns = [_choose_lever(turn, solution.problem, flow) for turn in turns]
    return sorted(turns, key=lambda t: (t.loss, t.source, t.sink, t.arcs))


def _choose_lever(turn: Turn, problem: Problem, flow: Floats) -> Turn:
    """Put the change on the dearest idle arc of the way: no charge can fall below nothing.

    Where no idle arc costs as much as the loss, the market's price is the lever.
    """
    idle = [arc for arc in turn.arcs if flow[arc] <= 0]
    arc = max(idle, key=lambda a: float(problem.arc_cost[a]), default=-1)
    fits = arc >= 0 and problem.arc_cost[arc] >= turn.loss + 1.0
    return replace(turn, turn=arc if fits else -1)


def _turns_of(
    solution: Solution, tree: WorthTree, flow: Floats, leaving: dict[int, list[int]], source: int
) -> list[Turn]:
    """Ways that leave the used routes of one source at any of their nodes."""
    s = solution.problem.structure
    ends = {int(b) for a, b in zip(solution.source, solution.sink, strict=True) if a == source}
    ways: dict[int, tuple[int, ...]] = {int(s.source_node[source]): ()}
    stack = list(ways)
    turns = []
    while stack:
        node = stack.pop()
        sink = tree.sink_of.get(node)
        if sink is not None and sink not in ends:
            loss = max(0.0, float(tree.sink_loss[sink]))
            turns.append(Turn(source, sink, ways[node], -1, loss))
        for arc in leaving.get(node, ()):
            head = int(s.arc_head[arc])
            if tree.loss[arc] <= _TIGHT and flow[arc] > 0:
                if head not in ways:
                    ways[head] = (*ways[node], arc)
                    stack.append(head)
            elif np.isfinite(tree.loss[arc]) and (rest := tree.way_on(head)) is not None:
                loss = max(0.0, float(tree.loss[arc]))
                turns.append(Turn(source, rest[1], (*ways[node], arc, *rest[0]), arc, loss))
    return turns


def verify_turn(solver: FlowSolver, solution: Solution, turn: Turn) -> float | None:
    """The change in USD/t at which the route is taken, by solving again; None when there is none.

    The reduced loss is tried first; where the duals were not unique the threshold is searched for.
    """
    hair = 1e-5 + 1e-6 * turn.loss
    if _taken(solver, solution, turn, turn.loss + hair):
        if turn.loss <= hair or not _taken(solver, solution, turn, turn.loss - hair):
            return turn.loss
        low, high = 0.0, turn.loss
    else:
        low, high = turn.loss, _highest(solution.problem, turn)
        if high <= low or not _taken(solver, solution, turn, high):
            return None
    for _ in range(_TRIES):
        middle = (low + high) / 2
        if _taken(solver, solution, turn, middle):
            high = middle
        else:
            low = middle
    return high


def _highest(problem: Problem, turn: Turn) -> float:
    """The largest change worth trying, USD/t."""
    if turn.turn >= 0:
        return min(2 * turn.loss + 10.0, float(problem.arc_cost[turn.turn]))
    return 2 * turn.loss + 10.0


def change_problem(problem: Problem, turn: Turn, usd_per_t: float) -> Problem:
    """The programme with the turn's charge lowered, or its market's price raised."""
    if turn.turn >= 0:
        cost = problem.arc_cost.copy()
        cost[turn.turn] -= usd_per_t
        return replace(problem, arc_cost=cost)
    price = problem.price.copy()
    price[problem.structure.sink_market[turn.sink]] += usd_per_t
    return replace(problem, price=price)


def _taken(solver: FlowSolver, solution: Solution, turn: Turn, usd_per_t: float) -> bool:
    """Whether the changed programme earns more than its present flows would with the change."""
    changed = solver.solve(change_problem(solution.problem, turn, usd_per_t))
    if turn.turn >= 0:
        kept = float(arc_flow(solution)[turn.turn])
    else:
        market = solution.problem.structure.sink_market
        kept = float(solution.flow[market[solution.sink] == market[turn.sink]].sum())
    stay = solution.primal + kept * usd_per_t
    return changed.primal > stay + 1e-9 * max(1.0, abs(stay)) * 1e-3


def _facts(facts: RouteFacts, turn: Turn) -> dict[str, Any]:
    arcs = np.array(turn.arcs, dtype=np.int64)
    row = facts.table([arcs], [turn.source], [turn.sink], [0.0]).iloc[0]
    return dict(row)


def _tell(
    run: Run, turn: Turn, route: dict[str, Any], threshold: float, margin: float
) -> Statement:
    case = run.result.case
    places, name_capacity = name_places(case), name_capacities(case)
    ends = (places.get(route[key], route[key]) for key in ("from_place_id", "to_place_id"))
    where = f"{route['commodity']} from {' to '.join(ends)}"
    way = f"{route['corridor']}, {' '.join(route['countries'])}"
    s = run.result.solution.problem.structure
    if turn.turn >= 0:
        subject = str(s.link_ids[s.arc_link[turn.turn]])
        lever = f"{name_capacity(subject)} charged it {threshold:,.2f} USD/t less"
    else:
        subject = str(route["to_place_id"])
        lever = f"{places.get(subject, subject)} paid {threshold:,.2f} USD/t more"
    if threshold <= margin:
        kind = "tie"
        text = f"Within {margin:g} USD/t another split costs the same: {where} ({way}), if {lever}."
        if threshold < 0.005:
            text = f"Another split costs exactly the same: {where} ({way})."
    else:
        kind = "unused"
        text = f"The route {where} ({way}) is not used; it would be if {lever}."
    data = {
        "commodity": route["commodity"], "from": route["from_place_id"],
        "to": route["to_place_id"], "corridor": route["corridor"],
        "countries": list(route["countries"]), "links": list(route["links"]),
        "subject_id": subject, "change_usd_per_t": threshold,
        "netback_usd_per_t": route["netback_usd_per_t"],
        "generalised_cost_usd_per_t": route["generalised_cost_usd_per_t"],
    }  # fmt: skip
    return Statement(kind, text, data)


def _tell_used(run: Run, commodity: str) -> Statement:
    routes = run.result.routes
    mine = routes[(routes["commodity"] == commodity) & (routes["use"] == "export")]
    by = mine.groupby("corridor")["mt"].sum().sort_values(ascending=False)
    if by.empty:
        case = run.result.case
        of = case.supplies.loc[case.supplies["commodity_id"] == commodity, "mt_per_year"]
        text = f"No {commodity} is exported."
        if not of.sum() > 0:
            text = f"The inputs of {case.year} have no supply of {commodity}: nothing to explain."
        return Statement("used", text, {"commodity": commodity})
    ways = ", ".join(f"{mt:,.4g} Mt {name}" for name, mt in by.items())
    cost = float((mine["cash_cost_usd_per_t"] * mine["mt"]).sum() / mine["mt"].sum())
    text = f"{commodity} leaves by {ways}, at {cost:,.2f} USD/t on average."
    data = {"commodity": commodity, "corridors": {str(k): float(v) for k, v in by.items()}}
    return Statement("used", text, data | {"cash_cost_usd_per_t": cost})
