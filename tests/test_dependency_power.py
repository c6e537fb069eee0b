"""Transit power: by hand, against every coalition solved by another programme, with projects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cases import make_case, random_case
from models.demand import Limit
from models.dependency.game import TransitGame
from models.dependency.players import corridor_masks, country_masks, transit_countries
from models.dependency.power import compare_power, transit_power
from models.flow.programme import build_problem
from models.flow.solve import frozen_solver
from oracle import optimum_by_links
from routes.corridors import close_transit
from routes.errors import UnknownNameError, UsageError
from test_dependency_shapley import by_orders


def two_ways(**changes):
    """KZ to Germany: through Russia for 10, or through Azerbaijan and Georgia for 20.

    field --10--> ru ------------> de (100 USD/t)
    field --20--> az ----> ge ---> de
    """
    az = {"id": "az", "a": "field", "b": "az", "cost": 20} | changes
    return make_case(
        places={"field": "KZ", "ru": "RU", "az": "AZ", "ge": "GE", "de": "DE"},
        links=[
            {"id": "load", "a": "field.site", "b": "field", "kind": "load"},
            {"id": "ru", "a": "field", "b": "ru", "cost": 10},
            {"id": "ru-de", "a": "ru", "b": "de"},
            az,
            {"id": "az-ge", "a": "az", "b": "ge"},
            {"id": "ge-de", "a": "ge", "b": "de"},
            {"id": "out", "a": "de", "b": "de.site", "kind": "unload"},
        ],
        supplies=[("grain", "field", 1, 0)],
        markets=[{"commodity": "grain", "place": "de", "max": 5, "price": 100}],
    )


def powers(result):
    return dict(zip(result.table["country"], result.table["shapley_musd"], strict=True))


def test_a_detour_takes_power_from_the_direct_way():
    """w(RU..) = 90, w(AZ, GE) = 80, w of AZ or GE alone = 0; AZ and GE get 80/6 each."""
    case = two_ways()
    result = transit_power(case, solver=frozen_solver(case))
    assert powers(result) == pytest.approx({"RU": 90 - 80 / 3, "AZ": 80 / 6, "GE": 80 / 6})
    assert result.surplus_musd == pytest.approx(90)
    assert result.surplus_without_transit_musd == 0
    assert result.table["share"].sum() == pytest.approx(1)
    assert result.exact and result.other == ()
    assert result.solves < result.coalitions == 8


def test_building_a_way_is_a_number():
    """Without the link to Azerbaijan Russia has it all."""
    before, after = two_ways(open=False), two_ways()
    shift = compare_power(before, after, players=["RU", "AZ", "GE"], solver=frozen_solver(before))
    table = shift.table.set_index("country")
    assert table.loc["RU", "before_musd"] == pytest.approx(90)
    assert table.loc["RU", "after_musd"] == pytest.approx(90 - 80 / 3)
    assert table.loc["RU", "change_musd"] == pytest.approx(-80 / 3)
    assert table["change_musd"].sum() == pytest.approx(0, abs=1e-9)


def close_all(case, countries):
    links = case.links
    for country in countries:
        links = close_transit(links, country)
    return replace(case, links=links)


@pytest.mark.parametrize("seed", [1, 3, 4, 8, 11, 16])
def test_equal_to_every_coalition_solved_by_another_programme(seed):
    case = random_case(seed)
    solver = frozen_solver(case)
    players = transit_countries(case, solver)
    worth = {}

    def value(coalition):
        if coalition not in worth:
            worth[coalition] = optimum_by_links(close_all(case, set(players) - coalition))
        return worth[coalition]

    expected = by_orders(value, players)
    result = transit_power(case, solver=solver)
    scale = max(1.0, abs(value(frozenset(players))))
    assert powers(result) == pytest.approx(expected, abs=1e-6 * scale)
    assert result.surplus_musd == pytest.approx(value(frozenset(players)), abs=1e-7 * scale)
    assert result.surplus_without_transit_musd == pytest.approx(
        value(frozenset()), abs=1e-7 * scale
    )


@pytest.mark.parametrize("seed", range(20, 30))
def test_laws_of_the_game(seed):
    """Nobody has negative power; a bloc of the rest changes nothing of the sum; samples agree."""
    case = random_case(seed)
    solver = frozen_solver(case)
    each = transit_power(case, solver=solver)
    bloc = transit_power(case, solver=solver, apart=1)
    assert (each.table["shapley_musd"] >= 0).all()
    at_stake = each.surplus_musd - each.surplus_without_transit_musd
    for result in (each, bloc):
        assert result.table["shapley_musd"].sum() == pytest.approx(at_stake, abs=1e-6)
    assert len(bloc.table) <= max(2, len(each.table)) and set(bloc.table["country"]) <= {
        *each.table["country"], "other",
    }  # fmt: skip
    sample = transit_power(case, solver=solver, players="all", exact_up_to=0, samples=200)
    assert not sample.exact
    assert sample.table["shapley_musd"].sum() == pytest.approx(at_stake, abs=1e-6)
    exact = each.table.set_index("country")["shapley_musd"]
    got = sample.table.set_index("country")
    off = (got["shapley_musd"] - exact).abs() - 2 * got["half_width_musd"]
    assert (off <= 1e-6 * max(1.0, at_stake)).all()


def test_a_coalition_is_known_between_what_it_uses_and_what_it_may():
    """While all is open only Russia carries: coalitions with Russia need no second solve."""
    case = two_ways()
    solver = frozen_solver(case)
    game = TransitGame(case, country_masks(case, ["RU", "AZ", "GE"]), solver)
    with game.play():
        assert game(frozenset({"RU", "AZ", "GE"})) == pytest.approx(90)
        assert game(frozenset({"RU"})) == pytest.approx(90)
        assert game.solves == 1
        assert game(frozenset({"AZ", "GE"})) == pytest.approx(80)
        assert game(frozenset({"AZ"})) == 0
    assert game.solves == 3


def test_a_sweep_leaves_no_trace():
    case = random_case(4)
    solver = frozen_solver(case)
    problem = build_problem(case, solver.structure)
    before = solver.solve(problem)
    transit_power(case, solver=solver)
    after = solver.solve(problem)
    assert np.array_equal(before.flow, after.flow)
    assert before.primal == after.primal
    assert np.array_equal(before.row_dual, after.row_dual)


def test_a_policy_limit_stays_in_force():
    case = replace(two_ways(), limits=(Limit("RU", share=0.25),))
    result = transit_power(case, solver=frozen_solver(case))
    assert result.surplus_musd == pytest.approx(0.25 * 90 + 0.75 * 80)


def test_corridors_play():
    """The Caspian is crossed KZ -> AZ; what ends in Russia closes at the doors there."""
    case = two_ways()
    masks = corridor_masks(case)
    assert set(masks) == {
        "via-russia", "to-russia", "middle-corridor", "china", "central-asia", "southern",
    }  # fmt: skip
    result = transit_power(case, players="corridors", solver=frozen_solver(case))
    got = powers(result)
    assert got["via-russia"] == pytest.approx(90 - 40) and got["middle-corridor"] == pytest.approx(
        40
    )
    assert got["china"] == got["to-russia"] == 0


def test_named_players_and_the_rest():
    case = two_ways()
    solver = frozen_solver(case)
    result = transit_power(case, players=["RU"], solver=solver)
    assert powers(result) == pytest.approx({"RU": 50, "other": 40})
    assert result.other == ("AZ", "GE")
    kept = transit_power(case, apart=1, keep=["GE"], solver=solver)
    assert set(kept.table["country"]) == {"GE", "other"}


def test_wrong_players():
    case = two_ways()
    solver = frozen_solver(case)
    with pytest.raises(UnknownNameError, match="transit country"):
        transit_power(case, players=["XX"], solver=solver)
    with pytest.raises(UsageError, match="players must be"):
        transit_power(case, players="everyone", solver=solver)
