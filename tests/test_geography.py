"""The network lies where it should: lengths, ports, drawn lines, both directions of a track."""

import numpy as np
import pandas as pd
import pytest

from routes.maps.lines import measure_km, trace_links
from routes.network import load_network, read_geometries

SEA = frozenset(("tanker", "dry", "ferry", "feeder"))
LAND = frozenset(("rail1520", "rail1435", "pipeline", "truck", "river"))
MOST_RATIO = 2.0  # longest way round, over great-circle distance
STATION_KM = 10  # farthest between two pump stations of one town
BORDER_KM = 65  # farthest between the two stations of a border crossing
PORT_KM = 60  # farthest from a port that a sea lane may end
LAND_STROKE_KM = 600  # longest straight stroke of a land route: open steppe between two stations
SEA_STROKE_KM = 2_400  # longest straight stroke of a sea route: open ocean
KM_A_DAY = {"sea": 1_200, "land": 1_000}  # faster than any ship or block train of the data
TURNS = ("suez", "turkish_straits", "danish_straits", "hormuz")

# Links shorter than the distance of their places, or more than twice as long, and why.
EXCEPTIONS = {
    "almaty-zhetygen-rail": "Almaty is the point of the town, its freight station lies north of it",
    "atyrau-bolashak-plant-rail": "Karabatan station lies nearer than the plant's point",
    "navoi-samarkand-rail": "both are points of towns, the stations lie between them",
    "bekabad-khavast-rail": "points of towns",
    "samtredia-supsa-rail": "points of towns",
    "tobol-zhitikara-rail": "points of towns",
    "aksaraiskaya-astrakhan-rail": "points of towns",
    "vyborg-vysotsk-rail": "the line goes round the bay",
}

# Ports that only their railway stations stand for.
RAIL_ONLY = {"astrakhan", "vyborg"}


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def points(network):
    places = network["places"].set_index("place_id")
    return places[["lon", "lat"]].astype(float)


@pytest.fixture(scope="module")
def links(network, points):
    """Links with their places, and the great-circle distance between these, km."""
    table = network["links"].set_index("link_id", drop=False)
    start = table["from_node_id"].str.rsplit(".", n=1).str[0]
    end = table["to_node_id"].str.rsplit(".", n=1).str[0]
    apart = measure_km(points.loc[start].to_numpy(), points.loc[end].to_numpy())
    return table.assign(from_place_id=start, to_place_id=end, apart_km=apart)


@pytest.fixture(scope="module")
def moves(links):
    """Links with a length: operations at a place, borders and notional links have none."""
    return links[(links["kind"] == "move") & (links["length_km"] > 0)]


@pytest.fixture(scope="module")
def geometries():
    return read_geometries()


@pytest.fixture(scope="module")
def drawn(points, links, geometries):
    """Points (lon, lat) of every link as it is drawn."""
    return trace_links(points, links, geometries)


def strokes(line):
    return measure_km(line[:-1], line[1:]) if len(line) > 1 else np.zeros(1)


# Lengths


def test_land_links_are_as_long_as_the_ground_allows(moves):
    land = moves[moves["mode"].isin(LAND)]
    ratio = land["length_km"] / land["apart_km"]
    odd = land[(ratio < 1.0) | (ratio > MOST_RATIO)]
    pairs = {
        "-".join(sorted((row.from_place_id, row.to_place_id))) + "-rail"
        for row in odd.itertuples(index=False)
    }
    assert pairs == set(EXCEPTIONS)
    assert (ratio > 0.89).all()


def test_sea_links_are_long_only_where_they_go_round_land(moves, geometries):
    sea = moves[moves["mode"].isin(SEA)]
    assert (sea["length_km"] >= sea["apart_km"]).all()
    for link in sea.itertuples(index=False):
        lane = strokes(np.asarray(geometries[link.geometry_id], dtype=float)).sum()
        assert link.length_km == pytest.approx(lane, rel=0.13, abs=10), link.link_id
        if link.length_km > MOST_RATIO * link.apart_km:
            around = set(link.flags.split(";")) & set(TURNS)
            assert around or lane > MOST_RATIO * link.apart_km * 0.97, link.link_id


def test_everything_else_has_no_length(links):
    rest = links[links["kind"] != "move"]
    assert (rest["length_km"] == 0).all()
    assert set(links.loc[links["kind"] == "move", "mode"]) <= SEA | LAND


