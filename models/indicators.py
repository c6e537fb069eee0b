"""Every number of a run that fits in one cell, one function each (model section 7).

An indicator takes a `Measured` (a flow result, the country that dependency is measured on, and the
results with that country's transit closed) and returns a float, or None where it has no meaning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case
from models.flow.laws import check_solution, route_worth, row_usage
from models.flow.programme import KT, Problem
from models.flow.result import FlowResult
from models.flow.solve import greatest_export, most_tonnes, solver_for, tonne_worth
from models.flow.solver import FlowSolver, Solution
from routes.corridors import close_transit, exit_links


@dataclass(frozen=True, slots=True)
class ObservedBypass:
    """What was seen to go another way when a route stopped: the short run."""

    mt_per_month: float
    month: str
    event: str
    source_id: str

    def __str__(self) -> str:
        return (
            f"{self.event}, only {self.mt_per_month:.2f} Mt went another way in {self.month} "
            f"(source {self.source_id})"
        )


# Oil redirected to other routes, as the prime minister told (Kazinform, 20 May 2022).
OBSERVED_BYPASS = ObservedBypass(
    0.561, "April 2022", "When storm damage stopped two of the three CPC moorings", "OIL-045"
)


@dataclass(frozen=True)
class Measured:
    """A result with what indicators need beside it; without `closed` no re-solve was asked for."""

    result: FlowResult
    country: str = "RU"
    commodity: str | None = None
    closed: Closed | None = None
    possible_mt: float | None = None

    @cached_property
    def routes(self) -> pd.DataFrame:
        """Routes of the commodity asked for, or all."""
        routes = self.result.routes
        return routes if self.commodity is None else routes[routes["commodity"] == self.commodity]

    @cached_property
    def exports(self) -> pd.DataFrame:
        """Routes to markets abroad."""
        routes = self.routes
        return routes[routes["use"] == "export"]

    @cached_property
    def third(self) -> pd.DataFrame:
        """Exports to countries other than the one that dependency is measured on."""
        exports = self.exports
        return exports[exports["country"] != self.country]


@dataclass(frozen=True)
class Closed:
    """What is left with transit of a country closed.

    surplus_musd : Z of the optimum; under `likely` the log-sum, for which the laws hold there, and
    before_musd is the same with transit open; possible_mt, paying_mt : third-country tonnes that
    can still leave, each supply capped at what it sends now, all and those whose netback pays, by
    commodity; alone_mt : the most of single commodities when nothing else takes the room.
    """

    surplus_musd: float
    surplus_by_commodity: Mapping[str, float] = field(repr=False)
    possible_mt: Mapping[str, float] = field(repr=False)
    paying_mt: Mapping[str, float] = field(repr=False)
    before_musd: float | None = None
    before_by_commodity: Mapping[str, float] | None = field(default=None, repr=False)
    alone_mt: Mapping[str, float] = field(default_factory=dict, repr=False)


def close_country(case: Case, country: str, *, end_swaps: bool = False) -> Case:
    """The case with transit of `country` closed (model section 4)."""
    return replace(case, links=close_transit(case.links, country, end_swaps=end_swaps))


def close_exits(problem: Problem, case: Case, country: str) -> Problem:
    """The programme of a case with every arc that leaves `country` closed."""
    leaves = exit_links(case.links, country)[problem.structure.arc_link]
    return replace(problem, arc_open=problem.arc_open & ~leaves)


def measure_closed(
    result: FlowResult,
    country: str,
    *,
    solver: FlowSolver | None = None,
    commodities: Sequence[str] = (),
) -> Closed:
    """Solve a result's case again with transit of `country` closed.

    For each of `commodities` also the most of it that could leave if it had the room to itself.
    """
    case = result.case
    solver = solver_for(case) if solver is None else solver
    problem = close_exits(result.solution.problem, case, country)
    optimum = solver.solve(problem)
    check_solution(optimum)
    possible, paying, alone = bypass(
        result, country, problem, solver=solver, commodities=commodities
    )
    return Closed(
        surplus_musd=optimum.primal / KT,
        surplus_by_commodity=surplus_by_commodity(case, optimum),
        possible_mt=possible,
        paying_mt=paying,
        alone_mt=alone,
    )


def measure_possible(result: FlowResult, commodity: str | None) -> float:
    """Most Mt that could be exported: of a commodity, or of all weighted by their values."""
    case = result.case
    worth = tonne_worth(case, commodity)
    solver = solver_for(case)
    problem = result.solution.problem if result.assignment == "optimal" else None
    solution = most_tonnes(case, solver, worth, problem=problem)
    check_solution(solution)
    market = case.markets.iloc[solution.problem.structure.sink_market[solution.sink]]
    counted = (market["use"] == "export").to_numpy()
    if commodity is not None:
        counted = counted & (market["commodity_id"] == commodity).to_numpy()
    return float(solution.flow[counted].sum()) / KT


def surplus_by_commodity(case: Case, solution: Solution) -> dict[str, float]:
    """Each commodity's part of Z: its routes' surplus less its missed obligations, million USD."""
    names = case.markets["commodity_id"].to_numpy()
    shortfall = case.markets["shortfall_price_usd_per_t"].to_numpy(dtype=float)
    market = solution.problem.structure.sink_market[solution.sink]
    worth = np.bincount(market, route_worth(solution) * solution.flow, minlength=len(names))
    total = pd.Series((worth - shortfall * solution.missed) / KT).groupby(names).sum()
    return {str(name): float(value) for name, value in total.items()}


def bypass(
    result: FlowResult,
    country: str,
    shut: Problem,
    *,
    solver: FlowSolver,
    commodities: Sequence[str] = (),
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Third-country Mt that can, that pay to, and that alone could leave without `country`.

    Each supply is capped at what it sends to third countries now; home deliveries and sales to the
    country itself keep the capacity that they use. `shut` is the programme with transit closed.
    """
    case, solution = result.case, result.solution
    s = solution.problem.structure
    markets = case.markets
    third = ((markets["use"] == "export") & (markets["country"] != country)).to_numpy()
    is_third = third[s.sink_market[solution.sink]]
    supply = s.source_supply[solution.source]
    cap = np.bincount(
        supply[is_third], solution.flow[is_third], minlength=len(case.supplies)
    ).astype(float)
    kept = replace(
        solution,
        flow=solution.flow[~is_third],
        source=solution.source[~is_third],
        sink=solution.sink[~is_third],
        arcs=tuple(a for a, t in zip(solution.arcs, is_third, strict=True) if not t),
    )
    left = np.maximum(shut.capacity - row_usage(kept), 0.0)
    # policy limits (the rows past the capacities) speak of all exports: not asked here
    bounded = np.isfinite(shut.capacity) & (np.arange(len(left)) < len(s.subjects))
    problem = replace(
        shut,
        supply=cap,
        capacity=np.where(bounded, left, np.inf),
        maximum=np.where(third, shut.maximum, 0.0),
        minimum=np.zeros_like(shut.minimum),
    )
    names = markets["commodity_id"].to_numpy()

    def by_commodity(sol: Any) -> dict[str, float]:
        mt = np.bincount(s.sink_market[sol.sink], sol.flow, minlength=len(names)) / KT
        return {str(k): float(v) for k, v in pd.Series(mt).groupby(names).sum().items()}

    possible = by_commodity(greatest_export(problem, solver, list(third.astype(float))))
    paying = by_commodity(solver.solve(problem))
    alone = {}
    for commodity in commodities:
        worth = (third & (names == commodity)).astype(float)
        alone[commodity] = by_commodity(greatest_export(problem, solver, list(worth)))[commodity]
    return possible, paying, alone


