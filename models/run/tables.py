"""The flows of a run as frames: by corridor, commodity, route and link."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.indicators import Measured
from routes.corridors import CORRIDORS


def corridor_table(routes: pd.DataFrame) -> pd.DataFrame:
    """A row per corridor with flow: Mt, share of it all, value, mean cash cost and days."""
    total = float(routes["mt"].sum())
    rows = []
    for name in CORRIDORS:
        mine = routes[routes["corridor"] == name]
        mt = float(mine["mt"].sum())
        if mt <= 0:
            continue
        rows.append({
            "corridor": name,
            "mt": mt,
            "share": mt / total,
            "export_value_musd": float((mine["mt"] * mine["price_usd_per_t"]).sum()),
            "cash_cost_usd_per_t": float((mine["mt"] * mine["cash_cost_usd_per_t"]).sum()) / mt,
            "days_mean": float((mine["mt"] * mine["days"]).sum()) / mt,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["corridor", "mt", "share", "export_value_musd",
                                       "cash_cost_usd_per_t", "days_mean"])  # fmt: skip


def commodity_table(m: Measured) -> pd.DataFrame:
    """A row per commodity: supply, exports, home, what stays, shortfall, transit share."""
    case, routes = m.result.case, m.routes
    names = [m.commodity] if m.commodity else sorted(case.commodities.index)
    missed = pd.Series(m.result.solution.missed / 1000.0)
    third = m.third
    through = third.loc[third["transit"].map(lambda left: m.country in left).astype(bool)]
    columns = {
        "supply_mt": case.supplies.groupby("commodity_id")["mt_per_year"].sum(),
        "exported_mt": m.exports.groupby("commodity")["mt"].sum(),
        "domestic_mt": routes[routes["use"] == "home"].groupby("commodity")["mt"].sum(),
        "shortfall_mt": missed.groupby(case.markets["commodity_id"].to_numpy()).sum(),
        "third": third.groupby("commodity")["mt"].sum(),
        "through": through.groupby("commodity")["mt"].sum(),
    }
    table = pd.DataFrame({k: v.reindex(names) for k, v in columns.items()}).fillna(0.0)
    left = table["supply_mt"] - table["exported_mt"] - table["domestic_mt"]
    third_mt = table["third"].where(table["third"] > 0)
    return pd.DataFrame({
        "commodity": names,
        "supply_mt": table["supply_mt"].to_numpy(),
        "exported_mt": table["exported_mt"].to_numpy(),
        "domestic_mt": table["domestic_mt"].to_numpy(),
        "undelivered_mt": left.where(left > 1e-9 * table["supply_mt"], 0.0).to_numpy(),
        "shortfall_mt": table["shortfall_mt"].to_numpy(),
        "transit_share": (table["through"] / third_mt).to_numpy(),
    })  # fmt: skip


def route_table(routes: pd.DataFrame) -> pd.DataFrame:
    """Routes as people read them, largest flows of each commodity first."""
    table = pd.DataFrame({
        "commodity": routes["commodity"],
        "from": routes["from_place_id"],
        "to": routes["to_place_id"],
        "corridor": routes["corridor"],
        "countries": routes["countries"].map(list),
        "mt": routes["mt"],
        "cash_cost_usd_per_t": routes["cash_cost_usd_per_t"],
        "generalised_cost_usd_per_t": routes["generalised_cost_usd_per_t"],
        "netback_usd_per_t": routes["netback_usd_per_t"],
        "days": routes["days"],
        "co2_kg_per_t": routes["co2_kg_per_t"],
        "links": routes["links"].map(list),
    })  # fmt: skip
    order = np.lexsort((-table["mt"].to_numpy(), table["commodity"].to_numpy()))
    return table.iloc[order].reset_index(drop=True)


def link_flows(routes: pd.DataFrame) -> pd.DataFrame:
    """Flow of each link by corridor and commodity: link_id, corridor, commodity, mt, value_musd."""
    columns = ["links", "corridor", "commodity", "mt"]
    parts = routes[columns].assign(value_musd=routes["mt"] * routes["price_usd_per_t"])
    long = parts.explode("links").rename(columns={"links": "link_id"})
    keys = ["link_id", "corridor", "commodity"]
    return long.groupby(keys, as_index=False, sort=True)[["mt", "value_musd"]].sum()
