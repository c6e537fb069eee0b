"""Routes between two places: the best and others unlike it, link by link."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from routes.corridors import corridor_of, list_countries, mark_links
from routes.errors import NoRouteError, UnknownNameError, UsageError
from routes.graph import to_graph
from routes.network import Network
from routes.places import match_place
from routes.units import deflate_usd

MEASURES = ("cost", "time", "co2", "netback")
_PENALTY = 1.35  # each search makes links already used this much dearer
_MAX_SEARCHES = 12  # searches per route asked for


@dataclass(frozen=True, slots=True)
class Route:
    """A way for a commodity from one place to another, with its totals per tonne.

    `countries` are those of its places in order. `price_differential_usd_per_t` is what the crude
    stream that it joins fetches above or below the market's price. `netback_usd_per_t` is None
    where the end is no market of the commodity in the year.
    """

    commodity: str
    from_place_id: str
    to_place_id: str
    links: tuple[str, ...]
    corridor: str
    countries: tuple[str, ...]
    length_km: float
    days: float
    cash_cost_usd_per_t: float
    generalised_cost_usd_per_t: float
    co2_kg_per_t: float
    price_differential_usd_per_t: float
    netback_usd_per_t: float | None
    legs: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """The route as plain data."""
        return {
            "commodity": self.commodity, "from": self.from_place_id, "to": self.to_place_id,
            "corridor": self.corridor, "countries": list(self.countries),
            "length_km": self.length_km, "days": self.days,
            "cash_cost_usd_per_t": self.cash_cost_usd_per_t,
            "generalised_cost_usd_per_t": self.generalised_cost_usd_per_t,
            "price_differential_usd_per_t": self.price_differential_usd_per_t,
            "netback_usd_per_t": self.netback_usd_per_t, "co2_kg_per_t": self.co2_kg_per_t,
            "links": list(self.links), "legs": [dict(leg) for leg in self.legs],
        }  # fmt: skip


def find_routes(
    network: Network,
    start: str,
    end: str,
    *,
    commodity: str,
    k: int = 5,
    avoid: Iterable[str] = (),
    by: str = "cost",
    year: int = 2023,
) -> list[Route]:
    """The best route and up to `k` - 1 others unlike it, best first.

    Parameters
    ----------
    start, end : places by id, name or alias.
    commodity : what is shipped; it decides links and charges.
    avoid : countries (ISO alpha-2) whose ground and ports the route must not touch.
    by : "cost" (generalised), "time", "co2" or "netback" (price and stream less cash cost).

    Raises
    ------
    NoRouteError
        When no route exists.
    UnknownNameError, UsageError
        For a place, commodity, country, measure or year that is not known, or one place twice.
    """
    if by not in MEASURES:
        raise UnknownNameError("measure", by, MEASURES)
    if k < 1:
        msg = f"k must be at least 1. Got {k}."
        raise UsageError(msg)
    places = network["places"]
    first, last = (match_place(places, name) for name in (start, end))
    if first == last:
        msg = f"Both ends are the same place, '{first}'. Name two places."
        raise UsageError(msg)
    years = sorted({int(y) for table in ("supplies", "markets") for y in network[table]["year"]})
    if years and year not in years:
        msg = f"The data set has no inputs for {year}. It has {', '.join(map(str, years))}."
        raise UsageError(msg)
    banned = frozenset(avoid)
    for avoided in banned - set(places["country"]):
        raise UnknownNameError("country of the network", avoided, set(places["country"]))
    country = dict(zip(places["place_id"], places["country"], strict=True))
    use = "home" if country[last] == "KZ" else "export"
    graph = to_graph(network, commodity=commodity, year=year, use=use, supply=first)
    market = _market_price(network, commodity, last, year)
    graph = _prepare(graph, first, last, banned, by)
    found = _search(graph, k)
    if not found:
        around = f" that avoids {', '.join(sorted(banned))}" if banned else ""
        msg = f"No route leads {commodity} from {first} to {last}{around} in {year}."
        raise NoRouteError(msg)
    routes = [_build(graph, path, commodity, first, last, market) for path in found]
    return sorted(routes, key=lambda route: (_rank(route, by), route.links))


def _prepare(
    graph: nx.DiGraph[str], first: str, last: str, banned: frozenset[str], by: str
) -> nx.DiGraph[str]:
    """The graph with weights of a measure and the ends of the search, `>` and `<`."""
    kept = graph.copy()
    places = nx.get_node_attributes(graph, "place_id")
    for node, place in places.items():
        ends = place in (first, last)
        closed = node.endswith(".site") and not ends
        if closed or (graph.nodes[node]["country"] in banned and not ends):
            kept.remove_node(node)
    shut = [(a, b) for a, b, data in kept.edges(data=True) if data["country"] in banned]
    kept.remove_edges_from(shut)
    lowest = 0.0
    for _, _, data in kept.edges(data=True):
        data["weight"] = _weight(data, by)
        lowest = min(lowest, data["weight"])
    if lowest < 0:  # a stream that earns: lift all its ways to the market equally
        for _, _, data in kept.edges(data=True):
            if data["outlet"]:
                data["weight"] -= lowest
    for node in list(kept.nodes):
        if places[node] == first and (f"{first}.site" not in kept or node == f"{first}.site"):
            kept.add_edge(">", node, weight=0.0)
        if places[node] == last and (f"{last}.site" not in kept or node == f"{last}.site"):
            kept.add_edge(node, "<", weight=0.0)
    return kept


def _weight(data: dict[str, Any], by: str) -> float:
    if by == "time":
        return float(data["days"])
    if by == "co2":
        return float(data["co2_kg_per_t"])
    if by == "netback":
        return float(data["cash_usd_per_t"] - data["earns_usd_per_t"])
    return float(data["generalised_usd_per_t"] - data["earns_usd_per_t"])


def _search(graph: nx.DiGraph[str], k: int) -> list[list[str]]:
    """Up to k ways from `>` to `<`: links already used grow dearer, so ways differ."""
    used: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, ...], list[str]] = {}

    def weight(a: str, b: str, data: dict[str, Any]) -> float:
        return float(data["weight"] * _PENALTY ** used.get((a, b), 0))

    for _ in range(_MAX_SEARCHES * k):
        try:
            path = nx.dijkstra_path(graph, ">", "<", weight=weight)
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            break
        found.setdefault(tuple(path), path)
        if len(found) == k:
            break
        for step in pairwise(path):
            used[step] = used.get(step, 0) + 1
    return list(found.values())


def _build(
    graph: nx.DiGraph[str],
    path: Sequence[str],
    commodity: str,
    first: str,
    last: str,
    market: float | None,
) -> Route:
    steps = [(a, b, graph.edges[a, b]) for a, b in pairwise(path[1:-1])]
    countries = [graph.nodes[node]["country"] for node in path[1:-1]]
    marks = mark_links(countries[:-1], countries[1:], [data["country"] for _, _, data in steps])
    cash = sum(data["cash_usd_per_t"] for _, _, data in steps)
    earns = sum(data["earns_usd_per_t"] for _, _, data in steps)
    return Route(
        commodity=commodity,
        from_place_id=first,
        to_place_id=last,
        links=tuple(data["link_id"] for _, _, data in steps),
        corridor=corridor_of(int(np.bitwise_or.reduce(marks)), countries[-1]),
        countries=tuple(list_countries(countries)),
        length_km=sum(data["length_km"] for _, _, data in steps),
        days=sum(data["days"] for _, _, data in steps),
        cash_cost_usd_per_t=cash,
        generalised_cost_usd_per_t=sum(data["generalised_usd_per_t"] for _, _, data in steps),
        co2_kg_per_t=sum(data["co2_kg_per_t"] for _, _, data in steps),
        price_differential_usd_per_t=earns,
        netback_usd_per_t=None if market is None else market + earns - cash,
        legs=tuple(_leg(graph, a, b, data) for a, b, data in steps),
    )


def _leg(graph: nx.DiGraph[str], start: str, end: str, data: dict[str, Any]) -> dict[str, Any]:
    a, b = graph.nodes[start], graph.nodes[end]
    return {
        "link_id": data["link_id"], "from": start, "to": end, "from_name": a["name"],
        "to_name": b["name"], "kind": data["kind"], "mode": data["mode"],
        "country": data["country"], "length_km": data["length_km"], "days": data["days"],
        "cash_usd_per_t": data["cash_usd_per_t"], "risk_usd_per_t": data["risk_usd_per_t"],
        "generalised_usd_per_t": data["generalised_usd_per_t"],
        "co2_kg_per_t": data["co2_kg_per_t"],
        "border": f"{a['country']}-{b['country']}" if a["country"] != b["country"] else "",
        "capacity_mt": data["capacity_mt"] if math.isfinite(data["capacity_mt"]) else None,
    }  # fmt: skip


def leg_table(route: Route) -> pd.DataFrame:
    """A row per leg, with distance, days, cost and CO2 of the leg and from the start on."""
    table = pd.DataFrame([dict(leg) for leg in route.legs])
    for name, column in (
        ("cum_km", "length_km"), ("cum_days", "days"), ("cum_cash_usd_per_t", "cash_usd_per_t"),
        ("cum_co2_kg_per_t", "co2_kg_per_t"),
    ):  # fmt: skip
        table[name] = table[column].cumsum()
    return table


def _market_price(network: Network, commodity: str, place: str, year: int) -> float | None:
    markets = network["markets"]
    row = markets[
        (markets["commodity_id"] == commodity)
        & (markets["place_id"] == place)
        & (markets["year"] == year)
    ]
    if row.empty:
        return None
    return deflate_usd(float(row["price_usd_per_t"].iloc[0]), int(row["price_year"].iloc[0]))


def _rank(route: Route, by: str) -> float:
    if by == "time":
        return route.days
    if by == "co2":
        return route.co2_kg_per_t
    if by == "netback" and route.netback_usd_per_t is not None:
        return -route.netback_usd_per_t
    return route.generalised_cost_usd_per_t - route.price_differential_usd_per_t
