"""The effects of projects of the data set, as edits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from models.scenario.amounts import Amount, Operation
from models.scenario.edits import NEW_ROW, Author, Edit, Quantity, Step
from models.scenario.select import NothingFoundError, Selector

# Kinds of charge that a project's usd_per_t and usd_per_t_km speak of, by kind of link.
_CHARGED = {"move": ("carriage", "freight"), "border": ("border_fee",)}


def plan_projects(selector: Selector, projects: tuple[str, ...], author: Author) -> Iterator[Edit]:
    """Edits of the effects of projects that are built."""
    effects = selector.case.network["project_effects"]
    for project in projects:
        mine = effects[effects["project_id"] == project]
        if mine.empty:
            rule = f"the data set knows no effects of project '{project}'"
            raise NothingFoundError("built", rule, "Add rows to project_effects.csv.")
        for effect in mine.itertuples(index=False):
            yield from _plan_effect(selector, effect, project, author)


def _plan_effect(selector: Selector, effect: Any, project: str, author: Author) -> Iterator[Edit]:
    subject, what = str(effect.subject_id), str(effect.quantity)
    case = selector.case
    link = int(case.links.index.get_indexer([subject])[0])
    row = selector.capacity_row(subject)
    amount = _read_effect(effect)
    if what == "available":
        if link == NEW_ROW:
            raise _absent(selector, project, subject)
        step: Step = "open" if amount.value >= 0.5 else "close"
        yield Edit(Quantity("links", (subject,), "open"), step, amount, link, author, project)
    elif what in ("capacity", "background"):
        field = what if what == "background" else selector.capacity_field(row)
        if link == NEW_ROW and row == NEW_ROW:
            raise _absent(selector, project, subject)
        if row == NEW_ROW and amount.operation != "set":
            return  # unlimited, and stays so
        quantity = Quantity("capacities", (subject,), field)
        yield Edit(quantity, amount.operation, amount, row, author, project)
    elif link == NEW_ROW:
        raise _absent(selector, project, subject)
    elif what == "days":
        quantity = Quantity("links", (subject,), "days")
        yield Edit(quantity, amount.operation, amount, link, author, project)
    else:
        yield from _plan_charge(selector, effect, amount, link, author, project)


def _absent(selector: Selector, project: str, subject: str) -> NothingFoundError:
    rule = f"project '{project}' changes '{subject}', which has no row in {selector.case.year}"
    return NothingFoundError("built", rule, "Mend project_effects.csv, or choose another year.")


def _read_effect(effect: Any) -> Amount:
    operation: Operation = effect.operation
    value = float(effect.value)
    low, high = (
        value if edge is None or np.isnan(edge) else float(edge)
        for edge in (effect.low, effect.high)
    )
    return Amount(operation, value, low, high)


def _plan_charge(
    selector: Selector, effect: Any, amount: Amount, link: int, author: Author, project: str
) -> Iterator[Edit]:
    """Edits of what is charged on one link, for one class or all."""
    links = selector.case.links
    subject = str(effect.subject_id)
    if effect.quantity == "usd_per_t_km" and amount.operation != "factor":
        km = float(links["length_km"].iloc[link])
        amount = Amount(amount.operation, amount.value * km, amount.low * km, amount.high * km)
    kinds = _CHARGED.get(str(links["kind"].iloc[link]), ("handling",))
    rows = np.flatnonzero(selector.texts("charges", "link_id") == subject)
    done: set[tuple[str, str]] = set()
    columns = ("commodity_class", "use", "kind")
    for row in rows:
        cls, use, kind = (selector.texts("charges", column)[row] for column in columns)
        if kind not in kinds or str(effect.commodity_class) not in ("", cls):
            continue
        if amount.operation != "factor" and (cls, use) in done:
            continue
        done.add((cls, use))
        quantity = Quantity("charges", (subject, cls, use, kind), "usd_per_t")
        yield Edit(quantity, amount.operation, amount, int(row), author, project)
    if not done:
        rule = f"project '{project}' changes a rate of '{subject}' that nobody charges"
        raise NothingFoundError("built", rule, "Mend project_effects.csv.")
