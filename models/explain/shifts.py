"""Between two runs: where each shifted tonne went, and which change moved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from models.demand import select_case
from models.explain.statement import Statement
from models.flow.solve import solve_optimal
from models.run import Run
from models.scenario import ChangeRecord, Scenario, apply
from routes.errors import KazroutesError

_SMALL = 1e-6  # Mt
_STAYS = "undelivered"
_MAX_CHANGES = 12


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
    return [_tell(row, causes) for _, row in shifts.head(top).iterrows()]


def find_shifts(run: Run, against: Run) -> pd.DataFrame:
    """Shifted Mt by commodity, supply and (corridor, market) before and after, largest first.

    Within a commodity and supply what one route lost is laid to what others gained in proportion.
    """
    before, after = (_flows(r) for r in (against, run))
    change = after.sub(before, fill_value=0.0)
    rows = []
    for (commodity, supply), group in change.groupby(level=[0, 1], sort=True):
        flat = group.droplevel([0, 1])
        lost, won = -flat[flat < -_SMALL], flat[flat > _SMALL]
        total = max(float(won.sum()), float(lost.sum()))
        for old, less in lost.items():
            for new, more in won.items():
                rows.append((commodity, supply, *old, *new, float(less * more / total)))
    columns = [
        "commodity",
        "supply",
        "from_corridor",
        "from_market",
        "to_corridor",
        "to_market",
        "mt",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame[frame["mt"] > _SMALL]
    keys = ["mt", "commodity", "supply", "from_market", "to_market"]
    return frame.sort_values(keys, ascending=[False, True, True, True, True], ignore_index=True)


def _flows(run: Run) -> pd.Series:
    """Mt by commodity, supply, corridor and market; what stays counts as a market of its own."""
    routes = run.result.routes
    names = ["commodity", "from_place_id", "corridor", "to_place_id"]
    flows = routes.groupby(names)["mt"].sum()
    supplies = run.result.case.supplies.set_index(["commodity_id", "place_id"])["mt_per_year"]
    supplies.index = supplies.index.set_names(names[:2])
    sent = routes.groupby(names[:2])["mt"].sum()
    left = supplies.sub(sent, fill_value=0.0).clip(lower=0.0)
    stays = pd.Series(
        left.to_numpy(),
        index=pd.MultiIndex.from_tuples(
            [(*key, _STAYS, _STAYS) for key in left.index], names=names
        ),
    )
    return pd.concat([flows, stays])


def find_causes(run: Run) -> dict[str, list[tuple[str, float]]]:
    """By commodity, the changes of `run` with the Mt that each alone moves, largest first.

    Each change is applied alone to the unchanged case and solved; a change that cannot stand alone
    is left out. With more than a dozen changes each scenario is tried as a whole.
    """
    if run.assignment != "optimal":
        return {}
    base = select_case(run.result.case.network, run.result.case.year)
    start = solve_optimal(base).routes
    causes: dict[str, list[tuple[str, float]]] = {}
    for label, part in _parts(run.scenarios):
        try:
            case, _ = apply(base, [part])
        except KazroutesError:
            continue
        moved = _moved(start, solve_optimal(case).routes)
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


def _moved(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    keys = ["commodity", "from_place_id", "corridor", "to_place_id"]
    a, b = (frame.groupby(keys)["mt"].sum() for frame in (before, after))
    return a.sub(b, fill_value=0.0).clip(lower=0.0).groupby(level=0).sum()


def _tell(row: pd.Series, causes: dict[str, list[tuple[str, float]]]) -> Statement:
    def place(corridor: str, market: str) -> str:
        return "staying undelivered" if corridor == _STAYS else f"{market} ({corridor})"

    why = causes.get(row["commodity"], [])
    cause = f" Mostly by {why[0][0]}." if why else ""
    text = (
        f"{row['mt']:,.3g} Mt of {row['commodity']} from {row['supply']} went from "
        f"{place(row['from_corridor'], row['from_market'])} to "
        f"{place(row['to_corridor'], row['to_market'])}.{cause}"
    )
    data = dict(row) | {"causes": [{"change": label, "moves_mt": mt} for label, mt in why]}
    return Statement("shift", text, data)
