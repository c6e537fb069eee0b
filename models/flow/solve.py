"""The `optimal` and `possible` programmes of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from models.demand import Case, select_case
from models.flow.arrays import KT, Structure
from models.flow.arrays import Problem as Programme
from models.flow.laws import check_gap
from models.flow.programme import build_problem, open_arcs
from models.flow.result import FlowResult, build_result
from models.flow.solver import FlowSolver, Solution
from models.flow.structure import build_structure, structure_keys
from routes.errors import DataError, Problem, UnknownNameError
from routes.network import Network

_OWN_STRUCTURES: WeakKeyDictionary[Case, Structure] = WeakKeyDictionary()  # while a case is in use


@lru_cache(maxsize=8)
def base_solver(network: Network, year: int) -> FlowSolver:
    """The solver of a network and year, frozen on the optimum of its unchanged case.

    Every scenario starts from here, so results do not depend on what was run before.
    """
    case = select_case(network, year)
    solver = frozen_solver(case)
    check_routes(case, solver)
    return solver


def check_routes(case: Case, solver: FlowSolver) -> None:
    """Raise DataError for supplies that reach no market of their commodity over open links."""
    s = solver.structure
    reached = np.zeros(len(case.supplies), dtype=bool)
    np.logical_or.at(reached, s.source_supply, solver.pricer.reaches(open_arcs(case, s)))
    stuck = case.supplies[~reached & (case.supplies["mt_per_year"] > 0).to_numpy()]
    table, lines = case.network["supplies"], case.network.lines["supplies"]
    problems = []
    for commodity, place in zip(stuck["commodity_id"], stuck["place_id"], strict=True):
        same = (table["commodity_id"] == commodity) & (table["place_id"] == place)
        row = int(np.flatnonzero(same & (table["year"] == case.year))[0])
        rule = f"no route leads {commodity} from '{place}' to any market in {case.year}"
        remedy = "Add the links it needs, or check their classes, modes, years and status."
        problems.append(Problem(lines[row][0], rule, remedy, lines[row][1], "place_id"))
    if problems:
        raise DataError(problems)


@lru_cache(maxsize=4)
def _own_solver(case: Case) -> FlowSolver:
    structure = _OWN_STRUCTURES.get(case)
    if structure is None:
        structure = _OWN_STRUCTURES[case] = build_structure(case)
    return frozen_solver(case, structure)


def frozen_solver(case: Case, structure: Structure | None = None) -> FlowSolver:
    """A solver frozen on the optimum of `case`, on a structure of the case if given."""
    solver = FlowSolver(build_structure(case) if structure is None else structure)
    solver.solve(build_problem(case, solver.structure))
    solver.freeze()
    return solver


def solver_for(case: Case) -> FlowSolver:
    """The frozen base solver that fits a case; one of its own when its tables have other rows.

    The same case gets the same structure again: what it was solved on, it can be solved on anew.
    """
    solver = base_solver(case.network, case.year)
    if solver.structure.keys == structure_keys(case):
        return solver
    return _own_solver(case)


def solve_optimal(case: Case, *, solver: FlowSolver | None = None) -> FlowResult:
    """What would leave if every tonne took its best netback: the proven optimum of a case.

    Maximises Z = sum over routes of (utility - lifting cost) x tonnes less the cost of missed
    obligations, within supplies, markets and capacities (model section 4).

    Raises
    ------
    InternalError
        When a law is broken or the optimum is not proven to a relative gap of 1e-9.
    """
    solver = solver_for(case) if solver is None else solver
    solution = solver.solve(build_problem(case, solver.structure))
    result = build_result(case, solution, "optimal")
    scale = float((result.routes["generalised_cost_usd_per_t"] * result.routes["mt"]).sum())
    check_gap(solution, scale * KT)
    return result


def solve_possible(
    case: Case,
    *,
    commodity: str | None = None,
    solver: FlowSolver | None = None,
) -> FlowResult:
    """What can leave: the most exported tonnes, obligations at home served first.

    One commodity, or, without `commodity`, all together weighted by their unit values.

    Raises UnknownNameError when nothing of `commodity` is supplied in the year.
    """
    solver = solver_for(case) if solver is None else solver
    if commodity is not None and commodity not in case.commodities.index:
        raise UnknownNameError("commodity", commodity, case.commodities.index)
    worth = tonne_worth(case, commodity)
    return build_result(case, most_tonnes(case, solver, worth), "possible")


def tonne_worth(case: Case, commodity: str | None) -> dict[str, float]:
    """Weight of a tonne of each commodity in `possible`: one of them, or all by unit value."""
    if commodity is not None:
        return {str(name): float(name == commodity) for name in case.commodities.index}
    value = case.commodities["unit_value_usd_per_t"]
    return {str(name): float(v) for name, v in (value / value.max()).items()}


def most_tonnes(
    case: Case, solver: FlowSolver, worth: dict[str, float], *, problem: Programme | None = None
) -> Solution:
    """Greatest sum of worth x exported tonnes with the least missed obligations.

    `problem` is the programme of the case where that is at hand.
    """
    if problem is None:
        problem = build_problem(case, solver.structure)
    return greatest_export(problem, solver, _market_worth(case, worth))


def _market_worth(case: Case, worth: dict[str, float]) -> Sequence[float]:
    abroad = case.markets["use"] == "export"
    return list(np.where(abroad, case.markets["commodity_id"].map(worth).astype(float), 0.0))


def greatest_export(problem: Programme, solver: FlowSolver, worth: Sequence[float]) -> Solution:
    """Maximise sum of worth[market] x tonnes, after missing as little of obligations as can be."""
    free = replace(
        problem,
        arc_cost=np.zeros_like(problem.arc_cost),
        lifting=np.zeros_like(problem.lifting),
        price=np.asarray(worth, dtype=float),
        growth_cost=np.zeros_like(problem.growth_cost),
    )
    served = problem.minimum
    if (problem.minimum > 0).any():
        least = solver.solve(
            replace(free, price=np.zeros_like(free.price), shortfall=np.ones_like(free.shortfall))
        )
        # a hair of slack keeps the second stage feasible beside the first one's rounding
        served = np.maximum(problem.minimum - least.missed * (1 + 1e-9) - 1e-9, 0.0)
    best = solver.solve(replace(free, minimum=served, shortfall=np.full_like(free.shortfall, 1e4)))
    return replace(best, missed=best.missed + (problem.minimum - served))
