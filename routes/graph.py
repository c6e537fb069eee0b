"""The network of a year as a graph that people can walk: networkx, one commodity at a time."""

from __future__ import annotations

import math

import networkx as nx
import pandas as pd

from routes.capacities import govern_capacities
from routes.costs import link_costs, link_emissions
from routes.errors import DataError, Problem, UnknownNameError
from routes.network import Network, select_year
from routes.units import DAYS_PER_YEAR, deflate_usd


def to_graph(
    network: Network, *, commodity: str, year: int = 2023, use: str = "export", supply: str = ""
) -> nx.DiGraph[str]:
    """Links that `commodity` may use in `year`, as a directed graph of nodes `place.mode`.

    Node attributes: place_id, name, country, lat, lon. Edge attributes: link_id, kind, mode,
    country, length_km, days, days_sd, cash_usd_per_t (charges less what the quality bank of a
    crude stream pays `supply`), risk_usd_per_t, earns_usd_per_t (the stream's price differential
    for `supply`), generalised_usd_per_t, co2_kg_per_t, capacity_mt (what of its own capacity is
    left, inf without a row), flags, outlet (whether `supply` is handed over to a stream here).
    Money is of the price year. A link that is not operating is left out, and so is a stream's
    outlet when `supply` is given and may not use it.

    Raises
    ------
    UnknownNameError
        When the data set has no such commodity.
    DataError
        When two links join the same nodes.
    """
    goods = network["commodities"].set_index("commodity_id")
    if commodity not in goods.index:
        raise UnknownNameError("commodity", commodity, goods.index)
    good = goods.loc[commodity]
    chosen = select_year(network, year)
    links = chosen["links"]
    links = links[links["open"].to_numpy(dtype=bool) & _may_use(links, good)]
    money = _money(link_costs(chosen), str(good["commodity_class"]), use)
    emissions = link_emissions(chosen)
    capacity = _own_capacity(chosen["capacities"], good["t_per_teu"])
    streams = chosen["streams"]
    streams = streams[streams["commodity_id"] == commodity]
    terms = _stream_terms(streams, supply)
    closed = set(streams["outlet_link_id"]) - set(terms) if terms else set()
    daily = good["unit_value_usd_per_t"] * good["interest_per_year"] / DAYS_PER_YEAR
    graph: nx.DiGraph[str] = nx.DiGraph(commodity=commodity, year=year, use=use)
    places = chosen["places"].set_index("place_id")
    for node in pd.unique(pd.concat([links["from_node_id"], links["to_node_id"]])):
        place = node.rsplit(".", 1)[0]
        row = places.loc[place]
        graph.add_node(
            node, place_id=place, name=row["name"], country=row["country"], lat=row["lat"],
            lon=row["lon"],
        )  # fmt: skip
    for link in links.itertuples(index=False):
        if link.link_id in closed:
            continue
        if graph.has_edge(link.from_node_id, link.to_node_id):
            rule = f"link '{link.link_id}' joins nodes that another link joins"
            raise DataError([Problem("links.csv", rule, "Keep one, or give them other modes.")])
        charged, risk = money.get(link.link_id, (0.0, 0.0))
        earns, quality = terms.get(link.link_id, (0.0, 0.0))
        cash = charged - quality
        graph.add_edge(
            link.from_node_id,
            link.to_node_id,
            link_id=link.link_id,
            kind=link.kind,
            mode=link.mode,
            country=link.country,
            length_km=link.length_km,
            days=link.days,
            days_sd=link.days_sd,
            cash_usd_per_t=cash,
            risk_usd_per_t=risk,
            earns_usd_per_t=earns,
            generalised_usd_per_t=cash + risk + link.days * daily,
            co2_kg_per_t=float(emissions[link.link_id]),
            capacity_mt=capacity.get(link.link_id, math.inf),
            flags=link.flags,
            outlet=link.link_id in terms,
        )
    return graph


def _stream_terms(streams: pd.DataFrame, supply: str) -> dict[str, tuple[float, float]]:
    """Price differential and quality credit of a supply at each outlet that it may use."""
    columns = ["outlet_link_id", "price_differential_usd_per_t", "quality_usd_per_t", "price_year"]
    own = streams.loc[streams["supply_place_id"] == supply, columns]
    return {
        link: (deflate_usd(differential, int(year)), deflate_usd(quality, int(year)))
        for link, differential, quality, year in own.itertuples(index=False, name=None)
    }


def _may_use(links: pd.DataFrame, good: pd.Series) -> pd.Series:
    cls, modes = good["commodity_class"], str(good["modes"]).split(";")
    named = links["commodity_classes"].map(lambda cell: not cell or cls in cell.split(";"))
    return named & links["mode"].isin(modes)


def _money(charges: pd.DataFrame, cls: str, use: str) -> dict[str, tuple[float, float]]:
    """Cash cost and risk premium of each link that charges anything."""
    mine = charges[(charges["commodity_class"] == cls) & charges["use"].isin(("any", use))]
    risk = mine["usd_per_t"].where(mine["kind"] == "risk_premium", 0.0)
    sums = mine.assign(risk=risk, cash=mine["usd_per_t"] - risk).groupby("link_id")
    return {
        str(link): (cash, premium)
        for link, cash, premium in sums[["cash", "risk"]].sum().itertuples(name=None)
    }


def _own_capacity(capacities: pd.DataFrame, t_per_teu: float) -> dict[str, float]:
    """Mt a year left on each link that has a capacity of its own, in tonnes, boxes or trains."""
    limits = govern_capacities(capacities)
    rows = capacities.loc[limits["row"]]
    mt = rows["unit"].map({"Mt/yr": 1.0, "kTEU/yr": t_per_teu / 1e3, "trains/day": math.nan})
    mt = mt.fillna(rows["tonnes_per_unit"] * DAYS_PER_YEAR / 1e6)
    return dict(zip(limits.index, limits["available"] * mt.to_numpy(dtype=float), strict=True))
