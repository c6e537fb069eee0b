"""Sampling: quantiles, designs, groups, and two roads to the same numbers."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from ensemble_case import ALL, BASE, DEARER, SHUT, tiny_network
from models.demand import select_case
from models.ensemble.chunk import Bench, draw_block, run_chunk
from models.ensemble.design import draw_saltelli, make_design
from models.ensemble.measures import OUTCOMES, Meter, name_columns
from models.ensemble.plan import draw_inputs
from models.ensemble.planner import plan_ensemble
from models.ensemble.replay import draw_case, replay_sample
from models.ensemble.runner import run_ensemble
from models.ensemble.shrink import shrink_plan, shrink_structure
from models.ensemble.spread import find_weight, place_levels
from models.flow.laws import check_solutions
from models.flow.programme import build_problem
from models.flow.result import build_result
from models.flow.solve import solve_optimal
from models.flow.solver import FlowSolver
from models.indicators import Measured, measure
from models.run import corridor_table
from models.scenario import Scenario, load_scenario
from routes.errors import UnknownNameError, UsageError
from routes.network import load_network
from tiny import write_tiny

LEVELS = np.array([[0.0], [0.001], [0.2], [0.5], [0.9], [1.0]])


# ---------------------------------------------------------------- distributions and designs


@pytest.mark.parametrize("mode", [0.0, 0.25, 0.6, 1.0])
def test_quantiles_are_those_of_scipy(mode):
    found = place_levels(np.array([0.0]), np.array([mode]), LEVELS)
    assert found == pytest.approx(stats.triang(c=mode).ppf(LEVELS), abs=1e-12)
    found = place_levels(np.array([4.0]), np.array([mode]), LEVELS)
    assert found == pytest.approx(stats.beta(1 + 4 * mode, 5 - 4 * mode).ppf(LEVELS), abs=1e-9)


def test_better_grades_are_narrower():
    levels = np.linspace(0.001, 0.999, 999)[:, None]
    spread = [
        place_levels(np.array([find_weight(g)]), np.array([0.4]), levels).std() for g in "ABCD"
    ]
    assert spread[0] < spread[1] < spread[2] == spread[3]


def test_a_latin_hypercube_visits_every_stratum_once():
    points = make_design("lhs", n=200, seed=3, drivers=5).rows(0, 200)
    for column in points.T:
        assert sorted((column * 200).astype(int)) == list(range(200))


@pytest.mark.parametrize("method", ["lhs", "sobol", "saltelli"])
def test_points_do_not_depend_on_how_they_are_cut(method):
    def make():
        return make_design(method, n=8200, seed=7, drivers=3, groups=["a", "b", "b"])

    whole = make().rows(8100, 8200)
    design = make()
    parts = [design.rows(8190, 8200), design.rows(8100, 8150), design.rows(8150, 8190)]
    assert np.array_equal(whole, np.concatenate([*parts[1:], parts[0]]))
    assert whole.min() >= 0 and whole.max() <= 1


def test_seeds_differ_and_zero_is_one():
    rows = [make_design("lhs", n=8, seed=s, drivers=2).rows(0, 8) for s in (0, 1, 0)]
    assert np.array_equal(rows[0], rows[2]) and not np.array_equal(rows[0], rows[1])


def test_saltelli_points_exchange_one_group_at_a_time():
    points = draw_saltelli(["a", "b", "b"], n=4, seed=1).reshape(4, 4, 3)
    a, swap_a, swap_b, b = points.transpose(1, 0, 2)
    assert np.array_equal(swap_a, np.column_stack([b[:, 0], a[:, 1:]]))
    assert np.array_equal(swap_b, np.column_stack([a[:, 0], b[:, 1:]]))


# ---------------------------------------------------------------- what varies


def tiny_plan(scenarios=ALL, **kwargs):
    return plan_ensemble(list(scenarios), network=tiny_network(), **kwargs)


def test_drivers_are_grouped_as_written():
    drivers = {d.name: d for d in tiny_plan().drivers}
    rail = drivers["tariff:RU/rail1520"]
    assert (rail.unit, rail.numbers, rail.best) == ("x", 1, 1.0)
    assert rail.low == pytest.approx(0.010 / 0.015)
    assert drivers["capacity:border-port"].unit == "Mt/yr"
    assert [drivers["supply:coal@mine"].low, drivers["supply:coal@mine"].high] == [3, 5]
    assert drivers["dearer:changes[0].factor"].high == pytest.approx(2.5)
    assert {"price:coal", "lifting:coal", "interest", "market:coal@abroad"} <= set(drivers)
    # 1 to 1 is no range, and a buyer who must be served never takes less than that
    assert "use:berth" not in drivers
    assert drivers["market:coal@town"].low == 0.5


def test_drivers_of_goods_that_nobody_supplies_are_idle():
    none = Scenario.model_validate({
        "name": "none", "title": "The mine is shut", "year": 2023,
        "changes": [{"type": "supply", "where": {"commodity": "coal"}, "set": 0, "why": "To see."}],
    })  # fmt: skip
    idle = {d.name for d in tiny_plan([none]).drivers if d.idle}
    assert {"price:coal", "lifting:coal", "market:coal@abroad"} <= idle
    assert not {"tariff:RU/rail1520", "interest"} & idle
    assert not [d.name for d in tiny_plan([BASE, none]).drivers if d.idle]
    ensemble = run_ensemble([none], n=8, network=tiny_network())
    assert set(ensemble.inputs) - set(ensemble.live_inputs) == idle


def test_numbers_of_a_group_move_together_within_their_own_ranges():
    plan = plan_ensemble(["baseline-2023"], network=load_network())
    world = plan.worlds[0]
    points = np.full((3, len(plan.drivers)), 0.5)
    at = [d.name for d in plan.drivers].index("tariff:RU/rail1520")
    points[:, at] = [0.0, 0.5, 1.0]
    deviation, inputs = draw_inputs(plan, points)
    case = select_case(load_network(), 2023)
    area = case.charges["link_id"].map(case.links["country"] + "/" + case.links["mode"])
    rows = np.flatnonzero(area == "RU/rail1520")
    low, middle, high = (world.columns["charges"].draw(d)[rows] for d in deviation)
    live = low < high
    assert live.mean() > 0.9
    assert (low[live] < middle[live]).all() and (middle[live] < high[live]).all()
    ends = case.charges.iloc[rows][live]
    assert low[live] == pytest.approx(ends["low"]) and high[live] == pytest.approx(ends["high"])
    others = np.setdiff1d(np.arange(len(case.charges)), rows)
    assert np.ptp([world.columns["charges"].draw(d)[others] for d in deviation], axis=0).max() == 0
    assert inputs[0, at] < 1 < inputs[2, at]


def test_best_estimates_give_back_the_scenario_itself():
    """Deviation 0 is checked for every shipped scenario when a plan is made."""
    assert len(plan_ensemble(["baseline-2023", "russia-closed-long"]).worlds) == 2


def test_errors_name_what_is_wrong():
    with pytest.raises(UnknownNameError, match="border-port"):
        tiny_plan(closures={"border-prt": 0.1})
    with pytest.raises(UsageError, match="between 0 and 1"):
        tiny_plan(closures={"border-port": 1.5})
    with pytest.raises(UsageError, match="only once"):
        tiny_plan([BASE, BASE])
    with pytest.raises(UnknownNameError, match="country"):
        tiny_plan(country="ZZ")
    late = BASE.model_copy(update={"name": "late", "year": 2024})
    with pytest.raises(UsageError, match="different demand years"):
        tiny_plan([BASE, late])
    with pytest.raises(UsageError, match="at least 1"):
        run_ensemble(tiny_plan(), n=0)
    with pytest.raises(UnknownNameError, match="design"):
        run_ensemble(tiny_plan(), n=4, method="halton")


# ---------------------------------------------------------------- two roads

UNEVEN = Scenario.model_validate({
    "name": "uneven", "title": "One line of a fleet gets slower", "year": 2023,
    "changes": [
        {"type": "fleet", "where": {"shared": "caspian-tankers", "link": "aktau-sangachal-tanker"},
         "measure": "per-tonne", "factor": {"value": 1.2, "low": 1.0, "high": 1.5}, "why": "Test."},
        {"type": "days", "where": {"link": "aktau-sangachal-tanker"},
         "set": {"value": 3, "low": 2, "high": 6}, "why": "Test."},
    ],
})  # fmt: skip
SHIPPED = (
    "russia-closed-long", "middle-corridor-2030", "caspian-low-water+russian-tariff-rise",
    "half-crude-via-russia", "aktau-winds",
)  # fmt: skip
VECTORS = (
    "supply", "lifting", "price", "maximum", "minimum", "shortfall", "growth_max", "growth_cost",
)  # fmt: skip
LINKS = (
    "port-load,port.rail1520,port.dry,transfer,dry,,RU,0,2,S1,A,,,operating,S1,A,",
    "mine-town,mine.rail1520,town.rail1520,move,rail1520,,KZ,200,1,S1,A,,,operating,S1,A,",
)
CLOSURES = {"cpc-terminal-load": 0.5, "caspian-ferries": 0.5}


def per_unit(problem):
    """Capacity over the largest weight of its row: the same however a row is scaled."""
    s = problem.structure
    largest = np.zeros(len(problem.capacity))
    matrix = problem.weights.tocoo()
    np.maximum.at(largest, matrix.coords[0], matrix.data)
    known = np.isfinite(problem.capacity) & (largest > 0)
    known[len(s.subjects) :] = False
    return np.where(known, problem.capacity / np.where(largest > 0, largest, 1.0), 0.0)


def test_arrays_and_frames_give_the_same_programme_and_indicators():
    """A sample drawn in arrays is the case that scenarios make of drawn frames."""
    network = load_network()
    base = select_case(network, 2023)
    parts = {name: [load_scenario(part) for part in name.split("+")] for name in SHIPPED}
    parts["uneven"] = [UNEVEN]
    plan = plan_ensemble(list(parts.values()), network=network, closures=CLOSURES)
    names = [driver.name for driver in plan.drivers]
    points = make_design("lhs", n=len(parts), seed=5, drivers=len(names)).rows(0, len(parts))
    deviation, _ = draw_inputs(plan, points)
    shrunk = run_chunk(Bench(plan, pilots=2), 0, 0, points).outcomes  # on the shrunk graph
    for world, name in enumerate(parts):
        levels = dict(zip(names, points[world], strict=True))
        case = draw_case(base, parts[name], levels=levels, closures=CLOSURES)
        row = slice(world, world + 1)
        drawn = draw_block(plan, world, points[row], deviation[row])
        (fast,) = drawn.problems
        slow = build_problem(case, fast.structure)
        is_open = fast.arc_open
        assert np.array_equal(is_open, slow.arc_open)
        assert fast.arc_cost[is_open] == pytest.approx(slow.arc_cost[is_open], abs=1e-6), name
        for field in VECTORS:
            assert getattr(fast, field) == pytest.approx(getattr(slow, field), rel=1e-9), field
        assert per_unit(fast) == pytest.approx(per_unit(slow), rel=1e-8), name
        assert abs(fast.sink_weights - slow.sink_weights).max() < 1e-12

        meter = Meter(plan.worlds[world], country=plan.country, links=False)
        solution = FlowSolver(fast.structure).solve(fast)
        mine = dict(
            zip(
                name_columns(plan.worlds[world], links=False),
                meter.measure(drawn, [solution])[0],
                strict=True,
            )
        )
        result = build_result(case, dataclasses.replace(solution, problem=slow), "optimal")
        theirs = measure(Measured(result))
        for outcome in OUTCOMES[:-1]:
            wanted = np.nan if theirs[outcome] is None else theirs[outcome]
            assert mine[outcome] == pytest.approx(wanted, rel=1e-7, abs=1e-9, nan_ok=True), outcome
        tonnes = corridor_table(result.routes).set_index("corridor")["mt"]
        for corridor, mt in tonnes.items():
            assert mine[f"{corridor}_mt"] == pytest.approx(mt, rel=1e-7)
        # and other solvers, started elsewhere, find the same optimum
        assert solve_optimal(case).surplus_musd == pytest.approx(mine["surplus_musd"], rel=1e-8)
        at = OUTCOMES.index("surplus_musd")
        assert shrunk[world, world, at] == pytest.approx(mine["surplus_musd"], rel=1e-8)


def expand(solution, chains, problem):
    """A solution on the shrunk graph, told in arcs of the whole one."""
    spans = zip(chains.starts[:-1], chains.starts[1:], strict=True)
    parts = [chains.arcs[a:b].astype(np.int64) for a, b in spans]
    arcs = tuple(np.concatenate([parts[chain] for chain in route]) for route in solution.arcs)
    return dataclasses.replace(solution, problem=problem, arcs=arcs)


def test_a_shrunk_world_is_the_same_world_with_runs_of_links_for_arcs():
    parts = [[load_scenario("russia-closed-long")], [load_scenario("aktau-winds")], [UNEVEN]]
    plan = plan_ensemble(parts, network=load_network(), closures=CLOSURES, links=True)
    # every shipped charge is paid in cash: let some be premiums of risk
    premium = [
        dataclasses.replace(world, risk=world.cash[:, ::-1].tocsr()) for world in plan.worlds
    ]
    plan = dataclasses.replace(plan, worlds=tuple(premium))
    small = shrink_plan(plan)
    points = make_design("sobol", n=4, seed=2, drivers=len(plan.drivers)).rows(0, 4)
    deviation, _ = draw_inputs(plan, points)
    for world, mine in enumerate(small.worlds):
        whole = plan.worlds[world]
        _, chains = shrink_structure(whole.problem.structure)
        assert len(mine.problem.arc_cost) < len(whole.problem.arc_cost) / 2
        big, drawn = (draw_block(p, world, points, deviation) for p in (plan, small))
        shut = [p.arc_open for p in drawn.problems]
        assert any(not np.array_equal(shut[0], other) for other in shut)  # closures are drawn
        for p, q in zip(big.problems, drawn.problems, strict=True):
            assert q.arc_cost == pytest.approx(chains.sums(p.arc_cost), abs=1e-9)
            assert np.array_equal(q.arc_open, ~chains.any_true(~p.arc_open))
            wanted = p.weights @ chains.sum_matrix(len(p.arc_cost)).T
            assert abs(q.weights - wanted).max() < 1e-12
        solver = FlowSolver(mine.problem.structure)
        solutions = [solver.solve(q) for q in drawn.problems]
        expanded = [
            expand(solution, chains, p) for solution, p in zip(solutions, big.problems, strict=True)
        ]
        check_solutions(expanded)
        quick, slow = (Meter(w, country="RU", links=True) for w in (mine, whole))
        assert quick.measure(drawn, solutions) == pytest.approx(
            slow.measure(big, expanded), rel=1e-9, abs=1e-12, nan_ok=True
        )
        other = FlowSolver(whole.problem.structure).solve(big.problems[0]).primal
        assert solutions[0].primal == pytest.approx(other, rel=1e-9)


OVERLAP = (
    "berth,port-load,,0.01,0.009,0.012,ship-days/t,S1,A\n"
    "berth,port-load,coal,0.005,0.004,0.006,ship-days/t,S1,A\n"
    "berth,mine-town,,0.002,0.0015,0.003,ship-days/t,S1,A\n"
)
SLOW = Scenario.model_validate({
    "name": "slow", "title": "One link of a fleet gets slower", "year": 2023,
    "changes": [{
        "type": "fleet", "where": {"shared": "berth", "link": "mine-town"}, "measure": "per-tonne",
        "factor": {"value": 1.2, "low": 1.0, "high": 1.5}, "why": "Test.",
    }],
})  # fmt: skip


def test_a_link_may_stand_twice_in_a_shared_capacity_whose_use_varies(tmp_path):
    network = load_network(
        write_tiny(
            tmp_path / "data",
            ("shared_capacities.csv", "berth,port-load,,1,1,1,t/t,S1,A\n", OVERLAP),
            ("capacities.csv", "berth,3,0,2,4,Mt/yr", "berth,30000,0,20000,40000,ship-days/yr"),
        )
    )
    ensemble = run_ensemble([SLOW], n=8, seed=3, network=network)
    found = ensemble.to_frame().set_index("sample")["surplus_musd"]
    for sample in range(3):
        result = replay_sample(ensemble, sample, "slow", network=network, scenarios=[SLOW])
        assert found[sample] == pytest.approx(result.surplus_musd, rel=1e-9)


def test_where_no_way_leads_to_any_market_nothing_flows(tmp_path):
    cut = [("links.csv", line + "\n", "") for line in LINKS] + [
        ("shared_capacities.csv", "berth,port-load,,1,1,1,t/t,S1,A\n", ""),
        ("capacities.csv", "berth,3,0,2,4,Mt/yr,practical,yes,no,S1,B,\n", ""),
        ("tariffs.csv", "link:port-load,handling,any,coal,5,0,4,6,2023,S1,B,\n", ""),
    ]
    network = load_network(write_tiny(tmp_path / "data", *cut))
    frame = run_ensemble([BASE], n=8, network=network, links=True).to_frame()
    assert (frame["exported_mt"] == 0).all() and (frame["undelivered_mt"] > 3).all()


def test_a_sample_can_be_replayed_with_all_its_routes():
    ensemble = run_ensemble(
        list(ALL), n=16, seed=4, network=tiny_network(), closures={"mine-town": 0.5}
    )
    frame = ensemble.to_frame(scenario="dearer").set_index("sample")
    for sample in (3, 11):
        result = replay_sample(
            ensemble, sample, "dearer", network=tiny_network(), scenarios=[DEARER]
        )
        assert result.surplus_musd == pytest.approx(frame.loc[sample, "surplus_musd"])
        abroad = result.routes["use"] == "export"
        assert result.routes.loc[abroad, "mt"].sum() == pytest.approx(
            frame.loc[sample, "exported_mt"]
        )
    with pytest.raises(UsageError, match="0 to 15"):
        replay_sample(ensemble, 16, "dearer", network=tiny_network(), scenarios=[DEARER])
    with pytest.raises(UsageError, match="has changed"):
        replay_sample(ensemble, 1, "dearer", network=tiny_network(), scenarios=[BASE])


@pytest.mark.parametrize(
    "amount", [{"factor": 0.52}, {"set": {"value": 0.6, "low": 0.2, "high": 0.9}}]
)
def test_an_obligation_is_never_above_the_maximum_that_is_drawn(amount):
    less = Scenario.model_validate({
        "name": "less", "title": "Town takes less", "year": 2023,
        "changes": [{"type": "market", "where": {"place": "town"}, "why": "To see.", **amount}],
    })  # fmt: skip
    ensemble = run_ensemble([less], n=16, seed=2, network=tiny_network())
    frame = ensemble.to_frame().set_index("sample")
    assert (frame["domestic_mt"] < 0.5).any()  # what the town must get at the best estimates
    for sample in range(0, 16, 3):
        result = replay_sample(ensemble, sample, "less", network=tiny_network(), scenarios=[less])
        assert frame["surplus_musd"][sample] == pytest.approx(result.surplus_musd, rel=1e-9)


# ---------------------------------------------------------------- samples


def test_scenarios_see_the_same_draws():
    ensemble = run_ensemble(list(ALL), n=32, network=tiny_network())
    frame = ensemble.to_frame()
    assert list(frame["scenario"][:3]) == ["as-is", "dearer", "shut"]
    assert frame.groupby("sample")[list(ensemble.inputs)].nunique().max().max() == 1
    wide = frame.pivot_table(index="sample", columns="scenario", values="surplus_musd")
    assert (wide["as-is"] >= wide["dearer"] - 1e-9).all()
    assert (wide["as-is"] >= wide["shut"] - 1e-9).all()
    assert frame["relative_gap"].max() <= 1e-9


def test_closures_come_by_their_probability_and_close():
    ensemble = run_ensemble(
        [BASE, SHUT], n=40, network=tiny_network(), closures={"port-abroad": 0.25, "berth": 0.1},
        links=True,
    )  # fmt: skip
    frame = ensemble.to_frame(scenario="as-is")
    assert frame["closure:port-abroad"].sum() == 10  # a Latin hypercube hits the share exactly
    assert frame["closure:berth"].sum() == 4
    shut = (frame["closure:port-abroad"] + frame["closure:berth"]) > 0
    assert (frame.loc[shut, "exported_mt"] == 0).all()
    assert (frame.loc[~shut, "exported_mt"] > 0).any()
    assert np.allclose(frame["flow:port-abroad"], frame["exported_mt"])
    assert frame["cash_cost_usd_per_t"].isna().equals(frame["exported_mt"] == 0)
    other = ensemble.to_frame(scenario="shut")
    same = ["surplus_musd", "exported_mt", "domestic_mt"]
    closed = frame["closure:port-abroad"] == 1
    assert np.allclose(frame.loc[closed, same], other.loc[closed, same])


def test_a_sample_does_not_depend_on_its_neighbours():
    plan = tiny_plan()
    points = make_design("lhs", n=20, seed=1, drivers=len(plan.drivers)).rows(0, 20)
    whole = run_chunk(Bench(plan, pilots=16), 0, 0, points)
    bench = Bench(plan, pilots=16)
    for i in (13, 2, 13, 19):
        alone = run_chunk(bench, 0, i, points[i : i + 1])
        assert np.array_equal(alone.outcomes[0], whole.outcomes[i], equal_nan=True)


def test_a_meter_forgets_routes_and_says_the_same(monkeypatch):
    plan = tiny_plan()
    points = make_design("lhs", n=6, seed=1, drivers=len(plan.drivers)).rows(0, 6)
    before = run_chunk(Bench(plan, pilots=16), 0, 0, points)
    monkeypatch.setattr("models.ensemble.measures._MOST_ROUTES", 0)
    after = run_chunk(Bench(plan, pilots=16), 0, 0, points)
    assert np.array_equal(before.outcomes, after.outcomes, equal_nan=True)
    assert isinstance(Bench(plan, pilots=16).find_tools(0)[1], Meter)
