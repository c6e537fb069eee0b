"""Indicators of exposure to a country, to few ways out, to sanctions, to war: one function each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from models.indicators.counterfactual import surplus_by_commodity
from models.indicators.measured import Measured


def transit_share(m: Measured) -> float | None:
    """Of third-country exports, the part that leaves the country again, by tonnes."""
    return _share(m.third, _transits(m), "mt")


def transit_share_value(m: Measured) -> float | None:
    """Of third-country exports, the part that leaves the country again, by value."""
    third = m.third
    return _share(third.assign(value=third["mt"] * third["price_usd_per_t"]), _transits(m), "value")


def market_share(m: Measured) -> float | None:
    """Of all exports, the part sold to the country itself, by tonnes."""
    exports = m.exports
    return _share(exports, (exports["country"] == m.country).to_numpy(), "mt")


def exclusion_loss(m: Measured) -> float | None:
    """(Z - Z with transit of the country closed) / Z; above 1 when obligations are missed.

    Under `likely` the log-sum stands for Z, since the law that makes it >= 0 holds for that.
    """
    if m.closed is None:
        return None
    if m.commodity is None:
        known = m.closed.before_musd
        before = m.result.surplus_musd if known is None else known
        after = m.closed.surplus_musd
    else:
        by_commodity = m.closed.before_by_commodity
        if by_commodity is None:
            by_commodity = surplus_by_commodity(m.result.case, m.result.solution)
        before, after = by_commodity[m.commodity], m.closed.surplus_by_commodity[m.commodity]
    return None if before <= 0 else (before - after) / before


def bypass_coverage(m: Measured) -> float | None:
    """Third-country tonnes possible without transit of the country, over those of now.

    Of one commodity: the most of it with the room to itself. Of all: the most of them together.
    """
    if m.closed is None:
        return None
    if m.commodity is None:
        return _coverage(m, m.closed.together_mt)
    return _coverage(m, m.closed.possible_mt.get(m.commodity, 0.0))


def bypass_coverage_paying(m: Measured) -> float | None:
    """The part of bypass coverage that leaves, among all goods, at a netback above lifting cost."""
    if m.closed is None:
        return None
    paying = m.closed.paying_mt
    return _coverage(m, sum(paying.values()) if m.commodity is None else paying[m.commodity])


def corridor_hhi(m: Measured) -> float | None:
    """Herfindahl-Hirschman index of third-country exports by corridor (shares sum to 1)."""
    return _hhi(m.third, "corridor")


def entry_country_hhi(m: Measured) -> float | None:
    """Herfindahl-Hirschman index of third-country exports by first foreign country entered."""
    return _hhi(m.third, "first_country")


def sanctions_exposure_share(m: Measured) -> float | None:
    """Part of export tonnes that uses a link of a sanctioned operator."""
    return _flag_share(m, "sanctioned_operator")


def war_risk_share(m: Measured) -> float | None:
    """Part of export tonnes that uses a link under war risk."""
    return _flag_share(m, "war_risk")


def _transits(m: Measured) -> Any:
    return m.third["transit"].map(lambda left: m.country in left).to_numpy(dtype=bool)


def _coverage(m: Measured, kept: float) -> float | None:
    now = float(m.third["mt"].sum())
    return None if now <= 0 else min(1.0, kept / now)


def _flag_share(m: Measured, flag: str) -> float | None:
    exports = m.exports
    return _share(exports, exports["flags"].map(lambda flags: flag in flags).to_numpy(bool), "mt")


def _share(frame: pd.DataFrame, mask: Any, column: str) -> float | None:
    total = float(frame[column].sum())
    return None if total <= 0 else float(frame.loc[mask, column].sum()) / total


def _hhi(frame: pd.DataFrame, column: str) -> float | None:
    return concentration(frame[column].to_numpy(dtype=object), frame["mt"].to_numpy())


def concentration(groups: Iterable[Any], amounts: Iterable[float]) -> float | None:
    """Herfindahl-Hirschman index of amounts by group, 0 to 1; None of nothing."""
    sums: dict[Any, float] = {}
    for group, amount in zip(groups, amounts, strict=True):
        sums[group] = sums.get(group, 0.0) + float(amount)
    total = math.fsum(sums.values())
    return None if total <= 0 else math.fsum((part / total) ** 2 for part in sums.values())
