"""Small cases: a plain way to write one down, cases solved by hand, and random ones with a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case, Limit
from routes.network import Network
from routes.schema import TABLES

CLASSES = {"crude": "crude", "grain": "grain", "coal": "coal", "copper": "metals"}


def make_case(
    *,
    places: Mapping[str, str],
    links: Sequence[Mapping[str, Any]],
    supplies: Sequence[tuple[str, str, float, float]],
    markets: Sequence[Mapping[str, Any]],
    shared: Sequence[tuple[Any, ...]] = (),
    capacities: Mapping[str, Mapping[str, Any]] | None = None,
    streams: Sequence[tuple[str, str, float]] = (),
    limits: Sequence[Limit] = (),
    interest: float = 0.0,
    value: float = 100.0,
) -> Case:
    """A case from a few plain lists.

    places: place -> country. links: dicts with id, a, b (nodes without mode: `.rail1520` is meant,
    sites as `X.site`), cost, and if wanted cap, days, kind, classes, flags, costs (by class).
    supplies: (commodity, place, Mt, lifting). markets: dicts with commodity, place, max, price and
    if wanted min, shortfall. shared: (shared_id, link, coefficient[, class[, supply]]).
    """
    link_rows, charges, caps = [], [], {}
    for spec in links:
        start, end = _node(spec["a"]), _node(spec["b"])
        link_rows.append({
            "link_id": spec["id"], "from_node_id": start, "to_node_id": end,
            "kind": spec.get("kind", "move"), "mode": spec.get("mode", "rail1520"),
            "commodity_classes": spec.get("classes", ""),
            "country": spec.get("country", places[end.split(".")[0]]),
            "length_km": spec.get("km", 0.0), "days": spec.get("days", 0.0),
            "days_sd": spec.get("days_sd", 0.0), "flags": spec.get("flags", ""), "ship_class": "",
            "geometry_id": "", "open": spec.get("open", True), "status": "operating",
            "from_place_id": start.split(".")[0], "to_place_id": end.split(".")[0],
            "from_country": places[start.split(".")[0]], "to_country": places[end.split(".")[0]],
            "co2_kg_per_t": spec.get("co2", 0.0),
        })  # fmt: skip
        if "cap" in spec:
            caps[spec["id"]] = {"practical": float(spec["cap"])}
        for cls in sorted(set(CLASSES.values())):
            cost = spec.get("costs", {}).get(cls, spec.get("cost", 0.0))
            charges.append((spec["id"], cls, "any", "carriage", float(cost)))
    caps |= dict(capacities or {})
    names = sorted({s[0] for s in supplies} | {m["commodity"] for m in markets})
    commodities = pd.DataFrame({
        "commodity_id": names, "parent_id": names, "name": names,
        "commodity_class": [CLASSES[n] for n in names], "modes": "rail1520;pipeline",
        "unit_value_usd_per_t": value, "interest_per_year": interest, "t_per_teu": 20.0,
    }).set_index("commodity_id", drop=False)  # fmt: skip
    capacity_rows = {
        name: {"unit": "Mt/yr", "practical": math.inf, "background": 0.0, "firm": False,
               "legal": math.inf, "tonnes_per_unit": math.nan, "low": math.nan, "high": math.nan,
               "grade": "A", "basis": "practical"} | dict(row)
        for name, row in caps.items()
    }  # fmt: skip
    names_of = ["unit", "practical", "background", "firm", "legal", "tonnes_per_unit", "low",
                "high", "grade", "basis"]  # fmt: skip
    capacity_frame = pd.DataFrame(list(capacity_rows.values()), columns=names_of)
    capacity_frame.index = pd.Index(list(capacity_rows), dtype=object)
    market_frame = pd.DataFrame([
        {"commodity_id": m["commodity"], "place_id": m["place"], "country": places[m["place"]],
         "use": "home" if places[m["place"]] == "KZ" else "export",
         "max_mt_per_year": float(m.get("max", math.inf)),
         "min_mt_per_year": float(m.get("min", 0.0)),
         "shortfall_price_usd_per_t": float(m.get("shortfall", 0.0)),
         "price_usd_per_t": float(m["price"])}
        for m in markets
    ])  # fmt: skip
    return Case(
        year=2023,
        network=_network(),
        links=pd.DataFrame(link_rows).set_index("link_id", drop=False),
        capacities=capacity_frame,
        shared=pd.DataFrame(
            [(s[0], s[1], s[3] if len(s) > 3 else "", s[4] if len(s) > 4 else "", float(s[2]),
              "t/t", math.nan, math.nan, "A") for s in shared],
            columns=["shared_id", "link_id", "commodity_class", "supply_place_id", "coefficient",
                     "unit", "low", "high", "grade"],
        ),
        charges=pd.DataFrame(
            charges, columns=["link_id", "commodity_class", "use", "kind", "usd_per_t"]
        ).assign(low=0.0, high=0.0, grade="A", tariff=0),
        streams=pd.DataFrame(
            [("crude", link, supply, "s", diff, 0.0) for link, supply, diff in streams],
            columns=["commodity_id", "outlet_link_id", "supply_place_id", "stream_id",
                     "differential_usd_per_t", "quality_usd_per_t"],
        ),
        supplies=pd.DataFrame(
            supplies, columns=["commodity_id", "place_id", "mt_per_year", "lifting_cost_usd_per_t"]
        ),
        markets=market_frame,
        commodities=commodities,
        limits=tuple(limits),
    )  # fmt: skip


def _node(name: str) -> str:
    return name if "." in name else f"{name}.rail1520"


@lru_cache(maxsize=1)
def _network() -> Network:
    tables = {name: pd.DataFrame(columns=list(r.model_fields)) for name, r in TABLES.items()}
    return Network("test", "0", "0", tables, {name: [] for name in TABLES})


def random_case(seed: int, *, integers: bool = False, single: bool = False) -> Case:
    """A random case: several commodities, binding and shared capacities, obligations, closures.

    `single` keeps one commodity, no shared capacities and no obligations; `integers` draws whole
    numbers, so that networkx's exact algorithms can be the judge.
    """
    rng = np.random.default_rng(seed)

    def draw(low: float, high: float) -> float:
        return (
            float(rng.integers(int(low), int(high) + 1))
            if integers
            else float(rng.uniform(low, high))
        )

    n = int(rng.integers(4, 9))
    countries = ["KZ", "KZ", "RU", "CN", "AZ", "GE", "DE", "TR"]
    places = {f"p{i}": countries[i % len(countries)] for i in range(n)}
    links: list[dict[str, Any]] = []
    for a in range(n):
        for b in range(n):
            if a != b and rng.random() < 0.45:
                spec = {
                    "id": f"l{a}{b}", "a": f"p{a}", "b": f"p{b}", "cost": draw(1, 20),
                    "days": 0.0 if integers else draw(0, 5),
                }  # fmt: skip
                if rng.random() < 0.6:
                    spec["cap"] = draw(1, 6)
                if not single and rng.random() < 0.1:
                    spec["open"] = False
                if not single and rng.random() < 0.15:
                    spec["classes"] = "crude;grain"
                links.append(spec)
    commodities = (
        ["grain"]
        if single
        else list(rng.permutation(["crude", "grain", "coal"]))[: int(rng.integers(2, 4))]
    )
    supplies, markets, sites = [], [], {}
    for commodity in sorted(commodities):
        for place in rng.permutation(n)[: int(rng.integers(1, 3))]:
            supplies.append((commodity, f"p{place}", draw(1, 8), draw(0, 3)))
            sites[f"load{place}"] = {
                "id": f"load{place}",
                "a": f"p{place}.site",
                "b": f"p{place}",
                "kind": "load",
            }
        for place in rng.permutation(n)[: int(rng.integers(1, 4))]:
            home = places[f"p{place}"] == "KZ"
            market = {
                "commodity": commodity,
                "place": f"p{place}",
                "max": draw(2, 9),
                "price": draw(20, 60),
            }
            if home and not single:
                market |= {"min": draw(0, 2), "shortfall": draw(60, 90)}
            markets.append(market)
            sites[f"out{place}"] = {
                "id": f"out{place}",
                "a": f"p{place}",
                "b": f"p{place}.site",
                "kind": "unload",
            }
    links += sites.values()
    shared: list[tuple[Any, ...]] = []
    capacities = {}
    if not single:
        for g in range(int(rng.integers(0, 3))):
            members = [spec["id"] for spec in links if spec.get("kind", "move") == "move"]
            chosen_links = rng.permutation(members)[: int(rng.integers(1, 4))]
            shared += [(f"g{g}", str(link), draw(1, 2)) for link in chosen_links]
            capacities[f"g{g}"] = {"practical": draw(2, 8)}
    streams = []
    if not single and "crude" in commodities and rng.random() < 0.6:
        outlets = [s["id"] for s in links if s["id"].startswith("out")]
        chosen = str(rng.permutation(outlets)[0])
        crude = [place for commodity, place, *_ in supplies if commodity == "crude"]
        streams += [(chosen, place, draw(-15, 25)) for place in crude if rng.random() < 0.8]
    limits = []
    if not single and rng.random() < 0.3:
        limits.append(
            Limit("RU", share=float(rng.uniform(0, 0.8)))
            if rng.random() < 0.5
            else Limit("RU", mt=float(rng.uniform(0, 3)))
        )
    return make_case(
        places=places, links=links, supplies=supplies, markets=markets, shared=shared,
        capacities={k: v for k, v in capacities.items() if any(s[0] == k for s in shared)},
        streams=streams, limits=limits, interest=0.0 if integers else 0.2, value=900.0,
    )  # fmt: skip
