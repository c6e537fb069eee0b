"""A scenario in words: what each change does, and the links it affects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.demand import Case
from models.scenario.amounts import Amount, format_number, read_number
from models.scenario.changes import (
    CapacityChange,
    ChangeRecord,
    CloseChange,
    CloseTransitChange,
    DaysChange,
    FleetChange,
    HorizonChange,
    LimitChange,
    MarketChange,
    OpenChange,
    PremiumChange,
    PriceChange,
    ProjectChange,
    QuotaChange,
    StreamChange,
    SupplyChange,
    TariffChange,
)
from models.scenario.compose import apply, plan_all
from models.scenario.document import Scenario
from models.scenario.edits import AppliedChange, Edit

_UNIT = {
    "per-tonne": "days a tonne", "size": "days a year", "mean": "days", "spread": "days",
    "volume": "Mt a year", "lifting-cost": "USD a tonne", "max": "Mt a year", "min": "Mt a year",
    "shortfall-price": "USD a tonne", "differential": "USD a tonne", "quality": "USD a tonne",
}  # fmt: skip
_NOUN = {
    ("days", "mean"): "the time", ("days", "spread"): "the spread of the time",
    ("supply", "volume"): "the supply", ("supply", "lifting-cost"): "the lifting cost",
    ("market", "max"): "the most taken", ("market", "min"): "the obligation",
    ("market", "shortfall-price"): "the cost of missing the obligation",
    ("stream", "differential"): "the price differential",
    ("stream", "quality"): "the quality credit",
    ("fleet", "size"): "the fleet (ship-days)", ("fleet", "per-tonne"): "the ship-days of a tonne",
    ("wagons", "size"): "the rolling stock (wagon-days)",
    ("wagons", "per-tonne"): "the wagon-days of a tonne",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangeInWords:
    """A change: a sentence, its reason and sources, and what it touches."""

    scenario: str
    number: int
    type: str
    sentence: str
    why: str
    source: tuple[str, ...]
    links: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A scenario in words."""

    name: str
    title: str
    description: str
    source: tuple[str, ...]
    year: int
    extends: str | None
    changes: tuple[ChangeInWords, ...]
    log: tuple[AppliedChange, ...]

    @property
    def links(self) -> tuple[str, ...]:
        """Every link that some change touches, sorted."""
        return tuple(sorted({link for change in self.changes for link in change.links}))

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title} ({self.year})"]
        if self.description:
            lines.append(self.description.strip())
        if self.extends:
            lines.append(f"Extends {self.extends}.")
        lines += [f"- {change.sentence} {change.why}" for change in self.changes]
        return "\n".join(lines if self.changes else [*lines, "Changes nothing."])


def describe_scenario(scenario: Scenario, case: Case) -> Description:
    """What a scenario does to a case, in sentences, with the affected links.

    Raises ScenarioError like `apply`.
    """
    _, log = apply(case, scenario)
    changes = []
    for author, edits in plan_all(case, scenario):
        touched = _touched_links(case, edits)
        change = author.change
        changes.append(
            ChangeInWords(
                scenario=author.scenario.name,
                number=author.number + 1,
                type=change.type,
                sentence=say_change(change, size=_count(edits, touched)),
                why=change.why,
                source=change.source,
                links=tuple(touched),
                subjects=tuple(dict.fromkeys(edit.quantity.subject for edit in edits)),
            )
        )
    return Description(
        name=scenario.name,
        title=scenario.title,
        description=scenario.description,
        source=scenario.source,
        year=case.year,
        extends=scenario.extends,
        changes=tuple(changes),
        log=log,
    )


def _touched_links(case: Case, edits: Sequence[Edit]) -> list[str]:
    """Links that edits speak of, those that draw on a shared capacity among them."""
    pools = {
        edit.quantity.key[0] for edit in edits if edit.quantity.table in ("capacities", "growth")
    }
    found: dict[str, None] = {}
    for edit in edits:
        table, key = edit.quantity.table, edit.quantity.key
        if (
            table in ("links", "bans", "charges", "capacities", "growth")
            and key[0] in case.links.index
        ):
            found[key[0]] = None
        elif table in ("shared", "streams"):
            found[key[1]] = None
    members = case.shared["shared_id"].isin(pools - set(case.links.index))
    found.update(dict.fromkeys(case.shared.loc[members, "link_id"]))
    return sorted(found)


