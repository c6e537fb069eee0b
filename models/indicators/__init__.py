"""Every number of a run that fits in one cell, one function each (model section 7).

An indicator takes a `Measured` (a flow result, the country that dependency is measured on, and the
results with that country's transit closed) and returns a float, or None where it has no meaning.
Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.indicators.catalogue import INDICATORS, measure
    from models.indicators.counterfactual import (
        Closed,
        close_country,
        measure_closed,
        measure_possible,
    )
    from models.indicators.exposure import (
        bypass_coverage,
        bypass_coverage_paying,
        concentration,
        corridor_hhi,
        entry_country_hhi,
        exclusion_loss,
        market_share,
        transit_share,
        transit_share_value,
    )
    from models.indicators.measured import Measured
    from models.indicators.observed import OBSERVED_BYPASS, ObservedBypass

_HOMES = {
    "INDICATORS": "catalogue", "measure": "catalogue",
    "Closed": "counterfactual", "close_country": "counterfactual",
    "measure_closed": "counterfactual", "measure_possible": "counterfactual",
    "bypass_coverage": "exposure", "bypass_coverage_paying": "exposure",
    "corridor_hhi": "exposure", "entry_country_hhi": "exposure", "exclusion_loss": "exposure",
    "concentration": "exposure", "market_share": "exposure", "transit_share": "exposure",
    "transit_share_value": "exposure",
    "Measured": "measured", "OBSERVED_BYPASS": "observed", "ObservedBypass": "observed",
}  # fmt: skip

__all__ = [
    "INDICATORS", "OBSERVED_BYPASS", "Closed", "Measured", "ObservedBypass", "bypass_coverage",
    "bypass_coverage_paying", "close_country", "concentration", "corridor_hhi", "entry_country_hhi",
    "exclusion_loss", "market_share", "measure", "measure_closed", "measure_possible",
    "transit_share", "transit_share_value",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
