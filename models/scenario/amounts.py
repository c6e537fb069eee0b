"""Numbers of a scenario: a plain number, or a value with the range where the truth may lie."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

UNLIMITED = "unlimited"
Operation = Literal["factor", "add", "set"]
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=4000),
]


class Strict(BaseModel):
    """A record that refuses unknown keys and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Range(Strict):
    """A value and the range that an ensemble samples."""

    value: Finite
    """What a single run uses."""
    low: Finite
    """Low end."""
    high: Finite
    """High end."""

    @model_validator(mode="after")
    def _check_order(self) -> Range:
        if not self.low <= self.value <= self.high:
            raise PydanticCustomError(
                "range_order",
                "low, value and high must stand in this order. Got {low}, {value}, {high}",
                {"low": self.low, "value": self.value, "high": self.high},
            )
        return self


def _pick_number(value: object) -> str:
    return "range" if isinstance(value, (dict, Range)) else "number"


def _pick_level(value: object) -> str:
    return "word" if value == UNLIMITED else _pick_number(value)


Number = Annotated[
    Annotated[Finite, Tag("number")] | Annotated[Range, Tag("range")],
    Discriminator(_pick_number),
]
Level = Annotated[
    Annotated[Finite, Tag("number")]
    | Annotated[Range, Tag("range")]
    | Annotated[Literal["unlimited"], Tag("word")],
    Discriminator(_pick_level),
]


@dataclass(frozen=True, slots=True)
class Amount:
    """What is done to a quantity: `operation` with `value`, between `low` and `high`."""

    operation: Operation
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """The amount as `--set` writes it: *0.5, +3, -3, =2."""
        sign = {"factor": "*", "add": "+", "set": "="}[self.operation]
        words = f"{sign}{format_number(self.value)}".replace("+-", "-")
        if (self.low, self.high) != (self.value, self.value):
            words += f" ({format_number(self.low)} to {format_number(self.high)})"
        return words


def read_number(number: float | Range | str, operation: Operation) -> Amount:
    """The amount of a number as it stands in a scenario; `unlimited` is infinite."""
    if isinstance(number, Range):
        return Amount(operation, number.value, number.low, number.high)
    value = math.inf if number == UNLIMITED else float(number)
    return Amount(operation, value, value, value)


def format_number(value: float) -> str:
    """The shortest way to write a number exactly: 2 and not 2.0."""
    if math.isinf(value):
        return UNLIMITED if value > 0 else f"-{UNLIMITED}"
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


class Choosing(Strict):
    """A record of which some keys exclude each other: exactly one of each group is given."""

    choices: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @model_validator(mode="after")
    def _check_choices(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        for message in find_wrong_choices(self.choices, given):
            raise PydanticCustomError("exactly_one", "{words}", {"words": message})
        return self


def find_wrong_choices(choices: Iterable[tuple[str, ...]], given: Iterable[str]) -> list[str]:
    """A message for each group of keys of which not exactly one is given."""
    present = set(given)
    found = []
    for names in choices:
        chosen = [name for name in names if name in present]
        if len(chosen) != 1:
            listed = " or ".join((", ".join(names[:-1]), names[-1]))
            found.append(f"needs exactly one of {listed}; has {' and '.join(chosen) or 'none'}")
    return found


class _Moves(Choosing):
    """The two ways to change a number from what it is."""

    choices = (("factor", "add", "set"),)
    signed: ClassVar[bool] = False

    factor: Number | None = None
    """Multiply by this; 1 changes nothing."""
    add: Number | None = None
    """Add this, in the unit of the quantity; negative takes away."""

    @field_validator("factor", "set", mode="after", check_fields=False)
    @classmethod
    def _refuse_negative(cls, value: float | Range | str | None) -> float | Range | str | None:
        lowest = value.low if isinstance(value, Range) else value
        if isinstance(lowest, float) and lowest < 0 and not cls.signed:
            raise PydanticCustomError("negative", "must not be below 0. Got {low}", {"low": lowest})
        return value


class Amounts(_Moves):
    """Exactly one of factor, add and set."""

    set: Number | None = None
    """Replace by this, in the unit of the quantity."""

    @property
    def amount(self) -> Amount:
        """The one amount that is given."""
        return pick_amount(self.factor, self.add, self.set)


class Levels(_Moves):
    """Exactly one of factor, add and set, of something that may be unlimited."""

    set: Level | None = None
    """Replace by this, in the unit of the quantity, or `unlimited`."""

    @property
    def amount(self) -> Amount:
        """The one amount that is given."""
        return pick_amount(self.factor, self.add, self.set)


def pick_amount(
    factor: float | Range | None, add: float | Range | None, level: float | Range | str | None
) -> Amount:
    """The amount of whichever is given."""
    if factor is not None:
        return read_number(factor, "factor")
    if add is not None:
        return read_number(add, "add")
    if level is not None:
        return read_number(level, "set")
    raise TypeError("no amount is given")