# one function per indicator


def exported_mt(m: Measured) -> float:
    """Exports that reach a market abroad, Mt."""
    return float(m.exports["mt"].sum())


def domestic_mt(m: Measured) -> float:
    """Deliveries at home, Mt."""
    return float(m.routes.loc[m.routes["use"] == "home", "mt"].sum())


def undelivered_mt(m: Measured) -> float:
    """Supply that stays, Mt."""
    supplies = m.result.case.supplies
    mine = supplies if m.commodity is None else supplies[supplies["commodity_id"] == m.commodity]
    supply = float(mine["mt_per_year"].sum())
    left = supply - float(m.routes["mt"].sum())
    return left if left > 1e-9 * supply else 0.0


def shortfall_mt(m: Measured) -> float:
    """Obligations missed, Mt."""
    missed = m.result.solution.missed / KT
    if m.commodity is not None:
        missed = missed[(m.result.case.markets["commodity_id"] == m.commodity).to_numpy()]
    return float(missed.sum())


def possible_mt(m: Measured) -> float | None:
    """Most that could be exported, Mt; all commodities together weighted by value."""
    return m.possible_mt


def cash_cost_usd_per_t(m: Measured) -> float | None:
    """Mean cash cost of exports, USD/t."""
    return _mean(m.exports, "cash_cost_usd_per_t")


