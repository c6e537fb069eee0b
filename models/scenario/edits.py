"""What a change comes down to: one edit for each number of the case that it touches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from models.scenario.amounts import Amount, format_number
from models.scenario.changes import ChangeRecord
from models.scenario.document import COMMAND_LINE, Key, Scenario, describe_change
from models.tables import strict_value
from routes.errors import Problem

Step = Literal["factor", "add", "set", "close", "open"]
NEW_ROW = -1


class Quantity(NamedTuple):
    """A number of the case: its frame, the key of its row, its column."""

    table: str
    key: tuple[str, ...]
    field: str

    @property
    def subject(self) -> str:
        """The row in words."""
        return " ".join(part for part in self.key if part) or self.table

    def __str__(self) -> str:
        """The number in words: `capacity of cpc-terminal-load`."""
        if self.table == "charges":
            return f"{self.key[3]} on {self.key[0]} for {self.key[1]}"
        return f"{FIELD_WORDS.get((self.table, self.field), self.field)} of {self.subject}"


FIELD_WORDS = {
    ("links", "open"): "opening", ("links", "days"): "days", ("links", "days_sd"): "spread of days",
    ("capacities", "practical"): "capacity", ("capacities", "legal"): "quota",
    ("capacities", "background"): "background traffic", ("shared", "coefficient"): "use per tonne",
    ("charges", "usd_per_t"): "charge", ("streams", "differential_usd_per_t"): "differential",
    ("streams", "quality_usd_per_t"): "quality credit", ("supplies", "mt_per_year"): "supply",
    ("supplies", "lifting_cost_usd_per_t"): "lifting cost",
    ("markets", "max_mt_per_year"): "most", ("markets", "min_mt_per_year"): "obligation",
    ("markets", "shortfall_price_usd_per_t"): "shortfall price",
    ("markets", "price_usd_per_t"): "price", ("bans", "open"): "opening",
    ("limits", "share"): "limit (share)", ("limits", "mt"): "limit (Mt/yr)",
    ("growth", "max_extra"): "growth", ("growth", "usd_per_unit"): "cost of growth",
    ("horizon", "horizon"): "horizon",
}  # fmt: skip


@dataclass(frozen=True)
class Author:
    """A change as a member of a scenario: who speaks."""

    scenario: Scenario
    number: int
    digest: str
    ancestors: frozenset[str]

    @property
    def change(self) -> ChangeRecord:
        """The change itself."""
        return self.scenario.changes[self.number]

    @property
    def identity(self) -> tuple[str, str, int]:
        """What sorts and tells authors apart."""
        return (self.scenario.name, self.digest, self.number)

    def __str__(self) -> str:
        return describe_change(self.change, self.number, self.scenario.name)

    def problem(self, key: Key, rule: str, remedy: str = "") -> Problem:
        """A problem with a part of the change."""
        origin = self.scenario.origin
        if origin.file == COMMAND_LINE:
            return Problem(self.change.why, rule, remedy)
        path = ("changes", self.number, *key)
        if origin.file:
            return origin.problem(path, rule, remedy)
        return Problem(f"scenario {self.scenario.name}, {self}", rule, remedy)


@dataclass(frozen=True)
class Edit:
    """One step on one quantity. `row` is its position in the frame, NEW_ROW where it has none."""

    quantity: Quantity
    step: Step
    amount: Amount
    row: int
    author: Author
    project: str = ""

    @property
    def closes(self) -> bool:
        """Whether it is a closure, which outranks other changes."""
        return self.step == "close"

    @property
    def content(self) -> tuple[object, ...]:
        """What must be equal for two edits to say the same."""
        if self.step in ("close", "open"):
            return (self.step,)
        amount = self.amount
        return (self.step, amount.value, amount.low, amount.high, self.project)

    @property
    def words(self) -> str:
        """The step in short: closed, open, *0.5, +3, =2."""
        words = {"close": "closed", "open": "open"}
        return words[self.step] if self.step in words else str(self.amount)


NO_AMOUNT = Amount("set", 0.0, 0.0, 0.0)


def list_authors(scenarios: Sequence[Scenario]) -> list[Author]:
    """Every change of the scenarios and of what they extend, each once, in a fixed order."""
    found: dict[tuple[str, str, int], Author] = {}
    for scenario in scenarios:
        chain = scenario.lineage
        digests = [member.digest for member in chain]
        for depth, member in enumerate(chain):
            ancestors = frozenset(digests[depth + 1 :])
            for number in range(len(member.changes)):
                author = Author(member, number, digests[depth], ancestors)
                found.setdefault(author.identity, author)
    return [found[identity] for identity in sorted(found)]


@dataclass(frozen=True)
class Verdict:
    """What holds of several edits of one quantity; several edits are done one after the other."""

    edits: tuple[Edit, ...]
    authors: tuple[Author, ...]
    outranked: tuple[Author, ...] = ()


def judge(edits: Sequence[Edit]) -> Verdict | tuple[Edit, Edit]:
    """The edits that hold, or the two that contradict each other.

    Identical edits are one. A change with `override: true` replaces what its forebears do. A
    closure outranks other changes. Effects of projects meet in a fixed order: what one sets, then
    what others add, then what multiplies it all.
    """
    if len(edits) == 1:
        return Verdict((edits[0],), (edits[0].author,))
    ordered = sorted(edits, key=lambda e: (*e.author.identity, e.project, e.step, e.amount.value))
    digests = {edit.author.digest for edit in ordered}
    replaced = {
        digest
        for edit in ordered
        if edit.author.change.override
        for digest in edit.author.ancestors & digests
    }
    live = [edit for edit in ordered if edit.author.digest not in replaced]
    outranked = [edit.author for edit in ordered if edit.author.digest in replaced]
    different: dict[tuple[object, ...], Edit] = {}
    for edit in live:
        different.setdefault(edit.content, edit)
    closures = [edit for edit in different.values() if edit.closes]
    others = [edit for edit in different.values() if not edit.closes]
    clash = _find_clash(others)
    if clash is not None:
        return clash
    if closures:
        closing = [edit.author for edit in live if edit.closes]
        beaten = [edit.author for edit in live if not edit.closes]
        return Verdict((closures[0],), _unique(closing), _unique([*outranked, *beaten]))
    steps = ("open", "set", "add", "factor")
    others.sort(key=lambda e: (steps.index(e.step), e.project))
    return Verdict(tuple(others), _unique([edit.author for edit in live]), _unique(outranked))


def _find_clash(edits: Sequence[Edit]) -> tuple[Edit, Edit] | None:
    """Two different edits that cannot both hold."""
    if len(edits) < 2:
        return None
    plain = [edit for edit in edits if not edit.project]
    if plain:
        return edits[0], edits[1]
    levels = [edit for edit in edits if edit.step == "set"]
    different = [edit for edit in levels if edit.content[:-1] != levels[0].content[:-1]]
    return (levels[0], different[0]) if different else None


def _unique(authors: Sequence[Author]) -> tuple[Author, ...]:
    found = {author.identity: author for author in authors}
    return tuple(found[identity] for identity in sorted(found))


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A quantity that scenarios touch: old and new value, and who says so and why."""

    subject: str
    field: str
    old: float | bool | str
    new: float | bool | str
    unit: str
    step: str
    why: str
    source: tuple[str, ...]
    scenarios: tuple[str, ...]
    changes: tuple[str, ...]
    outranked: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the new value differs from the old."""
        return self.old != self.new

    def to_dict(self) -> dict[str, object]:
        """The record in plain values; an unlimited number is None, as in JSON."""
        return {
            "subject": self.subject, "field": self.field, "old": strict_value(self.old),
            "new": strict_value(self.new), "unit": self.unit, "step": self.step, "why": self.why,
            "source": list(self.source), "scenarios": list(self.scenarios),
            "changes": list(self.changes), "outranked": list(self.outranked),
        }  # fmt: skip

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        old, new = write_value(self.old), write_value(self.new)
        return f"{self.subject} {self.field}: {old} -> {new}{unit} ({', '.join(self.changes)})"


def write_value(value: float | bool | str) -> str:  # noqa: FBT001 (a value)
    """A value as logs show it."""
    if isinstance(value, bool):
        return "open" if value else "closed"
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "none"
    return format_number(value) if math.isinf(value) else f"{value:.6g}"
