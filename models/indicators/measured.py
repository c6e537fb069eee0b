"""What indicators are taken of: flows, and what solving again has told of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from models.flow.result import FlowResult
from models.indicators.counterfactual import Closed


@dataclass(frozen=True)
class Measured:
    """A result with what indicators need beside it; without `closed` no re-solve was asked for."""

    result: FlowResult
    country: str = "RU"
    commodity: str | None = None
    closed: Closed | None = None
    possible_mt: float | None = None

    @cached_property
    def routes(self) -> pd.DataFrame:
        """Routes of the commodity asked for, or all."""
        routes = self.result.routes
        return routes if self.commodity is None else routes[routes["commodity"] == self.commodity]

    @cached_property
    def exports(self) -> pd.DataFrame:
        """Routes to markets abroad."""
        routes = self.routes
        return routes[routes["use"] == "export"]

    @cached_property
    def third(self) -> pd.DataFrame:
        """Exports to countries other than the one that dependency is measured on."""
        exports = self.exports
        return exports[exports["country"] != self.country]