def generalised_cost_usd_per_t(m: Measured) -> float | None:
    """Mean generalised cost of exports, USD/t."""
    return _mean(m.exports, "generalised_cost_usd_per_t")


def transport_cost_musd(m: Measured) -> float:
    """Cash cost of exports, million USD."""
    return _total(m.exports, "cash_cost_usd_per_t")


def export_value_musd(m: Measured) -> float:
    """Value of exports at their markets, million USD."""
    return _total(m.exports, "price_usd_per_t")


def netback_musd(m: Measured) -> float:
    """Value of exports less cash cost, million USD."""
    return _total(m.exports, "netback_usd_per_t")


def surplus_musd(m: Measured) -> float:
    """Z, million USD: the objective of the optimum, what the laws speak of."""
    if m.commodity is None:
        return m.result.surplus_musd
    return surplus_by_commodity(m.result.case, m.result.solution)[m.commodity]


def days_mean(m: Measured) -> float | None:
    """Mean transit time of exports, days."""
    return _mean(m.exports, "days")


def days_p90(m: Measured) -> float | None:
    """90th percentile of the tonnage-weighted mixture of route times, days."""
    exports = m.exports
    return mixture_quantile(exports["days"], exports["days_variance"], exports["mt"], 0.9)


def co2_mt(m: Measured) -> float:
    """Direct and upstream emissions of carrying the exports, Mt CO2e."""
    return _total(m.exports, "co2_kg_per_t") / 1000.0


def transit_share(m: Measured) -> float | None:
    """Of third-country exports, the part that leaves the country again, by tonnes."""
    return _share(m.third, _transits(m), "mt")


def transit_share_value(m: Measured) -> float | None:
    """Of third-country exports, the part that leaves the country again, by value."""
    third = m.third
    return _share(third.assign(value=third["mt"] * third["price_usd_per_t"]), _transits(m), "value")


def market_share(m: Measured) -> float | None:
    """Of all exports, the part sold to the country itself, by tonnes."""
    exports = m.exports
    return _share(exports, (exports["country"] == m.country).to_numpy(), "mt")


def exclusion_loss(m: Measured) -> float | None:
    """(Z - Z with transit of the country closed) / Z; above 1 when obligations are missed.

    Under `likely` the log-sum stands for Z, since the law that makes it >= 0 holds for that.
    """
    if m.closed is None:
        return None
    if m.commodity is None:
        known = m.closed.before_musd
        before = m.result.surplus_musd if known is None else known
        after = m.closed.surplus_musd
    else:
        by_commodity = m.closed.before_by_commodity
        if by_commodity is None:
            by_commodity = surplus_by_commodity(m.result.case, m.result.solution)
        before, after = by_commodity[m.commodity], m.closed.surplus_by_commodity[m.commodity]
    return None if before <= 0 else (before - after) / before


def bypass_coverage(m: Measured) -> float | None:
    """Third-country tonnes possible without transit of the country, over those of now.

    Of one commodity: the most of it with the room to itself, where that was asked for.
    """
    if m.closed is None:
        return None
    alone = m.closed.alone_mt if m.commodity is not None else {}
    return _coverage(m, {**m.closed.possible_mt, **alone})


def bypass_coverage_paying(m: Measured) -> float | None:
    """The part of bypass coverage whose netback stays above its lifting cost."""
    return None if m.closed is None else _coverage(m, m.closed.paying_mt)


def corridor_hhi(m: Measured) -> float | None:
    """Herfindahl-Hirschman index of third-country exports by corridor (shares sum to 1)."""
    return _hhi(m.third, "corridor")


def entry_country_hhi(m: Measured) -> float | None:
    """Herfindahl-Hirschman index of third-country exports by first foreign country entered."""
    return _hhi(m.third, "first_country")


