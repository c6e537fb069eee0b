"""Laws on random networks: what closing, widening and doing nothing may and may not do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import random_case
from laws import check_result
from models.demand import Case
from models.flow.solve import frozen_solver, solve_optimal, solve_possible
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure
from models.indicators import Measured, close_country, measure, measure_closed

seeds = st.integers(min_value=0, max_value=100_000)
quick = settings(max_examples=25, deadline=None, derandomize=True)


def optimum(case: Case):
    return solve_optimal(case, solver=FlowSolver(build_structure(case)))


def at_most(after: float, before: float) -> bool:
    return after <= before + 1e-7 * max(1.0, abs(before))


@quick
@given(seeds)
def test_results_obey_their_laws(seed):
    case = random_case(seed)
    check_result(optimum(case))
    check_result(solve_possible(case, solver=FlowSolver(build_structure(case))))


@quick
@given(seeds, st.integers(min_value=0, max_value=1000))
def test_closing_a_link_never_raises_the_surplus(seed, pick):
    case = replace(random_case(seed), limits=())
    shut = case.links["open"].copy()
    shut.iloc[pick % len(shut)] = False
    closed = replace(case, links=case.links.assign(open=shut))
    assert at_most(optimum(closed).surplus_musd, optimum(case).surplus_musd)


@quick
@given(seeds, st.sampled_from(["RU", "CN", "AZ", "DE"]))
def test_closing_transit_never_raises_the_surplus(seed, country):
    case = random_case(seed)
    closed = close_country(case, country)
    after, before = optimum(closed), optimum(case)
    assert at_most(after.surplus_musd, before.surplus_musd)
    assert not after.routes["transit"].map(lambda left: country in left).any()


@quick
@given(seeds, st.floats(min_value=1.0, max_value=5.0), st.integers(min_value=0, max_value=1000))
def test_widening_a_capacity_never_lowers_the_surplus(seed, factor, pick):
    case = random_case(seed)
    if not len(case.capacities):
        return
    caps = case.capacities.copy()
    row = caps.index[pick % len(caps)]
    caps.loc[row, "practical"] *= factor
    wide = replace(case, capacities=caps)
    assert at_most(optimum(case).surplus_musd, optimum(wide).surplus_musd)


@quick
@given(seeds)
def test_closing_a_market_keeps_its_obligation(seed):
    case = random_case(seed)
    owed = case.markets[case.markets["min_mt_per_year"] > 0]
    if owed.empty:
        return
    row = owed.iloc[0]
    site = f"{row['place_id']}.site"
    shut = case.links.assign(open=case.links["open"] & (case.links["to_node_id"] != site))
    result = optimum(replace(case, links=shut))
    assert np.isclose(result.solution.missed[owed.index[0]] / 1000, row["min_mt_per_year"])


@quick
@given(seeds, st.floats(min_value=0.01, max_value=100.0))
def test_the_surplus_scales_with_the_unit_of_mass(seed, factor):
    case = replace(random_case(seed), limits=())
    big = replace(
        case,
        supplies=case.supplies.assign(mt_per_year=case.supplies["mt_per_year"] * factor),
        markets=case.markets.assign(
            max_mt_per_year=case.markets["max_mt_per_year"] * factor,
            min_mt_per_year=case.markets["min_mt_per_year"] * factor,
        ),
        capacities=case.capacities.assign(practical=case.capacities["practical"] * factor),
    )
    assert np.isclose(
        optimum(big).surplus_musd, optimum(case).surplus_musd * factor, rtol=1e-7, atol=1e-7
    )


@quick
@given(seeds)
def test_a_copy_of_the_case_gives_the_same_result_exactly(seed):
    case = random_case(seed)
    again = replace(
        case, capacities=case.capacities.assign(practical=case.capacities["practical"] * 1.0)
    )
    solver = frozen_solver(case)
    first, second = (solve_optimal(c, solver=solver) for c in (case, again))
    assert first.routes.equals(second.routes)
    assert first.surplus_musd == second.surplus_musd


@quick
@given(seeds)
def test_indicators_stay_in_their_ranges(seed):
    case = replace(random_case(seed), limits=())
    solver = frozen_solver(case)
    result = solve_optimal(case, solver=solver)
    closed = measure_closed(result, "RU", solver=solver)
    m = Measured(result=result, country="RU", closed=closed)
    i = measure(m)
    supply = float(case.supplies["mt_per_year"].sum())
    assert np.isclose(i["exported_mt"] + i["domestic_mt"] + i["undelivered_mt"], supply)
    for name in ("transit_share", "transit_share_value", "market_share", "corridor_hhi",
                 "entry_country_hhi", "bypass_coverage", "bypass_coverage_paying"):  # fmt: skip
        assert i[name] is None or -1e-12 <= i[name] <= 1 + 1e-9, name
    if i["exclusion_loss"] is not None:
        assert i["exclusion_loss"] >= -1e-9
    if i["bypass_coverage"] is not None:
        assert i["bypass_coverage_paying"] <= i["bypass_coverage"] + 1e-9
    total = result.routes["mt"].sum()
    assert np.isclose(i["exported_mt"] + i["domestic_mt"], total)
