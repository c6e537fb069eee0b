"""One sentence of an explanation, with the numbers it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.tables import strict_value


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence; `kind` says what it is about, `data` holds its numbers under stable names."""

    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The statement as plain data."""
        document: dict[str, Any] = strict_value({"kind": self.kind, "text": self.text} | self.data)
        return document