def sanctions_exposure_share(m: Measured) -> float | None:
    """Part of export tonnes that uses a link of a sanctioned operator."""
    return _flag_share(m, "sanctioned_operator")


def war_risk_share(m: Measured) -> float | None:
    """Part of export tonnes that uses a link under war risk."""
    return _flag_share(m, "war_risk")


INDICATORS: dict[str, tuple[Callable[[Measured], float | None], str]] = {
    function.__name__: (function, unit)
    for function, unit in (
        (exported_mt, "Mt/yr"), (domestic_mt, "Mt/yr"), (undelivered_mt, "Mt/yr"),
        (shortfall_mt, "Mt/yr"), (possible_mt, "Mt/yr"), (cash_cost_usd_per_t, "USD/t"),
        (generalised_cost_usd_per_t, "USD/t"), (transport_cost_musd, "MUSD/yr"),
        (export_value_musd, "MUSD/yr"), (netback_musd, "MUSD/yr"), (surplus_musd, "MUSD/yr"),
        (days_mean, "days"), (days_p90, "days"), (co2_mt, "Mt/yr"), (transit_share, "0..1"),
        (transit_share_value, "0..1"), (market_share, "0..1"), (exclusion_loss, "ratio"),
        (bypass_coverage, "0..1"), (bypass_coverage_paying, "0..1"), (corridor_hhi, "0..1"),
        (entry_country_hhi, "0..1"), (sanctions_exposure_share, "0..1"), (war_risk_share, "0..1"),
    )
}  # fmt: skip


def measure(m: Measured) -> dict[str, float | None]:
    """All indicators by name."""
    return {name: function(m) for name, (function, _) in INDICATORS.items()}


def mixture_quantile(mean: Any, variance: Any, weight: Any, level: float) -> float | None:
    """Quantile of a weighted mixture of lognormal times given by mean and variance, days."""
    mean, variance, weight = (np.asarray(a, dtype=float) for a in (mean, variance, weight))
    real = (weight > 0) & (mean > 0)
    mean, variance, weight = mean[real], variance[real], weight[real]
    if not len(mean):
        return None
    sigma = np.sqrt(np.log1p(variance / mean**2))
    centre = np.log(mean) - sigma**2 / 2
    low, high = float(mean.min()) * 1e-3, float((mean + 20 * np.sqrt(variance)).max()) + 1.0
    for _ in range(80):
        middle = (low + high) / 2
        below = np.where(
            sigma > 0,
            _normal_below((np.log(middle) - centre) / np.where(sigma > 0, sigma, 1.0)),
            (middle >= mean).astype(float),
        )
        if float(below @ weight) < level * weight.sum():
            low = middle
        else:
            high = middle
    return float(high)


def _normal_below(z: Any) -> Any:
    """Standard normal distribution function; scipy.special would take longer to load."""
    return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in z.tolist()])


def _transits(m: Measured) -> Any:
    return m.third["transit"].map(lambda left: m.country in left).to_numpy(dtype=bool)


def _coverage(m: Measured, mt: Mapping[str, float]) -> float | None:
    now = float(m.third["mt"].sum())
    kept = sum(mt.values()) if m.commodity is None else mt.get(m.commodity, 0.0)
    return None if now <= 0 else min(1.0, float(kept) / now)


def _flag_share(m: Measured, flag: str) -> float | None:
    exports = m.exports
    return _share(exports, exports["flags"].map(lambda flags: flag in flags).to_numpy(bool), "mt")


def _share(frame: pd.DataFrame, mask: Any, column: str) -> float | None:
    total = float(frame[column].sum())
    return None if total <= 0 else float(frame.loc[mask, column].sum()) / total


def _hhi(frame: pd.DataFrame, column: str) -> float | None:
    mt = frame.groupby(column)["mt"].sum()
    total = float(mt.sum())
    return None if total <= 0 else float(((mt / total) ** 2).sum())


def _mean(frame: pd.DataFrame, column: str) -> float | None:
    total = float(frame["mt"].sum())
    return None if total <= 0 else float((frame[column] * frame["mt"]).sum()) / total


def _total(frame: pd.DataFrame, column: str) -> float:
    return float((frame[column] * frame["mt"]).sum())
