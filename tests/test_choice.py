"""Likely flows: known answers, laws, a second opinion, and the limit as theta grows."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, sparse

from cases import make_case, random_case
from laws import check_result
from models.choice import (
    Constant,
    Parameters,
    compare_logsums,
    load_parameters,
    plain_parameters,
    price_delays,
    solve_likely,
)
from models.choice import logit as kernel
from models.choice.likely import LikelyModel, base_routes, choose_routes
from models.choice.logit import PROMISE, make_logit, split_supplies
from models.choice.outlets import OUTLETS, name_outlets
from models.choice.parameters import note_mismatch, read_parameters, write_parameters
from models.choice.route_set import add_routes, build_routes, collect_routes, usable_arcs
from models.cli.results import describe_certificate
from models.demand import Growth, Limit, select_case
from models.flow.programme import build_problem
from models.flow.solve import base_solver, solve_optimal
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure
from models.indicators import close_country
from models.run import run_scenario
from routes.errors import DataError, InternalError
from routes.network import load_network

BELL_DELAY = 14 - 10 - math.log(60 / 40) / 0.5  # 3.18907


def likely(case, theta=0.5, **kwargs):
    return solve_likely(
        case, parameters=plain_parameters(theta), solver=FlowSolver(build_structure(case)), **kwargs
    )


def two_roads(cap=60.0, price=1000.0, supply=100.0, **market):
    """s to t by a cheap road (cost 10, capacity `cap`) or, past m, by a dear one (cost 14).

          /-- cheap --\
    s.site - s         t - t.site
          \\-- dear m -/
    """
    cheap = {"id": "cheap", "a": "s", "b": "t", "cost": 10, "country": "DE"}
    return make_case(
        places={"s": "KZ", "m": "DE", "t": "DE"},
        links=[
            {"id": "load", "a": "s.site", "b": "s", "kind": "load"},
            cheap if cap is None else cheap | {"cap": cap},
            {"id": "dear", "a": "s", "b": "m", "cost": 14, "country": "DE"},
            {"id": "on", "a": "m", "b": "t", "cost": 0, "country": "DE"},
            {"id": "out", "a": "t", "b": "t.site", "kind": "unload"},
        ],
        supplies=[("grain", "s", supply, 0.0)],
        markets=[{"commodity": "grain", "place": "t", "price": price} | market],
    )


def flows(result):
    """Mt by whether the route takes the cheap road."""
    cheap = result.routes["links"].map(lambda links: "cheap" in links)
    mt = result.routes["mt"]
    return float(mt[cheap].sum()), float(mt[~cheap].sum())


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


# the programme itself


def random_logit(seed, theta=0.1):
    """Supplies of very different size, rows that bind, that cannot, and soft ones."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 8)
    counts = rng.integers(1, 8, n)
    supply = np.repeat(np.arange(n), counts)
    amount = 10.0 ** rng.uniform(-1, 3, n)
    m = int(rng.integers(1, 12))
    dense = rng.random((m, len(supply))) * (rng.random((m, len(supply))) < 0.4)
    rows = sparse.csr_array(dense)
    bound = rows @ (amount[supply] / counts[supply]) * rng.uniform(0.05, 1.5, m) + 1e-6
    high = np.full(m, np.inf)
    soft = rng.random(m) < 0.25
    high[soft] = rng.uniform(5, 60, soft.sum())
    sign = np.where(soft, -1.0, 1.0)
    return make_logit(
        utility=rng.normal(60, 25, len(supply)), size=rng.uniform(0.3, 1, len(supply)),
        supply=supply, amount=amount, theta=theta * rng.uniform(0.5, 2, n),
        stay=rng.normal(0, 5, n), rows=sparse.csr_array(rows * sign[:, None]), bound=bound * sign,
        high=high,
    )  # fmt: skip


