"""Columns of a scenario from its case: which numbers have ranges, and what changes do to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.demand import Case
from models.ensemble.columns import ADD, FACTOR, SET, Column, Growing, Moved, Steps, fix_vector
from models.ensemble.inputs import Ranged
from models.ensemble.spread import TRIANGULAR, Terms, find_weight
from models.flow.arrays import Floats
from models.scenario.amounts import Range
from models.scenario.changes import HorizonChange
from models.scenario.document import Scenario
from models.scenario.edits import NEW_ROW, Edit, Verdict, judge, list_authors
from models.scenario.plan import plan_edits
from models.scenario.select import Selector

_STEPS = {"factor": FACTOR, "add": ADD, "set": SET, "close": SET}

# (frame of the case, its column) of each column here
FIELDS: dict[str, tuple[str, str]] = {
    "charges": ("charges", "usd_per_t"),
    "days": ("links", "days"),
    "days_sd": ("links", "days_sd"),
    "co2": ("links", "co2_kg_per_t"),
    "practical": ("capacities", "practical"),
    "background": ("capacities", "background"),
    "legal": ("capacities", "legal"),
    "use": ("shared", "coefficient"),
    "supply": ("supplies", "mt_per_year"),
    "lifting": ("supplies", "lifting_cost_usd_per_t"),
    "maximum": ("markets", "max_mt_per_year"),
    "minimum": ("markets", "min_mt_per_year"),
    "shortfall": ("markets", "shortfall_price_usd_per_t"),
    "price": ("markets", "price_usd_per_t"),
    "differential": ("streams", "differential_usd_per_t"),
    "quality": ("streams", "quality_usd_per_t"),
    "value": ("commodities", "unit_value_usd_per_t"),
    "interest": ("commodities", "interest_per_year"),
}
SIGNED = frozenset(("charges", "price", "differential", "quality"))
_COLUMN_OF = {field: name for name, field in FIELDS.items()}


def list_verdicts(case: Case, scenarios: Sequence[Scenario]) -> list[Verdict]:
    """What scenarios do to a case, quantity by quantity; `apply` has accepted them before."""
    selector = Selector(case)
    edits: dict[object, list[Edit]] = {}
    for author in list_authors(scenarios):
        for edit in plan_edits(selector, author):
            edits.setdefault(edit.quantity, []).append(edit)
    verdicts = (judge(edits[quantity]) for quantity in sorted(edits, key=str))
    return [verdict for verdict in verdicts if isinstance(verdict, Verdict)]


def build_columns(
    base: Case,
    applied: Case,
    inputs: Sequence[Ranged],
    verdicts: Sequence[Verdict],
    terms: Terms,
) -> dict[str, Column]:
    """Every column of a scenario: numbers of `base` with their ranges, then its changes.

    `applied` is `base` with the changes; rows that they add start from nothing.
    """
    grades = _grade_projects(base)
    steps = _collect_steps(applied, verdicts)
    columns = {}
    for name, (table, field) in FIELDS.items():
        value = getattr(base, table)[field].to_numpy(dtype=float)
        added = len(getattr(applied, table)) - len(value)
        start = np.inf if table == "capacities" else 0.0
        data = _move_data(np.append(value, np.full(added, start)), name, inputs, terms)
        floor = -np.inf if name in SIGNED else 0.0
        stages = tuple(
            _build_steps(stage, grades, terms, floor)
            for stage in _split_stages(steps.get(name, []))
        )
        columns[name] = Column(data, stages).settle()
    return columns


def _move_data(value: Floats, name: str, inputs: Sequence[Ranged], terms: Terms) -> Moved:
    moved = fix_vector(value)
    for part in inputs:
        if part.column == name:
            term, width = terms.add(
                part.driver.tolist(), part.weight, part.value, part.low, part.high
            )
            moved = replace(
                moved,
                row=np.append(moved.row, part.row),
                width=np.append(moved.width, width),
                term=np.append(moved.term, term),
            )
    return moved


def _collect_steps(
    applied: Case, verdicts: Sequence[Verdict]
) -> dict[str, list[tuple[int, tuple[Edit, ...]]]]:
    """(row, edits in order) of every number that is changed, by column."""
    added = _find_added(applied)
    found: dict[str, list[tuple[int, tuple[Edit, ...]]]] = {}
    for verdict in verdicts:
        quantity = verdict.edits[0].quantity
        name = _COLUMN_OF.get((quantity.table, quantity.field))
        if name is None:
            continue
        row = verdict.edits[0].row
        if row == NEW_ROW:
            row = added.get((quantity.table, quantity.key), NEW_ROW)
        if row != NEW_ROW:  # a charge of nothing, or a limit without end, adds no row
            found.setdefault(name, []).append((row, verdict.edits))
    return found


def _find_added(applied: Case) -> dict[tuple[str, tuple[str, ...]], int]:
    names = ("link_id", "commodity_class", "use", "kind")
    charges = applied.charges
    keys = zip(*(charges[name].tolist() for name in names), strict=True)
    rows: dict[tuple[str, tuple[str, ...]], int] = {
        ("charges", key): row for row, key in enumerate(keys)
    }
    rows |= {("capacities", (name,)): row for row, name in enumerate(applied.capacities.index)}
    return rows


def _split_stages(
    steps: Sequence[tuple[int, tuple[Edit, ...]]],
) -> Iterator[list[tuple[int, Edit]]]:
    """First steps of all rows, then second steps, ..."""
    for stage in range(max((len(edits) for _, edits in steps), default=0)):
        yield [(row, edits[stage]) for row, edits in steps if len(edits) > stage]


def _build_steps(
    stage: Sequence[tuple[int, Edit]],
    grades: Mapping[tuple[str, str], str],
    terms: Terms,
    floor: float,
) -> Steps:
    amounts = [
        (0.0, 0.0, 0.0)
        if edit.closes
        else (edit.amount.value, *sorted((edit.amount.low, edit.amount.high)))
        for _, edit in stage
    ]
    value, low, high = (np.array(numbers, dtype=float) for numbers in zip(*amounts, strict=True))
    drawn = np.flatnonzero((low < high) & np.isfinite(low) & np.isfinite(high))
    drivers, weights = [], []
    for place in drawn.tolist():
        edit = stage[place][1]
        drivers.append(name_driver(edit))
        subject = edit.quantity.key[0] if edit.quantity.key else ""
        grade = grades.get((edit.project, subject), "") if edit.project else ""
        weights.append(find_weight(grade))
    term, width = terms.add(drivers, weights, value[drawn], low[drawn], high[drawn])
    return Steps(
        row=np.array([row for row, _ in stage], dtype=np.int64),
        step=np.array([_STEPS[edit.step] for _, edit in stage], dtype=np.int64),
        amount=Moved(value, drawn, width, term),
        floor=floor,
    )


def name_driver(edit: Edit) -> str:
    """What moves the amount of an edit: its project, or the scenario's own number."""
    if edit.project:
        return f"project:{edit.project}"
    return f"{_name_change(edit)}.{_find_range(edit.author.change)}"


