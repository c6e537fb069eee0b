"""The same case solved otherwise: with transit of a country closed, or for the most tonnes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case
from models.flow.arrays import KT, Problem
from models.flow.laws import check_solution, route_worth, row_usage
from models.flow.result import FlowResult
from models.flow.solve import greatest_export, most_tonnes, solver_for, tonne_worth
from models.flow.solver import FlowSolver, Solution
from routes.corridors import close_transit, exit_links


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
    problem = result.solution.problem
    leaves = exit_links(case.links, country)[problem.structure.arc_link]
    problem = replace(problem, arc_open=problem.arc_open & ~leaves)
    with solver.sweep():  # routes around the country serve all the questions
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

    paying = by_commodity(solver.solve(problem))
    possible = by_commodity(greatest_export(problem, solver, list(third.astype(float))))
    alone = {}
    for commodity in commodities:
        worth = (third & (names == commodity)).astype(float)
        alone[commodity] = by_commodity(greatest_export(problem, solver, list(worth)))[commodity]
    return possible, paying, alone
