"""Parts of the solver by themselves: each against the plain way to the same numbers."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
import pytest

from cases import random_case
from models.flow.bounds import BELOW
from models.flow.laws import check_gap, check_solution, check_solutions
from models.flow.loads import RouteLoads
from models.flow.programme import build_problem
from models.flow.solve import frozen_solver
from routes.errors import InternalError

SEEDS = range(12)


def vary(problem, rng):
    """The same programme at other costs, supplies and capacities."""

    def about(vector):
        return vector * rng.uniform(0.6, 1.4, len(vector))

    return replace(
        problem,
        arc_cost=about(problem.arc_cost),
        supply=about(problem.supply),
        capacity=about(problem.capacity),
    )


def make_variants(seed, count=5):
    rng = np.random.default_rng(seed)
    case = random_case(seed)
    solver = frozen_solver(case)
    base = build_problem(case, solver.structure)
    return solver, base, [vary(base, rng) for _ in range(count)]


def fingerprint(solution):
    return solution.flow.tobytes(), tuple(arcs.tobytes() for arcs in solution.arcs)


@pytest.mark.parametrize("seed", SEEDS)
def test_together_is_as_one_by_one(seed):
    """Bit for bit, alone and among others; in a sweep the same worth."""
    solver, _, problems = make_variants(seed)
    costs = np.stack([problem.arc_cost for problem in problems], axis=1)
    alone = [solver.solve(problem) for problem in problems]
    together = list(solver.solve_all(problems, costs))
    assert [fingerprint(s) for s in together] == [fingerprint(s) for s in alone]
    with solver.sweep():
        swept = [s.primal for s in solver.solve_all(problems, costs)]
    assert swept == pytest.approx([s.primal for s in alone], rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_are_the_same_whatever_came_before(seed):
    """A problem that shares its supplies with the base, right after freezing and after others."""
    solver, base, others = make_variants(seed)
    problem = replace(base, capacity=base.capacity * 0.7)
    first, upper = fingerprint(solver.solve(problem)), solver.master.upper.copy()
    n = len(upper)
    solver.solve(others[0])
    assert fingerprint(solver.solve(problem)) == first
    assert np.array_equal(solver.master.upper[:n], upper)


@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_never_bind(seed):
    solver, _, problems = make_variants(seed)
    for problem in problems:
        solver.solve(problem)
        master = solver.master
        assert (master.flows < master.upper[master.route_col]).all() or not master.flows.any()
        used = np.array(master.highs.getSolution().row_value)
        lower = master.row_bounds[0]
        served = np.zeros(len(lower), dtype=bool)  # obligations may bind
        served[master.n_supply : master.n_supply + master.n_market] = problem.minimum > 0
        assert (used[~served] >= lower[~served] - BELOW / 2).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_search_with_an_end_finds_all_that_gains(seed):
    solver, _, problems = make_variants(seed)
    pricer, s = solver.pricer, solver.structure
    rng = np.random.default_rng(seed)
    for problem in problems:
        prices = pricer.chain_prices(problem)
        value = problem.price[s.sink_market] * rng.uniform(0.5, 1.5, len(s.sink_market))
        worth, _ = pricer.tree(prices.cost, value, prices.potential)
        least = np.where(np.isfinite(worth), worth, 0.0) + rng.uniform(-5, 5, len(worth))
        found, tree = pricer.tree(prices.cost, value, prices.potential, least)
        gains = worth > least
        assert found[gains] == pytest.approx(worth[gains], abs=1e-9)
        assert (np.maximum(found - least, 0.0)[~gains] == 0).all()
        if not gains.any():
            continue
        paths, sinks = pricer.walk(tree, np.flatnonzero(gains))
        for source, path, sink in zip(np.flatnonzero(gains), paths, sinks, strict=True):
            paid = value[sink] - problem.arc_cost[path].sum()
            assert paid == pytest.approx(worth[source], abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_are_the_same_one_by_one_and_together(seed):
    solver, _, problems = make_variants(seed)
    costs = np.stack([problem.arc_cost for problem in problems], axis=1)
    known = zip(solver.pricer.price_chains(costs), solver.pool.sum_rows(costs), strict=True)
    for problem, (prices, routes) in zip(problems, known, strict=True):
        assert np.array_equal(solver.pool.sums(problem.arc_cost), routes)
        assert prices is not None
        alone, known_before = (solver.pricer.chain_prices(problem, p) for p in (None, prices))
        assert np.array_equal(alone.potential, known_before.potential)
        assert np.array_equal(alone.cost, known_before.cost)


def test_circles_that_earn_are_left_to_each_problem():
    solver, _, problems = make_variants(3)
    costs = np.stack([problem.arc_cost for problem in problems], axis=1)
    assert None not in solver.pricer.price_chains(costs)
    costs[:, 0] = -1.0
    assert solver.pricer.price_chains(costs) == [None] * len(problems)


@pytest.mark.parametrize("seed", SEEDS)
def test_loads_grow_and_shrink_with_the_pool(seed):
    solver, base, problems = make_variants(seed)
    pool, loads = solver.pool, solver.master.loads
    for problem in problems:
        solver.solve(problem)
        afresh = RouteLoads(pool)
        afresh.set_weights(problem)
        assert loads.matrix.shape == afresh.matrix.shape
        assert (loads.matrix != afresh.matrix).nnz == 0
        flows = np.random.default_rng(seed).uniform(0, 9, len(pool))
        arcs = np.bincount(pool.arcs(), np.repeat(flows, pool.lengths()), len(problem.arc_cost))
        sinks = np.bincount(pool.sink, flows, problem.sink_weights.shape[1])
        wanted = problem.weights @ arcs + problem.sink_weights @ sinks
        assert loads.add_up(flows) == pytest.approx(wanted)
        for row in range(min(5, len(base.capacity))):
            assert loads.find_row(row) == pytest.approx(afresh.matrix.toarray()[row])


@pytest.mark.parametrize("place", [0, 1])
def test_a_broken_law_is_found_at_any_place(place):
    """Also where a number is none."""
    solver, _, problems = make_variants(3)
    solutions = [solver.solve(problem) for problem in problems[:2]]
    check_solutions(solutions)
    good = solutions[place]
    weights = good.problem.weights.copy()
    weights.data[:] = np.nan
    bad = {
        "every capacity": replace(good, problem=replace(good.problem, weights=weights)),
        "than it has": replace(good, problem=replace(good.problem, supply=good.problem.supply / 9)),
        "its maximum": replace(
            good, problem=replace(good.problem, maximum=good.problem.maximum * 0)
        ),
        "unbroken": replace(good, arcs=tuple(arcs[::-1] for arcs in good.arcs)),
    }
    for law, spoilt in bad.items():
        solutions[place] = spoilt
        with pytest.raises(InternalError, match=law):
            check_solutions(solutions)
        with pytest.raises(InternalError, match=law):
            check_solution(spoilt)


class Stubborn:
    """HiGHS that says "Unknown" after the first runs of a solve, as it does once in a while."""

    def __init__(self, highs, failures):
        self.highs, self.failures, self.ways = highs, failures, []

    def run(self):
        ways = (
            "primal_simplex_bound_perturbation_multiplier", "simplex_strategy", "random_seed",
            "presolve",
        )  # fmt: skip
        self.ways.append(tuple(self.highs.getOptionValue(option)[1] for option in ways))
        return self.highs.run()

    def getModelStatus(self):  # noqa: N802 (as HiGHS calls it)
        if len(self.ways) <= self.failures:
            return highspy.HighsModelStatus.kUnknown
        return self.highs.getModelStatus()

    def __getattr__(self, name):
        return getattr(self.highs, name)


WAYS = [(0, 0, 0, "off"), (1, 0, 0, "off"), (0, 4, 0, "off"), (0, 0, 1, "off"), (0, 0, 0, "on")]


@pytest.mark.parametrize("failures", range(5))
def test_other_ways_are_tried_where_highs_finds_no_optimum(failures):
    solver, _, (problem,) = make_variants(seed=3, count=1)
    expected = solver.solve(problem).primal
    stubborn = Stubborn(solver.master.highs, failures)
    solver.master.highs = stubborn
    solution = solver.solve(problem)
    check_solution(solution)
    assert solution.primal == pytest.approx(expected, rel=1e-9)
    assert stubborn.ways[: failures + 1] == WAYS[: failures + 1]
    assert set(stubborn.ways[failures + 1 :]) <= {WAYS[0]}


def test_no_optimum_by_any_way_is_an_error():
    solver, _, (problem,) = make_variants(seed=3, count=1)
    solver.master.highs = Stubborn(solver.master.highs, failures=5)
    with pytest.raises(InternalError, match="HiGHS ended with 'Unknown'"):
        solver.solve(problem)


@pytest.mark.parametrize("away", [-1e-6, 1e-6])
def test_a_bound_on_either_side_of_the_surplus_must_be_near(away):
    solver, base, _ = make_variants(1)
    solution = solver.solve(base)
    assert 0 <= check_gap(solution, 1.0) <= 1e-9
    apart = replace(solution, bound=solution.primal + away)
    assert apart.gap == pytest.approx(1e-6, rel=1e-3)
    with pytest.raises(InternalError, match="the optimum is proven to 1e-9"):
        check_gap(apart, 1.0)
    assert 0 < check_gap(apart, 1e6) <= 1e-9
