"""Ways out that flows are counted by: outlets of crude, corridors of everything else.

A way out has a name in the language of observed.csv: `outlet:cpc`, `corridor:china`, `country:RU`.
A route belongs to the first outlet that fits and to one corridor; home deliveries have no outlet.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.choice.route_set import RouteSet
from models.demand import Case
from models.flow.arrays import Bools
from routes.corridors import CORRIDORS, corridor_of, mark_links

Names = npt.NDArray[np.object_]

OUTLETS: dict[str, str] = {
    "cpc": "passes the CPC terminal",
    "atyrau-samara": "enters Russia by pipeline",
    "makhachkala": "enters Russia by sea",
    "baku-btc": "enters Azerbaijan by sea",
    "china": "enters China by pipeline",
    "rail-other": "none of these",
}
CPC_TERMINAL = "cpc-terminal"
_SEA = ("tanker", "dry", "ferry", "feeder", "river")


def name_outlets(case: Case, routes: RouteSet) -> Names:
    """Outlet of each route: crude by OUTLETS, other goods by corridor, "" for home deliveries."""
    structure = routes.structure
    layer = structure.source_layer[routes.source]
    export = np.array([la.use == "export" for la in structure.layers], dtype=bool)[layer]
    crude = np.array([la.commodity_class == "crude" for la in structure.layers], dtype=bool)[layer]
    names = np.full(len(routes), "", dtype=object)
    rules = _outlet_rules(case)
    touched = {
        outlet: np.asarray(
            routes.incidence.T @ mask[structure.arc_link].astype(float)
        ) > 0
        for outlet, mask in rules.items()
    }  # fmt: skip
    left = export & crude
    for outlet, mask in touched.items():
        names[left & mask] = outlet
        left &= ~mask
    names[left] = "rail-other"
    others = np.flatnonzero(export & ~crude)
    names[others] = _name_corridors(case, routes, others)
    return names


def name_ways(case: Case, routes: pd.DataFrame) -> list[str]:
    """Outlet of each row of a result's routes that exports crude; "" for all others."""
    masks = _outlet_rules(case)
    rules = {outlet: set(case.links.index[mask]) for outlet, mask in masks.items()}
    crude = case.commodities["commodity_class"] == "crude"

    def name(commodity: str, use: str, links: tuple[str, ...]) -> str:
        if use != "export" or not crude[commodity]:
            return ""
        used = set(links)
        return next((outlet for outlet, mine in rules.items() if mine & used), "rail-other")

    columns = zip(routes["commodity"], routes["use"], routes["links"], strict=True)
    return [name(*row) for row in columns]


def family_of(case: Case, commodity: str) -> tuple[str, ...]:
    """The commodity and those whose parent it is, as far as the case has them."""
    goods = case.commodities
    mine = (goods["commodity_id"] == commodity) | (goods["parent_id"] == commodity)
    return tuple(str(name) for name in goods.index[mine])


def outlets_of(case: Case, commodity: str) -> tuple[str, ...]:
    """The outlets that flows of a commodity are counted by, in order."""
    if case.commodities["commodity_class"][commodity] == "crude":
        return tuple(OUTLETS)
    return tuple(name for name in CORRIDORS if name != "domestic")


def market_countries(case: Case, routes: RouteSet) -> Names:
    """Country of the market of each route; "" for home deliveries."""
    market = routes.structure.sink_market[routes.sink]
    country = case.markets["country"].to_numpy(dtype=object)[market]
    return np.where(case.markets["use"].to_numpy()[market] == "export", country, "")


def match_measure(measure: str, case: Case, routes: RouteSet, outlets: Names) -> Bools:
    """Mask of the exports that a measure counts: `outlet:`, `corridor:`, `country:` or `total:`."""
    kind, _, name = measure.partition(":")
    if kind == "total":
        return np.asarray(outlets != "", dtype=bool)
    if kind == "country":
        return np.asarray(market_countries(case, routes) == name, dtype=bool)
    if kind == "outlet":
        return np.asarray(outlets == name, dtype=bool)
    exports = np.flatnonzero(outlets != "")
    mask = np.zeros(len(routes), dtype=bool)
    mask[exports] = _name_corridors(case, routes, exports) == name
    return mask


def _outlet_rules(case: Case) -> dict[str, Bools]:
    """Masks of the links that make a route one of an outlet, in the order of OUTLETS."""
    links = case.links
    mode, end = links["mode"].to_numpy(dtype=object), links["to_country"].to_numpy(dtype=object)
    crossing = links["from_country"].to_numpy(dtype=object) != end
    by_sea = np.isin(mode.astype(str), _SEA)
    terminal = (links["from_place_id"] == CPC_TERMINAL) | (links["to_place_id"] == CPC_TERMINAL)
    return {
        "cpc": terminal.to_numpy(dtype=bool),
        "atyrau-samara": crossing & (mode == "pipeline") & (end == "RU"),
        "makhachkala": crossing & by_sea & (end == "RU"),
        "baku-btc": crossing & by_sea & (end == "AZ"),
        "china": crossing & (mode == "pipeline") & (end == "CN"),
    }


def _name_corridors(case: Case, routes: RouteSet, chosen: npt.NDArray[np.int64]) -> Names:
    if not len(chosen):
        return np.zeros(0, dtype=object)
    structure, links = routes.structure, case.links
    marks = mark_links(*(links[name] for name in ("from_country", "to_country", "country")))
    paths = [routes.arcs[i] for i in chosen]
    starts = np.cumsum([0, *map(len, paths[:-1])])
    mark = np.bitwise_or.reduceat(marks[structure.arc_link[np.concatenate(paths)]], starts)
    market = structure.sink_market[routes.sink[chosen]]
    buyer = case.markets["country"].to_numpy(dtype=object)[market]
    pairs = list(zip(mark.tolist(), buyer, strict=True))
    known = {pair: corridor_of(*pair) for pair in set(pairs)}
    return np.array([known[pair] for pair in pairs], dtype=object)