@pytest.mark.parametrize("theta", [0.003, 0.1, 3.0, 60.0])
@pytest.mark.parametrize("seed", range(12))
def test_stationarity_and_complementarity(seed, theta):
    """f/U = size exp(theta (v - v0 - B'x)); 0 <= x <= high against the slack of each row."""
    logit = random_logit(seed, theta)
    split = split_supplies(logit)
    assert split.residual <= PROMISE / 100
    assert np.bincount(logit.supply, split.flow, len(logit.amount)) + split.stay == pytest.approx(
        logit.amount, rel=1e-12
    )
    worth = logit.utility - logit.stay[logit.supply] - logit.rows.T @ split.dual
    seen = (split.flow > 1e-200) & (split.stay[logit.supply] > 1e-200)
    odds = np.log(split.flow[seen] / split.stay[logit.supply][seen])
    expected = logit.theta[logit.supply][seen] * worth[seen] + np.log(logit.size[seen])
    assert odds == pytest.approx(expected, abs=1e-7)
    slack = (logit.bound - logit.rows @ split.flow) / np.maximum(np.abs(logit.bound), 1e-6)
    held = np.isinf(logit.high)
    assert (slack[held] >= -1e-6).all()
    assert (np.abs(slack[(split.dual > 0) & (split.dual < logit.high)]) <= 1e-6).all()
    assert (slack[split.dual >= logit.high] <= 1e-6).all()
    assert ((split.dual >= 0) & (split.dual <= logit.high)).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_general_solver_finds_the_same_flows(seed):
    """The entropy programme itself, by scipy's SLSQP, from the definition and not the dual."""
    logit = random_logit(seed)
    scale = logit.amount[logit.supply]
    n = len(logit.utility)
    soft = np.flatnonzero(np.isfinite(logit.high))
    hard = np.flatnonzero(np.isinf(logit.high))
    weight = logit.amount / logit.amount.sum()

    def parts(z):
        share, missed = np.maximum(z[:n], 1e-300), z[n:]
        stay = np.maximum(1 - np.bincount(logit.supply, share, len(logit.amount)), 1e-300)
        return share, stay, missed

    def loss(z):
        share, stay, missed = parts(z)
        theta = logit.theta[logit.supply]
        gain = share * (logit.utility - np.log(share / logit.size) / theta)
        kept = stay * (logit.stay - np.log(stay) / logit.theta)
        return -(weight[logit.supply] @ gain + weight @ kept - logit.high[soft] @ missed)

    def slope(z):
        share, stay, _ = parts(z)
        theta = logit.theta[logit.supply]
        gain = logit.utility - (np.log(share / logit.size) + 1) / theta
        kept = logit.stay - (np.log(stay) + 1) / logit.theta
        moved = (weight * kept)[logit.supply] - weight[logit.supply] * gain
        return np.concatenate([moved, logit.high[soft]])

    dense = logit.rows.toarray() * scale[None, :] / logit.amount.sum()
    bound = logit.bound / logit.amount.sum()
    whose = (np.arange(len(logit.amount))[:, None] == logit.supply).astype(float)
    no_excess, excess = np.zeros((1, len(soft))), np.eye(len(soft))
    limits = [
        {"type": "ineq", "fun": lambda z, a=a, b=b: a @ z + b, "jac": lambda z, a=a: a}
        for a, b in (
            (np.hstack([-dense[hard], np.repeat(no_excess, len(hard), axis=0)]), bound[hard]),
            (np.hstack([-dense[soft], excess]), bound[soft]),
            (np.hstack([-whose, np.repeat(no_excess, len(whose), axis=0)]), np.ones(len(whose))),
        )
    ]
    split = split_supplies(logit)
    start = np.concatenate([split.flow / scale * 0.97 + 1e-9, np.full(len(soft), 0.05)])
    found = optimize.minimize(
        loss, start, jac=slope, method="SLSQP", bounds=[(1e-14, 1)] * n + [(0, None)] * len(soft),
        constraints=limits, options={"maxiter": 2000, "ftol": 1e-15},
    )  # fmt: skip
    missed = np.maximum(dense[soft] @ (split.flow / scale) - bound[soft], 0)
    mine = loss(np.concatenate([split.flow / scale, missed]))
    assert mine == pytest.approx(-split.value / logit.amount.sum(), rel=1e-9)
    assert mine <= found.fun + 1e-6 * abs(found.fun)


