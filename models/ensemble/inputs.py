"""The numbers of a case that carry a range, and which of them move together.

Numbers that share a driver are drawn together: one probability places all of them, each within its
own low and high. The drivers of the data:

tariff:RU/rail1520   cash charges on the links of one mode in one country, through rates included
risk:XZ/tanker       non-cash risk premiums, likewise
days:KZ/rail1520     time on the links of one mode in one country
capacity:ID          what one link or shared capacity can carry: each on its own
use:ID               what a tonne takes of a shared capacity: one factor for all its links
supply:COMMODITY@PLACE, market:COMMODITY@PLACE   tonnes offered, tonnes taken: each on its own
lifting:COMMODITY    netbacks below which supplies stop
price:COMMODITY      the price level on all markets of a commodity, and its value under way
stream:ID            what a crude stream fetches against the market price
interest             cost of goods under way
emissions:MODE       emission factors (they move `co2_mt` only)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.demand import Case
from models.ensemble.spread import find_weight
from models.flow.arrays import Floats, Ints
from routes.costs import match_emissions

KINDS: dict[str, tuple[str, str]] = {
    "tariff": ("charges of a mode in a country", "x"),
    "risk": ("risk premiums of a mode in a country", "x"),
    "days": ("time on links of a mode in a country", "x"),
    "capacity": ("what a link or a shared capacity can carry", ""),
    "use": ("what a tonne takes of a shared capacity", "x"),
    "supply": ("tonnes offered", "Mt/yr"),
    "market": ("tonnes taken", "Mt/yr"),
    "lifting": ("netbacks below which supplies stop", "x"),
    "price": ("prices of a commodity", "x"),
    "stream": ("price of a crude stream", "USD/t more"),
    "interest": ("cost of goods under way", "x"),
    "emissions": ("emission factors of a mode", "x"),
    "project": ("effects of a project", "x"),
    "scenario": ("number of a scenario", ""),
    "closure": ("closed or not", "0 or 1"),
}


@dataclass(frozen=True)
class Ranged:
    """Numbers of one column that carry a range.

    `column` names the column in models.ensemble.columns; `row` are positions in it; `weight` is
    the PERT weight; `driver` names what moves each; `recorded` tells whether they count in the
    driver's recorded value.
    """

    column: str
    row: Ints
    value: Floats
    low: Floats
    high: Floats
    weight: Floats
    driver: npt.NDArray[np.object_]
    recorded: bool = True


def list_inputs(case: Case) -> list[Ranged]:
    """Every number of the data behind a case that carries a range."""
    return [part for find in _FINDERS for part in find(case)]


def _pick(
    column: str,
    driver: Sequence[str] | npt.NDArray[np.object_],
    numbers: Sequence[object],
    grades: Sequence[str] | pd.Series,
    *,
    recorded: bool = True,
) -> Iterator[Ranged]:
    """The rows whose low, value and high are known and in order, low below high."""
    value, low, high = (np.asarray(n, dtype=float) for n in numbers)
    known = np.isfinite(low) & np.isfinite(value) & np.isfinite(high)
    row = np.flatnonzero(known)
    fits = (low[row] < high[row]) & (low[row] <= value[row]) & (value[row] <= high[row])
    row = row[fits]
    if len(row):
        yield Ranged(
            column=column,
            row=row,
            value=value[row],
            low=low[row],
            high=high[row],
            weight=np.array([find_weight(g) for g in np.asarray(grades, dtype=object)[row]]),
            driver=np.asarray(driver, dtype=object)[row],
            recorded=recorded,
        )


def _area(links: pd.DataFrame) -> pd.Series:
    """Country and mode of each link: RU/rail1520."""
    return links["country"] + "/" + links["mode"]


def _find_charges(case: Case) -> Iterator[Ranged]:
    charges = case.charges
    area = charges["link_id"].map(_area(case.links))
    kind = np.where(charges["kind"] == "risk_premium", "risk:", "tariff:")
    numbers = [charges[c] for c in ("usd_per_t", "low", "high")]
    yield from _pick("charges", kind + area.to_numpy(dtype=object), numbers, charges["grade"])


def _find_days(case: Case) -> Iterator[Ranged]:
    links = case.links
    if not {"days_low", "days_high"} <= set(links.columns):
        return
    numbers = [links[c] for c in ("days", "days_low", "days_high")]
    driver = "days:" + _area(links)
    yield from _pick("days", driver.to_numpy(dtype=object), numbers, links["days_grade"])


def _find_capacities(case: Case) -> Iterator[Ranged]:
    frame = case.capacities
    driver = np.array([f"capacity:{name}" for name in frame.index], dtype=object)
    practical = frame["practical"].to_numpy(dtype=float)
    legal = np.where(np.isfinite(practical), np.inf, frame["legal"].to_numpy(dtype=float))
    for column, value in (("practical", practical), ("legal", legal)):
        yield from _pick(column, driver, [value, frame["low"], frame["high"]], frame["grade"])


def _find_use(case: Case) -> Iterator[Ranged]:
    """One factor a shared capacity: the median of its members' ranges, in shares of the value."""
    shared = case.shared
    value, low, high = (shared[c].to_numpy(dtype=float) for c in ("coefficient", "low", "high"))
    known = np.flatnonzero(
        np.isfinite(low) & np.isfinite(high) & (value > 0) & (low <= value) & (value <= high)
    )
    frame = pd.DataFrame({
        "pool": shared["shared_id"].to_numpy(dtype=object)[known],
        "low": low[known] / value[known],
        "high": high[known] / value[known],
        "grade": shared["grade"].to_numpy(dtype=object)[known],
    })  # fmt: skip
    pools = frame.groupby("pool")[["low", "high"]].median()
    worst = frame.groupby("pool")["grade"].max()
    pool = shared["shared_id"]
    factors = [pool.map(pools[c]).to_numpy(dtype=float) for c in ("low", "high")]
    numbers = [value, value * factors[0], value * factors[1]]
    driver = ("use:" + pool).to_numpy(dtype=object)
    yield from _pick("use", driver, numbers, pool.map(worst).fillna("D"))