def _name_change(edit: Edit) -> str:
    return f"{edit.author.scenario.name}:changes[{edit.author.number}]"


def _find_range(change: object) -> str:
    names = type(change).model_fields  # type: ignore[attr-defined]
    return next((name for name in names if isinstance(getattr(change, name), Range)), "")


def _grade_projects(case: Case) -> dict[tuple[str, str], str]:
    """Worst grade of the effects of a project on a subject."""
    effects = case.network["project_effects"]
    grades: dict[tuple[str, str], str] = {}
    for project, subject, grade in zip(
        effects["project_id"], effects["subject_id"], effects["grade"], strict=True
    ):
        grades[project, subject] = max(grade, grades.get((project, subject), ""))
    return grades


def build_growing(base: Case, applied: Case, verdicts: Sequence[Verdict], terms: Terms) -> Growing:
    """Growth of a scenario, in the order of `applied.growth`, with its ranges."""
    edits = {
        (verdict.edits[0].quantity.key[0], verdict.edits[0].quantity.field): verdict.edits[0]
        for verdict in verdicts
        if verdict.edits[0].quantity.table == "growth"
    }
    place = {name: i for i, name in enumerate(applied.capacities.index)}
    names = [name for name in applied.growth if name in place]
    amounts, costs, factors = [], [], []
    for name in names:
        extra, cost = edits[name, "max_extra"], edits[name, "usd_per_unit"]
        number = _find_growth(base, extra, name)
        change = extra.author.change
        if not isinstance(change, HorizonChange):
            raise TypeError(type(change).__name__)
        growth = change.growth[number]
        factors.append(growth.factor is not None)
        head = f"{_name_change(extra)}.growth[{number}]"
        field = "factor" if growth.factor is not None else "add"
        amounts.append((f"{head}.{field}", growth.amount))
        costs.append((f"{head}.usd_per_unit", cost.amount))
    return Growing(
        row=np.array([place[name] for name in names], dtype=np.int64),
        by_factor=np.array(factors, dtype=np.int64),
        amount=_move_amounts(amounts, terms),
        cost=_move_amounts(costs, terms),
    )


def _find_growth(base: Case, edit: Edit, subject: str) -> int:
    """Which item of a horizon's growth speaks of a subject."""
    selector = Selector(base)
    growth = edit.author.change.growth  # type: ignore[union-attr]
    for number, item in enumerate(growth):
        links, pools = selector.subjects(item.where)
        if subject in links or subject in pools:
            return number
    raise LookupError(subject)


def _move_amounts(amounts: Sequence[tuple[str, object]], terms: Terms) -> Moved:
    value, low, high = (
        np.array([getattr(amount, name) for _, amount in amounts], dtype=float)
        for name in ("value", "low", "high")
    )
    drawn = np.flatnonzero(low < high)
    drivers = [amounts[i][0] for i in drawn.tolist()]
    term, width = terms.add(
        drivers, [TRIANGULAR] * len(drawn), value[drawn], low[drawn], high[drawn]
    )
    return Moved(value, drawn, width, term)


def build_limits(applied: Case, verdicts: Sequence[Verdict], terms: Terms) -> Moved:
    """Level of each limit of `applied` (its share or its Mt), with its range."""
    edits = {
        verdict.edits[0].quantity.key: verdict.edits[0]
        for verdict in verdicts
        if verdict.edits[0].quantity.table == "limits"
    }
    value = np.array([_read_limit(limit) for limit in applied.limits], dtype=float)
    amounts: list[tuple[str, object]] = []
    row = []
    for i, limit in enumerate(applied.limits):
        edit = edits.get((limit.country, ";".join(limit.commodity_ids or ())))
        if edit is not None and edit.amount.low < edit.amount.high:
            row.append(i)
            amounts.append((name_driver(edit), edit.amount))
    moved = _move_amounts(amounts, terms)
    return Moved(value, np.array(row, dtype=np.int64), moved.width, moved.term)


def _read_limit(limit: object) -> float:
    share, mt = limit.share, limit.mt  # type: ignore[attr-defined]
    return float(share if share is not None else mt)
