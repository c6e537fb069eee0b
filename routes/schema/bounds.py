"""The largest values that are plausible, by quantity: beyond them a number is a slip of units.

They are generous. Rows are held to them when they are read, and quantities after each change of a
scenario: a solver that meets a number far beyond them fails, or proves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a quantity can be, in its unit; a signed one can be as much below zero."""

    most: float
    unit: str
    unlimited: bool = False
    """Whether it may be infinite."""

    @property
    def le(self) -> float | None:
        """The bound for descriptions of tables, in which unlimited is a number like others."""
        return None if self.unlimited else self.most

    @property
    def remedy(self) -> str:
        """What to do about a number beyond it."""
        slip = ": millions of tonnes, not tonnes" if self.unit == "Mt/yr" else ""
        return f"At most {self.most:,.0f} {self.unit}{slip}."

    def is_beyond(self, value: float) -> bool:
        """Whether a value is too large; what is not known is not."""
        return abs(value) > self.most and not (self.unlimited and math.isinf(value))

    def check(self, value: float) -> float:
        """The value. Raises pydantic's error when it is too large."""
        if self.is_beyond(value):
            raise PydanticCustomError("beyond_bound", "{remedy}", {"remedy": self.remedy})
        return value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


SUPPLY = Bound(1_000, "Mt/yr")
TRADE = Bound(10_000, "Mt/yr", unlimited=True)
PRICE = Bound(1e6, "USD/t")
CHARGE = Bound(1e5, "USD/t")
RATE = Bound(10, "USD per t-km")
DAYS = Bound(1_000, "days")
LENGTH = Bound(1e5, "km")
INTEREST = Bound(10, "a year")
EMISSION = Bound(1e5, "g per t-km")
COST = Bound(1e6, "million USD")
USE = Bound(1_000, "units per tonne")
BOX = Bound(1_000, "t")
TRAIN = Bound(1e5, "t")
GROWTH = Bound(1e12, "USD/yr of a unit")
CAPACITIES = {
    unit: Bound(most, unit, unlimited=True)
    for unit, most in (
        ("Mt/yr", 1e4), ("kTEU/yr", 1e6), ("trains/day", 1e4), ("ship-days/yr", 1e6),
        ("wagon-days/yr", 1e9),
    )
}  # fmt: skip
