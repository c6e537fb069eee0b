"""Routes between two places: best first, unlike each other, and what is refused."""

from __future__ import annotations

import pytest

from routes.errors import NoRouteError, UnknownNameError, UsageError
from routes.graph import to_graph
from routes.network import load_network
from routes.paths import find_routes, leg_table
from routes.places import match_place
from tiny import write_tiny

ROUND = (
    "links.csv",
    "town-out,",
    "town-border,town.rail1520,border.rail1520,move,rail1520,,KZ,900,2,S1,A,,,operating,S1,A,\n"
    "town-out,",
)


@pytest.fixture
def network(tmp_path):
    return load_network(write_tiny(tmp_path, ROUND))


def test_best_route_comes_first_and_others_differ(network):
    routes = find_routes(network, "mine", "abroad", commodity="coal", k=3)
    assert [r.links[1] for r in routes] == ["mine-border", "mine-town"]
    best = routes[0]
    assert best.cash_cost_usd_per_t == pytest.approx(1 + 3 + 13.5 + 5 + 10)
    assert best.days == pytest.approx(13)
    assert best.corridor == "via-russia"
    assert best.netback_usd_per_t == pytest.approx(90 - best.cash_cost_usd_per_t)
    assert best.countries == ("KZ", "RU", "DE")


def test_legs_add_up(network):
    route = find_routes(network, "mine", "abroad", commodity="coal", k=1)[0]
    legs = leg_table(route)
    assert legs["cum_cash_usd_per_t"].iloc[-1] == pytest.approx(route.cash_cost_usd_per_t)
    assert legs["cum_days"].iloc[-1] == pytest.approx(route.days)
    assert legs["cum_km"].iloc[-1] == pytest.approx(route.length_km)
    assert list(legs["link_id"]) == list(route.links)


@pytest.mark.parametrize("by", ["cost", "time", "co2", "netback"])
def test_every_measure_ranks_by_itself(network, by):
    routes = find_routes(network, "mine", "abroad", commodity="coal", k=2, by=by)
    worth = {
        "cost": [r.generalised_cost_usd_per_t for r in routes],
        "time": [r.days for r in routes],
        "co2": [r.co2_kg_per_t for r in routes],
        "netback": [-r.netback_usd_per_t for r in routes],
    }[by]
    assert worth == sorted(worth)


def test_a_country_that_is_avoided_is_not_touched(network):
    with pytest.raises(NoRouteError, match="avoids RU"):
        find_routes(network, "mine", "abroad", commodity="coal", avoid=["RU"])


def test_places_match_by_id_name_and_case(network):
    places = network["places"]
    assert match_place(places, "Mine") == "mine"
    assert match_place(places, " ABROAD ") == "abroad"
    with pytest.raises(UnknownNameError, match="Did you mean 'border'"):
        match_place(places, "bordr")


def test_what_cannot_be_asked_is_refused(network):
    with pytest.raises(UnknownNameError, match="commodity"):
        find_routes(network, "mine", "abroad", commodity="coall")
    with pytest.raises(UnknownNameError, match="measure"):
        find_routes(network, "mine", "abroad", commodity="coal", by="price")
    with pytest.raises(UnknownNameError, match="country"):
        find_routes(network, "mine", "abroad", commodity="coal", avoid=["ZZ"])
    with pytest.raises(UsageError, match="at least 1"):
        find_routes(network, "mine", "abroad", commodity="coal", k=0)


def test_the_graph_carries_what_it_promises(network):
    graph = to_graph(network, commodity="coal")
    data = graph.edges["port.dry", "abroad.dry"]
    assert data["cash_usd_per_t"] == 10
    assert data["co2_kg_per_t"] == pytest.approx(14.0)
    assert graph.nodes["port.dry"]["country"] == "RU"
    assert graph.edges["border.rail1520", "port.rail1520"]["capacity_mt"] == 4.0
