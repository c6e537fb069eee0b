"""Route flows as a tidy table: where each tonne goes, what it earns, costs and takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case
from models.flow.arrays import KT, STORM_CORRELATION, Structure
from models.flow.laws import check_solution
from models.flow.programme import cash_and_risk, stream_terms, time_costs
from models.flow.solver import Solution
from routes.corridors import corridor_of, first_country, list_countries, mark_links


@dataclass(frozen=True)
class FlowResult:
    """Flows of a case under one assignment.

    `routes` has a row per route with flow: commodity, use, from_place_id, to_place_id, country (of
    the market), corridor, countries (in order), transit (countries left for another), mt,
    price_usd_per_t (realised), cash_cost_usd_per_t, time_cost_usd_per_t, risk_usd_per_t,
    generalised_cost_usd_per_t, netback_usd_per_t, utility_usd_per_t, lifting_usd_per_t, days,
    days_variance, co2_kg_per_t, flags, links, supply and market (row numbers of the case).
    `surplus_musd` is Z.
    """

    case: Case = field(repr=False)
    assignment: str
    solution: Solution = field(repr=False)
    routes: pd.DataFrame = field(repr=False)
    surplus_musd: float
    bound_musd: float
    max_violation: float

    @property
    def relative_gap(self) -> float:
        """Proven gap of the programme: over what is paid, or over the most tonnes.

        Paid are total generalised cost and missed obligations.
        """
        if self.assignment == "possible":
            return self.solution.gap / max(abs(self.solution.primal), 1.0)
        total = float((self.routes["generalised_cost_usd_per_t"] * self.routes["mt"]).sum())
        return abs(self.bound_musd - self.surplus_musd) / max(
            total + self.solution.penalty / KT, 1e-3
        )

    def __repr__(self) -> str:
        exported = self.routes.loc[self.routes["use"] == "export", "mt"].sum()
        z = f"Z {self.surplus_musd:,.0f} MUSD"
        return f"<FlowResult {self.assignment}: {exported:.1f} Mt exported, {z}>"


def build_result(case: Case, solution: Solution, assignment: str) -> FlowResult:
    """The table of a solution, with its laws checked."""
    violation = check_solution(solution)
    arcs = RouteFacts(case, solution.problem.structure)
    routes = arcs.table(solution.arcs, solution.source, solution.sink, solution.flow / KT)
    optimal = assignment == "optimal"
    return FlowResult(
        case=case,
        assignment=assignment,
        solution=solution,
        routes=routes,
        surplus_musd=solution.primal / KT if optimal else surplus_at(case, solution, routes),
        bound_musd=solution.bound / KT if optimal else math.nan,
        max_violation=violation,
    )


def surplus_at(case: Case, solution: Solution, routes: pd.DataFrame) -> float:
    """Z at any flows, million USD: what they earn less lifting, missed obligations and growth."""
    earned = (routes["utility_usd_per_t"] - routes["lifting_usd_per_t"]) * routes["mt"]
    missed = case.markets["shortfall_price_usd_per_t"].to_numpy(dtype=float) @ solution.missed
    price = np.array([g.usd_per_unit for g in case.growth.values()])
    growth = build_growth(solution) @ price if len(price) else 0.0
    return float(earned.sum() - missed / KT - growth / 1e6)


def build_growth(solution: Solution) -> np.ndarray:
    """Extra capacity bought, in the capacities' own units."""
    return np.asarray(solution.grown / solution.problem.scale[solution.problem.growth_row])


