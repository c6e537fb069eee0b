"""How much rests on each number: the tonnes that use it, the money that its range moves.

Money at stake is the change of the surplus, to first order, when a number moves by half its range:
for money per tonne the tonnes that pay it times half the range; for capacities, supplies and market
maxima half the range times what a unit more is worth (its dual); for days the value of time. A
floor counts only where its high side would shut the supply in, a price only for tonnes above the
market's obligation: elsewhere they change the sum and move nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.evidence.legs import list_charges, list_legs, list_memberships
from models.flow.result import FlowResult
from models.flow.shadow import capacity_use
from routes.capacities import govern_capacities
from routes.network import Network, select_year
from routes.provenance.grades import half_range
from routes.provenance.numbers import find_number, row_keys
from routes.units import DAYS_PER_YEAR, deflate_usd

# of (used coefficient x Mt) in million units of the coefficient: units of the capacity, in millions
_PER_MEGATONNE = {
    "Mt/yr": 1e-6, "kTEU/yr": 1e-3, "ship-days/yr": 1.0, "wagon-days/yr": 1.0,
    "trains/day": 1.0 / DAYS_PER_YEAR,
}  # fmt: skip
_ROW = ["table", "row", "number"]
_NONE = 1e-6


@dataclass(frozen=True)
class Stakes:
    """What rests on the numbers of a result.

    uses : table, row, number, route; a row for each number that a route uses.
    money : table, row, number, key, grade, musd; a row for each number used.
    tonnes : Mt of each route.
    """

    uses: pd.DataFrame = field(repr=False)
    money: pd.DataFrame = field(repr=False)
    tonnes: pd.Series = field(repr=False)

    def sum_rows(self, wanted: pd.DataFrame) -> tuple[float, float]:
        """(Mt, million USD) that rest on rows named by table, row and number; a tonne once."""
        rows = dict.fromkeys(wanted[_ROW].itertuples(index=False, name=None))
        routes = {route for row in rows for route in self._routes.get(row, ())}
        musd = sum(self._musd.get(row, 0.0) for row in rows)
        return float(self.tonnes.reindex(sorted(routes)).sum()), float(musd)

    @cached_property
    def _routes(self) -> dict[tuple[Any, ...], list[int]]:
        found: dict[tuple[Any, ...], list[int]] = {}
        for *row, route in self.uses[[*_ROW, "route"]].itertuples(index=False, name=None):
            found.setdefault(tuple(row), []).append(route)
        return found

    @cached_property
    def _musd(self) -> dict[tuple[Any, ...], float]:
        rows = self.money[_ROW].itertuples(index=False, name=None)
        return dict(zip(rows, self.money["musd"], strict=True))


def measure_stakes(result: FlowResult) -> Stakes:
    """Tonnes and money that rest on each number that the flows of a result use."""
    legs = list_legs(result)
    chosen = select_year(result.case.network, result.case.year)
    parts = [
        _tariffs(result, legs),
        _streams(legs, chosen),
        _capacities(result, legs, chosen),
        _coefficients(result, legs, chosen),
        _days(result, legs, chosen),
        *_supplies(result, chosen),
        *_markets(result, chosen),
        *_time(result, chosen),
    ]
    every = pd.concat(parts, ignore_index=True)
    money = every.groupby(_ROW, as_index=False)["musd"].sum()
    uses = every[[*_ROW, "route"]].dropna().drop_duplicates()
    return Stakes(
        uses=uses.astype({"route": int}),
        money=_describe(result.case.network, money),
        tonnes=result.routes["mt"],
    )


def _describe(network: Network, money: pd.DataFrame) -> pd.DataFrame:
    """Add the key and grade of each row; rows that a scenario made have neither."""
    parts = [money.iloc[:0].assign(key="", grade="")]
    for (table, name), group in money.groupby(["table", "number"], sort=False):
        number = find_number(str(table), str(name))
        keys = row_keys(network, str(table))
        grades = network[str(table)][number.grade]
        parts.append(group.assign(key=group["row"].map(keys), grade=group["row"].map(grades)))
    every = pd.concat(parts).dropna(subset=["key"])
    return every.sort_values(["musd", "key"], ascending=[False, True], ignore_index=True)


def _part(
    table: str, number: str, rows: pd.Series, routes: pd.Series, musd: pd.Series
) -> pd.DataFrame:
    return pd.DataFrame({
        "table": table, "number": number, "row": rows.to_numpy(), "route": routes.to_numpy(),
        "musd": musd.to_numpy(dtype=float),
    })  # fmt: skip


def _tariffs(result: FlowResult, legs: pd.DataFrame) -> pd.DataFrame:
    paid = list_charges(result, legs)
    musd = paid["mt"].astype(float) * (paid["high"] - paid["low"]).astype(float) / 2
    return _part("tariffs", "usd_per_t", paid["tariff"], paid["route"], musd)


def _streams(legs: pd.DataFrame, chosen: Network) -> pd.DataFrame:
    rows = chosen["streams"].rename_axis("row").reset_index()
    rows = rows.rename(columns={
        "outlet_link_id": "link_id", "supply_place_id": "from_place_id",
        "commodity_id": "commodity",
    })  # fmt: skip
    used = legs.merge(rows, on=["link_id", "from_place_id", "commodity"])
    real = used["price_year"].map(lambda year: deflate_usd(1.0, int(year)))
    parts = []
    for name in ("price_differential_usd_per_t", "quality_usd_per_t"):
        musd = used["mt"].astype(float) * half_range(used, find_number("streams", name)) * real
        parts.append(_part("streams", name, used["row"], used["route"], musd))
    return pd.concat(parts)


def _capacities(result: FlowResult, legs: pd.DataFrame, chosen: Network) -> pd.DataFrame:
    rows = chosen["capacities"]
    limits = govern_capacities(rows)
    drawn = list_memberships(result, legs, chosen["shared_capacities"])
    own = legs.rename(columns={"link_id": "subject_id"})[["subject_id", "route"]]
    shared = drawn.rename(columns={"shared_id": "subject_id"})[["subject_id", "route"]]
    used = pd.concat([own, shared]).drop_duplicates()
    used = used[used["subject_id"].isin(limits.index)]
    half = half_range(rows, find_number("capacities"))
    worth = capacity_use(result.solution)["dual_usd_per_unit"]
    label = used["subject_id"].map(limits["row"])
    value = _look(label, half) * _look(used["subject_id"], worth).abs() / 1e6
    first = ~used["subject_id"].duplicated()
    return _part("capacities", "capacity", label, used["route"], value.where(first, 0.0))


def _coefficients(result: FlowResult, legs: pd.DataFrame, chosen: Network) -> pd.DataFrame:
    drawn = list_memberships(result, legs, chosen["shared_capacities"])
    worth = capacity_use(result.solution)["dual_usd_per_unit"]
    scale = result.case.capacities["unit"].map(_PER_MEGATONNE)
    half = half_range(drawn, find_number("shared_capacities"))
    dual = _look(drawn["shared_id"], worth).abs()
    musd = half * drawn["mt"] * _look(drawn["shared_id"], scale) * dual
    return _part("shared_capacities", "coefficient", drawn["row"], drawn["route"], musd)


def _days(result: FlowResult, legs: pd.DataFrame, chosen: Network) -> pd.DataFrame:
    links = chosen["links"].rename_axis("row").reset_index().set_index("link_id")
    goods = result.case.commodities
    daily = goods["unit_value_usd_per_t"] * goods["interest_per_year"] / DAYS_PER_YEAR
    half = half_range(links, find_number("links", "days"))
    musd = legs["mt"].astype(float) * _look(legs["commodity"], daily) * _look(legs["link_id"], half)
    return _part("links", "days", legs["link_id"].map(links["row"]), legs["route"], musd)


def _supplies(result: FlowResult, chosen: Network) -> list[pd.DataFrame]:
    """Tonnes on sale; and floors, but only where the high side would shut the supply in."""
    routes, rows = result.routes, chosen["supplies"]
    label = _labels(rows, routes["commodity"], routes["from_place_id"])
    half = half_range(rows, find_number("supplies", "lifting_cost_usd_per_t"))
    room = rows["lifting_high"] - rows["lifting_cost_usd_per_t"]
    number = pd.Series(routes.index, index=routes.index)
    worth = pd.Series(result.solution.supply_dual[routes["supply"]], index=routes.index).abs()
    once = ~label.duplicated()
    tonnes = _look(label, half_range(rows, find_number("supplies"))) * worth
    bites = _look(label, room) > worth
    floors = _part("supplies", "lifting_cost_usd_per_t", label, number,
                   routes["mt"] * _look(label, half))  # fmt: skip
    return [
        _part("supplies", "mt_per_year", label, number, tonnes.where(once, 0.0)),
        floors[bites.to_numpy(dtype=bool)],
    ]


def _markets(result: FlowResult, chosen: Network) -> list[pd.DataFrame]:
    """What a market takes; and its price, but only for tonnes above its obligation."""
    routes, rows = result.routes, chosen["markets"]
    label = _labels(rows, routes["commodity"], routes["to_place_id"])
    real = rows["price_year"].map(lambda year: deflate_usd(1.0, int(year)))
    price = half_range(rows, find_number("markets", "price_usd_per_t")) * real
    number = pd.Series(routes.index, index=routes.index)
    worth = pd.Series(result.solution.market_dual[routes["market"]], index=routes.index)
    once = ~label.duplicated()
    most = _look(label, half_range(rows, find_number("markets"))) * worth.clip(lower=0.0)
    taken = routes["mt"].groupby(label).transform("sum")
    free = 1.0 - (_look(label, rows["min_mt_per_year"]) / taken).clip(0, 1)
    prices = _part("markets", "price_usd_per_t", label, number,
                   routes["mt"] * _look(label, price) * free)  # fmt: skip
    return [
        _part("markets", "max_mt_per_year", label, number, most.where(once, 0.0)),
        prices[(free > _NONE).to_numpy(dtype=bool)],
    ]


def _time(result: FlowResult, chosen: Network) -> list[pd.DataFrame]:
    rows = chosen["commodities"].rename_axis("row").reset_index().set_index("commodity_id")
    routes = result.routes
    paid = routes["mt"] * routes["time_cost_usd_per_t"]
    number = pd.Series(routes.index, index=routes.index)
    parts = []
    for name in ("unit_value_usd_per_t", "interest_per_year"):
        share = half_range(rows, find_number("commodities", name)) / rows[name].replace(0, np.nan)
        musd = paid * _look(routes["commodity"], share)
        label = routes["commodity"].map(rows["row"])
        parts.append(_part("commodities", name, label, number, musd))
    return parts


def _labels(rows: pd.DataFrame, commodities: pd.Series, places: pd.Series) -> pd.Series:
    """Row label of each (commodity, place)."""
    keys = zip(rows["commodity_id"], rows["place_id"], strict=True)
    known = dict(zip(keys, rows.index, strict=True))
    wanted = zip(commodities, places, strict=True)
    return pd.Series([known[key] for key in wanted], index=commodities.index)


def _look(names: pd.Series, values: pd.Series) -> pd.Series:
    """The value of each name, 0 where there is none."""
    return names.map(values).astype(float).fillna(0.0)
