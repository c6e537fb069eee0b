"""Routes between two places: best first, unlike each other, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.run import run_scenario
from routes.corridors import corridor_of, mark_links
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
    with pytest.raises(UsageError, match="same place, 'mine'"):
        find_routes(network, "mine", "Mine", commodity="coal")
    with pytest.raises(UsageError, match="no inputs for 2030"):
        find_routes(network, "mine", "abroad", commodity="coal", year=2030)


def test_the_graph_carries_what_it_promises(network):
    graph = to_graph(network, commodity="coal")
    data = graph.edges["port.dry", "abroad.dry"]
    assert data["cash_usd_per_t"] == 10
    assert data["co2_kg_per_t"] == pytest.approx(14.0)
    assert graph.nodes["port.dry"]["country"] == "RU"
    assert graph.edges["border.rail1520", "port.rail1520"]["capacity_mt"] == 4.0


@pytest.mark.parametrize(
    ("places", "grounds", "end", "corridor"),
    [
        ("KZ KZ", "KZ", "KZ", "domestic"),
        ("KZ RU KZ", "KZ RU", "KZ", "domestic"),
        ("KZ RU", "KZ", "RU", "to-russia"),
        ("KZ RU DE", "RU XZ", "DE", "via-russia"),
        ("KZ RU AZ GE", "RU XZ GE", "GE", "via-russia"),
        ("KZ UZ", "RU", "UZ", "via-russia"),
        ("KZ AZ GE", "XZ AZ", "GE", "middle-corridor"),
        ("KZ TM AZ GE", "TM XZ AZ", "GE", "middle-corridor"),
        ("KZ CN GE AZ", "CN XZ GE", "AZ", "china"),
        ("KZ UZ AF", "UZ AF", "AF", "central-asia"),
        ("KZ CN AF", "CN AF", "AF", "central-asia"),
        ("KZ CN JP", "CN XZ", "JP", "china"),
        ("KZ UZ CN", "UZ CN", "CN", "other"),
        ("KZ TM IR IN", "TM IR XZ", "IN", "southern"),
        ("KZ IR IN", "XZ XZ", "IN", "southern"),
        ("KZ DE", "XZ", "DE", "other"),
    ],
)
def test_corridors_by_what_a_route_crosses(places, grounds, end, corridor):
    stops = places.split()
    marks = mark_links(stops[:-1], stops[1:], grounds.split())
    assert corridor_of(int(np.bitwise_or.reduce(marks)), end) == corridor


@pytest.mark.parametrize("year", [2022, 2023])
def test_a_route_costs_and_earns_what_it_does_in_a_run(year):
    """Quality bank, price differential and money of other years are booked as the model does."""
    network = load_network()
    run = run_scenario("baseline-2023", year=year, network=network, prices=False)
    rows = run.result.routes
    crude = rows[(rows["commodity"] == "crude") & (rows["use"] == "export")].to_dict("records")
    assert len(crude) > 5
    for row in crude:
        ends = row["from_place_id"], row["to_place_id"]
        found = find_routes(network, *ends, commodity="crude", k=6, year=year)
        same = [route for route in found if route.links == row["links"]]
        assert same, ends
        for name in (
            "cash_cost_usd_per_t", "generalised_cost_usd_per_t", "netback_usd_per_t", "days",
            "co2_kg_per_t",
        ):  # fmt: skip
            assert getattr(same[0], name) == pytest.approx(row[name]), (ends, name)


def test_the_best_by_cost_counts_what_a_stream_fetches():
    found = find_routes(load_network(), "tengiz", "augusta", commodity="crude", k=5)
    worth = [r.price_differential_usd_per_t - r.generalised_cost_usd_per_t for r in found]
    assert worth == sorted(worth, reverse=True)
    assert len({r.price_differential_usd_per_t for r in found}) > 2


def test_capacities_of_the_graph_are_in_tonnes(tmp_path):
    """A quota limits too, and trains a day are told in tonnes."""
    network = load_network(write_tiny(
        tmp_path,
        ("capacities.csv", "subject_id,", "tonnes_per_unit,subject_id,"),
        ("capacities.csv", "border-port,5", ",border-port,5"),
        ("capacities.csv", "berth,3,0,2,4,Mt/yr,practical,yes,no,S1,B,\n",
         ",berth,3,0,2,4,Mt/yr,practical,yes,no,S1,B,\n"
         ",border-port,2,0,2,2,Mt/yr,legal,yes,no,S1,B,\n"
         "4000,mine-border,3,1,2,4,trains/day,practical,yes,no,S1,B,\n"),
    ))  # fmt: skip
    edges = to_graph(network, commodity="coal").edges
    assert edges["border.rail1520", "port.rail1520"]["capacity_mt"] == 2
    assert edges["mine.rail1520", "border.rail1520"]["capacity_mt"] == pytest.approx(2.92)
    assert edges["port.dry", "abroad.dry"]["capacity_mt"] == math.inf
