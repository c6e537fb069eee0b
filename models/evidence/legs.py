"""Routes of a result taken apart: a row for each link that a route uses."""

from __future__ import annotations

import pandas as pd

from models.flow.result import FlowResult


def list_legs(result: FlowResult) -> pd.DataFrame:
    """A row per (route, link): route, link_id, commodity, commodity_class, use, supply place, mt.

    `route` is the row number in ``result.routes``; `from_place_id` is where the tonnes come from.
    """
    routes = result.routes
    columns = ["links", "commodity", "use", "from_place_id", "mt"]
    legs = routes[columns].explode("links").rename(columns={"links": "link_id"})
    classes = result.case.commodities["commodity_class"]
    legs = legs.assign(commodity_class=legs["commodity"].map(classes))
    return legs.rename_axis("route").reset_index()


def list_charges(result: FlowResult, legs: pd.DataFrame) -> pd.DataFrame:
    """A row per charge that a leg pays: the leg's columns, kind, usd_per_t, low, high, tariff."""
    paid = legs.merge(
        result.case.charges, on=["link_id", "commodity_class"], suffixes=("", "_charge")
    )
    fits = (paid["use_charge"] == "any") | (paid["use_charge"] == paid["use"])
    return paid[fits].drop(columns="use_charge")


def list_memberships(result: FlowResult, legs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """A row per (leg, shared capacity row) that it draws on: leg columns, shared_id, row, rates."""
    rows = rows.rename_axis("row").reset_index()
    names = ["row", "shared_id", "link_id", "commodity_class", "supply_place_id", "coefficient"]
    drawn = legs.merge(rows[[*names, "low", "high"]], on="link_id", suffixes=("", "_row"))
    fits = drawn["commodity_class_row"].isin([""]) | (
        drawn["commodity_class_row"] == drawn["commodity_class"]
    )
    own = drawn["supply_place_id"].isin([""]) | (drawn["supply_place_id"] == drawn["from_place_id"])
    box = 1.0 / drawn["commodity"].map(result.case.commodities["t_per_teu"]).astype(float)
    filled = drawn["coefficient"].astype(float).fillna(box)
    return drawn.assign(coefficient=filled)[(fits & own).to_numpy(dtype=bool)]
