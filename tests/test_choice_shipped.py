"""Likely flows of the shipped data: the route set, the parameters, and whole runs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from choice_case import two_roads
from laws import check_result
from models.choice import (
    Parameters,
    compare_logsums,
    load_parameters,
    plain_parameters,
    solve_likely,
)
from models.choice.likely import LikelyModel, base_routes
from models.choice.outlets import OUTLETS, name_outlets
from models.choice.parameters import note_mismatch, read_parameters, write_parameters
from models.choice.route_set import add_routes, build_routes, collect_routes, usable_arcs
from models.cli.results import describe_certificate
from models.demand import select_case
from models.flow.programme import build_problem
from models.flow.solve import base_solver
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure
from models.indicators import close_country
from models.run import run_scenario
from routes.errors import DataError
from routes.network import load_network


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def base(network):
    case = select_case(network, 2023)
    solver = base_solver(network, 2023)
    return case, solver, build_problem(case, solver.structure)


# the route set


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
