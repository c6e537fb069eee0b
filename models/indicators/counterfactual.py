"""The same case solved otherwise: with transit of a country closed, or for the most tonnes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from models.demand import Case
from models.flow.arrays import KT, Bools, Problem
from models.flow.laws import check_solution, route_worth
from models.flow.result import FlowResult
from models.flow.solve import greatest_export, most_tonnes, solver_for, tonne_worth
from models.flow.solver import FlowSolver, Solution
from routes.corridors import close_transit, exit_links

_SMALL = 1e-9  # Mt


@dataclass(frozen=True)
class Closed:
    """What is left with transit of a country closed.

    surplus_musd : Z of the optimum; under `likely` the log-sum, for which the laws hold there, and
    before_musd is the same with transit open. Third-country Mt that can still leave (see `bypass`):
    possible_mt of each commodity with the room to itself, together_mt of all at once, and
    paying_mt, by commodity, of all at once where the netback pays.
    """

    surplus_musd: float
    surplus_by_commodity: Mapping[str, float] = field(repr=False)
    possible_mt: Mapping[str, float] = field(repr=False)
    together_mt: float
    paying_mt: Mapping[str, float] = field(repr=False)
    before_musd: float | None = None
    before_by_commodity: Mapping[str, float] | None = field(default=None, repr=False)


def close_country(case: Case, country: str) -> Case:
    """The case with transit of `country` closed (model section 4)."""
    return replace(case, links=close_transit(case.links, country))


def measure_closed(
    result: FlowResult,
    country: str,
    *,
    solver: FlowSolver | None = None,
    commodities: Sequence[str] = (),
) -> Closed:
    """Solve a result's case again with transit of `country` closed.

    possible_mt is found of `commodities`, or of all without.
    """
    case = result.case
    solver = solver_for(case) if solver is None else solver
    problem = result.solution.problem
    leaves = exit_links(case.links, country)[problem.structure.arc_link]
    problem = replace(problem, arc_open=problem.arc_open & ~leaves)
    with solver.sweep():  # routes around the country serve all the questions
        optimum = solver.solve(problem)
        check_solution(optimum)
        possible, together, paying = bypass(
            result, country, problem, solver=solver, commodities=commodities
        )
    return Closed(
        surplus_musd=optimum.primal / KT,
        surplus_by_commodity=surplus_by_commodity(case, optimum),
        possible_mt=possible,
        together_mt=together,
        paying_mt=paying,
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
) -> tuple[dict[str, float], float, dict[str, float]]:
    """Third-country Mt that can leave without `country`: alone, together, and where it pays.

    First of all home and the country itself get what they get now, by other ways where theirs are
    shut, or as much of it as can be; each supply sends no more than now, and no commodity more to
    third countries. `shut` is the programme with transit closed.
    """
    problem, third = _ask_bypass(result, country, shut)
    structure = problem.structure
    names = result.case.markets["commodity_id"].to_numpy()

    def by_commodity(sol: Solution) -> pd.Series:
        mt = np.bincount(structure.sink_market[sol.sink], sol.flow, minlength=len(names)) / KT
        return pd.Series(np.where(third, mt, 0.0)).groupby(names).sum()

    now = by_commodity(result.solution)
    joint = greatest_export(problem, solver, list(third.astype(float)))
    together = by_commodity(joint).clip(upper=now)
    # its programme asks for no more than can be served; that outweighs whatever any tonne earns
    most = joint.problem
    owed = np.full_like(problem.shortfall, 10.0 * max(1.0, float(np.abs(problem.price).max())))
    paying = by_commodity(solver.solve(replace(problem, minimum=most.minimum, shortfall=owed)))
    possible = {}
    for name in commodities or now.index:
        possible[str(name)] = float(together[name])
        if together[name] < now[name] - _SMALL:  # else nothing is left to gain
            alone = solver.solve(replace(most, price=(third & (names == name)).astype(float)))
            possible[str(name)] = float(min(by_commodity(alone)[name], now[name]))
    return possible, float(together.sum()), {str(k): float(v) for k, v in paying.items()}


def _ask_bypass(result: FlowResult, country: str, shut: Problem) -> tuple[Problem, Bools]:
    """The programme in which the bypass is sought, and the markets in third countries."""
    case, solution = result.case, result.solution
    s = shut.structure
    third = ((case.markets["use"] == "export") & (case.markets["country"] != country)).to_numpy()
    supply, market = s.source_supply[solution.source], s.sink_market[solution.sink]
    sent = np.bincount(supply, solution.flow, minlength=len(case.supplies)).astype(float)
    taken = np.bincount(market, solution.flow, minlength=len(third)).astype(float)
    # policy limits (the rows past the capacities) speak of all exports: not asked here
    bounded = np.arange(len(shut.capacity)) < len(s.subjects)
    problem = replace(
        shut,
        supply=sent,
        capacity=np.where(bounded, shut.capacity, np.inf),
        maximum=np.where(third, shut.maximum, taken),
        minimum=np.where(third, 0.0, taken),
    )
    return problem, third
