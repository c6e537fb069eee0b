"""Indicators of what is exported: tonnes, money, days and emissions, one function each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from models.flow.arrays import KT
from models.indicators.counterfactual import surplus_by_commodity
from models.indicators.measured import Measured


def exported_mt(m: Measured) -> float:
    """Exports that reach a market abroad, Mt."""
    return float(m.exports["mt"].sum())


def domestic_mt(m: Measured) -> float:
    """Deliveries at home, Mt."""
    return float(m.routes.loc[m.routes["use"] == "home", "mt"].sum())


def undelivered_mt(m: Measured) -> float:
    """Supply that stays, Mt."""
    supplies = m.result.case.supplies
    mine = supplies if m.commodity is None else supplies[supplies["commodity_id"] == m.commodity]
    supply = float(mine["mt_per_year"].sum())
    left = supply - float(m.routes["mt"].sum())
    return left if left > 1e-9 * supply else 0.0


def shortfall_mt(m: Measured) -> float:
    """Obligations missed, Mt."""
    missed = m.result.solution.missed / KT
    if m.commodity is not None:
        missed = missed[(m.result.case.markets["commodity_id"] == m.commodity).to_numpy()]
    return float(missed.sum())


def possible_mt(m: Measured) -> float | None:
    """Most that could be exported, Mt; all commodities together weighted by value."""
    return m.possible_mt


def cash_cost_usd_per_t(m: Measured) -> float | None:
    """Mean cash cost of exports, USD/t."""
    return _mean(m.exports, "cash_cost_usd_per_t")


def generalised_cost_usd_per_t(m: Measured) -> float | None:
    """Mean generalised cost of exports, USD/t."""
    return _mean(m.exports, "generalised_cost_usd_per_t")


def transport_cost_musd(m: Measured) -> float:
    """Cash cost of exports, million USD."""
    return _total(m.exports, "cash_cost_usd_per_t")


def export_value_musd(m: Measured) -> float:
    """Value of exports at their markets, million USD."""
    return _total(m.exports, "price_usd_per_t")


def netback_musd(m: Measured) -> float:
    """Value of exports less cash cost, million USD."""
    return _total(m.exports, "netback_usd_per_t")


def surplus_musd(m: Measured) -> float:
    """Z, million USD: the objective of the optimum, what the laws speak of."""
    if m.commodity is None:
        return m.result.surplus_musd
    return surplus_by_commodity(m.result.case, m.result.solution)[m.commodity]


def days_mean(m: Measured) -> float | None:
    """Mean transit time of exports, days."""
    return _mean(m.exports, "days")


def days_p90(m: Measured) -> float | None:
    """90th percentile of the tonnage-weighted mixture of route times, days."""
    exports = m.exports
    return mixture_quantile(exports["days"], exports["days_variance"], exports["mt"], 0.9)


def co2_mt(m: Measured) -> float:
    """Direct and upstream emissions of carrying the exports, Mt CO2e."""
    return _total(m.exports, "co2_kg_per_t") / 1000.0


def mixture_quantile(mean: Any, variance: Any, weight: Any, level: float) -> float | None:
    """Quantile of a weighted mixture of lognormal times given by mean and variance, days."""
    mean, variance, weight = (np.asarray(a, dtype=float) for a in (mean, variance, weight))
    real = (weight > 0) & (mean > 0)
    mean, variance, weight = mean[real], variance[real], weight[real]
    if not len(mean):
        return None
    sigma = np.sqrt(np.log1p(variance / mean**2))
    centre = np.log(mean) - sigma**2 / 2
    low, high = float(mean.min()) * 1e-3, float((mean + 20 * np.sqrt(variance)).max()) + 1.0
    for _ in range(80):
        middle = (low + high) / 2
        below = np.where(
            sigma > 0,
            _normal_below((np.log(middle) - centre) / np.where(sigma > 0, sigma, 1.0)),
            (middle >= mean).astype(float),
        )
        if float(below @ weight) < level * weight.sum():
            low = middle
        else:
            high = middle
    return float(high)


def _normal_below(z: Any) -> Any:
    """Standard normal distribution function; scipy.special would take longer to load."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in z.tolist()])


def _mean(frame: pd.DataFrame, column: str) -> float | None:
    total = float(frame["mt"].sum())
    return None if total <= 0 else float((frame[column] * frame["mt"]).sum()) / total


def _total(frame: pd.DataFrame, column: str) -> float:
    return float((frame[column] * frame["mt"]).sum())
