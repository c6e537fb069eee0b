"""Criticality: what is lost when one link, port, border, shared capacity or country falls out.

Each is taken away in turn (N-1), or loses a part of its capacity, and the optimum is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case
from models.dependency.facts import Accountant, Outcome, compare_like
from models.dependency.subjects import (
    RANKED,
    Incidence,
    Subject,
    close_subjects,
    degrade_subject,
    list_subjects,
)
from models.dependency.tabled import Tabled
from models.flow.arrays import KT, Problem
from models.flow.laws import row_usage
from models.flow.programme import build_problem
from models.flow.shadow import capacity_use, price_capacities
from models.flow.solve import solver_for
from models.flow.solver import FlowSolver, Solution
from routes.errors import UnknownNameError, UsageError

MEASURES = {"loss": "lost_musd", "shadow-price": "at_stake_musd", "share": "export_share"}
_LEADING = ("country", "port", "border", "shared", "market", "place", "link")
_COLUMNS = (
    "subject_id", "kind", "name", "same_as", "used_mt", "export_share", "lost_musd", "lost_share",
    "lost_mt", "lost_netback_musd", "shortfall_mt", "added_cost_usd_per_t", "added_days",
    "commodity", "commodity_lost_musd",
)  # fmt: skip


@dataclass(frozen=True)
class Criticality(Tabled):
    """What each subject's falling out costs, worst first.

    `table` columns: subject_id; kind (one of models.dependency.subjects.KINDS); name; same_as
    (the first of several that carry the same flows at the same loss, such as links in series);
    used_mt and export_share (tonnes that use it now, Mt and part of all exports); lost_musd
    (surplus Z) and lost_share (of Z); lost_mt (exports); lost_netback_musd; shortfall_mt (more
    obligations missed); added_cost_usd_per_t and added_days (of what each supply still exports,
    against its own mean now); commodity that loses most surplus, and commodity_lost_musd. Ranked by
    shadow price also gain_usd_per_unit, loss_usd_per_unit, at_stake_musd (loss x capacity).
    What carries nothing loses nothing and is left out; `idle` counts it.
    """

    table: pd.DataFrame = field(repr=False)
    surplus_musd: float
    lost: float
    idle: int
    solves: int

    def leaders(self) -> pd.DataFrame:
        """The table with one row for all that carry the same flows at the same loss.

        `same_as` then lists the ids of the others.
        """
        others = {
            name: tuple(x for x in group if x != name)
            for name, group in self.table.groupby("same_as")["subject_id"]
        }
        first = self.table[self.table["subject_id"] == self.table["same_as"]]
        return first.assign(same_as=first["same_as"].map(others)).reset_index(drop=True)

    def scores(self, column: str = "lost_musd") -> pd.Series:
        """Score of every ranked link, index link_id: what `draw_criticality` colours."""
        links = self.table[self.table["kind"] == "link"]
        return links.set_index("subject_id")[column].rename_axis("link_id")


def rank_criticality(
    case: Case,
    *,
    kinds: Sequence[str] = RANKED,
    lost: float = 1.0,
    measure: str = "loss",
    solver: FlowSolver | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Criticality:
    """Take away each subject in turn and rank them by what that costs.

    Parameters
    ----------
    kinds : any of models.dependency.subjects.KINDS.
    lost : part of the capacity that goes, above 0 up to 1 (removed).
    measure : what to rank by: "loss" (surplus), "shadow-price" (what one unit less costs times the
        capacity; only full capacities have one) or "share" (of export tonnes that use it).
    solver : a frozen solver that fits the case; the base solver by default.
    progress : called with (done, total).

    Raises
    ------
    UsageError, UnknownNameError
        For a part that is none, or an unknown kind or measure.
    """
    if not 0 < lost <= 1:
        raise UsageError(f"The part that is lost must be above 0 and at most 1. Got {lost:g}.")
    if measure not in MEASURES:
        raise UnknownNameError("measure", measure, MEASURES)
    solver = solver_for(case) if solver is None else solver
    subjects = list_subjects(case, solver, kinds)
    trial = _Trial(case, solver, subjects, lost)
    rows = trial.run(progress)
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    if measure == "shadow-price":
        table = table.join(trial.prices(), on="subject_id")
    order = np.lexsort((table["subject_id"].to_numpy(), -table[MEASURES[measure]].fillna(-1.0)))
    return Criticality(
        table=table.iloc[order].reset_index(drop=True),
        surplus_musd=trial.before.surplus_musd,
        lost=lost,
        idle=len(subjects) - len(rows),
        solves=trial.solves,
    )


class _Trial:
    """Takes away what the optimum uses, one after the other."""

    def __init__(
        self, case: Case, solver: FlowSolver, subjects: Sequence[Subject], lost: float
    ) -> None:
        self.case, self.solver, self.lost = case, solver, lost
        self.problem = build_problem(case, solver.structure)
        self.base = solver.solve(self.problem)
        if solver.frozen is None:
            solver.freeze()  # one made for this case alone: each removal starts from its optimum
        self.accountant = Accountant(case, solver.structure)
        self.before = self.accountant.add_up(self.base)
        self.incidence = Incidence(subjects, solver)
        self.solves = 0

    def run(self, progress: Callable[[int, int], None] | None) -> list[dict[str, Any]]:
        """A row per subject that carries something."""
        met = self.incidence.meets(self.base)
        market = self.problem.structure.sink_market[self.base.sink]
        used = np.asarray(met @ self.base.flow) / KT
        abroad = np.where(self.accountant.is_export[market], self.base.flow, 0.0)
        out = np.asarray(met @ abroad) / KT
        groups = self.incidence.twins() if self.lost == 1 else [[i] for i in range(len(used))]
        groups = [group for group in groups if used[group[0]] > 0]
        met.sort_indices()
        rows = []
        for done, group in enumerate(groups, start=1):
            subject = self.incidence.subjects[group[0]]
            after = self._without(subject)
            for i in group:
                each = self.incidence.subjects[i]
                flows = met.indices[met.indptr[i] : met.indptr[i + 1]]
                rows.append(self._row(each, used[i], out[i], after) | {"same_as": flows.tobytes()})
            if progress is not None:
                progress(done, len(groups))
        _name_leaders(rows)
        return rows

    def _without(self, subject: Subject) -> Outcome:
        if self.lost == 1:
            problem = close_subjects(self.problem, [subject])
        else:
            problem = degrade_subject(self.problem, self.case, subject, self.lost, self.base)
            if _fits(problem, self.base):
                return self.before  # what flows now still may, and less capacity never helps
        self.solves += 1
        return self.accountant.add_up(self.solver.solve(problem))

    def _row(self, subject: Subject, used: float, out: float, after: Outcome) -> dict[str, Any]:
        before = self.before
        lost = _clean(before.surplus_musd - after.surplus_musd, before.surplus_musd)
        worst = int(np.argmax(before.by_commodity - after.by_commodity))
        most = _clean(
            float(before.by_commodity[worst] - after.by_commodity[worst]), before.surplus_musd
        )
        exported = before.exported_mt
        cost, days = compare_like(before, after)
        return {
            "subject_id": subject.subject_id,
            "kind": subject.kind,
            "name": subject.name,
            "used_mt": used,
            "export_share": out / exported if exported > 0 else np.nan,
            "lost_musd": lost,
            "lost_share": lost / before.surplus_musd if before.surplus_musd > 0 else np.nan,
            "lost_mt": _clean(before.exported_mt - after.exported_mt, exported),
            "lost_netback_musd": _clean(before.netback_musd - after.netback_musd, exported * KT),
            "shortfall_mt": _clean(after.shortfall_mt - before.shortfall_mt, 1.0),
            "added_cost_usd_per_t": _clean(cost, 1.0),
            "added_days": _clean(days, 1.0),
            "commodity": str(self.accountant.names[worst]) if most > 0 else "",
            "commodity_lost_musd": max(most, 0.0),
        }

    def prices(self) -> pd.DataFrame:
        """What one unit more or less of each full capacity is worth."""
        p = self.problem
        use = capacity_use(self.base)
        full = use["full"].to_numpy() & (use["used"].to_numpy() > 0)
        worth = price_capacities(self.solver, self.base, np.flatnonzero(full).tolist())
        rows = {
            str(p.row_names[row]): (gain, loss, loss * p.capacity[row] / p.scale[row] / 1e6)
            for row, (gain, loss) in worth.items()
        }
        columns = ["gain_usd_per_unit", "loss_usd_per_unit", "at_stake_musd"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)


def _name_leaders(rows: list[dict[str, Any]]) -> None:
    """Put in `same_as`, so far the flows that pass, the first by kind of those that lose alike."""
    leader: dict[tuple[Any, float], dict[str, Any]] = {}
    for row in rows:
        key = row["same_as"] = (row["same_as"], round(row["lost_musd"], 6))
        other = leader.setdefault(key, row)
        if _LEADING.index(row["kind"]) < _LEADING.index(other["kind"]):
            leader[key] = row
    for row in rows:
        row["same_as"] = leader[row["same_as"]]["subject_id"]


def _fits(problem: Problem, base: Solution) -> bool:
    """Whether flows found before keep to the capacities of a programme."""
    usage = row_usage(replace(base, problem=problem))
    return bool((usage <= problem.capacity + 1e-9 * np.maximum(1.0, usage)).all())


def _clean(value: float, scale: float) -> float:
    """A difference without the rounding of its two sides."""
    return 0.0 if abs(value) <= 1e-9 * max(1.0, abs(scale)) else float(value)