class RouteFacts:
    """Facts of arcs that add up over a route."""

    def __init__(self, case: Case, structure: Structure) -> None:
        self.case, self.structure = case, structure
        self.cash, self.risk = cash_and_risk(case, structure)
        self.differential, self.quality = stream_terms(case, structure)
        self.daily = time_costs(case, structure)
        links = case.links
        self.link = {
            name: links[name].to_numpy()
            for name in (
                "days", "days_sd", "co2_kg_per_t", "from_country", "to_country", "country", "flags",
                "length_km",
            )
        }  # fmt: skip
        self.sellers = case.supplies[_SELLER].to_dict("records")
        self.buyers = case.markets[_BUYER].to_dict("records")
        self.mark = mark_links(links["from_country"], links["to_country"], links["country"])
        self.storm = np.array(["storm" in cell.split(";") for cell in links["flags"]])

    def table(self, arcs: Any, source: Any, sink: Any, mt: Any) -> pd.DataFrame:
        """Frame of routes; `arcs` a sequence of arc arrays, the others arrays over routes."""
        rows = [
            self._row(a, int(i), int(j), float(m))
            for a, i, j, m in zip(arcs, source, sink, mt, strict=True)
        ]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        order = ["commodity", "from_place_id", "to_place_id", "use", "corridor", "key"]
        frame = frame.assign(key=frame["links"].map(";".join))
        return frame.sort_values(order, kind="stable", ignore_index=True).drop(columns="key")

    def _row(self, arcs: Any, source: int, sink: int, mt: float) -> dict[str, Any]:
        s, link = self.structure, self.link
        supply = int(s.source_supply[source])
        market = int(s.sink_market[sink])
        seller, buyer = self.sellers[supply], self.buyers[market]
        layer = s.layers[s.source_layer[source]]
        used = s.arc_link[arcs]
        countries = list_countries([link["from_country"][used[0]], *link["to_country"][used]])
        days = float(link["days"][used].sum())
        cash = float(self.cash[arcs].sum() - self.quality[arcs].sum())
        risk = float(self.risk[arcs].sum())
        time = days * float(self.daily[s.source_layer[source]])
        price = float(buyer["price_usd_per_t"]) + float(self.differential[arcs].sum())
        start, end = link["from_country"][used], link["to_country"][used]
        left = [a for a, b in zip(start, end, strict=True) if a not in (b, "KZ")]
        flags = {flag for cell in link["flags"][used] for flag in cell.split(";") if flag}
        return {
            "commodity": layer.commodity,
            "use": layer.use,
            "from_place_id": seller["place_id"],
            "to_place_id": buyer["place_id"],
            "country": buyer["country"],
            "corridor": corridor_of(int(np.bitwise_or.reduce(self.mark[used])), buyer["country"]),
            "countries": tuple(countries),
            "transit": tuple(dict.fromkeys(left)),
            "first_country": first_country(countries),
            "mt": mt,
            "price_usd_per_t": price,
            "cash_cost_usd_per_t": cash,
            "time_cost_usd_per_t": time,
            "risk_usd_per_t": risk,
            "generalised_cost_usd_per_t": cash + time + risk,
            "netback_usd_per_t": price - cash,
            "utility_usd_per_t": price - cash - time - risk,
            "lifting_usd_per_t": float(seller["lifting_cost_usd_per_t"]),
            "days": days,
            "days_variance": self._variance(used),
            "co2_kg_per_t": float(link["co2_kg_per_t"][used].sum()),
            "length_km": float(link["length_km"][used].sum()),
            "flags": tuple(sorted(flags)),
            "links": tuple(s.link_ids[used]),
            "supply": supply,
            "market": market,
        }

    def _variance(self, used: Any) -> float:
        spread = self.link["days_sd"][used]
        rough = spread[self.storm[used]]
        together = float(rough.sum()) ** 2 - float((rough**2).sum())
        return float((spread**2).sum()) + STORM_CORRELATION * together


_SELLER = ["place_id", "lifting_cost_usd_per_t"]
_BUYER = ["place_id", "country", "price_usd_per_t"]
_COLUMNS = (
    "commodity", "use", "from_place_id", "to_place_id", "country", "corridor", "countries",
    "transit", "first_country", "mt", "price_usd_per_t", "cash_cost_usd_per_t",
    "time_cost_usd_per_t", "risk_usd_per_t", "generalised_cost_usd_per_t", "netback_usd_per_t",
    "utility_usd_per_t", "lifting_usd_per_t", "days", "days_variance", "co2_kg_per_t",
    "length_km", "flags", "links", "supply", "market",
)  # fmt: skip
