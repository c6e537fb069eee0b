"""The numbers of a report as plain data: what the page's script draws and lists."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from models.charts import words
from models.names import name_place, name_subjects
from models.report.sentences import summarise
from models.report.shapes import place_points, trace_ways
from models.run import Run
from models.tables import strict_value
from routes.errors import UsageError
from routes.maps.lines import Geometries
from routes.maps.style import CORRIDORS

MOST_CHANGES = 40
DIGITS = 6


@dataclass
class Pool:
    """Numbers for things said more than once: each is written once, then referred to."""

    items: list[Any] = field(default_factory=list)
    numbers: dict[Hashable, int] = field(default_factory=dict)

    def __call__(self, item: Hashable) -> int:
        """Number of `item`, a new one when it is new."""
        if item not in self.numbers:
            self.numbers[item] = len(self.items)
            self.items.append(item)
        return self.numbers[item]


@dataclass
class Pools:
    """All pools of a report."""

    places: Pool = field(default_factory=Pool)
    links: Pool = field(default_factory=Pool)
    shared: Pool = field(default_factory=Pool)
    paths: Pool = field(default_factory=Pool)
    texts: Pool = field(default_factory=Pool)
    commodities: Pool = field(default_factory=Pool)
    routes: Pool = field(default_factory=Pool)
    limits: Pool = field(default_factory=Pool)


def shorten_number(value: Any) -> Any:
    """A number with six figures; None for undefined and unlimited."""
    if value is None or isinstance(value, bool | str | int):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    short = float(f"{number:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e12 else short


def check_alike(runs: Sequence[Run]) -> None:
    """Refuse runs on different data: their links and sources would not be the same things."""
    if len({run.manifest["data_digest"] for run in runs}) > 1:
        raise UsageError("The runs of a report must share one data set.")


def collect_results(
    runs: Sequence[Run], geometries: Geometries, *, baseline: Run, least: float = 0.0
) -> tuple[dict[str, Any], Pools]:
    """Everything the page shows of `runs`, and the pools that its numbers refer to.

    Routes that carry less than the part `least` of their commodity are left out; each scenario says
    how much that is.
    """
    pools = Pools()
    for name in sorted({name for run in runs for name in run.commodities["commodity"]}):
        pools.commodities(name)
    scenarios = [_describe_run(run, baseline, pools, least) for run in runs]
    data = {
        "scenarios": scenarios,
        "corridors": [
            [name, look.name, look.colour, list(look.dashes)] for name, look in CORRIDORS.items()
        ],
        "commodities": [[name, words.name_commodity(name)] for name in pools.commodities.items],
        "indicators": {
            name: [m.name, m.unit, m.factor, m.decimals] for name, m in words.INDICATORS.items()
        },
        "links": _list_links(runs[0], pools),
        "shared": _list_shared(runs[0], pools),
        "paths": [list(path) for path in pools.paths.items],
        "routes": [list(row) for row in pools.routes.items],
        "limits": [list(row) for row in pools.limits.items],
        "ways": _list_ways(runs[0], pools, geometries),
    }
    data["places"] = _list_places(runs[0], pools)
    return data, pools


def _describe_run(run: Run, baseline: Run, pools: Pools, least: float) -> dict[str, Any]:
    routes, left_out = _pick_routes(run, least)
    return {
        "name": run.scenario,
        "title": run.title or run.scenario,
        "year": run.year,
        "assignment": run.assignment,
        "country": words.name_country(run.country),
        "indicators": {name: shorten_number(value) for name, value in run.indicators.items()},
        "summary": [[list(part) for part in s] for s in summarise(run, baseline)],
        "commodities": [
            [pools.commodities(row["commodity"]), *(
                shorten_number(row[name])
                for name in ("supply_mt", "exported_mt", "domestic_mt", "undelivered_mt",
                             "shortfall_mt", "transit_share")
            )]
            for row in run.commodities.to_dict("records")
        ],
        "routes": _list_routes(routes, pools),
        "left_out": [least, len(left_out), shorten_number(left_out["mt"].sum())],
        "capacities": _list_capacities(run, pools),
        "changes": _list_changes(run, pools),
        "certificate": strict_value(run.certificate),
        "digest": run.manifest["scenario_digest"],
    }  # fmt: skip


def _pick_routes(run: Run, least: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Routes of the commodity asked for, and those of them that are too small to list."""
    routes = run.result.routes
    if run.commodity is not None:
        routes = routes[routes["commodity"] == run.commodity]
    whole = routes.groupby("commodity")["mt"].transform("sum")
    small = (routes["mt"] < least * whole).to_numpy(dtype=bool)
    return routes[~small], routes[small]


