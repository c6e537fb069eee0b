"""The flow programmes: solved by hand, against networkx, against a link-based programme."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from cases import make_case, random_case
from models.flow.potentials import PotentialFinder
from models.flow.programme import build_problem
from models.flow.solve import frozen_solver, solve_optimal, solve_possible
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure
from oracle import optimum_by_links
from routes.errors import InternalError


def optimum(case):
    return solve_optimal(case, solver=FlowSolver(build_structure(case)))


def site(place):
    return {"id": f"load-{place}", "a": f"{place}.site", "b": place, "kind": "load"}


def gate(place):
    return {"id": f"out-{place}", "a": place, "b": f"{place}.site", "kind": "unload"}


def test_dantzig_transport_problem():
    """GAMS trnsport: least cost 153.675, demand duals 0.225, 0.153, 0.126."""
    miles = {"seattle": (2.5, 1.7, 1.8), "san-diego": (2.5, 1.8, 1.4)}
    towns = {"new-york": 325, "chicago": 300, "topeka": 275}
    case = make_case(
        places={"seattle": "KZ", "san-diego": "KZ"} | dict.fromkeys(towns, "DE"),
        links=[site(p) for p in miles] + [gate(t) for t in towns] + [
            {"id": f"{p}-{t}", "a": p, "b": t, "cost": 0.09 * d}
            for p, row in miles.items() for t, d in zip(towns, row, strict=True)
        ],
        supplies=[("grain", "seattle", 350, 0), ("grain", "san-diego", 600, 0)],
        markets=[
            {"commodity": "grain", "place": t, "max": n, "price": 1.0} for t, n in towns.items()
        ],
    )  # fmt: skip
    result = optimum(case)
    cost = float((result.routes["cash_cost_usd_per_t"] * result.routes["mt"]).sum())
    assert cost == pytest.approx(153.675, abs=1e-9)
    duals = 1.0 - result.solution.market_dual  # a market's worth less the price of 1
    assert dict(zip(case.markets["place_id"], duals, strict=True)) == pytest.approx(
        {"new-york": 0.225, "chicago": 0.153, "topeka": 0.126}
    )


def braess_like():
    """Two commodities, s to t: a cheap link (cost 1, capacity 10), a dear one (3 and 6)."""
    return make_case(
        places={"s": "KZ", "m": "DE", "t": "DE"},
        links=[
            site("s"), gate("t"),
            {"id": "cheap", "a": "s", "b": "t", "cost": 1, "cap": 10, "country": "DE"},
            {"id": "dear", "a": "s", "b": "m", "costs": {"grain": 3, "coal": 6}, "country": "DE"},
            {"id": "on", "a": "m", "b": "t", "cost": 0},
        ],
        supplies=[("grain", "s", 8, 0), ("coal", "s", 8, 0)],
        markets=[{"commodity": c, "place": "t", "price": 100.0} for c in ("grain", "coal")],
    )  # fmt: skip


def test_shared_link_goes_to_the_commodity_with_the_dearer_way_round():
    result = optimum(braess_like())
    by = result.routes.set_index(["commodity", "cash_cost_usd_per_t"])["mt"]
    assert by[("grain", 1.0)] == pytest.approx(2)
    assert by[("grain", 3.0)] == pytest.approx(6)
    assert by[("coal", 1.0)] == pytest.approx(8)
    cost = float((result.routes["cash_cost_usd_per_t"] * result.routes["mt"]).sum())
    assert cost == pytest.approx(28)
    dual = dict(zip(result.solution.problem.row_names, result.solution.row_dual, strict=True))
    assert dual["cheap"] == pytest.approx(2)


def test_flow_and_cut_differ_with_shared_capacities():
    """Three routes, each pair sharing one unit: the most is 1.5 though the smallest cut is 2."""
    pairs = {"ab": "12", "bc": "23", "ac": "13"}
    case = make_case(
        places={"s": "KZ", "t": "DE"} | {f"v{i}": "DE" for i in "123"},
        links=[site("s"), gate("t")]
        + [{"id": f"r{i}", "a": "s", "b": f"v{i}", "country": "DE"} for i in "123"]
        + [{"id": f"q{i}", "a": f"v{i}", "b": "t"} for i in "123"],
        supplies=[("grain", "s", 9, 0)],
        markets=[{"commodity": "grain", "place": "t", "price": 10.0}],
        shared=[(name, f"r{i}", 1) for name, members in pairs.items() for i in members],
        capacities={name: {"practical": 1.0} for name in pairs},
    )  # fmt: skip
    solver = FlowSolver(build_structure(case))
    result = solve_possible(case, commodity="grain", solver=solver)
    assert result.routes["mt"].sum() == pytest.approx(1.5)
    y = result.solution.row_dual
    assert y @ result.solution.problem.capacity / 1000 == pytest.approx(1.5)


@pytest.mark.parametrize("block", range(10))
def test_optimum_equals_link_programme_on_random_networks(block):
    kinds = {"shared": 0, "limits": 0, "several": 0, "obligations": 0, "closed": 0}
    for seed in range(50 * block, 50 * block + 50):
        case = random_case(seed)
        kinds["shared"] += len(case.shared) > 0
        kinds["limits"] += len(case.limits) > 0
        kinds["several"] += case.supplies["commodity_id"].nunique() > 1
        kinds["obligations"] += bool((case.markets["min_mt_per_year"] > 0).any())
        kinds["closed"] += not case.links["open"].all()
        expected = optimum_by_links(case)
        assert optimum(case).surplus_musd == pytest.approx(expected, rel=1e-9, abs=1e-9), seed
    assert all(count >= 5 for count in kinds.values()), kinds


@pytest.mark.parametrize("seed", range(40))
def test_one_commodity_equals_networkx_on_integers(seed):
    case = random_case(1000 + seed, integers=True, single=True)
    graph, most = nx.DiGraph(), nx.DiGraph()
    for link in case.links.itertuples():
        start, end = link.from_node_id, link.to_node_id + "^" * link.to_node_id.endswith(".site")
        row = case.charges[case.charges["link_id"] == link.link_id]
        cost = int(row.loc[row["commodity_class"] == "grain", "usd_per_t"].iloc[0])
        limit = case.capacities["practical"].get(link.link_id)
        room = {} if limit is None else {"capacity": int(limit)}
        graph.add_edge(start, end, weight=cost, **room)
        most.add_edge(start, end, **room)
    total = 0
    for supply in case.supplies.itertuples():
        qty, lift = int(supply.mt_per_year), int(supply.lifting_cost_usd_per_t)
        graph.add_edge("S", f"{supply.place_id}.site", weight=lift, capacity=qty)
        most.add_edge("S", f"{supply.place_id}.site", capacity=qty)
        total += qty
    for market in case.markets.itertuples():
        price, qty = int(market.price_usd_per_t), int(market.max_mt_per_year)
        graph.add_edge(f"{market.place_id}.site^", "T", weight=-price, capacity=qty)
        if market.use == "export":
            most.add_edge(f"{market.place_id}.site^", "T", capacity=qty)
    graph.add_edge("S", "T", weight=0, capacity=total)
    graph.add_node("S", demand=-total)
    graph.add_node("T", demand=total)
    cost, _ = nx.network_simplex(graph)
    assert optimum(case).surplus_musd == pytest.approx(-cost, abs=1e-7)
    value = nx.maximum_flow_value(most, "S", "T") if "T" in most else 0
    solver = FlowSolver(build_structure(case))
    exported = solve_possible(case, commodity="grain", solver=solver).routes
    assert exported.loc[exported["use"] == "export", "mt"].sum() == pytest.approx(value, abs=1e-7)


def test_order_and_history_do_not_matter():
    case = random_case(7)
    shut = replace(
        case, links=case.links.assign(open=case.links["open"] & (case.links["kind"] != "move"))
    )
    room = case.capacities["practical"]
    cuts = [
        replace(case, capacities=case.capacities.assign(practical=room * f))
        for f in (0.9, 0.5, 0.1)
    ]
    solver = frozen_solver(case)
    first = [solve_optimal(c, solver=solver).routes for c in (case, shut, *cuts)]
    second = [solve_optimal(c, solver=solver).routes for c in (*reversed(cuts), shut, case)]
    alone = [solve_optimal(c, solver=frozen_solver(case)).routes for c in (case, shut, *cuts)]
    for a, b, c in zip(first, reversed(second), alone, strict=True):
        assert a.equals(b)
        assert a.equals(c)


def test_negative_arc_costs_are_priced_right():
    """A stream's premium makes an arc cost less than nothing; the far supply must still see it."""
    case = make_case(
        places={"a": "KZ", "b": "KZ", "p": "DE"},
        links=[site("a"), site("b"), gate("p"),
               {"id": "ab", "a": "a", "b": "b", "cost": 30},
               {"id": "bp", "a": "b", "b": "p", "cost": 30}],
        supplies=[("crude", "a", 1, 0), ("crude", "b", 1, 0)],
        markets=[{"commodity": "crude", "place": "p", "price": 10.0}],
        streams=[("out-p", "a", 70.0), ("out-p", "b", 15.0)],
    )  # fmt: skip
    result = optimum(case)
    assert result.surplus_musd == pytest.approx(20.0)
    assert list(result.routes["from_place_id"]) == ["a"]
    assert optimum_by_links(case) == pytest.approx(20.0)