def _count(edits: Sequence[Edit], links: Sequence[str]) -> str:
    rows = {edit.quantity.key for edit in edits}
    table = edits[0].quantity.table if edits else ""
    if table in ("links", "bans", "charges"):
        return _plural(len(links), "link")
    if table == "capacities":
        return _plural(len(rows), "capacity")
    noun = {"supplies": "supply", "markets": "market", "streams": "stream", "shared": "member"}
    return _plural(len(rows), noun[table]) if table in noun else ""


def _plural(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {plural}"


def say_change(change: ChangeRecord, *, size: str = "") -> str:
    """A change as a sentence; `size` is put behind what it acts on."""
    counted = f" ({size})" if size else ""
    if isinstance(change, CloseTransitChange):
        swaps = ", and its swaps end" if change.end_swaps else "; its swaps go on"
        return f"Nothing leaves {change.country} again{counted}{swaps}."
    if isinstance(change, LimitChange):
        goods = " or ".join(change.commodities) if change.commodities else "all goods"
        amount = change.amount
        most = _range(amount, 100 if change.share is not None else 1)
        unit = "% of third-country exports" if change.share is not None else "Mt a year"
        return f"At most {most} {unit} of {goods} may use an exit of {change.country}."
    if isinstance(change, ProjectChange):
        return f"Built: {', '.join(change.built)}{counted}."
    if isinstance(change, HorizonChange):
        return _say_horizon(change)
    if isinstance(change, (CloseChange, OpenChange)):
        verb = "Close" if isinstance(change, CloseChange) else "Open"
        return f"{verb} {change.where}{counted}."
    noun, unit = _name_quantity(change)
    return f"{_say_amount(change.amount, noun, unit)} of {change.where}{counted}."


def _name_quantity(change: ChangeRecord) -> tuple[str, str]:
    if isinstance(change, CapacityChange):
        return "the capacity", "(in its unit)"
    if isinstance(change, QuotaChange):
        return f"the {change.type}", "(in its unit)"
    if isinstance(change, TariffChange):
        kinds = " and ".join(change.charge).replace("_", " ") if change.charge else "all charges"
        return kinds, "USD a tonne" if change.per == "t" else "USD a tonne-kilometre"
    if isinstance(change, PremiumChange):
        return "the risk premium", "USD a tonne"
    if isinstance(change, PriceChange):
        return "the price", "USD a tonne"
    if isinstance(change, (FleetChange, DaysChange, SupplyChange, MarketChange, StreamChange)):
        return _NOUN[change.type, change.measure], _UNIT[change.measure]
    raise TypeError(type(change).__name__)


def _say_amount(amount: Amount, noun: str, unit: str) -> str:
    if amount.operation == "factor":
        return f"Multiply by {_range(amount)} {noun}"
    if amount.operation == "add":
        if amount.value < 0:
            less = Amount("add", -amount.value, -amount.high, -amount.low)
            return f"Take {_range(less)} {unit} from {noun}"
        return f"Add {_range(amount)} {unit} to {noun}"
    return f"Set to {_range(amount)} {unit} {noun}"


def _range(amount: Amount, scale: float = 1.0) -> str:
    value, low, high = (
        format_number(round(part * scale, 10)) for part in (amount.value, amount.low, amount.high)
    )
    return value if low == high else f"{value} ({low} to {high})"


def _say_horizon(change: HorizonChange) -> str:
    if change.horizon == "short":
        return "Short horizon: fleets, wagons and contracts are what they are."
    parts = []
    for growth in change.growth:
        amount = growth.amount
        most = (
            f"{_range(amount)} times" if amount.operation == "factor" else f"{_range(amount)} more"
        )
        cost = _range(read_number(growth.usd_per_unit, "set"))
        parts.append(f"{growth.where} up to {most} at {cost} USD a year for each unit")
    return f"Long horizon: {'; '.join(parts)}."
