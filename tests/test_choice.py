"""Likely flows: known answers, laws, and the limit as theta grows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cases import make_case, random_case
from choice_case import flows, likely, two_roads
from laws import check_result
from models.choice import Constant, compare_logsums, plain_parameters, price_delays, solve_likely
from models.choice.likely import choose_routes
from models.choice.logit import PROMISE
from models.demand import Growth, Limit
from models.flow.programme import build_problem
from models.flow.solve import solve_optimal
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure

BELL_DELAY = 14 - 10 - math.log(60 / 40) / 0.5  # 3.18907


# known answers


def test_bell_queue_delay_at_a_full_capacity():
    """Bell (1995): flows 60 and 40, delay 3.18907."""
    result = likely(two_roads())
    assert flows(result) == pytest.approx((60, 40), abs=1e-9)
    delay = price_delays(result.solution, [0])[0]
    assert delay == pytest.approx((BELL_DELAY * 1e6,) * 2, rel=1e-9)
    assert result.solution.row_dual[0] == pytest.approx(BELL_DELAY, abs=1e-9)
    assert abs(BELL_DELAY - 3.18907) < 5e-6


@pytest.mark.parametrize("cap", [None, 1e9, 100.0])
def test_without_a_binding_capacity_shares_are_plain_logit(cap):
    share = 1 / (1 + math.exp(-0.5 * 4))
    assert share == pytest.approx(0.880797, abs=5e-7)
    assert flows(likely(two_roads(cap))) == pytest.approx(
        (100 * share, 100 * (1 - share)), abs=1e-9
    )


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3])
def test_a_case_in_another_unit_of_mass_has_the_same_shares(unit):
    whole = likely(two_roads(price=16.0, min=50.0, shortfall=30.0, max=90.0))
    small = likely(
        two_roads(
            60.0 * unit, price=16.0, supply=100.0 * unit, min=50.0 * unit, shortfall=30.0,
            max=90.0 * unit,
        )
    )  # fmt: skip
    assert np.array(flows(small)) / unit == pytest.approx(np.array(flows(whole)), rel=1e-9)
    assert small.solution.row_dual == pytest.approx(whole.solution.row_dual, rel=1e-9)
    assert small.solution.logsum / unit == pytest.approx(whole.solution.logsum, rel=1e-9)


def test_not_shipping_is_an_alternative_like_the_others():
    """Utilities 4, 0 and, for staying, 0: shares as of any three alternatives."""
    result = likely(two_roads(None, price=14.0))
    odds = np.exp([2.0, 0.0, 0.0])
    assert flows(result) == pytest.approx(tuple(100 * odds[:2] / odds.sum()), abs=1e-9)


def test_the_shares_follow_the_constants():
    """A constant of 4 USD/t on the dear way evens the two; stay_usd_per_t acts on what stays."""
    case = two_roads(None, price=14.0)
    even = replace(
        plain_parameters(0.5), constants=(Constant("grain", "corridor:other", 3.0),),
        stay_usd_per_t={"grain": 3.0},
    )  # fmt: skip
    result = solve_likely(case, parameters=even, solver=FlowSolver(build_structure(case)))
    odds = np.exp([2.0, 0.0, 0.0])  # all three moved by 3: nothing changes
    assert flows(result) == pytest.approx(tuple(100 * odds[:2] / odds.sum()), abs=1e-9)
    assert result.surplus_musd == pytest.approx(
        4 * flows(result)[0], abs=1e-9
    )  # Z has no constants


def test_an_obligation_pulls_up_to_its_shortfall_price():
    """A dear obligation is served in full; one that is cheap to miss pulls by its price."""
    served = likely(two_roads(None, price=4.0, min=90.0, shortfall=50.0))
    assert sum(flows(served)) == pytest.approx(90, abs=1e-9)
    nu = -served.solution.market_dual[0]
    assert 0 < nu < 50
    assert served.solution.missed[0] == pytest.approx(0, abs=1e-6)
    missed = likely(two_roads(None, price=4.0, min=90.0, shortfall=2.0))
    assert -missed.solution.market_dual[0] == pytest.approx(2.0, abs=1e-12)
    odds = np.exp(0.5 * np.array([4 - 10 + 2, 4 - 14 + 2, 0]))
    assert flows(missed) == pytest.approx(tuple(100 * odds[:2] / odds.sum()), abs=1e-9)
    assert missed.solution.missed[0] / 1000 == pytest.approx(90 - sum(flows(missed)), abs=1e-9)


def test_a_market_that_is_full_turns_tonnes_away():
    result = likely(two_roads(None, max=30.0))
    mt = flows(result)
    assert sum(mt) == pytest.approx(30, abs=1e-9)
    assert mt[0] / mt[1] == pytest.approx(math.exp(2.0), rel=1e-9)


def test_capacity_grows_where_its_delay_costs_more():
    """With growth at 1 USD/t the delay is 1; with too little of it, both bind."""
    case = replace(two_roads(), growth={"cheap": Growth(max_extra=100.0, usd_per_unit=1e6)})
    result = likely(case)
    share = 1 / (1 + math.exp(-0.5 * 3))
    assert flows(result)[0] == pytest.approx(100 * share, abs=1e-9)
    assert result.solution.row_dual[0] == pytest.approx(1.0, abs=1e-9)
    assert result.solution.grown[0] / 1000 == pytest.approx(100 * share - 60, abs=1e-7)
    tight = likely(replace(case, growth={"cheap": Growth(max_extra=5.0, usd_per_unit=1e6)}))
    assert flows(tight)[0] == pytest.approx(65, abs=1e-9)
    assert tight.solution.row_dual[0] == pytest.approx(4 - math.log(65 / 35) / 0.5, abs=1e-9)


def test_bottlenecks_in_series_are_priced_together():
    """Two capacities of 60 one after the other: one unit more of either is worth nothing."""
    case = two_roads()
    gate = case.capacities.loc[["cheap"]].rename(index={"cheap": "gate"})
    shared = case.shared.iloc[:0].copy()
    shared.loc[0] = ["gate", "cheap", "", "", 1.0, "t/t", math.nan, math.nan, "A"]
    result = likely(replace(case, shared=shared, capacities=pd.concat([case.capacities, gate])))
    assert flows(result) == pytest.approx((60, 40), abs=1e-9)
    for gain, loss in price_delays(result.solution, [0, 1]).values():
        assert gain == pytest.approx(0, abs=1e-3)
        assert loss == pytest.approx(BELL_DELAY * 1e6, rel=1e-9)


def test_policy_limits_hold():
    """Half of the third-country exports at most through RU; and none at all."""
    case = make_case(
        places={"s": "KZ", "r": "RU", "m": "GE", "t": "DE"},
        links=[
            {"id": "load", "a": "s.site", "b": "s", "kind": "load"},
            {"id": "in", "a": "s", "b": "r", "cost": 5},
            {"id": "exit", "a": "r", "b": "t", "cost": 5},
            {"id": "round", "a": "s", "b": "m", "cost": 10},
            {"id": "far", "a": "m", "b": "t", "cost": 10},
            {"id": "out", "a": "t", "b": "t.site", "kind": "unload"},
        ],
        supplies=[("grain", "s", 10.0, 0.0)],
        markets=[{"commodity": "grain", "place": "t", "price": 100.0}],
    )

    def through(limits):
        routes = likely(replace(case, limits=limits)).routes
        return float(routes.loc[routes["links"].map(lambda li: "exit" in li), "mt"].sum())

    assert through(()) == pytest.approx(10 / (1 + math.exp(-5)), abs=1e-9)
    assert through((Limit("RU", share=0.5),)) == pytest.approx(5, abs=1e-9)
    assert through((Limit("RU", mt=2.0),)) == pytest.approx(2, abs=1e-9)
    assert through((Limit("RU", share=0.0),)) == 0
    assert through((Limit("RU", mt=0.0),)) == 0


def test_path_sizes_by_hand():
    """Three ways from s to t: two share 60 of 100 km; the third is alone.

    s -60- a -40- t,  s -60- a -40- b -0- t,  s -100- c - t
    """
    case = make_case(
        places=dict.fromkeys("sabct", "KZ") | {"t": "DE"},
        links=[
            {"id": "load", "a": "s.site", "b": "s", "kind": "load"},
            {"id": "sa", "a": "s", "b": "a", "cost": 6, "km": 60},
            {"id": "at", "a": "a", "b": "t", "cost": 4, "km": 40},
            {"id": "ab", "a": "a", "b": "b", "cost": 4, "km": 40},
            {"id": "bt", "a": "b", "b": "t", "cost": 0},
            {"id": "sc", "a": "s", "b": "c", "cost": 10, "km": 100},
            {"id": "ct", "a": "c", "b": "t", "cost": 0},
            {"id": "out", "a": "t", "b": "t.site", "kind": "unload"},
        ],
        supplies=[("grain", "s", 10.0, 0.0)],
        markets=[{"commodity": "grain", "place": "t", "price": 100.0}],
    )
    result = likely(case)
    mt = {
        "-".join(links[1:-1]): mt
        for links, mt in zip(result.routes["links"], result.routes["mt"], strict=True)
    }
    sizes = {"sa-at": 0.7, "sa-ab-bt": 0.7, "sc-ct": 1.0}  # 60/2 + 40 of 100
    total = sum(sizes.values())
    assert mt == pytest.approx({name: 10 * size / total for name, size in sizes.items()}, abs=1e-9)


def test_routes_over_a_capacity_of_zero_are_left_out():
    result = likely(two_roads(0.0))
    assert flows(result) == pytest.approx((0, 100), abs=1e-9)


# laws over whole cases

SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_laws_and_the_limit_as_theta_grows(seed):
    """0 <= Z* - Z(theta) <= (1/theta) sum of supply x ln(alternatives / smallest size)."""
    case = random_case(seed)
    solver = FlowSolver(build_structure(case))
    best = solve_optimal(case, solver=solver)
    problem = build_problem(case, solver.structure)
    routes = choose_routes(case, problem, best.solution)
    for theta in (0.02, 0.5, 20.0):
        result = solve_likely(
            case, parameters=plain_parameters(theta), solver=solver, routes=routes
        )
        check_result(result)
        s = result.solution
        assert s.residual <= PROMISE
        room = s.problem.supply @ np.log(s.alternatives / s.smallest) / theta / 1000
        gap = best.surplus_musd - result.surplus_musd
        slack = 1e-6 * max(1.0, abs(best.surplus_musd))
        assert -slack <= gap <= room + slack
        assert result.bound_musd >= result.surplus_musd - slack


@pytest.mark.parametrize("seed", SEEDS)
def test_closing_never_raises_the_logsum_and_capacity_never_lowers_it(seed):
    case = random_case(seed)
    solver = FlowSolver(build_structure(case))
    parameters = plain_parameters(0.1)
    before = solve_likely(case, parameters=parameters, solver=solver)
    slack = 1e-7 * max(1.0, abs(before.solution.logsum))
    rng = np.random.default_rng(seed)
    for name in rng.permutation(case.links.index)[:4]:
        shut = replace(
            case, links=case.links.assign(open=case.links["open"] & (case.links.index != name))
        )
        after = solve_likely(shut, parameters=parameters, solver=solver)
        sums = compare_logsums(before, after)
        assert sums["surplus_musd"] <= sums["before_musd"] + slack
        assert sum(sums["surplus_by_commodity"].values()) == pytest.approx(
            sums["surplus_musd"], rel=1e-6, abs=1e-4
        )
    if len(case.capacities) and not case.limits:
        wide = replace(
            case, capacities=case.capacities.assign(practical=case.capacities["practical"] * 1.5)
        )
        after = solve_likely(
            wide, parameters=parameters, solver=solver, routes=before.solution.routes
        )
        again = solve_likely(
            case, parameters=parameters, solver=solver, routes=before.solution.routes
        )
        assert after.solution.logsum >= again.solution.logsum - slack
