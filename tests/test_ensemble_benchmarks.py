"""The benchmarks' own footing: every tool solves the same programmes."""

import numpy as np
import pytest

from benchmarks.networks import SIZES, Size, growing_sizes, make_problem, vary
from benchmarks.paper import format_seconds, write_results
from benchmarks.races import OURS, Results, Row, check, find_ratio, race
from benchmarks.rivals import InPlace, Trees, solve_linopy, solve_padded, solve_rebuilt
from benchmarks.workers import time_workers
from models.flow.solver import FlowSolver

SMALL = Size("small", 30, 90, 3, 3, 4)


def test_sizes_are_those_of_the_page():
    s = SIZES["S"]
    assert (s.nodes, s.links, s.commodities, s.pairs) == (150, 450, 10, 500)
    problem = make_problem(s)
    assert len(problem.structure.link_ids) == 450
    assert len(problem.structure.arc_link) == 4500
    assert (SIZES["M"].pairs, SIZES["L"].pairs) == (5000, 5000)
    assert growing_sizes(full=True)[-1].links == 45_000


def test_the_generator_repeats_itself():
    one, two, other = make_problem(SMALL, seed=3), make_problem(SMALL, seed=3), make_problem(SMALL)
    assert np.array_equal(one.arc_cost, two.arc_cost)
    assert not np.array_equal(one.arc_cost, other.arc_cost)
    assert np.array_equal(vary(one, 1).capacity, vary(two, 1).capacity)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_link_programme_has_our_optimum(seed):
    problem = make_problem(SMALL, seed=seed)
    solver = FlowSolver(problem.structure)
    place = InPlace(problem)
    for variant in (problem, vary(problem, seed), vary(problem, seed + 10)):
        ours = check(solver.solve(variant))
        assert solve_rebuilt(variant) == pytest.approx(ours, rel=1e-9)
        assert place.solve(variant) == pytest.approx(ours, rel=1e-9)
    assert (solver.solve(problem).row_dual >= 0).all()


@pytest.mark.filterwarnings("ignore")
def test_linopy_has_our_optimum():
    pytest.importorskip("linopy")
    problem = vary(make_problem(SMALL), 5)
    ours = check(FlowSolver(problem.structure).solve(problem))
    assert solve_linopy(problem) == pytest.approx(ours, rel=1e-7)
    assert solve_padded(problem) == pytest.approx(ours, rel=1e-7)


def test_two_workers_solve_their_own_shares():
    base = make_problem(SIZES["S"])
    wall, optima = time_workers(OURS, 40, 2, of=10)
    assert wall > 0
    wanted = [[solve_rebuilt(vary(base, first))] for first in (40, 45)]
    assert np.allclose(optima, wanted, rtol=1e-9)


def test_networkx_reaches_what_csgraph_reaches():
    problem = make_problem(SMALL)
    assert Trees(problem).grow() == 3 * (SMALL.nodes + 1)


def test_a_race_compares_answers_and_takes_medians():
    problem = make_problem(SMALL)
    results = Results()
    laps = iter([[problem, problem], [problem]])
    tools = {OURS: (lambda ps: [1.0 for _ in ps], 1), "other": (lambda ps: [1.0 for _ in ps], 1)}
    race("r", laps, tools, results)
    assert find_ratio(results, "r", OURS) == 1.0
    wrong = {OURS: (lambda ps: [1.0], 1), "liar": (lambda ps: [1.1], 1)}
    with pytest.raises(AssertionError):
        race("r", iter([[problem]]), wrong, results)


def test_the_page_names_date_and_class_of_machine_but_no_machine(tmp_path, monkeypatch):
    (tmp_path / "pictures").mkdir()
    monkeypatch.setattr("benchmarks.paper.DOCS", tmp_path)
    results = Results([Row("S", OURS, 0.002, 1.0), Row("S", "linopy", 0.2, 100.0, 80.0, "x")])
    results.aim("S varied, against linopy", 100.0, 50)
    results.aim_below("L, peak memory", 400.0, 350, "MB")
    results.growth = {OURS: [(450, 0.01), (4500, 0.1)]}
    write_results(results, full=True)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "| S | linopy | 200 ms | 100x | 80 MB | x |" in text
    assert "| S varied, against linopy | >= 50x | 100x | met |" in text
    assert "**missed**" in text and " cores " in text
    assert (tmp_path / "pictures" / "benchmark-growth.png").stat().st_size > 5000
    assert [format_seconds(s) for s in (0.00123, 12.34)] == ["1.23 ms", "12.3 s"]