@pytest.mark.parametrize("unit", [1e-3, 1e3, 1e6])
@pytest.mark.parametrize("seed", range(3))
def test_the_answer_does_not_depend_on_the_unit_of_mass(seed, unit):
    logit = random_logit(seed)
    one = split_supplies(logit)
    other = split_supplies(replace(logit, amount=logit.amount * unit, bound=logit.bound * unit))
    assert other.flow / unit == pytest.approx(one.flow, rel=1e-8, abs=1e-12 * logit.amount.max())
    assert other.value / unit == pytest.approx(one.value, rel=1e-10)
    assert logit.rows.T @ other.dual == pytest.approx(logit.rows.T @ one.dual, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_every_road_to_the_dual_leads_to_the_same_flows(seed):
    logit = random_logit(seed, 0.5)
    newton = split_supplies(logit)
    zero = np.zeros(len(logit.bound))
    for other in (kernel._lbfgs(kernel._Dual(logit), zero), kernel._follow_theta(logit, zero)):
        assert other.residual <= PROMISE
        assert other.flow == pytest.approx(newton.flow, rel=1e-5, abs=1e-6 * logit.amount.max())
    assert newton.method == "newton"


def test_a_broken_promise_is_an_internal_error(monkeypatch):
    def stand_still(dual, x, **_):
        return dual.finish(x, dual.look(x).residual, "newton", 0)

    monkeypatch.setattr(kernel, "_newton", stand_still)
    monkeypatch.setattr(kernel, "_lbfgs", stand_still)
    with pytest.raises(InternalError, match="stationarity and complementarity"):
        split_supplies(random_logit(1))


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


# the route set


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


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def base(network):
    case = select_case(network, 2023)
    solver = base_solver(network, 2023)
    return case, solver, build_problem(case, solver.structure)


def test_the_shipped_route_set_is_rich_and_sound(network, base):
    case, solver, problem = base
    routes = base_routes(network, 2023)
    optimum = solver.solve(problem)
    known = {
        (int(i), int(j), a.tobytes())
        for i, j, a in zip(routes.source, routes.sink, routes.arcs, strict=True)
    }
    for i, j, arcs in zip(optimum.source, optimum.sink, optimum.arcs, strict=True):
        assert (int(i), int(j), arcs.tobytes()) in known
    assert len(known) == len(routes)
    usable = usable_arcs(problem)
    assert all(usable[arcs].all() for arcs in routes.arcs)
    for arcs in routes.arcs:
        nodes = problem.structure.arc_head[arcs]
        assert len(set(nodes.tolist())) == len(nodes)
    pairs = len({(i, j) for i, j, _ in known})
    assert len(routes) >= 3 * pairs
    assert ((routes.size > 0) & (routes.size <= 1)).all()
    names = name_outlets(case, routes)
    assert set(OUTLETS) <= set(names)
    again = build_routes(
        case,
        problem,
        [
            (int(i), int(j), a)
            for i, j, a in zip(optimum.source, optimum.sink, optimum.arcs, strict=True)
        ],
    )
    assert [a.tobytes() for a in again.arcs] == [a.tobytes() for a in routes.arcs]
    assert np.array_equal(again.size, routes.size)


def test_routes_around_each_transit_country_are_there(network, base):
    """Closing transit of Russia leaves routes wherever one exists at all."""
    case, solver, _ = base
    routes = base_routes(network, 2023)
    shut = close_country(case, "RU")
    open_arcs = usable_arcs(build_problem(shut, solver.structure))
    left = {
        (int(i), int(j))
        for i, j, a in zip(routes.source, routes.sink, routes.arcs, strict=True)
        if open_arcs[a].all()
    }
    fresh = build_routes(shut, build_problem(shut, solver.structure))
    reachable = {(int(i), int(j)) for i, j in zip(fresh.source, fresh.sink, strict=True)}
    assert left == reachable


def test_a_scenario_that_opens_links_adds_routes_over_them(network):
    case = two_roads(None)
    shut = replace(case, links=case.links.assign(open=case.links.index != "cheap"))
    solver = FlowSolver(build_structure(shut))
    closed = build_routes(shut, build_problem(shut, solver.structure))
    assert len(closed) == 1
    opened = build_routes(case, build_problem(case, solver.structure))
    both = add_routes(
        closed,
        case,
        [
            (int(i), int(j), a)
            for i, j, a in zip(opened.source, opened.sink, opened.arcs, strict=True)
        ],
    )
    assert len(both) == 2
    assert both.size[0] == closed.size[0]
    assert len(collect_routes(solver.structure, case, [])) == 0


def test_routes_over_a_capacity_of_zero_are_left_out():
    result = likely(two_roads(0.0))
    assert flows(result) == pytest.approx((0, 100), abs=1e-9)


# parameters


def test_shipped_parameters_are_sound_and_belong_to_the_shipped_data(network):
    parameters = load_parameters()
    assert parameters.provenance["year"] == 2023
    assert parameters.provenance["data_digest"] == network.digest, (
        "run `kazroutes calibrate -o ...`"
    )
    assert read_parameters(write_parameters(parameters), "again") == parameters
    commodities = set(network["commodities"]["commodity_id"])
    assert {row.commodity for row in parameters.theta} <= commodities


def test_other_data_give_a_note_and_no_error(base):
    case, _, _ = base
    fitted = Parameters(provenance={"data_digest": "0" * 64})
    noted = note_mismatch(fitted, case)
    assert noted.notes[-1].startswith("likely: parameters were fitted on other data")
    assert note_mismatch(fitted, noted).notes == noted.notes
    assert note_mismatch(plain_parameters(), case) is case


def constant(measure, usd_per_t):
    return {"constants": [{"commodity": "crude", "measure": measure, "usd_per_t": usd_per_t}]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("{", "is no JSON document"),
        ("[]", "is no parameter file"),
        ({"theta": [{"commodity": "crude", "theta": 0.0}]}, "theta of crude is 0"),
        ({"theta": [{"commodity": "crude", "sigma": 0.1}]}, "is no parameter file"),
        ({"theta_default": -1}, "theta_default is -1"),
        (constant("outlet:cpc", 41), "is 41. At most 40"),
        (constant("outlet:cpc", -21), "without a reason and source"),
        (constant("link:x", 1), "names no outlet"),
        (constant("outlet:cpc", math.nan), "is nan"),
        (constant("outlet:cpc", "5"), r"constants\[0\].usd_per_t: must be a number"),
        (constant("outlet:cpc", 10**400), r"constants\[0\].usd_per_t: is too large a number"),
        (constant(7, 1), r"constants\[0\].measure: must be a text"),
        (
            {"theta": [{"commodity": "crude", "theta": "0.1"}]},
            r"theta\[0\].theta: must be a number",
        ),
        ({"theta": [{"commodity": "crude", "theta": None}]}, r"theta\[0\].theta: must be a number"),
        (
            {"theta": [{"commodity": "crude", "theta": 1, "low": "x"}]},
            r"theta\[0\].low: must be a n",
        ),
        ({"theta": [{"commodity": "c", "theta": 1, "identified": 1}]}, "must be true or false"),
        ({"theta": [{"commodity": "crude"}]}, "is no parameter file"),
        ({"theta": "text"}, "is no parameter file"),
        ({"theta_default": "0.1"}, "theta_default: must be a number"),
        ({"theta_default": 10**400}, "theta_default: is too large a number"),
        ({"stay_usd_per_t": {"crude": "5"}}, "stay_usd_per_t.crude: must be a number"),
        ({"fit": [5]}, "is no parameter file"),
        ("[" * 100_000, "is nested too deep"),
        ('{"theta_default": ' + "9" * 5_000 + "}", "is no JSON document"),
    ],
)
def test_bad_parameter_files_are_refused(change, words, tmp_path):
    path = tmp_path / "mine.json"
    blank = plain_parameters().to_dict()
    path.write_text(
        change if isinstance(change, str) else json.dumps(blank | change), encoding="utf-8"
    )
    with pytest.raises(DataError, match=words) as caught:
        load_parameters(path)
    assert caught.value.problems[0].file == "mine.json"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_parameter_file_without_end_is_refused():
    with pytest.raises(DataError, match="zero: is not a plain file"):
        load_parameters("/dev/zero")


