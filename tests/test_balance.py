"""The tables add up: oil from field to ship, rail exports by goods and by buyer.

Published totals stand in published_totals.csv with the source that says so. What a buyer took in
2023 is the `low` of its market row: `max_mt_per_year` leaves room for growth, `low` does not.
"""

import csv
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest

from models.demand import select_case
from models.flow.solve import solve_optimal
from routes.network import load_network

LOSSES_MT = 2.0  # field use, losses and small plants of 2023, one named row: kz-own-use
OWN_USE = "kz-own-use"
OIL_TOLERANCE_MT = 0.15  # output, refining and exports are each rounded to a tenth
GROUP_TOLERANCE_MT = 0.05  # beyond the band that the operators' figures leave
TAKEN_TOLERANCE_MT = 0.15  # unlisted goods are known to a tenth
NO_RAIL = ("crude",)
EU = frozenset(("PL", "NL", "IT", "RO", "DE", "FR", "LV", "LT", "BG"))
GROUPS = ("tengiz", "bolashak-plant", "karachaganak", "kenkiyak", "kumkol", "uzen", "emba")

# Reality has only one corridor for these; everything else has at least two.
ONE_CORRIDOR: dict[str, str] = {}


def read_totals():
    path = Path(__file__).with_name("published_totals.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        for name in ("mt", "low", "high", "unlisted_mt"):
            row[name] = float(row[name])
        row["year"] = int(row["year"])
    return rows


TOTALS = read_totals()


def totals_of(*kinds):
    rows = [row for row in TOTALS if row["kind"] in kinds]
    return pytest.mark.parametrize(
        "total", rows, ids=[f"{r['kind']}-{r['item']}-{r['year']}" for r in rows]
    )


def published(kind, item, year):
    (row,) = [r for r in TOTALS if (r["kind"], r["item"], r["year"]) == (kind, item, year)]
    return row


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def baseline(network):
    return solve_optimal(select_case(network, 2023))


@pytest.fixture(scope="module")
def taken(network):
    """What each buyer took in 2023, Mt, by commodity and country."""
    markets = network["markets"]
    country = network["places"].set_index("place_id")["country"]
    rows = markets[markets["year"] == 2023]
    return rows.assign(country=rows["place_id"].map(country), mt=rows["low"])


def supplied(network, commodities, year):
    supplies = network["supplies"]
    mine = supplies["commodity_id"].isin(commodities) & (supplies["year"] == year)
    return float(supplies.loc[mine, "mt_per_year"].sum())


def within(total, mt, slack=1e-9):
    """Whether a sum lies in the published band, give or take `slack` Mt."""
    return total["low"] - slack <= mt <= total["high"] + slack


def wanted_at_home(network, year):
    """Obligations of the refineries, and those of the own-use row, Mt of crude."""
    markets = network["markets"]
    rows = markets[(markets["commodity_id"] == "crude") & (markets["year"] == year)]
    own = rows["place_id"] == OWN_USE
    return float(rows.loc[~own, "min_mt_per_year"].sum()), float(
        rows.loc[own, "min_mt_per_year"].sum()
    )


def test_every_published_total_names_its_source(network):
    known = set(network["sources"]["source_id"])
    for row in TOTALS:
        assert row["source_id"], row
        assert set(row["source_id"].split(";")) <= known, row
        assert row["low"] <= row["mt"] <= row["high"], row


# Oil


@totals_of("production")
def test_oil_of_the_fields_is_the_national_output(network, total):
    assert within(total, supplied(network, ["crude"], total["year"]))


@totals_of("home")
def test_refineries_want_what_they_got(network, total):
    refineries, _ = wanted_at_home(network, total["year"])
    assert within(total, refineries, OIL_TOLERANCE_MT)


def test_the_losses_of_2023_are_one_named_row(network):
    assert wanted_at_home(network, 2023)[1] == LOSSES_MT


@totals_of("export")
def test_production_less_home_use_less_losses_is_exports(network, total):
    year = total["year"]
    refineries, losses = wanted_at_home(network, year)
    left = supplied(network, ["crude"], year) - refineries - losses
    # of 2025 the output itself is exports + refining + 2.0, refining counts small plants too
    slack = OIL_TOLERANCE_MT if year != 2025 else 0.6
    assert left == pytest.approx(total["mt"], abs=slack)


def test_the_baseline_exports_what_was_exported(baseline):
    routes = baseline.routes
    crude = routes[routes["commodity"] == "crude"]
    out = crude.loc[crude["use"] == "export", "mt"].sum()
    home = crude.loc[(crude["use"] == "home") & (crude["to_place_id"] != OWN_USE), "mt"].sum()
    lost = crude.loc[crude["to_place_id"] == OWN_USE, "mt"].sum()
    assert out == pytest.approx(published("export", "crude", 2023)["mt"], abs=OIL_TOLERANCE_MT)
    assert home == pytest.approx(published("home", "crude", 2023)["mt"], abs=OIL_TOLERANCE_MT)
    assert lost == pytest.approx(LOSSES_MT)


@pytest.mark.parametrize("group", GROUPS)
def test_each_oil_group_ships_all_it_has(network, baseline, group):
    supplies = network["supplies"].set_index(["commodity_id", "place_id", "year"])
    has = supplies.loc[("crude", group, 2023), "mt_per_year"]
    routes = baseline.routes
    mine = routes[(routes["commodity"] == "crude") & (routes["from_place_id"] == group)]
    out = mine.loc[mine["use"] == "export", "mt"].sum()
    home = mine.loc[(mine["use"] == "home") & (mine["to_place_id"] != OWN_USE), "mt"].sum()
    lost = mine.loc[mine["to_place_id"] == OWN_USE, "mt"].sum()
    assert has - home - lost == pytest.approx(out, abs=1e-6)


@totals_of("group")
def test_large_fields_have_what_their_operators_delivered(network, total):
    supplies = network["supplies"].set_index(["commodity_id", "place_id", "year"])
    has = supplies.loc[("crude", total["item"], total["year"]), "mt_per_year"]
    assert within(total, has, GROUP_TOLERANCE_MT)


def test_no_oil_group_is_forgotten(network):
    supplies = network["supplies"]
    crude = supplies[(supplies["commodity_id"] == "crude") & (supplies["year"] == 2023)]
    assert set(crude["place_id"]) == set(GROUPS)


# Rail


@totals_of("commodity")
def test_supplies_lie_in_the_published_band(network, total):
    assert within(total, supplied(network, total["item"].split(";"), total["year"]))


@totals_of("country")
def test_buyers_of_a_country_add_up_to_its_rail_total(taken, total):
    """What listed goods leave of the total is what no listed commodity holds, and it is named."""
    mine = taken[(taken["country"] == total["item"]) & ~taken["commodity_id"].isin(NO_RAIL)]
    assert mine["mt"].sum() + total["unlisted_mt"] == pytest.approx(
        total["mt"], abs=TAKEN_TOLERANCE_MT + 0.02 * total["mt"]
    )


@totals_of("coal")
def test_coal_buyers_add_up(taken, total):
    countries = EU if total["item"] == "EU" else {total["item"]}
    coal = taken[taken["commodity_id"].isin(("coal", "coal-low-ash"))]
    got = coal.loc[coal["country"].isin(countries), "mt"].sum()
    assert within(total, got, TAKEN_TOLERANCE_MT)


@totals_of("grain")
def test_grain_buyers_add_up(taken, total):
    grain = taken[(taken["commodity_id"] == "grain") & (taken["country"] == total["item"])]
    assert within(total, grain["mt"].sum())


@totals_of("rail")
def test_all_rail_exports_are_listed_goods_and_a_named_rest(network, total):
    supplies = network["supplies"]
    listed = supplies[(supplies["year"] == 2023) & ~supplies["commodity_id"].isin(NO_RAIL)]
    whole = listed["mt_per_year"].sum() + total["unlisted_mt"]
    assert whole == pytest.approx(total["mt"], rel=0.02)
    assert within(total, whole, TAKEN_TOLERANCE_MT)


def test_buyers_can_take_what_is_supplied(network):
    for table, column in (("supplies", "mt_per_year"), ("markets", "max_mt_per_year")):
        assert (network[table][column] >= 0).all()
    offered = network["supplies"].query("year == 2023").groupby("commodity_id")["mt_per_year"].sum()
    wanted = (
        network["markets"].query("year == 2023").groupby("commodity_id")["max_mt_per_year"].sum()
    )
    assert (offered <= wanted.reindex(offered.index) + 1e-9).all()


def test_the_baseline_leaves_nothing_behind(baseline, network):
    moved = baseline.routes.groupby("commodity")["mt"].sum()
    for commodity, mt in moved.items():
        assert mt == pytest.approx(supplied(network, [commodity], 2023), rel=1e-6), commodity


# Ways out


def reach(graph, starts):
    return set().union(*(nx.descendants(graph, s) | {s} for s in starts if s in graph))


def draw_graph(case, commodity):
    """Nodes with their country, and an edge for each link that the commodity may use."""
    good = case.commodities.loc[commodity]
    links = case.links[case.links["open"] & case.links["mode"].isin(good["modes"].split(";"))]
    cls = good["commodity_class"]
    mine = links[links["commodity_classes"].map(lambda cell: not cell or cls in cell.split(";"))]
    graph = nx.DiGraph()
    graph.add_nodes_from(
        (node, {"country": country})
        for end in ("from", "to")
        for node, country in zip(mine[f"{end}_node_id"], mine[f"{end}_country"], strict=True)
    )
    graph.add_edges_from(zip(mine["from_node_id"], mine["to_node_id"], strict=True))
    return graph


def corridors_of(case, commodity):
    """Corridors by which some of the commodity can reach some buyer abroad."""
    graph = draw_graph(case, commodity)
    country = nx.get_node_attributes(graph, "country")
    starts, ends = (
        {f"{place}.site" for place in rows.loc[rows["commodity_id"] == commodity, "place_id"]}
        for rows in (case.supplies, case.markets[case.markets["use"] == "export"])
    )
    found = set()
    forward = reach(graph, starts)
    if any(country[end] == "RU" for end in forward & ends):
        found.add("to-russia")
    backward = reach(graph.reverse(), {end for end in ends & set(graph) if country[end] != "RU"})
    if any(country[node] == "RU" for node in forward & backward):
        found.add("via-russia")
    calm = graph.subgraph([n for n in graph if country[n] != "RU"])
    through = reach(calm, starts) & reach(calm.reverse(), ends)
    for a, b in calm.subgraph(through).edges:
        if country[a] in {"KZ", "TM", "IR"} and country[b] == "AZ":
            found.add("middle-corridor")
        if country[a] == "KZ" and country[b] == "CN":
            found.add("china")
        if country[a] in {"TM", "KZ"} and country[b] == "IR":
            found.add("southern")
    if any(country[end] in {"UZ", "KG", "TJ", "AF", "TM"} for end in through & ends):
        found.add("central-asia")
    return found


def test_every_commodity_has_two_corridors_unless_reality_has_one(baseline):
    case = baseline.case
    goods = sorted(set(case.supplies["commodity_id"]))
    assert set(ONE_CORRIDOR) <= set(goods)
    ways = {commodity: corridors_of(case, commodity) for commodity in goods}
    short = {commodity: way for commodity, way in ways.items() if len(way) < 2}
    assert set(short) == set(ONE_CORRIDOR), short


# Other years


@pytest.mark.parametrize("year", [2021, 2022, 2024, 2025])
def test_other_years_serve_the_refineries_and_ship_the_rest(network, year):
    result = solve_optimal(select_case(network, year))
    crude = result.routes[result.routes["commodity"] == "crude"]
    assert crude["mt"].sum() == pytest.approx(supplied(network, ["crude"], year), rel=1e-6)
    refineries, losses = wanted_at_home(network, year)
    home = crude.loc[crude["use"] == "home", "mt"].sum()
    assert home >= refineries + losses - 1e-6
    assert pd.notna(result.surplus_musd)
