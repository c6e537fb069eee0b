"""A second opinion: the same optimum by a link-based programme, written from the tables alone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from models.demand import Case


def optimum_by_links(case: Case) -> float:
    """Z in million USD: one variable per (commodity, use[, supply]) and link, solved by scipy."""
    links = _rows(case.links)
    classes_of = {
        link["link_id"]: [c for c in link["commodity_classes"].split(";") if c] for link in links
    }
    goods = {good["commodity_id"]: good for good in _rows(case.commodities)}
    supplies = dict(zip(case.supplies.index, _rows(case.supplies), strict=True))
    markets = dict(zip(case.markets.index, _rows(case.markets), strict=True))
    streams = _rows(case.streams)
    apart = {stream["commodity_id"] for stream in streams}
    shared_of: dict[str, list] = {}
    for s in _rows(case.shared):
        shared_of.setdefault(s["link_id"], []).append(s)
        if s["supply_place_id"]:
            for name, good in goods.items():
                if s["commodity_class"] in ("", good["commodity_class"]):
                    apart.add(name)
    layers = []
    for commodity in sorted({supply["commodity_id"] for supply in supplies.values()}):
        for use in ("export", "home"):
            rows = [i for i, supply in supplies.items() if supply["commodity_id"] == commodity]
            if commodity in apart:
                layers += [(commodity, use, [i]) for i in rows]
            else:
                layers.append((commodity, use, rows))
    money = {}
    for c in _rows(case.charges):
        money.setdefault((c["link_id"], c["commodity_class"]), []).append(
            (c["use"], c["usd_per_t"])
        )
    eligible = {(s["outlet_link_id"], s["supply_place_id"]): s for s in streams}
    outlets = {(s["commodity_id"], s["outlet_link_id"]) for s in streams}

    cost: list[float] = []
    lower_bound: list[float] = []
    upper: list[float] = []
    balance: dict[tuple, list[tuple[int, float]]] = {}
    use_of: dict[str, list[tuple[int, float]]] = {}
    supply_use: dict[int, list[tuple[int, float]]] = {}
    market_use: dict[int, list[tuple[int, float]]] = {}
    limit_use: list[list[tuple[int, float]]] = [[] for _ in case.limits]

    def variable(c: float, u: float = math.inf) -> int:
        cost.append(c)
        lower_bound.append(0.0)
        upper.append(u)
        return len(cost) - 1

    available, kinds = {}, {}
    for name, cap in zip(case.capacities.index, _rows(case.capacities), strict=True):
        kinds[name] = cap["unit"], cap["tonnes_per_unit"]
        available[name] = max(0.0, min(cap["practical"] - cap["background"], cap["legal"]))

    def coefficient(name: str, given: float, teu: float) -> float:
        """Own units taken by one Mt."""
        unit, train = kinds[name]
        if math.isnan(given):
            given = {"Mt/yr": 1.0, "kTEU/yr": 1 / teu, "trains/day": 1 / (train * 365)}[unit]
        elif unit == "trains/day":
            given /= 365
        if math.isnan(given):  # no boxes for this commodity: build_problem refuses it on any way
            return 0.0
        return given * {"Mt/yr": 1.0, "kTEU/yr": 1e3}.get(unit, 1e6)

    for number, (commodity, use, rows) in enumerate(layers):
        good = goods[commodity]
        cls = good["commodity_class"]
        daily = good["unit_value_usd_per_t"] * good["interest_per_year"] / 365
        modes = good["modes"].split(";")
        place = supplies[rows[0]]["place_id"] if len(rows) == 1 and commodity in apart else ""
        buyers = [m for m in markets.values() if (m["commodity_id"], m["use"]) == (commodity, use)]
        usable = [
            link
            for link in links
            if link["open"]
            and (not classes_of[link["link_id"]] or cls in classes_of[link["link_id"]])
            and (link["link_id"], commodity) not in case.bans
            and link["mode"] in modes
            and (link["kind"] != "swap" or use == "home")
        ]
        for link in _on_the_way(usable, [supplies[row] for row in rows], buyers):
            name = link["link_id"]
            earns = 0.0
            if (commodity, name) in outlets:
                stream = eligible.get((name, place))
                if stream is None:
                    continue
                earns = stream["differential_usd_per_t"] + stream["quality_usd_per_t"]
            charge = sum(usd for u, usd in money.get((name, cls), []) if u in ("any", use))
            x = variable(charge + link["days"] * daily - earns)
            balance.setdefault((number, link["from_node_id"], "out"), []).append((x, -1.0))
            balance.setdefault((number, link["to_node_id"], "in"), []).append((x, 1.0))
            if name in available:
                use_of.setdefault(name, []).append(
                    (x, coefficient(name, math.nan, good["t_per_teu"]))
                )
            for s in shared_of.get(name, []):
                mine = s["commodity_class"] in ("", cls) and s["supply_place_id"] in ("", place)
                if mine and s["shared_id"] in available:
                    use_of.setdefault(s["shared_id"], []).append(
                        (x, coefficient(s["shared_id"], s["coefficient"], good["t_per_teu"]))
                    )
            for i, limit in enumerate(case.limits):
                counted = limit.commodity_ids is None or commodity in limit.commodity_ids
                if (
                    use == "export"
                    and counted
                    and link["from_country"] == limit.country != link["to_country"]
                ):
                    limit_use[i].append((x, 1.0))
        for row in rows:
            supply = supplies[row]
            x = variable(float(supply["lifting_cost_usd_per_t"]))
            balance.setdefault((number, f"{supply['place_id']}.site", "out"), []).append((x, 1.0))
            supply_use.setdefault(row, []).append((x, 1.0))
        for row, market in markets.items():
            if (market["commodity_id"], market["use"]) != (commodity, use):
                continue
            x = variable(-float(market["price_usd_per_t"]))
            balance.setdefault((number, f"{market['place_id']}.site", "in"), []).append((x, -1.0))
            market_use.setdefault(row, []).append((x, 1.0))
            for i, limit in enumerate(case.limits):
                counted = limit.commodity_ids is None or commodity in limit.commodity_ids
                if (
                    use == "export"
                    and counted
                    and market["country"] != limit.country
                    and limit.share is not None
                ):
                    limit_use[i].append((x, -limit.share))
    for row, market in markets.items():
        e = variable(float(market["shortfall_price_usd_per_t"]), float(market["min_mt_per_year"]))
        market_use.setdefault(row, []).append((e, 1.0))
    for name, growth in case.growth.items():
        y = variable(growth.usd_per_unit / 1e6, growth.max_extra)
        use_of.setdefault(name, []).append((y, -1.0))

    equal = _merge_sides(balance)
    rows_ub, rhs = [], []
    for row, entries in supply_use.items():
        rows_ub.append(entries)
        rhs.append(float(supplies[row]["mt_per_year"]))
    for row, entries in market_use.items():
        top, bottom = (float(markets[row][c]) for c in ("max_mt_per_year", "min_mt_per_year"))
        if math.isfinite(top):
            rows_ub.append(entries)
            rhs.append(top)
        if bottom > 0:
            rows_ub.append([(x, -a) for x, a in entries])
            rhs.append(-bottom)
    for name, entries in use_of.items():
        if math.isfinite(available[name]):
            rows_ub.append(entries)
            rhs.append(available[name])
    for limit, entries in zip(case.limits, limit_use, strict=True):
        rows_ub.append(entries)
        rhs.append(limit.mt or 0.0)
    a_ub, b_ub = _matrix(rows_ub, len(cost)), np.array(rhs)
    a_eq = _matrix(equal, len(cost))
    answer = linprog(
        cost, A_ub=a_ub, b_ub=b_ub, A_eq=a_eq, b_eq=np.zeros(len(equal)),
        bounds=list(zip(lower_bound, upper, strict=True)), method="highs",
    )  # fmt: skip
    assert answer.status == 0, answer.message
    return -float(answer.fun)


def _rows(frame: pd.DataFrame) -> list[dict]:
    """The rows of a table as plain dicts: a loop over them is far quicker than over the table."""
    names = list(frame.columns)
    cells = frame.astype(object).to_numpy().tolist()
    return [dict(zip(names, row, strict=True)) for row in cells]


def _on_the_way(links: list[dict], sellers: list[dict], buyers: list[dict]) -> list[dict]:
    """The links that can be reached from a seller and that can reach a buyer."""

    def spread(start: set[str], behind: str, ahead: str) -> set[str]:
        onward: dict[str, list[str]] = {}
        for link in links:
            onward.setdefault(link[behind], []).append(link[ahead])
        known, fresh = set(start), list(start)
        while fresh:
            new = [node for node in onward.get(fresh.pop(), ()) if node not in known]
            known.update(new)
            fresh += new
        return known

    sold = spread({f"{s['place_id']}.site" for s in sellers}, "from_node_id", "to_node_id")
    bought = spread({f"{b['place_id']}.site" for b in buyers}, "to_node_id", "from_node_id")
    return [k for k in links if k["from_node_id"] in sold and k["to_node_id"] in bought]


def _merge_sides(balance: dict) -> list[list[tuple[int, float]]]:
    """Balance rows; a site's leaving and arriving sides are two rows, other nodes one."""
    merged: dict[tuple, list[tuple[int, float]]] = {}
    for (layer, node, side), entries in balance.items():
        key = (layer, node, side if node.endswith(".site") else "")
        merged.setdefault(key, []).extend(entries)
    return list(merged.values())


def _matrix(rows: list[list[tuple[int, float]]], width: int) -> sparse.csr_array:
    data, row, col = [], [], []
    for i, entries in enumerate(rows):
        for x, a in entries:
            row.append(i)
            col.append(x)
            data.append(a)
    return sparse.csr_array((data, (row, col)), shape=(len(rows), width))
