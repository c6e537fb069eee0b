"""What a flow map measures: tonnes, value, or each commodity against itself."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from routes.errors import UsageError
from routes.maps import names

MEASURES = ("mt", "value", "scaled")
_KEYS = ["link_id", "corridor", "commodity"]


@dataclass(frozen=True)
class Quantity:
    """Values by link, corridor and commodity in Mt, million USD or %, and how to say them."""

    values: pd.Series
    unit: str
    factor: float
    """Said units in one unit of the values."""
    of: str

    def show(self, value: float) -> str:
        """A value with its unit."""
        return names.format_amount(value * self.factor, self.unit)

    def show_sum(self, value: float) -> str:
        """A sum over commodities; nothing in percent, which do not add up between goods."""
        return "" if self.unit == "%" else self.show(value)

    def show_round(self, value: float) -> str:
        """A round value with its unit, for legends."""
        return f"{names.format_round(value * self.factor)} {self.unit}"

    def show_change(self, value: float) -> str:
        """A change with its sign and unit."""
        return names.format_signed(value * self.factor, self.unit)


def measure_flows(flows: pd.DataFrame, measure: str) -> Quantity:
    """Sum the flows by link, corridor and commodity in the measure wanted.

    Parameters
    ----------
    flows
        Columns link_id, corridor, commodity, mt (Mt a year), value_musd (million USD a year; only
        needed for the measure `value`).
    measure
        `mt`: million tonnes; `value`: USD; `scaled`: each commodity in percent of its greatest flow
        on one link, so that uranium shows beside oil.
    """
    if measure not in MEASURES:
        raise UsageError(
            f"The 'measure' of a map must be one of {', '.join(MEASURES)}. Got {measure!r} instead."
        )
    column = "value_musd" if measure == "value" else "mt"
    values = flows.groupby(_KEYS, sort=True, observed=True)[column].sum().astype(float)
    values = values[values.abs() > 0]
    if measure == "scaled":
        return Quantity(_scale_to_itself(values), "%", 1.0, "each commodity, % of its greatest")
    return say_quantity(values, measure)


def say_quantity(values: pd.Series, measure: str) -> Quantity:
    """Values (Mt or million USD) with the unit that suits the greatest link."""
    top = float(values.groupby("link_id").sum().abs().max()) if len(values) else 0.0
    if measure == "value":
        if top >= 1000.0:
            return Quantity(values, "bn USD", 0.001, "billion USD a year")
        return Quantity(values, "m USD", 1.0, "million USD a year")
    if 0.0 < top < 0.1:
        return Quantity(values, "kt", 1000.0, "kt a year")
    return Quantity(values, "Mt", 1.0, "Mt a year")


def _scale_to_itself(values: pd.Series) -> pd.Series:
    by_link = values.groupby(["link_id", "commodity"]).sum()
    greatest = by_link.groupby("commodity").max()
    return 100.0 * values / values.index.get_level_values("commodity").map(greatest).to_numpy()