def test_growth_buys_capacity_while_it_pays():
    from models.demand import Growth

    case = braess_like()
    more = replace(case, growth={"cheap": Growth(max_extra=3.0, usd_per_unit=1e6)})
    assert optimum(more).surplus_musd == pytest.approx(optimum_by_links(more))
    assert optimum(more).surplus_musd - optimum(case).surplus_musd == pytest.approx(3.0)


def test_problem_is_refused_on_another_structure():
    case = braess_like()
    solver = FlowSolver(build_structure(case))
    with pytest.raises(AssertionError, match="another structure"):
        solver.solve(build_problem(case, build_structure(case)))


def test_bound_is_never_below_the_objective():
    for seed in range(30):
        solution = optimum(random_case(seed)).solution
        assert solution.bound >= solution.primal - 1e-6 * max(1.0, abs(solution.primal))
        assert np.isfinite(solution.bound)


@pytest.mark.parametrize("seed", range(20))
def test_potentials_fit_whatever_was_asked_before(seed):
    """No arc earns under them, and a search does not depend on the one before."""
    rng = np.random.default_rng(seed)
    tail, head = np.triu_indices(12, 1)  # no circle, so that every arc may earn
    layer = np.zeros(len(tail), dtype=np.int64)
    first, other, third = (rng.uniform(-3, 9, len(tail)) for _ in range(3))
    other[rng.random(len(tail)) < 0.2] = np.inf
    through, straight = (PotentialFinder(tail, head, layer, 12) for _ in range(2))
    for cost in (first, other, np.abs(third), third):
        height = through.find(cost)
        assert (cost + height[head] - height[tail] >= 0).all()
    straight.find(first)
    assert np.array_equal(height, straight.find(third))


def test_a_circle_that_earns_is_refused_after_any_start():
    tail, head = np.array([0, 1, 2]), np.array([1, 2, 0])
    finder = PotentialFinder(tail, head, np.zeros(3, dtype=np.int64), 3)
    finder.find(np.array([-1.0, 2.0, 3.0]))
    with pytest.raises(InternalError, match="circle"):
        finder.find(np.array([-1.0, 2.0, -3.0]))
