"""The optimum of every shipped scenario on the shipped data, against the link-based programme."""

from __future__ import annotations

from dataclasses import replace

import pytest

from laws import check_result
from models.demand import select_case
from models.explain import explain_run
from models.flow.solve import _own_solver, base_solver, solve_optimal, solver_for
from models.run import run_scenario
from models.scenario import apply, shipped_names
from models.scenario.settings import read_settings
from oracle import optimum_by_links
from real_case import real_run
from routes.errors import InternalError
from routes.network import load_network


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_optimum_equals_the_link_programme(name):
    result = real_run(name).result
    check_result(result)
    assert result.relative_gap <= 1e-9
    assert result.surplus_musd == pytest.approx(optimum_by_links(result.case), rel=1e-9)


def test_crude_of_2023_leaves_as_an_industry_reader_would_expect():
    """CPC within its room, refineries served, BTC within contract and quality rows."""
    result = solve_optimal(select_case(load_network(), 2023))
    routes = result.routes[result.routes["commodity"] == "crude"]
    mt = routes[["links", "mt"]].explode("links").groupby("links")["mt"].sum()
    assert 50.0 < mt["cpc-terminal-load"] <= 67.0 - 7.42 + 1e-6
    assert mt.get("btc-azerbaijan", 0.0) <= 1.5 + 1e-9
    assert mt["chagan-border-pipe"] <= 15.0 + 1e-9
    assert result.solution.missed.sum() == pytest.approx(0.0, abs=1e-6)
    exported = routes.loc[routes["use"] == "export", "mt"].sum()
    assert exported == pytest.approx(70.5, abs=0.1)


def test_a_result_can_be_asked_when_its_solver_is_long_forgotten():
    """Its structure lives as long as the case: what was solved on it is solved on it again."""
    run = run_scenario("baseline-2023", settings=["augusta-delivery.capacity=25"], prices=False)
    _own_solver.cache_clear()
    old = run.result.solution.problem.structure
    solver = solver_for(run.result.case)
    assert solver.structure is old
    again = solver.solve(run.result.solution.problem)
    assert again.primal == pytest.approx(run.result.solution.primal, rel=1e-12)
    base = base_solver(run.result.case.network, 2023)
    assert base.structure is not old
    with pytest.raises(InternalError, match="another structure"):
        base.solve(run.result.solution.problem)
    assert explain_run(run, commodity="crude").statements


@pytest.mark.parametrize("assignment", ["optimal", "likely"])
def test_a_limit_may_be_set_where_no_table_has_one(assignment):
    """It adds a row to the programme: what is asked of the result stands on the same rows."""
    run = run_scenario(
        "baseline-2023", settings=["augusta-delivery.capacity=25"], assignment=assignment
    )
    check_result(run.result)
    arrived = run.links.set_index("link_id").loc["augusta-delivery"]
    assert arrived["used"] <= 25 + 1e-6
    assert arrived["capacity"] == 25
    assert 0 < run.indicators["exclusion_loss"] < 1
    if assignment == "optimal":
        free = real_run("baseline-2023").indicators
        assert run.indicators["surplus_musd"] < free["surplus_musd"]
        told = explain_run(run, commodity="crude")
        assert "augusta" in str(told.to_dict()).lower()


def test_where_nothing_may_move_the_proof_is_measured_by_what_is_missed():
    case = select_case(load_network(), 2023)
    barred = apply(case, read_settings(["*.premium=1e5"]))[0]
    result = solve_optimal(barred)
    assert result.routes.empty and result.solution.penalty > 1e6
    assert 0 < result.relative_gap <= 1e-12
    charges = barred.charges.assign(usd_per_t=barred.charges["usd_per_t"] * 1e7)
    absurd = replace(barred, charges=charges)
    with pytest.raises(InternalError, match="the optimum is proven to 1e-9"):
        solve_optimal(absurd)
