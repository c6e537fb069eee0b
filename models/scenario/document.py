"""A scenario as it is written: a name, a year, what it extends, and its changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, PrivateAttr, StringConstraints

from models.scenario.amounts import Strict, Text
from models.scenario.changes import Change, ChangeRecord, Sources
from routes.errors import Problem

Name = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)
]
Key = tuple[str | int, ...]
COMMAND_LINE = "--set"


@dataclass(frozen=True, slots=True)
class Origin:
    """The file a scenario was read from, and the line and column of each of its keys."""

    file: str
    marks: Mapping[Key, tuple[int, int]] = field(default_factory=dict, repr=False)

    def problem(self, key: Key, rule: str, remedy: str = "") -> Problem:
        """A problem with what stands at `key`; where no line is known the key path is named."""
        at = key
        while at and at not in self.marks:
            at = at[:-1]
        path = write_path(key)
        if at in self.marks and self.marks:
            line, column = self.marks[at]
            where = f"column {column}" + (f" ({path})" if path else "")
            return Problem(self.file, rule, remedy, line, where)
        return Problem(self.file, rule, remedy, None, f"key {path}" if path else None)


class Scenario(Strict):
    """Named changes to a case, in no order: two on the same quantity are an error."""

    name: Name
    """Short name, as in file names: small letters, digits, hyphens."""
    title: Annotated[Text, Field(max_length=200)]
    """One line for people."""
    description: Annotated[str, StringConstraints(strict=True, max_length=20_000)] = ""
    """What it stands for, and what it leaves out."""
    source: Sources = ()
    """Where the scenario as a whole comes from."""
    year: Annotated[int, Field(strict=True, ge=1990, le=2100)] = 2023
    """Year of the supplies, markets, capacities and tariffs that it starts from."""
    extends: Annotated[Text, Field(max_length=120)] | None = None
    """Name of a shipped scenario, or of a file in the same folder, whose changes hold too."""
    changes: Annotated[tuple[Change, ...], Field(strict=False, max_length=1000)] = ()
    """What it changes."""

    _parent: Scenario | None = PrivateAttr(default=None)
    _origin: Origin = PrivateAttr(default_factory=lambda: Origin(""))

    @property
    def parent(self) -> Scenario | None:
        """The scenario that this one extends."""
        return self._parent

    @property
    def origin(self) -> Origin:
        """Where it was read."""
        return self._origin

    def with_origin(self, origin: Origin, parent: Scenario | None) -> Scenario:
        """A copy that knows where it was read and what it extends."""
        copy = self.model_copy()
        copy._origin = origin  # noqa: SLF001 (the same class)
        copy._parent = parent  # noqa: SLF001
        return copy

    @property
    def lineage(self) -> tuple[Scenario, ...]:
        """The scenario, then what it extends, nearest first."""
        chain: list[Scenario] = []
        here: Scenario | None = self
        while here is not None:
            chain.append(here)
            here = here.parent
        return tuple(chain)

    @property
    def digest(self) -> str:
        """SHA-256 of what it and its forebears say; files, comments and layout do not matter."""
        return _digest([scenario.own_digest for scenario in self.lineage])

    @property
    def own_digest(self) -> str:
        """SHA-256 of what this scenario alone says."""
        return _digest(self.model_dump(mode="json", exclude_defaults=False))

    def __repr__(self) -> str:
        more = f", extends {self.extends}" if self.extends else ""
        return f"<Scenario {self.name}: {len(self.changes)} changes, {self.year}{more}>"

    __str__ = __repr__


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_path(key: Sequence[str | int]) -> str:
    """A key path as people write it: changes[2].where.link (counted from 0, as in JSON)."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def pick_year(scenarios: Sequence[Scenario]) -> int:
    """The year that several scenarios start from together.

    A scenario that does not state a year takes that of what it extends, else goes along with the
    others; without any statement it is 2023. Raises ScenarioError when two state different years.
    """
    from routes.errors import ScenarioError

    stated: dict[int, list[str]] = {}
    for scenario in scenarios:
        for member in scenario.lineage:
            if "year" in member.model_fields_set:
                stated.setdefault(member.year, []).append(scenario.name)
                break
    if len(stated) > 1:
        words = ", ".join(
            f"{' and '.join(names)}: {year}" for year, names in sorted(stated.items())
        )
        rule = f"scenarios for different years cannot be composed ({words})"
        raise ScenarioError([Problem("", rule, "Choose scenarios of one year, or give --year.")])
    return next(iter(stated), 2023)


def describe_change(change: ChangeRecord, number: int, scenario: str) -> str:
    """How messages name a change: `capacity (change 2 of cpc-shutdown)`."""
    return f"{change.type} (change {number + 1} of {scenario})"