def _find_supplies(case: Case) -> Iterator[Ranged]:
    frame = case.supplies
    if "low" not in frame:
        return
    commodity = frame["commodity_id"].to_numpy(dtype=object)
    numbers = [frame[c] for c in ("mt_per_year", "low", "high")]
    own = "supply:" + commodity + "@" + frame["place_id"].to_numpy(dtype=object)
    yield from _pick("supply", own, numbers, frame["grade"])
    numbers = [frame[c] for c in ("lifting_cost_usd_per_t", "lifting_low", "lifting_high")]
    yield from _pick("lifting", "lifting:" + commodity, numbers, frame["grade"])


def _find_markets(case: Case) -> Iterator[Ranged]:
    frame = case.markets
    if "low" not in frame:
        return
    commodity = frame["commodity_id"].to_numpy(dtype=object)
    most, least = (frame[c].to_numpy(dtype=float) for c in ("max_mt_per_year", "min_mt_per_year"))
    # a market that must be served never takes less than that
    low = np.maximum(frame["low"].to_numpy(dtype=float), np.minimum(least, most))
    own = "market:" + commodity + "@" + frame["place_id"].to_numpy(dtype=object)
    yield from _pick("maximum", own, [most, low, frame["high"]], frame["grade"])
    numbers = [frame[c] for c in ("price_usd_per_t", "price_low", "price_high")]
    yield from _pick("price", "price:" + commodity, numbers, frame["price_grade"])


def _find_streams(case: Case) -> Iterator[Ranged]:
    """The range is that of differential and quality together; the differential takes it."""
    frame = case.streams
    if "low" not in frame:
        return
    quality = frame["quality_usd_per_t"].to_numpy(dtype=float)
    low, high = (frame[c].to_numpy(dtype=float) - quality for c in ("low", "high"))
    driver = ("stream:" + frame["stream_id"]).to_numpy(dtype=object)
    yield from _pick(
        "differential", driver, [frame["differential_usd_per_t"], low, high], frame["grade"]
    )


def _find_values(case: Case) -> Iterator[Ranged]:
    frame = case.commodities
    if "interest_low" not in frame:
        return
    driver = ("price:" + frame["commodity_id"]).to_numpy(dtype=object)
    numbers = [frame[c] for c in ("unit_value_usd_per_t", "low", "high")]
    yield from _pick("value", driver, numbers, frame["grade"], recorded=False)
    numbers = [frame[c] for c in ("interest_per_year", "interest_low", "interest_high")]
    yield from _pick("interest", ["interest"] * len(frame), numbers, frame["grade"])


def _find_emissions(case: Case) -> Iterator[Ranged]:
    table, links = case.network["emissions"], case.links
    if not len(table):
        return
    total = (table["direct_g_per_t_km"] + table["upstream_g_per_t_km"]).to_numpy(dtype=float)
    row = match_emissions(links, table)
    value = links["co2_kg_per_t"].to_numpy(dtype=float)
    known = (row >= 0) & (value > 0) & (total[row] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = [
            np.where(known, value * (table[c].to_numpy(dtype=float) / total)[row], np.nan)
            for c in ("low", "high")
        ]
    driver = ("emissions:" + links["mode"]).to_numpy(dtype=object)
    yield from _pick("co2", driver, [value, *ends], table["grade"].to_numpy(dtype=object)[row])


_FINDERS: tuple[Callable[[Case], Iterator[Ranged]], ...] = (
    _find_charges, _find_days, _find_capacities, _find_use, _find_supplies, _find_markets,
    _find_streams, _find_values, _find_emissions,
)  # fmt: skip
