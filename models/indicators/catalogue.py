"""All indicators by name, with their units."""

from __future__ import annotations

from collections.abc import Callable

from models.indicators.exports import (
    cash_cost_usd_per_t,
    co2_mt,
    days_mean,
    days_p90,
    domestic_mt,
    export_value_musd,
    exported_mt,
    generalised_cost_usd_per_t,
    netback_musd,
    possible_mt,
    shortfall_mt,
    surplus_musd,
    transport_cost_musd,
    undelivered_mt,
)
from models.indicators.exposure import (
    bypass_coverage,
    bypass_coverage_paying,
    corridor_hhi,
    entry_country_hhi,
    exclusion_loss,
    market_share,
    sanctions_exposure_share,
    transit_share,
    transit_share_value,
    war_risk_share,
)
from models.indicators.measured import Measured

INDICATORS: dict[str, tuple[Callable[[Measured], float | None], str]] = {
    function.__name__: (function, unit)
    for function, unit in (
        (exported_mt, "Mt/yr"), (domestic_mt, "Mt/yr"), (undelivered_mt, "Mt/yr"),
        (shortfall_mt, "Mt/yr"), (possible_mt, "Mt/yr"), (cash_cost_usd_per_t, "USD/t"),
        (generalised_cost_usd_per_t, "USD/t"), (transport_cost_musd, "MUSD/yr"),
        (export_value_musd, "MUSD/yr"), (netback_musd, "MUSD/yr"), (surplus_musd, "MUSD/yr"),
        (days_mean, "days"), (days_p90, "days"), (co2_mt, "Mt/yr"), (transit_share, "0..1"),
        (transit_share_value, "0..1"), (market_share, "0..1"), (exclusion_loss, "ratio"),
        (bypass_coverage, "0..1"), (bypass_coverage_paying, "0..1"), (corridor_hhi, "0..1"),
        (entry_country_hhi, "0..1"), (sanctions_exposure_share, "0..1"), (war_risk_share, "0..1"),
    )
}  # fmt: skip


def measure(m: Measured) -> dict[str, float | None]:
    """All indicators by name."""
    return {name: function(m) for name, (function, _) in INDICATORS.items()}
