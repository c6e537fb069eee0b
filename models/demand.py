"""One year's case: what is offered and wanted, over which links, at what charges and limits.

A `Case` is what a scenario changes and what the flow programmes read: tidy frames, money in USD of
the price year, mass in Mt, time in days.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from routes.costs import link_costs, link_emissions
from routes.errors import DataError, Problem, UsageError
from routes.network import Network, select_year
from routes.units import deflate_usd

HOME = "KZ"


@dataclass(frozen=True, slots=True)
class Limit:
    """Upper bound on the third-country exports that use an exit link of `country`.

    Exactly one of `share` (of the third-country exports of `commodity_ids`) and `mt` (Mt a year)
    is given. Without `commodity_ids` all commodities count together.
    """

    country: str
    share: float | None = None
    mt: float | None = None
    commodity_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """Extra capacity that may be had at a cost, in the unit of the capacity."""

    max_extra: float
    usd_per_unit: float


@dataclass(frozen=True, eq=False)
class Case:
    """A year's inputs, resolved. A case equals nothing but itself.

    links : index link_id; nodes, places and countries of both ends, kind, mode, classes, length_km,
        days, days_sd, flags, `open` (may be used), co2_kg_per_t.
    capacities : index subject_id; unit, practical (inf: none), background, firm, legal (inf: none),
        tonnes_per_unit, low, high, grade.
    shared : shared_id, link_id, commodity_class, supply_place_id, coefficient, unit, low, high.
    charges : see routes.costs.link_costs.
    streams : commodity_id, stream_id, outlet_link_id, supply_place_id,
        differential_usd_per_t, quality_usd_per_t (credit +), low, high (of their sum).
    supplies, markets : a row per (commodity_id, place_id).
    limits : policies; growth : capacities that may grow, by subject_id; bans : (link_id,
        commodity_id) pairs that may not be used.
    """

    year: int
    network: Network = field(repr=False)
    links: pd.DataFrame = field(repr=False)
    capacities: pd.DataFrame = field(repr=False)
    shared: pd.DataFrame = field(repr=False)
    charges: pd.DataFrame = field(repr=False)
    streams: pd.DataFrame = field(repr=False)
    supplies: pd.DataFrame = field(repr=False)
    markets: pd.DataFrame = field(repr=False)
    commodities: pd.DataFrame = field(repr=False)
    limits: tuple[Limit, ...] = ()
    growth: Mapping[str, Growth] = field(default_factory=dict)
    bans: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Commodities of the data that lack supplies or markets in the year, sorted."""
        known = set(self.network["commodities"]["commodity_id"])
        return tuple(sorted(known - set(self.commodities.index)))


def available_capacity(capacities: pd.DataFrame) -> pd.Series:
    """Capacity left for our own tonnes: min(practical - background, legal), never below 0."""
    left = np.minimum(capacities["practical"] - capacities["background"], capacities["legal"])
    return np.maximum(left, 0.0)


@lru_cache(maxsize=8)
def select_case(network: Network, year: int) -> Case:
    """The inputs of `year`.

    Commodities without supplies or markets in the year are left out, and `notes` says so.

    Raises
    ------
    UsageError
        When the year has no commodity with both supplies and markets.
    DataError
        When tariffs tie or are missing.
    """
    chosen = select_year(network, year)
    supplies, markets, notes = _match_demand(network, chosen, year)
    commodities = chosen["commodities"].set_index("commodity_id", drop=False)
    commodities = commodities[commodities.index.isin(supplies["commodity_id"])]
    return Case(
        year=year,
        network=network,
        links=_build_links(chosen),
        capacities=_build_capacities(chosen["capacities"]),
        shared=_build_shared(chosen["shared_capacities"]),
        charges=link_costs(chosen),
        streams=_build_streams(chosen["streams"]),
        supplies=supplies,
        markets=markets,
        commodities=commodities,
        notes=notes,
    )


