"""Results as the tidy frames that charts draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from models.charts import words
from models.compare import Comparison
from models.names import name_place, name_subjects
from models.run import Run
from routes.paths import Route, leg_table

FULL = 0.999
"""Utilisation from which a capacity counts as full."""
KEY_INDICATORS = (
    "exported_mt", "undelivered_mt", "cash_cost_usd_per_t", "days_mean", "co2_mt", "netback_musd",
    "transit_share", "exclusion_loss", "bypass_coverage", "corridor_hhi",
)  # fmt: skip


def flow_table(run: Run, *, home: bool = False) -> pd.DataFrame:
    """Deliveries by commodity, corridor and market region.

    Columns: commodity, corridor, region, country, mt (Mt a year), value_musd (million USD a year).
    Home deliveries only with `home`.
    """
    routes = run.result.routes
    if run.commodity is not None:
        routes = routes[routes["commodity"] == run.commodity]
    if not home:
        routes = routes[routes["use"] == "export"]
    table = pd.DataFrame({
        "commodity": routes["commodity"],
        "corridor": routes["corridor"],
        "region": routes["country"].map(words.name_region),
        "country": routes["country"],
        "mt": routes["mt"],
        "value_musd": routes["mt"] * routes["price_usd_per_t"],
    })  # fmt: skip
    keys = ["commodity", "corridor", "region", "country"]
    return table.groupby(keys, as_index=False, sort=True)[["mt", "value_musd"]].sum()


def capacity_table(run: Run) -> pd.DataFrame:
    """Links and shared capacities with a limit, those that cost most first, then the fullest.

    Columns: subject_id, name, kind (link or shared), used, capacity, unit, utilisation (0..1),
    gain_usd_per_unit, loss_usd_per_unit, at_stake_musd (loss of the whole capacity at the price of
    its last unit, million USD a year).
    """
    case = run.result.case
    places = case.network["places"].set_index("place_id")
    links = run.links[run.links["utilisation"].notna()].rename(columns={"link_id": "subject_id"})
    shared = run.shared_capacities.rename(columns={"shared_id": "subject_id"})
    names = words.name_links(case.links.loc[list(links["subject_id"])], places)
    names |= name_subjects(shared["subject_id"], places)
    both = pd.concat([links.assign(kind="link"), shared.assign(kind="shared")], ignore_index=True)
    both = both[both["capacity"].astype(float).between(0.0, math.inf, inclusive="neither")]
    stake = (both["loss_usd_per_unit"] * both["capacity"] / 1e6).fillna(0.0)
    both = both.assign(name=both["subject_id"].map(names), at_stake_musd=stake)
    return both.sort_values(
        ["at_stake_musd", "utilisation", "subject_id"], ascending=[False, False, True],
        ignore_index=True,
    )  # fmt: skip


def change_table(
    comparison: Comparison, indicators: Sequence[str] = KEY_INDICATORS
) -> pd.DataFrame:
    """Changes from the baseline, a row per (scenario, indicator).

    Columns: scenario, title, indicator, value, baseline, change. The baseline itself comes first,
    with changes of zero.
    """
    rows = []
    base = comparison.runs[0].indicators
    for run in comparison.runs:
        for name in indicators:
            value, before = run.indicators[name], base[name]
            change = None if value is None or before is None else value - before
            rows.append({
                "scenario": run.scenario, "title": run.title or run.scenario, "indicator": name,
                "value": value, "baseline": before, "change": change,
            })  # fmt: skip
    return pd.DataFrame(rows).astype({"value": float, "baseline": float, "change": float})


def transit_table(run: Run, *, least_mt: float = 0.0) -> pd.DataFrame:
    """How much of each commodity's third-country exports crosses the country asked about.

    Columns: commodity, name, third_mt (Mt a year), transit_share (0..1); largest tonnage first,
    without the commodities that send nothing to third countries.
    """
    routes = run.result.routes
    third = routes[(routes["use"] == "export") & (routes["country"] != run.country)]
    mt = third.groupby("commodity")["mt"].sum()
    table = run.commodities.assign(third_mt=run.commodities["commodity"].map(mt).fillna(0.0))
    table = table.assign(name=table["commodity"].map(words.name_commodity))
    table = table[table["third_mt"] > least_mt].sort_values(
        ["third_mt", "commodity"], ascending=[False, True], ignore_index=True
    )
    return table[["commodity", "name", "third_mt", "transit_share"]]


def step_table(route: Route) -> pd.DataFrame:
    """The legs of a route, neighbouring moves of one mode in one country joined.

    Columns: name, kind (move or place), mode, country, length_km, days, cash_usd_per_t,
    cum_km, cum_days, cum_cash_usd_per_t.
    """
    legs = leg_table(route)
    rows = [_join_legs(list(group)) for _, group in groupby(legs.to_dict("records"), key=_step_of)]
    table = pd.DataFrame(rows)
    for name, column in (
        ("cum_km", "length_km"), ("cum_days", "days"), ("cum_cash_usd_per_t", "cash_usd_per_t"),
    ):  # fmt: skip
        table[name] = table[column].cumsum()
    return table


def _step_of(leg: dict[str, Any]) -> tuple[str, ...]:
    if leg["kind"] == "move":
        return ("move", leg["mode"], leg["country"])
    return (leg["kind"], leg["link_id"])


def _join_legs(legs: list[dict[str, Any]]) -> dict[str, Any]:
    first, last = legs[0], legs[-1]
    start, end = (name_place(str(n)) for n in (first["from_name"], last["to_name"]))
    mode = words.name_mode(first["mode"])
    sums = {
        column: sum(float(leg[column]) for leg in legs)
        for column in ("length_km", "days", "cash_usd_per_t", "risk_usd_per_t")
    }
    return {
        "name": _name_step(first, start, end, mode, sums["length_km"]),
        "kind": "move" if first["kind"] in ("move", "swap") else "place",
        "what": first["kind"],
        "place": start,
        "mode": first["mode"],
        "country": first["country"],
        "border": first["border"],
        **sums,
    }


def _name_step(leg: dict[str, Any], start: str, end: str, mode: str, km: float) -> str:
    kind = leg["kind"]
    if kind == "move":
        return f"{start} \u2013 {end}, {mode}, {km:,.0f} km"
    if kind == "swap":
        return f"{start} \u2013 {end}, swap"
    if kind == "border":
        border = leg["border"].replace("-", "\u2013")
        return f"Border {border} at {start}" if border else f"Border at {start}"
    if kind == "load":
        return f"Loading at {start}"
    if kind == "unload":
        return f"Delivery at {start}"
    return f"Transshipment at {start}"
