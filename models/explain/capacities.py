"""Which capacities bind, what one unit more or less is worth, and which stand in series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from models.explain.statement import Statement
from models.flow.solve import solver_for
from models.flow.solver import FlowSolver
from models.names import WORTH, name_capacities
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
        table = table[np.array(touches, dtype=bool)]
    table = table.head(top)
    series = find_series(run, table)
    together = {name for names in series for name in names}
    name = name_capacities(run.result.case)
    found = [
        _describe(row, name) for _, row in table.iterrows() if row["subject_id"] not in together
    ]
    return found + [_describe_series(run, table, names, name) for names in series]


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


def _describe(row: pd.Series, name_capacity: Callable[[str], str]) -> Statement:
    more = say_worth(float(row["gain_usd_per_unit"]), str(row["unit"]))
    less = say_worth(float(row["loss_usd_per_unit"]), str(row["unit"]))
    size = float(row["capacity"])
    amount = f"{size:,.0f}" if size >= 1000 else f"{size:,.4g}"
    full = f"{name_capacity(str(row['subject_id']))} is full ({amount} {row['unit']})"
    text = f"{full}: one unit more would bring {more}, one unit less would cost {less}."
    if row["gain_usd_per_unit"] == 0:
        text = f"{full}: one unit less would cost {less}, but one unit more alone brings nothing."
    keys = ("subject_id", "capacity", "unit", "gain_usd_per_unit", "loss_usd_per_unit")
    return Statement("bottleneck", text, {key: row[key] for key in keys})


def _describe_series(
    run: Run, table: pd.DataFrame, names: list[str], name_capacity: Callable[[str], str]
) -> Statement:
    gain = raise_together(run, names)
    text = (
        f"{' and '.join(map(name_capacity, names))} stand in series, all full: more of one alone "
        f"brings nothing, one tonne a year more of all together {gain:,.2f} USD/t."
    )
    losses = table.set_index("subject_id")["loss_usd_per_unit"]
    data = {"subject_ids": names, "gain_together_usd_per_t": gain}
    return Statement("series", text, data | {"loss_usd_per_unit": [losses[n] for n in names]})


def say_worth(usd: float, unit: str) -> str:
    """Money for one unit of a capacity, in the words of its unit."""
    factor, words = WORTH[unit]
    return f"{usd * factor:,.2f} {words}"
