"""Every number that `explain` tells, tried by solving again from the tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.choice.outlets import name_ways
from models.demand import select_case
from models.dependency import explain_limit
from models.explain import explain_run
from models.explain.shifts import find_shifts, stay_near
from models.flow.laws import check_solution, route_worth
from models.flow.solve import solve_optimal, solve_possible
from models.run import run_scenario
from models.scenario import apply
from routes.errors import UsageError


@pytest.fixture(scope="module")
def baseline():
    return run_scenario("baseline-2023")


@pytest.fixture(scope="module")
def closed():
    return run_scenario("russia-closed")


def told(explanation, kind):
    return [s.to_dict() for s in explanation.statements if s.kind == kind]


def widen(case, subject, units):
    caps = case.capacities.copy()
    caps.loc[subject, ["practical", "legal"]] += units
    return replace(case, capacities=caps)


@pytest.mark.parametrize("scenario", ["baseline", "closed"])
def test_worth_of_bottlenecks_is_what_solving_again_finds(scenario, request):
    run = request.getfixturevalue(scenario)
    found = told(explain_run(run), "bottleneck")
    assert len(found) >= 5
    case, z = run.result.case, run.result.surplus_musd
    for statement in found:
        step = 1e-4 * statement["capacity"]
        more = solve_optimal(widen(case, statement["subject_id"], step)).surplus_musd
        less = solve_optimal(widen(case, statement["subject_id"], -step)).surplus_musd
        assert (more - z) / step * 1e6 == pytest.approx(statement["gain_usd_per_unit"], rel=1e-3)
        assert (z - less) / step * 1e6 == pytest.approx(statement["loss_usd_per_unit"], rel=1e-3)


@pytest.mark.parametrize("commodity", ["uranium", "coal-low-ash", "crude"])
def test_unused_routes_come_in_at_the_change_told(baseline, commodity):
    found = explain_run(baseline, commodity=commodity)
    case = baseline.result.case
    cls = case.commodities.loc[commodity, "commodity_class"]
    unused = told(found, "unused")[:3]
    assert unused or commodity == "crude"
    for statement in unused:
        usd = statement["change_usd_per_t"]
        for change, comes in ((usd + 0.02, True), (usd - 0.02, False)):
            charges, markets = case.charges, case.markets
            if statement["subject_id"] in case.links.index:
                extra = charges.iloc[[0]].assign(
                    link_id=statement["subject_id"], commodity_class=cls, use="any",
                    kind="carriage", usd_per_t=-change,
                )  # fmt: skip
                charges = type(charges)(np.vstack([charges, extra]), columns=charges.columns)
                charges["usd_per_t"] = charges["usd_per_t"].astype(float)
            else:
                hit = (markets["place_id"] == statement["subject_id"]) & (
                    markets["commodity_id"] == commodity
                )
                markets = markets.assign(
                    price_usd_per_t=markets["price_usd_per_t"] + change * hit.astype(float)
                )
            routes = solve_optimal(replace(case, charges=charges, markets=markets)).routes
            mine = routes[routes["commodity"] == commodity]
            before = baseline.result.routes
            before = before[before["commodity"] == commodity]
            if statement["subject_id"] in case.links.index:
                on = mine[["links", "mt"]].explode("links").groupby("links")["mt"].sum()
                assert (on.get(statement["subject_id"], 0.0) > 1e-7) == comes, (statement, change)
            else:
                at = [
                    f.loc[f["to_place_id"] == statement["to"], "mt"].sum() for f in (before, mine)
                ]
                assert (at[1] > at[0] + 1e-9) == comes, (statement, change)


def test_limits_of_undelivered_tonnes_sum_to_the_possible_flow(closed):
    found = told(explain_run(closed), "limit")
    crude = next(s for s in found if s["commodity"] == "crude")
    total = sum(part["mt"] for part in crude["parts"])
    assert total == pytest.approx(crude["possible_mt"], rel=1e-9)
    routes = solve_possible(closed.result.case, commodity="crude").routes
    exported = routes.loc[
        (routes["use"] == "export") & (routes["commodity"] == "crude"), "mt"
    ].sum()
    assert crude["possible_mt"] == pytest.approx(exported, rel=1e-6)


def test_tonnes_that_no_room_is_left_for_are_told_beside_those_that_do_not_pay(closed):
    """62 Mt of crude find no way; of what could leave a little yields to dearer goods."""
    said = {s["commodity"]: s for kind in ("limit", "unprofitable")
            for s in told(explain_run(closed), kind)}  # fmt: skip
    crude, coal = said["crude"], said["coal-low-ash"]
    assert crude["kind"] == "limit" and coal["kind"] == "unprofitable"
    idle = crude["possible_mt"] - crude["exported_mt"]
    assert 0 < idle < 0.01 * crude["undelivered_mt"]
    assert f"The limit of {crude['possible_mt']:.4g} (Mt): " in crude["text"]
    assert coal["possible_mt"] - coal["exported_mt"] == pytest.approx(coal["undelivered_mt"])
    assert "The limit" not in coal["text"]


def test_shifts_account_for_every_tonne_and_name_a_change_that_moves_it(baseline, closed):
    found = told(explain_run(closed, against=baseline, top=1000), "shift")
    crude = [s for s in found if s["commodity"] == "crude"]
    stays = sum(s["mt"] for s in crude if s["to_corridor"] == "undelivered")
    table = closed.commodities.set_index("commodity")
    assert stays == pytest.approx(table.loc["crude", "undelivered_mt"], rel=1e-3)
    assert crude[0]["causes"][0]["change"] == "close-transit (change 1 of russia-closed)"
    base = select_case(closed.result.case.network, 2023)
    alone, _ = apply(base, closed.scenarios)
    routes = solve_optimal(alone).routes
    keys = ["commodity", "corridor", "cpc", "caspian", "to_place_id"]
    a, b = (
        frame.assign(
            cpc=frame["links"].map(lambda links: any("cpc-terminal" in x for x in links)),
            caspian=frame["links"].map(lambda links: "aktau-makhachkala-tanker" in links),
        )
        .groupby(keys)["mt"]
        .sum()
        for frame in (baseline.result.routes, routes)
    )
    moved = a.sub(b, fill_value=0.0).clip(lower=0.0)
    moved = moved[moved.index.get_level_values(0) == "crude"].sum()
    assert crude[0]["causes"][0]["moves_mt"] == pytest.approx(moved)


@pytest.mark.parametrize("scenario", ["closed", "russian-ports-closed-to-rail"])
def test_shifts_add_up_way_by_way_over_all_supplies(scenario, baseline, closed):
    run = closed if scenario == "closed" else run_scenario(scenario, prices=False)
    told_net = {}
    for row in find_shifts(run, baseline).to_dict("records"):
        for end, sign in (("from", -1), ("to", 1)):
            way = tuple(row[f"{end}_{part}"] for part in ("corridor", "outlet", "market"))
            told_net[row["commodity"], *way] = (
                told_net.get((row["commodity"], *way), 0) + sign * row["mt"]
            )
    keys = ["commodity", "corridor", "outlet", "to_place_id"]
    before, after = (
        one.result.routes.assign(outlet=name_ways(one.result.case, one.result.routes))
        .groupby(keys)["mt"]
        .sum()
        for one in (baseline, run)
    )
    net = after.sub(before, fill_value=0.0)
    assert (net.abs() > 1e-5).sum() > 20
    for way, mt in net.items():
        assert told_net.get(way, 0.0) == pytest.approx(mt, abs=2e-5), way


def test_crude_that_changes_its_outlet_is_told_and_supplies_that_change_places_are_not(baseline):
    run = run_scenario("caspian-low-water", prices=False)
    sent = [
        one.result.routes.explode("links").groupby("links")["mt"].sum()["aktau-makhachkala-tanker"]
        for one in (baseline, run)
    ]
    (crude,) = (s for s in told(explain_run(run, against=baseline), "shift"))
    assert (crude["from_outlet"], crude["to_outlet"]) == ("makhachkala", "atyrau-samara")
    assert crude["mt"] == pytest.approx(sent[0] - sent[1], rel=1e-6)
    assert crude["mt"] > 0.3 and not crude["tie"]
    assert crude["causes"][0]["change"] == "fleet (change 1 of caspian-low-water)"
    assert "Aliaga (via-russia, makhachkala) to Aliaga (via-russia, atyrau-samara)" in crude["text"]


def test_a_tie_has_no_cause_and_flows_of_the_same_worth_do_without(baseline):
    run = run_scenario("cpc-shutdown", prices=False)
    shifts = told(explain_run(run, against=baseline, top=1000), "shift")
    ties = [s for s in shifts if s["tie"]]
    assert 0 < len(ties) < len(shifts) / 2
    for one in ties:
        assert one["causes"] == [] and "Mostly by" not in one["text"] and "A tie" in one["text"]
    assert all(s["causes"] for s in shifts if not s["tie"])
    solution = run.result.solution
    other = replace(stay_near(run, baseline).solution, problem=solution.problem)
    assert check_solution(other) <= 1e-6
    worth = route_worth(other) @ other.flow - solution.problem.shortfall @ other.missed
    assert worth == pytest.approx(solution.primal, rel=1e-6)


def test_series_are_named_together():
    """Two full links in a row: more of one brings nothing, of both together 40 USD/t."""
    from cases import make_case
    from models.explain.capacities import find_series, raise_together
    from models.flow.shadow import capacity_use, price_capacities
    from models.flow.solver import FlowSolver
    from models.flow.structure import build_structure

    case = make_case(
        places={"a": "KZ", "b": "DE", "c": "DE"},
        links=[
            {"id": "load", "a": "a.site", "b": "a", "kind": "load"},
            {"id": "ab", "a": "a", "b": "b", "cost": 5, "cap": 2, "country": "DE"},
            {"id": "bc", "a": "b", "b": "c", "cost": 5, "cap": 2},
            {"id": "out", "a": "c", "b": "c.site", "kind": "unload"},
        ],
        supplies=[("grain", "a", 5, 0)],
        markets=[{"commodity": "grain", "place": "c", "price": 50.0}],
    )
    solver = FlowSolver(build_structure(case))
    result = solve_optimal(case, solver=solver)
    solver.freeze()
    use = capacity_use(result.solution)
    rows = [list(result.solution.problem.row_names).index(name) for name in ("ab", "bc")]
    prices = price_capacities(solver, result.solution, rows)
    assert all(prices[row][0] == 0 for row in rows)
    assert all(prices[row][1] == pytest.approx(40e6) for row in rows)
    table = use.loc[["ab", "bc"]].reset_index().assign(gain_usd_per_unit=0.0)

    class Run:
        pass

    run = Run()
    run.result = result
    assert find_series(run, table) == [["ab", "bc"]]
    assert raise_together(run, ["ab", "bc"], solver=solver) == pytest.approx(40.0)


def test_only_optimal_runs_are_explained():
    run = run_scenario("baseline-2023", assignment="possible")
    with pytest.raises(UsageError, match="Only optimal runs"):
        explain_run(run)


def test_capacities_and_places_have_names_and_readable_amounts(baseline, closed):
    said = explain_run(baseline, top=1000)
    tanks = next(s for s in told(said, "bottleneck") if s["subject_id"] == "wagons-tank-crude")
    assert tanks["text"].startswith("Wagons tank crude is full (547,500 wagon-days/yr)")
    assert "e+0" not in str(said)
    (crude,) = (s for s in told(explain_run(closed), "limit") if s["commodity"] == "crude")
    assert "pipeline 10 less what is owed to Shymkent 5.71 less what is owed" in crude["text"]
    named = explain_limit(closed.result.case, "crude")
    assert named.holders in crude["text"]
    assert named.parts["subject"].tolist() == [part["subject"] for part in crude["parts"]]
    used = str(explain_run(closed, commodity="crude"))
    assert "Ceyhan \u2013 Aliaga, tanker charged it" in used and "ceyhan-aliaga" not in used


def test_a_limit_with_home_served_is_not_told_of_exports_without():
    run = run_scenario("half-crude-via-russia", prices=False)
    row = run.commodities.set_index("commodity").loc["crude"]
    (crude,) = (s for s in told(explain_run(run), "limit") if s["commodity"] == "crude")
    assert crude["possible_mt"] < row["exported_mt"] - 10
    assert "no more can leave" not in crude["text"]
    assert (
        f"With home deliveries met first at most {crude['possible_mt']:.4g} Mt could leave; "
        f"{row['exported_mt']:.4g} do, while {row['shortfall_mt']:.4g} Mt owed at home are missed."
    ) in crude["text"]


def test_where_no_capacity_is_worth_anything_there_is_no_bottleneck_to_tell():
    run = run_scenario("baseline-2023", prices=False)
    for commodity in (None, "crude"):
        said = explain_run(run, commodity=commodity)
        assert told(said, "bottleneck") == told(said, "series") == []
    assert told(explain_run(run, commodity="crude"), "used")


def test_a_commodity_without_inputs_in_the_year_is_told_so():
    run = run_scenario("baseline-2023", year=2021)
    (said,) = told(explain_run(run, commodity="coal"), "used")
    assert said["text"].startswith("The inputs of 2021 have no supply of coal")
