"""One sentence of an explanation, with the numbers it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.run import plain


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence; `kind` says what it is about, `data` holds its numbers under stable names."""

    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The statement as plain data."""
        numbers = {name: plain(value) for name, value in self.data.items()}
        return {"kind": self.kind, "text": self.text} | numbers
