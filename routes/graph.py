"""The network of a year as a graph that people can walk: networkx, one commodity at a time."""

from __future__ import annotations

import math

import networkx as nx
import pandas as pd

from routes.costs import link_costs, link_emissions
from routes.errors import DataError, Problem, UnknownNameError
from routes.network import Network, select_year
from routes.units import DAYS_PER_YEAR


def to_graph(
    network: Network, *, commodity: str, year: int = 2023, use: str = "export", supply: str = ""
) -> nx.DiGraph[str]:
    """Links that `commodity` may use in `year`, as a directed graph of nodes `place.mode`.

    Node attributes: place_id, name, country, lat, lon. Edge attributes: link_id, kind, mode,
    country, length_km, days, days_sd, cash_usd_per_t, risk_usd_per_t, earns_usd_per_t (price
    differential and quality of a crude stream for `supply`), generalised_usd_per_t,
    co2_kg_per_t, capacity_mt (own practical capacity less background, inf without a row), flags.
    A link that is not operating is left out, and so is a stream's outlet when `supply` is given
    and may not use it.

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
    capacity = _own_capacity(chosen["capacities"])
    earns = _stream_terms(chosen["streams"], commodity, supply)
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
        if link.link_id in earns.closed:
            continue
        if graph.has_edge(link.from_node_id, link.to_node_id):
            rule = f"link '{link.link_id}' joins nodes that another link joins"
            raise DataError([Problem("links.csv", rule, "Keep one, or give them other modes.")])
        cash, risk = money.get(link.link_id, (0.0, 0.0))
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
            earns_usd_per_t=earns.terms.get(link.link_id, 0.0),
            generalised_usd_per_t=cash + risk + link.days * daily,
            co2_kg_per_t=float(emissions[link.link_id]),
            capacity_mt=capacity.get(link.link_id, math.inf),
            flags=link.flags,
        )
    return graph


class _Earnings:
    """What streams pay on their outlets for a supply, and the outlets closed to it."""

    def __init__(self, terms: dict[str, float], closed: frozenset[str]) -> None:
        self.terms, self.closed = terms, closed


def _stream_terms(streams: pd.DataFrame, commodity: str, supply: str) -> _Earnings:
    mine = streams[streams["commodity_id"] == commodity]
    if not supply or supply not in set(mine["supply_place_id"]):
        return _Earnings({}, frozenset())
    own = mine[mine["supply_place_id"] == supply]
    value = own["price_differential_usd_per_t"] + own["quality_usd_per_t"]
    terms = dict(zip(own["outlet_link_id"], value, strict=True))
    return _Earnings(terms, frozenset(mine["outlet_link_id"]) - frozenset(terms))


def _may_use(links: pd.DataFrame, good: pd.Series) -> pd.Series:
    cls, modes = good["commodity_class"], str(good["modes"]).split(";")
    named = links["commodity_classes"].map(lambda cell: not cell or cls in cell.split(";"))
    return named & links["mode"].isin(modes)


def _money(charges: pd.DataFrame, cls: str, use: str) -> dict[str, tuple[float, float]]:
    mine = charges[(charges["commodity_class"] == cls) & charges["use"].isin(("any", use))]
    risky = mine["kind"] == "risk_premium"
    cash = mine[~risky].groupby("link_id")["usd_per_t"].sum()
    risk = mine[risky].groupby("link_id")["usd_per_t"].sum()
    return {link: (float(value), float(risk.get(link, 0.0))) for link, value in cash.items()}


def _own_capacity(capacities: pd.DataFrame) -> dict[str, float]:
    mine = capacities[
        (capacities["unit"] == "Mt/yr")
        & (capacities["basis"] == "practical")
        & capacities["enforced"].astype(bool)
    ]
    left = (mine["capacity"] - mine["background"]).clip(lower=0.0)
    return dict(zip(mine["subject_id"], left, strict=True))
