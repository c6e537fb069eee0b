"""What reading a scenario text gives: plain values, positions and problems; limits of texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from models.scenario.document import Key, Origin, write_path
from routes.errors import Problem

LARGEST_BYTES = 64 * 1024
DEEPEST = 20
MOST_NODES = 5_000
MOST_PROBLEMS = 100
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)


class _Nothing:
    """Stands where a value was refused, so that the schema is not asked about it again."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()


@dataclass
class Tree:
    """Plain values of a text, where each stands, and what was refused on the way."""

    file: str
    data: Any = None
    marks: dict[Key, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[Key] = field(default_factory=set)

    @property
    def origin(self) -> Origin:
        """File and positions."""
        return Origin(self.file, self.marks)

    def refuse(self, key: Key, mark: tuple[int, int], rule: str, remedy: str = "") -> None:
        """Note a problem and that the value at `key` is not to be looked at again."""
        path = write_path(key)
        where = f"column {mark[1]}" + (f" ({path})" if path else "")
        self.problems.append(Problem(self.file, rule, remedy, mark[0], where))
        self.refused.add(key)