def _match_demand(
    network: Network, chosen: Network, year: int
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    offered, wanted = (set(chosen[t]["commodity_id"]) for t in ("supplies", "markets"))
    both = offered & wanted
    if not both:
        years = set(network["supplies"]["year"]) & set(network["markets"]["year"])
        msg = (
            f"The data set has no commodity with supplies and markets in {year}. "
            f"Years with both: {', '.join(str(int(y)) for y in sorted(years)) or 'none'}."
        )
        raise UsageError(msg)
    notes = []
    if only := sorted(offered - both):
        notes.append(f"{year}: no markets for {', '.join(only)}; left out")
    if only := sorted(wanted - both):
        notes.append(f"{year}: no supplies of {', '.join(only)}; left out")
    if only := sorted(set(chosen["commodities"]["commodity_id"]) - offered - wanted):
        notes.append(f"{year}: neither supplies nor markets of {', '.join(only)}; left out")
    supplies = chosen["supplies"]
    supplies = supplies[supplies["commodity_id"].isin(both)].reset_index(drop=True)
    return supplies, _build_markets(chosen, both), tuple(notes)


def _build_markets(chosen: Network, commodities: set[str]) -> pd.DataFrame:
    markets = chosen["markets"]
    markets = markets[markets["commodity_id"].isin(commodities)].reset_index(drop=True)
    places = chosen["places"]
    country = markets["place_id"].map(dict(zip(places["place_id"], places["country"], strict=True)))
    real = markets["price_year"].map(lambda y: deflate_usd(1.0, int(y)))
    shortfall = markets["shortfall_price_usd_per_t"].fillna(0.0) * real
    return markets.assign(
        country=country,
        use=np.where(country == HOME, "home", "export"),
        price_usd_per_t=markets["price_usd_per_t"] * real,
        price_low=markets["price_low"] * real,
        price_high=markets["price_high"] * real,
        shortfall_price_usd_per_t=shortfall,
    )


def _build_links(chosen: Network) -> pd.DataFrame:
    links = chosen["links"]
    places = chosen["places"]
    country = dict(zip(places["place_id"], places["country"], strict=True))
    start = links["from_node_id"].str.rsplit(".", n=1).str[0]
    end = links["to_node_id"].str.rsplit(".", n=1).str[0]
    emissions = link_emissions(chosen)
    return links.assign(
        from_place_id=start,
        to_place_id=end,
        from_country=start.map(country),
        to_country=end.map(country),
        co2_kg_per_t=emissions.to_numpy(),
    ).set_index("link_id", drop=False)


def _build_capacities(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per subject from its statements."""
    out: dict[str, dict[str, object]] = {}
    columns = [
        "subject_id", "basis", "enforced", "capacity", "background", "firm", "unit",
        "tonnes_per_unit", "low", "high", "grade",
    ]  # fmt: skip
    for subject, basis, enforced, capacity, back, firm, unit, tonnes, low, high, grade in rows[
        columns
    ].itertuples(index=False, name=None):
        row = out.setdefault(subject, {
            "unit": unit, "practical": math.inf, "background": 0.0, "firm": False,
            "legal": math.inf, "tonnes_per_unit": tonnes, "low": math.inf, "high": math.inf,
            "grade": grade, "basis": "",
        })  # fmt: skip
        if not enforced:
            continue
        if basis in ("legal", "contract"):
            if capacity < row["legal"]:
                row["legal"] = capacity
                if row["basis"] == "":
                    row.update(low=low, high=high, grade=grade)
        elif basis == "practical" or row["basis"] == "":
            row.update(
                practical=capacity, background=back, firm=firm, low=low, high=high, grade=grade,
                tonnes_per_unit=tonnes, basis=basis,
            )  # fmt: skip
    frame = pd.DataFrame.from_dict(out, orient="index")
    if frame.empty:
        frame = pd.DataFrame(
            columns=["unit", "practical", "background", "firm", "legal", "tonnes_per_unit", "low",
                     "high", "grade", "basis"]
        )  # fmt: skip
    frame.index.name = "subject_id"
    return frame


def _build_shared(rows: pd.DataFrame) -> pd.DataFrame:
    columns = [
        "shared_id", "link_id", "commodity_class", "supply_place_id", "coefficient", "unit",
        "low", "high", "grade",
    ]  # fmt: skip
    return rows[columns].reset_index(drop=True)


def _build_streams(rows: pd.DataFrame) -> pd.DataFrame:
    real = rows["price_year"].map(lambda y: deflate_usd(1.0, int(y))).astype(float)
    return pd.DataFrame({
        "commodity_id": rows["commodity_id"],
        "stream_id": rows["stream_id"],
        "outlet_link_id": rows["outlet_link_id"],
        "supply_place_id": rows["supply_place_id"],
        "differential_usd_per_t": rows["price_differential_usd_per_t"] * real,
        "quality_usd_per_t": rows["quality_usd_per_t"] * real,
        "low": (rows["price_low"] + rows["quality_low"]) * real,
        "high": (rows["price_high"] + rows["quality_high"]) * real,
        "grade": rows["grade"],
    }).reset_index(drop=True)  # fmt: skip


def check_years(network: Network, years: tuple[int, ...]) -> list[Problem]:
    """Problems of building the case of each year (tariffs that tie or are missing)."""
    problems: list[Problem] = []
    for year in years:
        try:
            select_case(network, year)
        except DataError as error:
            problems += error.problems
        except UsageError as error:
            problems.append(Problem("supplies.csv", str(error).rstrip(".")))
    return list(dict.fromkeys(problems))
