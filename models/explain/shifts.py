"""Between two runs: where each shifted tonne went, and which change moved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models.choice.outlets import name_ways
from models.demand import select_case
from models.explain.statement import Statement
from models.flow.arrays import KT
from models.flow.laws import arc_flow
from models.flow.result import FlowResult, build_result
from models.flow.solve import solve_optimal, solver_for
from models.names import name_places
from models.run import Run
from models.scenario import ChangeRecord, Scenario, apply
from routes.errors import KazroutesError

_SMALL = 1e-6  # Mt
_HAIR = 1e-4  # USD/t
_STAYS = "undelivered"
_MAX_CHANGES = 12
_KEYS = ["commodity", "from_place_id", "corridor", "outlet", "to_place_id"]
Way = tuple[str, str, str]  # corridor, outlet, market
Ends = dict[tuple[str, Way], float]  # Mt by supply and way


def explain_shifts(run: Run, against: Run, *, commodity: str | None, top: int) -> list[Statement]:
    """The largest shifts of tonnes from the routes of `against` to those of `run`."""
    shifts = find_shifts(run, against)
    if commodity is not None:
        shifts = shifts[shifts["commodity"] == commodity]
    if shifts.empty:
        return [
            Statement("no-shift", f"No tonne moves between {against.scenario} and {run.scenario}.")
        ]
    causes = find_causes(run)
    places = name_places(run.result.case)
    return [_tell(row, causes, places) for _, row in shifts.head(top).iterrows()]


def find_shifts(run: Run, against: Run) -> pd.DataFrame:
    """Shifted Mt between (corridor, outlet, market) before and after; ties last, largest first.

    Within a commodity and supply what one way lost is laid to what others gained in proportion.
    Where supplies only change places with each other (one leaves a way that another takes) the
    swap is left out: `supply` lost the old way, `to_supply` gained the new. A shift is a tie when
    flows of the same worth do without it.
    """
    before, after = (_flows(r.result) for r in (against, run))
    change = after.sub(before, fill_value=0.0)
    nearest = stay_near(run, against)
    other = None if nearest is None else _flows(nearest).sub(before, fill_value=0.0)
    rows = []
    for commodity, group in change.groupby(level=0, sort=True):
        for supply, to_supply, old, new, mt in _match(group.droplevel(0)):
            tie = other is not None and _is_tie(other[commodity], (supply, to_supply), old, new)
            rows.append((commodity, supply, to_supply, *old, *new, tie, mt))
    columns = [
        "commodity", "supply", "to_supply", "from_corridor", "from_outlet", "from_market",
        "to_corridor", "to_outlet", "to_market", "tie", "mt",
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame[frame["mt"] > _SMALL]
    keys = ["tie", "mt", *columns[:-2]]
    return frame.sort_values(keys, ascending=[True, False, *[True] * 9], ignore_index=True)


def _match(change: pd.Series) -> list[tuple[str, str, Way, Way, float]]:
    """Shifts of one commodity (supply, to_supply, old, new, Mt), swaps between supplies left out.

    Tonnes that begin or cease to stay are no swap: what stays belongs to its supply.
    """
    told: list[tuple[str, str, Way, Way, float]] = []
    lost: Ends = {}
    won: Ends = {}
    for supply, part in change.groupby(level=0, sort=True):
        flat = part.droplevel(0)
        for old, new, mt in _pair(dict(-flat[flat < -_SMALL]), dict(flat[flat > _SMALL])):
            if _STAYS in (old[0], new[0]):
                told.append((supply, supply, old, new, mt))
                continue
            lost[supply, old] = lost.get((supply, old), 0.0) + mt
            won[supply, new] = won.get((supply, new), 0.0) + mt
    for end in sorted({end for _, end in lost} & {end for _, end in won}):
        sums = [sum(mt for (_, at), mt in side.items() if at == end) for side in (lost, won)]
        for side, total in zip((lost, won), sums, strict=True):
            for key in [key for key in side if key[1] == end]:
                side[key] *= 1 - min(sums) / total
    # first within a supply and market, then within either, then whatever is left
    for by_supply, by_market in ((True, True), (True, False), (False, True), (False, False)):
        for mine, theirs in _group(lost, won, by_supply=by_supply, by_market=by_market):
            for old, new, mt in _pair(mine, theirs):
                told.append((old[0], new[0], old[1], new[1], mt))
                lost[old] -= mt
                won[new] -= mt
    return told


def _group(lost: Ends, won: Ends, *, by_supply: bool, by_market: bool) -> list[tuple[Ends, Ends]]:
    """What was lost and gained by supply, by market, by both or in one."""
    groups: dict[tuple[str, str], tuple[Ends, Ends]] = {}
    for number, side in enumerate((lost, won)):
        for key, mt in side.items():
            if mt > _SMALL:
                name = (key[0] if by_supply else "", key[1][2] if by_market else "")
                groups.setdefault(name, ({}, {}))[number][key] = mt
    return [groups[name] for name in sorted(groups)]


def _pair(lost: dict[Any, float], won: dict[Any, float]) -> list[tuple[Any, Any, float]]:
    """What was lost, laid to what was gained in proportion."""
    total = max([sum(lost.values()), sum(won.values()), _SMALL])
    return [
        (old, new, less * more / total) for old, less in lost.items() for new, more in won.items()
    ]


def _flows(result: FlowResult) -> pd.Series:
    """Mt by commodity, supply, corridor, outlet, market; what stays is a market of its own."""
    routes = _with_outlets(result)
    flows = routes.groupby(_KEYS)["mt"].sum()
    supplies = result.case.supplies.set_index(["commodity_id", "place_id"])["mt_per_year"]
    supplies.index = supplies.index.set_names(_KEYS[:2])
    sent = routes.groupby(_KEYS[:2])["mt"].sum()
    left = supplies.sub(sent, fill_value=0.0).clip(lower=0.0)
    stays = [(*key, _STAYS, "", _STAYS) for key in left.index]
    index = pd.MultiIndex.from_tuples(stays, names=_KEYS)
    return pd.concat([flows, pd.Series(left.to_numpy(), index=index)])


def _with_outlets(result: FlowResult) -> pd.DataFrame:
    return result.routes.assign(outlet=name_ways(result.case, result.routes))


def _is_tie(change: pd.Series, supplies: tuple[str, str], old: Way, new: Way) -> bool:
    """Whether a commodity's other flows, as good as these, leave out a shift between two ways.

    `change` is that of the other flows. Markets count where the way to them is the same.
    """

    def net(supply: str, end: Way) -> float:
        at, corridor, outlet, market = (change.index.get_level_values(i) for i in range(4))
        same = (corridor == end[0]) & (outlet == end[1])
        if end[0] == _STAYS:  # belongs to its supply
            same &= at == supply
        elif old[:2] == new[:2]:
            same &= market == end[2]
        return float(change[same].sum())

    return net(supplies[0], old) > -_SMALL or net(supplies[1], new) < _SMALL


def stay_near(run: Run, against: Run) -> FlowResult | None:
    """Of the best flows of `run` those that keep to `against`; None where arcs do not compare.

    What gained is charged a hair more and what lost a hair less: that decides between flows of the
    same worth only.
    """
    result = run.result
    problem = result.solution.problem
    if problem.structure is not against.result.solution.problem.structure:
        return None
    change = arc_flow(result.solution) - arc_flow(against.result.solution)
    hair = np.where(np.abs(change) > _SMALL * KT, _HAIR * np.sign(change), 0.0)
    solver = solver_for(result.case)
    near = solver.solve(replace(problem, arc_cost=problem.arc_cost + hair))
    return build_result(result.case, near, "optimal")


def find_causes(run: Run) -> dict[str, list[tuple[str, float]]]:
    """By commodity, the changes of `run` with the Mt that each alone moves, largest first.

    Each change is applied alone to the unchanged case and solved; a change that cannot stand alone
    is left out. With more than a dozen changes each scenario is tried as a whole.
    """
    if run.assignment != "optimal":
        return {}
    base = select_case(run.result.case.network, run.result.case.year)
    start = solve_optimal(base)
    causes: dict[str, list[tuple[str, float]]] = {}
    for label, part in _parts(run.scenarios):
        try:
            case, _ = apply(base, [part])
        except KazroutesError:
            continue
        moved = _moved(start, solve_optimal(case))
        for commodity, mt in moved.items():
            if mt > _SMALL:
                causes.setdefault(str(commodity), []).append((label, float(mt)))
    return {name: sorted(found, key=lambda c: (-c[1], c[0])) for name, found in causes.items()}


def _parts(scenarios: Sequence[Scenario]) -> Iterator[tuple[str, Scenario]]:
    members = [m for scenario in scenarios for m in scenario.lineage if m.changes]
    if sum(len(m.changes) for m in members) > _MAX_CHANGES:
        yield from ((f"scenario {m.name}", _alone(m, m.changes)) for m in members)
        return
    for member in members:
        for number, change in enumerate(member.changes):
            yield f"{change.type} (change {number + 1} of {member.name})", _alone(member, (change,))


def _alone(scenario: Scenario, changes: tuple[ChangeRecord, ...]) -> Scenario:
    plain = tuple(change.model_copy(update={"override": False}) for change in changes)
    return Scenario(name=scenario.name, title=scenario.title, year=scenario.year, changes=plain)


def _moved(before: FlowResult, after: FlowResult) -> pd.Series:
    """Mt by commodity that leave a way to a market, swaps between supplies left out."""
    keys = [name for name in _KEYS if name != "from_place_id"]
    a, b = (_with_outlets(result).groupby(keys)["mt"].sum() for result in (before, after))
    return a.sub(b, fill_value=0.0).clip(lower=0.0).groupby(level=0).sum()


def _tell(
    row: pd.Series, causes: dict[str, list[tuple[str, float]]], places: dict[str, str]
) -> Statement:
    def place(end: str) -> str:
        corridor, outlet, market = (row[f"{end}_{x}"] for x in ("corridor", "outlet", "market"))
        if corridor == _STAYS:
            return "staying undelivered"
        ways = ", ".join(dict.fromkeys(name for name in (corridor, outlet) if name))
        return f"{places.get(market, market)} ({ways})"

    why = [] if row["tie"] else causes.get(row["commodity"], [])
    supply, other = (places.get(row[x], row[x]) for x in ("supply", "to_supply"))
    swap = "" if supply == other else f", in exchange with {other},"
    text = (
        f"{row['mt']:,.3g} Mt of {row['commodity']} from {supply}{swap} went from "
        f"{place('from')} to {place('to')}."
    )
    if row["tie"]:
        text += " A tie: flows of the same worth do without."
    elif why:
        text += f" Mostly by {why[0][0]}."
    data = dict(row) | {"causes": [{"change": label, "moves_mt": mt} for label, mt in why]}
    return Statement("shift", text, data | {"tie": bool(row["tie"])})
