"""The solver that is changed in place: exact, without a trace, and quick by keeping routes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cases import random_case
from models.demand import Growth, Limit
from models.flow.chains import join_chains
from models.flow.pool import RoutePool
from models.flow.programme import build_problem
from models.flow.solve import frozen_solver, solve_optimal
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure
from oracle import optimum_by_links
from routes.errors import InternalError


def vary(case, rng):
    """Everything a scenario may change: closures, capacities, coefficients, limits, money."""
    if rng.random() < 0.5:
        still = rng.random(len(case.links)) < 0.85
        case = replace(case, links=case.links.assign(open=case.links["open"].to_numpy() & still))
    if rng.random() < 0.5 and len(case.capacities):
        factor = rng.uniform(0.3, 1.5, len(case.capacities))
        case = replace(
            case, capacities=case.capacities.assign(practical=case.capacities["practical"] * factor)
        )
    if rng.random() < 0.5 and len(case.shared):
        factor = rng.uniform(0.3, 1.5, len(case.shared))
        case = replace(
            case, shared=case.shared.assign(coefficient=case.shared["coefficient"] * factor)
        )
    if rng.random() < 0.4:
        drawn = [
            Limit("RU", share=float(rng.uniform(0, 0.8)))
            if rng.random() < 0.5
            else Limit("CN", mt=float(rng.uniform(0, 3)))
            for _ in range(int(rng.integers(0, 3)))
        ]
        case = replace(case, limits=tuple(drawn))
    if rng.random() < 0.4 and len(case.capacities):
        names = rng.choice(case.capacities.index, min(2, len(case.capacities)), replace=False)
        growth = {str(n): Growth(rng.uniform(1, 4), rng.uniform(0, 2e7)) for n in names}
        case = replace(case, growth=growth)
    if rng.random() < 0.5:
        factor = rng.uniform(0.5, 2, len(case.charges))
        case = replace(
            case, charges=case.charges.assign(usd_per_t=case.charges["usd_per_t"] * factor)
        )
    if rng.random() < 0.5:
        price = case.markets["price_usd_per_t"] * rng.uniform(0.7, 1.3, len(case.markets))
        case = replace(case, markets=case.markets.assign(price_usd_per_t=price))
    return case


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("sweeping", [False, True])
def test_a_solver_changed_in_place_stays_exact(seed, sweeping):
    rng = np.random.default_rng(1000 + seed)
    base = random_case(seed)
    solver = frozen_solver(base)
    cases = [vary(base, rng) for _ in range(4)]

    def check(case):
        got = solve_optimal(case, solver=solver).surplus_musd
        best = optimum_by_links(case)
        assert got == pytest.approx(best, abs=1e-8 * max(1.0, abs(best)))

    if sweeping:
        with solver.sweep():
            for case in cases:
                check(case)
    else:
        for case in cases:
            check(case)


def fingerprint(solution):
    return (
        solution.flow.tobytes(), solution.source.tobytes(), solution.sink.tobytes(),
        tuple(arcs.tobytes() for arcs in solution.arcs), solution.row_dual.tobytes(),
        solution.supply_dual.tobytes(), solution.market_dual.tobytes(), solution.primal,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_results_do_not_depend_on_what_was_solved_before(seed):
    """Bit for bit: any order, after a sweep, and in another solver."""
    rng = np.random.default_rng(seed)
    base = random_case(seed)
    solver = frozen_solver(base)
    problems = [build_problem(vary(base, rng), solver.structure) for _ in range(6)]
    first = [fingerprint(solver.solve(p)) for p in problems]
    assert [fingerprint(solver.solve(p)) for p in reversed(problems)][::-1] == first
    with solver.sweep():
        for problem in problems:
            solver.solve(problem)
    assert [fingerprint(solver.solve(p)) for p in problems] == first
    other = frozen_solver(base)
    again = [replace(p, structure=other.structure) for p in problems]
    assert [fingerprint(other.solve(p)) for p in again[::-1]][::-1] == first


def test_what_a_solve_adds_is_dropped():
    base = random_case(8)
    solver = frozen_solver(base)
    routes, rows = len(solver.pool), len(solver.master.active)
    rng = np.random.default_rng(3)
    problem = build_problem(base, solver.structure)
    for _ in range(5):
        solver.solve(build_problem(vary(base, rng), solver.structure))
    solver.solve(problem)
    assert (len(solver.pool), len(solver.master.active)) == (routes, rows)
    assert solver.master.highs.getNumCol() == len(problem.price) + routes


def test_enriching_saves_rounds_and_changes_no_optimum():
    base = random_case(3)
    rng = np.random.default_rng(0)
    plain, rich = frozen_solver(base), frozen_solver(base)
    problems = [build_problem(vary(base, rng), plain.structure) for _ in range(12)]
    rich.enrich(replace(p, structure=rich.structure) for p in problems)
    before = [plain.solve(p) for p in problems]
    after = [rich.solve(replace(p, structure=rich.structure)) for p in problems]
    assert [s.primal for s in after] == pytest.approx([s.primal for s in before], abs=1e-6)
    assert sum(s.rounds for s in after) < sum(s.rounds for s in before)
    with pytest.raises(InternalError, match="frozen before it is enriched"):
        FlowSolver(build_structure(base)).enrich([])


def test_a_problem_of_another_structure_is_refused():
    solver = frozen_solver(random_case(1))
    with pytest.raises(InternalError, match="another structure"):
        solver.solve(build_problem(random_case(2)))


# parts


def test_a_pool_knows_its_routes():
    structure = build_structure(random_case(1))
    pool = RoutePool(structure)
    paths = [np.array([0, 1, 2]), np.array([3]), np.array([0, 1, 2])]
    assert pool.add(np.array([0, 1, 0]), np.array([0, 0, 0]), paths) == 2
    values = np.arange(len(structure.arc_link), dtype=float)
    assert pool.sums(values).tolist() == [3.0, 3.0]
    assert pool.all_true(values < 3).tolist() == [True, False]
    assert pool.lengths().tolist() == [3, 1]
    pool.cut(1)
    assert len(pool) == 1 and pool.arcs().tolist() == [0, 1, 2]
    assert pool.add(np.array([1]), np.array([0]), [np.array([3])]) == 1
    many = [np.array([i % 5, i % 7]) for i in range(3000)]
    pool.add(np.arange(3000), np.zeros(3000, dtype=int), many)
    assert len(pool) == 3002 and pool.paths[-1].tolist() == [2999 % 5, 2999 % 7]
    assert pool.sums(values, 3000).tolist() == [
        values[many[2998]].sum(), values[many[2999]].sum(),
    ]  # fmt: skip


def test_chains_join_what_has_no_choice():
    r"""0 = 1 = 2 = 3 (both ways), 3 -> 4 -> 5, dead end 6 at 2, and 1 -> 7 -> 8 -> 3 beside it.

    0 == 1 == 2 == 3 -> 4 -> 5
         |\    \6  ^
         | 7 -> 8 /
    """
    arcs = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 5), (2, 6), (6, 2),
            (1, 7), (7, 8), (8, 3)]  # fmt: skip
    tail, head = (np.array(ends) for ends in zip(*arcs, strict=True))
    keep = np.zeros(9, dtype=bool)
    keep[[0, 5]] = True
    chains = join_chains(tail, head, keep)
    runs = {
        (t, h): [arcs[a] for a in chains.arcs[chains.starts[i] : chains.starts[i + 1]]]
        for i, (t, h) in enumerate(zip(chains.tail.tolist(), chains.head.tolist(), strict=True))
    }
    assert runs[3, 5] == [(3, 4), (4, 5)]
    assert (0, 1) in runs and (1, 0) in runs
    assert not any(6 in arc for run in runs.values() for arc in run)
    assert len(runs) == len(chains.tail)  # one chain for each pair of nodes
    covered = [arc for run in runs.values() for arc in run]
    assert set(covered) == set(arcs) - {(2, 6), (6, 2)}
    for (start, end), run in runs.items():
        assert run[0][0] == start and run[-1][1] == end
        assert all(a[1] == b[0] for a, b in itertools.pairwise(run))
