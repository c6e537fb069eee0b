"""The routes that a run uses, with their legs, as `find_routes` gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from models.run import Run
from routes.errors import NoRouteError, UnknownNameError
from routes.paths import Route
from routes.places import match_place
from routes.schema import CASH_KINDS
from routes.units import DAYS_PER_YEAR


def used_routes(
    run: Run, *, commodity: str, start: str | None = None, end: str | None = None, most: int = 5
) -> list[Route]:
    """The routes of a commodity that carry most in a run, largest flow first.

    Unlike `find_routes`, which looks through the data, these are what the scenario's solution
    uses, at the scenario's own costs and times.

    Parameters
    ----------
    start, end
        Only routes from, or to, this place (id, name or alias).
    most
        Most routes given.

    Raises
    ------
    UnknownNameError
        For a commodity or place that is not known.
    NoRouteError
        When the run sends nothing that way.
    """
    case = run.result.case
    if commodity not in case.commodities.index:
        raise UnknownNameError("commodity", commodity, case.commodities.index)
    places = case.network["places"]
    table = run.result.routes
    table = table[table["commodity"] == commodity]
    for column, name in (("from_place_id", start), ("to_place_id", end)):
        if name is not None:
            table = table[table[column] == match_place(places, name)]
    if table.empty:
        way = f"{' from ' + start if start else ''}{' to ' + end if end else ''}"
        raise NoRouteError(f"{run.scenario} sends no {commodity}{way}.")
    table = table.sort_values("mt", ascending=False, kind="stable").head(most)
    money = _leg_money(run, commodity)
    return [_build(run, row, money) for row in table.to_dict("records")]


def _leg_money(run: Run, commodity: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Cash and risk of each (link, use) for the commodity's class, USD/t."""
    case = run.result.case
    cls = case.commodities.at[commodity, "commodity_class"]
    mine = case.charges[case.charges["commodity_class"] == cls]
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for link, use, kind, usd in mine[["link_id", "use", "kind", "usd_per_t"]].itertuples(
        index=False, name=None
    ):
        cash, risk = sums.get((link, use), (0.0, 0.0))
        paid = kind in CASH_KINDS
        sums[link, use] = (cash + usd, risk) if paid else (cash, risk + usd)
    return sums


def _sum_money(
    money: Mapping[tuple[str, str], tuple[float, float]], link: str, use: str
) -> tuple[float, float]:
    """Cash and risk of a link for a use: rates for any use and for this one."""
    pairs = [money.get((link, which), (0.0, 0.0)) for which in ("any", use)]
    return sum(cash for cash, _ in pairs), sum(risk for _, risk in pairs)


def _build(
    run: Run, row: dict[str, Any], money: Mapping[tuple[str, str], tuple[float, float]]
) -> Route:
    case = run.result.case
    names = case.network["places"].set_index("place_id")["name"]
    daily = _daily_cost(run, row["commodity"])
    legs = [
        _build_leg(case.links.loc[link], link, names, _sum_money(money, link, row["use"]), daily)
        for link in row["links"]
    ]
    benchmark = float(case.markets["price_usd_per_t"].iloc[row["market"]])
    _book_quality(legs, row, set(case.streams["outlet_link_id"]))
    capacity = run.links.set_index("link_id")["capacity"]
    for leg in legs:
        limit = float(capacity.get(leg["link_id"], math.inf))
        leg["capacity_mt"] = limit if math.isfinite(limit) else None
    return Route(
        commodity=row["commodity"],
        from_place_id=row["from_place_id"],
        to_place_id=row["to_place_id"],
        links=tuple(row["links"]),
        corridor=row["corridor"],
        countries=tuple(row["countries"]),
        length_km=float(row["length_km"]),
        days=float(row["days"]),
        cash_cost_usd_per_t=float(row["cash_cost_usd_per_t"]),
        generalised_cost_usd_per_t=float(row["generalised_cost_usd_per_t"]),
        co2_kg_per_t=float(row["co2_kg_per_t"]),
        price_differential_usd_per_t=float(row["price_usd_per_t"]) - benchmark,
        netback_usd_per_t=float(row["netback_usd_per_t"]),
        legs=tuple(legs),
    )


def _daily_cost(run: Run, commodity: str) -> float:
    good = run.result.case.commodities.loc[commodity]
    return float(good["unit_value_usd_per_t"] * good["interest_per_year"] / DAYS_PER_YEAR)


def _build_leg(
    link: pd.Series, name: str, names: pd.Series, money: tuple[float, float], daily: float
) -> dict[str, Any]:
    cash, risk = money
    start, end = str(link["from_country"]), str(link["to_country"])
    return {
        "link_id": name, "from": link["from_node_id"], "to": link["to_node_id"],
        "from_name": names[link["from_place_id"]], "to_name": names[link["to_place_id"]],
        "kind": link["kind"], "mode": link["mode"], "country": link["country"],
        "length_km": float(link["length_km"]), "days": float(link["days"]),
        "cash_usd_per_t": cash, "risk_usd_per_t": risk,
        "generalised_usd_per_t": cash + risk + daily * float(link["days"]),
        "co2_kg_per_t": float(link["co2_kg_per_t"]),
        "border": f"{start}-{end}" if start != end else "",
        "capacity_mt": None,
    }  # fmt: skip


def _book_quality(legs: list[dict[str, Any]], row: dict[str, Any], outlets: set[str]) -> None:
    """Book what a stream's quality bank takes or gives where the stream is handed over."""
    rest = float(row["cash_cost_usd_per_t"]) - sum(leg["cash_usd_per_t"] for leg in legs)
    at = next((leg for leg in legs if leg["link_id"] in outlets), legs[-1])
    at["cash_usd_per_t"] += rest
    at["generalised_usd_per_t"] += rest