def test_borders_join_neighbours(links):
    border = links[links["kind"] == "border"]
    assert (border["apart_km"] < BORDER_KM).all()
    here = links[links["kind"].isin(("load", "unload", "transfer"))]
    far = here[(here["apart_km"] > STATION_KM) & ~here["flags"].str.contains("notional")]
    assert list(far["link_id"]) == []


# Drawing


def test_every_geometry_is_known_and_used(links, geometries):
    named = set(links["geometry_id"]) - {""}
    assert named == set(geometries)


def test_geometries_join_their_places(links, points, geometries):
    with_line = links[links["geometry_id"] != ""]
    for link in with_line.itertuples(index=False):
        line = np.asarray(geometries[link.geometry_id], dtype=float)
        ends = points.loc[[link.from_place_id, link.to_place_id]].to_numpy()
        gap = min(measure_km(line[[0, -1]], e).max() for e in (ends, ends[::-1]))
        assert gap < PORT_KM, (link.link_id, gap)


def test_every_port_is_in_reach_of_its_sea_links(network, moves, points, geometries):
    sea = moves[moves["mode"].isin(SEA)]
    assert (sea["geometry_id"] != "").all()
    kinds = network["places"].set_index("place_id")["kind"]
    for link in sea.itertuples(index=False):
        line = np.asarray(geometries[link.geometry_id], dtype=float)
        for place in (link.from_place_id, link.to_place_id):
            port = points.loc[[place, place]].to_numpy()
            assert measure_km(line[[0, -1]], port).min() < PORT_KM, (link.link_id, place)
    ports = set(kinds[kinds == "port"].index)
    served = set(sea["from_place_id"]) | set(sea["to_place_id"])
    assert ports - served == RAIL_ONLY


def test_no_land_route_is_a_straight_stroke_across_half_a_continent(moves, drawn):
    for link in moves[moves["mode"].isin(LAND)].itertuples(index=False):
        assert strokes(drawn[link.link_id]).max() < LAND_STROKE_KM, link.link_id


def test_no_sea_route_is_drawn_straight(moves, drawn):
    for link in moves[moves["mode"].isin(SEA)].itertuples(index=False):
        line = drawn[link.link_id]
        assert strokes(line).max() < SEA_STROKE_KM, link.link_id
        assert len(line) > 2 or link.apart_km < 500, link.link_id


def test_drawn_lines_are_no_longer_than_the_way(moves, drawn):
    for link in moves.itertuples(index=False):
        if "-".join(sorted((link.from_place_id, link.to_place_id))) + "-rail" in EXCEPTIONS:
            continue
        assert strokes(drawn[link.link_id]).sum() < link.length_km * 1.13 + 3, link.link_id


# Both directions, and time


def test_both_directions_of_a_track_agree(moves):
    rail = moves[moves["mode"].isin(("rail1520", "rail1435"))]
    nodes = rail.set_index(["from_node_id", "to_node_id"])
    back = rail.set_index(["to_node_id", "from_node_id"])
    both = nodes.index.intersection(back.index)
    for column in ("length_km", "days", "country", "geometry_id", "status"):
        pd.testing.assert_series_equal(
            nodes.loc[both, column].sort_index(),
            back.loc[both, column].sort_index(),
            check_names=False,
        )
    alone = nodes.loc[nodes.index.difference(both), "link_id"]
    # a mine only loads
    assert set(alone) == {"bozshakol-ekibastuz-rail", "bozshakol-ereymentau-rail"}


def test_nothing_travels_faster_than_trains_and_ships_do(moves):
    for names, limit in ((SEA, KM_A_DAY["sea"]), (LAND, KM_A_DAY["land"])):
        mine = moves[moves["mode"].isin(names)]
        assert (mine["length_km"] / mine["days"].clip(lower=1e-9) <= limit).all()


def test_ranges_hold_their_values(links):
    for name in ("length", "days"):
        value = links["length_km" if name == "length" else "days"]
        low, high = links[f"{name}_low"], links[f"{name}_high"]
        assert (low.isna() | (low <= value + 1e-9)).all()
        assert (high.isna() | (high >= value - 1e-9)).all()


def test_places_lie_on_the_map(points):
    assert points["lat"].between(-60, 75).all()
    assert points["lon"].between(-125, 180).all()
    assert not points.duplicated().any()
