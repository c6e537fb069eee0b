"""Which capacities bind, what one unit more or less is worth, and which stand in series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from models.explain.statement import Statement
from models.flow.solve import solver_for
from models.flow.solver import FlowSolver
from models.run import Run, bottlenecks

_STEP = 1e-4


def explain_bottlenecks(run: Run, *, commodity: str | None, top: int) -> list[Statement]:
    """A statement per full capacity that is worth something, and one per series of them.

    With a commodity only the capacities that its routes use.
    """
    table = bottlenecks(run, top=len(run.links) + len(run.shared_capacities))
    if commodity is not None:
        routes = run.result.routes
        used = set(routes.loc[routes["commodity"] == commodity, "links"].explode())
        touches = [bool(_members(run, str(name)) & used) for name in table["subject_id"]]
        table = table[touches]
    table = table.head(top)
    series = find_series(run, table)
    together = {name for names in series for name in names}
    found = [_describe(row) for _, row in table.iterrows() if row["subject_id"] not in together]
    return found + [_describe_series(run, table, names) for names in series]


def find_series(run: Run, table: pd.DataFrame) -> list[list[str]]:
    """Groups of full capacities that the same routes use, so that one alone brings nothing."""
    idle = table[table["gain_usd_per_unit"] == 0]
    users: dict[frozenset[int], list[str]] = {}
    for name in idle["subject_id"]:
        links = _members(run, str(name))
        routes = run.result.routes["links"].map(lambda used, links=links: bool(links & set(used)))
        users.setdefault(frozenset(np.flatnonzero(routes)), []).append(str(name))
    return [sorted(names) for key, names in users.items() if key and len(names) > 1]


def raise_together(run: Run, names: list[str], *, solver: FlowSolver | None = None) -> float:
    """What one tonne a year more of every capacity of a group brings, USD/t, by solving again."""
    solver = solver_for(run.result.case) if solver is None else solver
    solution = run.result.solution
    problem = solution.problem
    position = {str(name): i for i, name in enumerate(problem.row_names)}
    rows = [position[name] for name in names]
    step = _STEP * max(1.0, min(float(problem.capacity[row]) for row in rows))
    capacity = problem.capacity.copy()
    capacity[rows] += step
    better = solver.solve(replace(problem, capacity=capacity)).primal
    return max(0.0, (better - solution.primal) / step)


def _members(run: Run, name: str) -> set[str]:
    case = run.result.case
    if name in case.links.index:
        return {name}
    return set(case.shared.loc[case.shared["shared_id"] == name, "link_id"])


def _describe(row: pd.Series) -> Statement:
    more = say_worth(float(row["gain_usd_per_unit"]), str(row["unit"]))
    less = say_worth(float(row["loss_usd_per_unit"]), str(row["unit"]))
    name = row["subject_id"]
    text = (
        f"{name} is full ({row['capacity']:,.4g} {row['unit']}): one unit more would bring {more}, "
        f"one unit less would cost {less}."
    )
    if row["gain_usd_per_unit"] == 0:
        text = (
            f"{name} is full ({row['capacity']:,.4g} {row['unit']}): one unit less would cost "
            f"{less}, but one unit more alone brings nothing."
        )
    keys = ("subject_id", "capacity", "unit", "gain_usd_per_unit", "loss_usd_per_unit")
    return Statement("bottleneck", text, {key: row[key] for key in keys})


def _describe_series(run: Run, table: pd.DataFrame, names: list[str]) -> Statement:
    gain = raise_together(run, names)
    text = (
        f"{' and '.join(names)} stand in series, all full: more of one alone brings nothing, one "
        f"tonne a year more of all together {gain:,.2f} USD/t."
    )
    losses = table.set_index("subject_id")["loss_usd_per_unit"]
    data = {"subject_ids": names, "gain_together_usd_per_t": gain}
    return Statement("series", text, data | {"loss_usd_per_unit": [losses[n] for n in names]})


def say_worth(usd: float, unit: str) -> str:
    """Money for one unit of a capacity, in the words of its unit."""
    if unit == "Mt/yr":
        return f"{usd / 1e6:,.2f} USD/t"
    singular = {
        "kTEU/yr": "thousand TEU", "trains/day": "train a day", "ship-days/yr": "ship-day",
        "wagon-days/yr": "wagon-day",
    }[unit]  # fmt: skip
    return f"{usd:,.2f} USD per {singular}"