# the front door


def test_run_under_likely_reports_its_residual_and_keeps_the_laws(network):
    run = run_scenario("baseline-2023", assignment="likely", network=network)
    check_result(run.result)
    proof = run.certificate
    assert proof["residual"] <= 1e-6
    assert proof["max_violation"] <= 1e-6
    assert proof["primal"] == run.indicators["surplus_musd"] <= proof["dual_bound"]
    assert run.indicators["exclusion_loss"] >= 0
    full = run.links[run.links["utilisation"] > 1 - 1e-9]
    assert (full["loss_usd_per_unit"] >= full["gain_usd_per_unit"]).all()
    assert (full["loss_usd_per_unit"] > 0).any()
    best = run_scenario("baseline-2023", network=network, prices=False)
    assert run.indicators["exported_mt"] <= best.indicators["possible_mt"] + 1e-6
    assert run.indicators["surplus_musd"] < best.indicators["surplus_musd"]
    assert len(run.routes) > len(best.routes)
    assert "Fitted: crude; all other goods" in describe_certificate(run)
    assert "Fitted" not in describe_certificate(best)


def test_a_likely_run_does_not_depend_on_what_ran_before(network):
    first = run_scenario("baseline-2023", assignment="likely", network=network, prices=False)
    run_scenario("russia-closed", assignment="likely", network=network, prices=False)
    again = run_scenario("baseline-2023", assignment="likely", network=network, prices=False)
    assert again.indicators == first.indicators


def test_exclusion_loss_of_every_transit_country_is_not_negative(network, base):
    case, _, _ = base
    before = solve_likely(case)
    for country in ("RU", "CN", "AZ", "GE", "UZ", "TM", "LV"):
        sums = compare_logsums(before, solve_likely(close_country(case, country)))
        assert sums["surplus_musd"] <= sums["before_musd"] * (1 + 1e-9)


def test_the_model_lists_what_it_counts(network, base):
    case, _, problem = base
    model = LikelyModel(case, problem, base_routes(network, 2023), plain_parameters())
    crude = model.count("crude", "total:export")
    parts = sum(model.count("crude", f"outlet:{name}").astype(int) for name in OUTLETS)
    assert np.array_equal(parts, crude.astype(int))
    coal = model.count("coal", "country:RU")
    assert coal.sum() == model.count("coal", "corridor:to-russia").sum()
    assert (model.count_all("coal") >= coal).all()