def _list_routes(routes: pd.DataFrame, pools: Pools) -> list[list[Any]]:
    """Route and Mt, largest flow first.

    A route is commodity, corridor, from, to, price, cash cost, generalised cost, netback, days,
    CO2, path; scenarios share most of them.
    """
    corridors = list(CORRIDORS)
    rows = []
    for row in routes.sort_values("mt", ascending=False, kind="stable").to_dict("records"):
        path = tuple(pools.links(link) for link in row["links"])
        route = (
            pools.commodities(row["commodity"]),
            corridors.index(row["corridor"]),
            pools.places(row["from_place_id"]),
            pools.places(row["to_place_id"]),
            *(shorten_number(row[name]) for name in _PER_TONNE),
            pools.paths(path),
        )
        rows.append([pools.routes(route), shorten_number(row["mt"])])
    return rows


_PER_TONNE = (
    "price_usd_per_t", "cash_cost_usd_per_t", "generalised_cost_usd_per_t", "netback_usd_per_t",
    "days", "co2_kg_per_t",
)  # fmt: skip


def _list_capacities(run: Run, pools: Pools) -> list[list[Any]]:
    """Limit, used, gain, loss; a limit is 0 link or 1 shared, its number, capacity, unit."""
    rows = []
    for table, key, kind, pool in (
        (run.links, "link_id", 0, pools.links),
        (run.shared_capacities, "shared_id", 1, pools.shared),
    ):
        for row in table.to_dict("records"):
            if not math.isfinite(row["capacity"]) or row["capacity"] <= 0:
                continue
            limit = kind, pool(row[key]), shorten_number(row["capacity"]), pools.texts(row["unit"])
            worth = [
                shorten_number(row[name]) for name in ("gain_usd_per_unit", "loss_usd_per_unit")
            ]
            rows.append([pools.limits(limit), shorten_number(row["used"]), *worth])
    return rows


def _list_changes(run: Run, pools: Pools) -> dict[str, Any]:
    """What the scenario changes: the first rows, and how many there are."""
    rows = [
        [str(c["subject"]), str(c["field"]), _show(c["old"]), _show(c["new"]),
         str(c.get("unit", "")), pools.texts(str(c.get("why", "")))]
        for c in run.changes[:MOST_CHANGES]
    ]  # fmt: skip
    return {"count": len(run.changes), "rows": rows}


def _show(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isinf(value):
        return "unlimited"
    return shorten_number(value) if isinstance(value, int | float) else str(value)


def _list_links(run: Run, pools: Pools) -> list[list[Any]]:
    """Id, name, kind, mode, country, from, to, km, days, kg CO2e/t."""
    places = run.result.case.network["places"].set_index("place_id")
    rows = run.result.case.links.loc[pools.links.items]
    names = words.name_links(rows, places)
    return [
        [
            name, names[name], row["kind"], words.name_mode(row["mode"]), row["country"],
            pools.places(row["from_place_id"]), pools.places(row["to_place_id"]),
            shorten_number(row["length_km"]), shorten_number(row["days"]),
            shorten_number(row["co2_kg_per_t"]),
        ]
        for name, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]  # fmt: skip


def _list_shared(run: Run, pools: Pools) -> list[list[str]]:
    places = run.result.case.network["places"]
    names = name_subjects(pools.shared.items, places)
    return [[name, names[name]] for name in pools.shared.items]


def _list_ways(run: Run, pools: Pools, geometries: Geometries) -> list[dict[str, Any]]:
    links = run.result.case.links.loc[pools.links.items]
    places = run.result.case.network["places"].set_index("place_id")
    ways = trace_ways(places, links, geometries)
    return [
        {"p": way["p"], "l": [sign * (pools.links(link) + 1) for link, sign in way["l"]]}
        for way in ways
    ]


def _list_places(run: Run, pools: Pools) -> list[list[Any]]:
    """Id, name, country, x, y (km of the drawing)."""
    places = run.result.case.network["places"].set_index("place_id")
    points = place_points(places, pools.places.items)
    return [
        [name, name_place(str(places.at[name, "name"])), places.at[name, "country"], x, y]
        for name, (x, y) in zip(pools.places.items, points, strict=True)
    ]
