"""The maps of other kinds: differences, routes, criticality, small multiples, the network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from maps_case import FLOWS, GEOMETRIES, LINKS, PLACES, check_labels
from routes.errors import UsageError
from routes.maps import (
    draw_criticality,
    draw_difference,
    draw_network,
    draw_routes,
    draw_small_multiples,
    inspect_map,
)
from routes.maps.route_map import split_legs


def test_difference_map_splits_gains_and_losses() -> None:
    after = FLOWS[FLOWS["corridor"] != "via-russia"].assign(mt=lambda t: t["mt"] * 3)
    ax = draw_difference(PLACES, LINKS, FLOWS, after, geometries=GEOMETRIES)
    record = inspect_map(ax)
    by_group = record.lanes.groupby("group")["value"].max()
    assert by_group.to_dict() == pytest.approx({"loss": 40.0, "gain": 8.0})
    ratio = record.lanes["width_pt"] / np.sqrt(record.lanes["value"])
    assert np.allclose(ratio, record.points_per_unit)
    assert record.exits["value"].sum() == pytest.approx(-40.0)
    assert record.totals == pytest.approx(
        {"via-russia": -40.0, "middle-corridor": 8.0, "domestic": 2.0}
    )
    texts = " ".join(record.labels["text"])
    assert "Augusta \N{MINUS SIGN}30.0 Mt" in texts
    assert "Poti +8.0 Mt" in texts
    check_labels(ax)


def test_changes_that_cancel_but_for_rounding_are_not_labelled() -> None:
    """To Rotterdam a corridor takes from another: 9.9 - 10 + 0.1 is not quite nothing."""
    mt = {"port-augusta": 20.0, "port-rotterdam": 9.9}
    after = FLOWS.assign(mt=FLOWS["link_id"].map(mt).fillna(FLOWS["mt"]))
    after.loc[len(after)] = ["port-rotterdam", "middle-corridor", "crude", 0.1, 50.0]
    record = inspect_map(draw_difference(PLACES, LINKS, FLOWS, after, geometries=GEOMETRIES))
    texts = " ".join(record.labels["text"])
    assert "Augusta \N{MINUS SIGN}10.0 Mt" in texts
    assert "Rotterdam" not in texts


def test_difference_of_a_run_with_itself_is_blank() -> None:
    ax = draw_difference(PLACES, LINKS, FLOWS, FLOWS, geometries=GEOMETRIES)
    assert inspect_map(ax).lanes.empty
    with pytest.raises(UsageError, match="'mt' or 'value'"):
        draw_difference(PLACES, LINKS, FLOWS, FLOWS, measure="scaled")


def test_legs_break_where_the_mode_changes() -> None:
    chain = ["field-atyrau", "atyrau-port", "port-load", "port-augusta"]
    legs = split_legs(LINKS, chain)
    assert [(leg.number, leg.mode, leg.length_km) for leg in legs] == [
        (1, "pipeline", 1380.0), (2, "tanker", 2300.0),
    ]  # fmt: skip
    assert (legs[0].from_place_id, legs[-1].to_place_id) == ("field", "augusta")


def test_route_map_numbers_its_legs() -> None:
    one = ["field-atyrau", "atyrau-port", "port-load", "port-augusta"]
    two = ["field-aktau", "aktau-baku", "baku-poti"]
    ax = draw_routes(PLACES, LINKS, [one], geometries=GEOMETRIES)
    legs = inspect_map(ax).labels
    assert sorted(legs.loc[legs["key"].str.startswith("leg-"), "text"]) == ["1", "2"]
    check_labels(ax)
    ax = draw_routes(PLACES, LINKS, [one, two], geometries=GEOMETRIES)
    record = inspect_map(ax)
    legs = record.labels[record.labels["key"].str.startswith("leg-")]
    assert sorted(legs["text"]) == ["A1", "A2", "B1", "B2", "B3"]
    assert record.lanes.groupby("group")["colour"].nunique().to_dict() == {"A": 1, "B": 1}
    words = " ".join(text.get_text() for key in ax.findobj(Legend) for text in key.get_texts())
    assert "B3  Baku \N{EN DASH} Poti, rail 1520 mm, 800 km" in words
    check_labels(ax)
    with pytest.raises(UsageError, match="1 to 6 routes"):
        draw_routes(PLACES, LINKS, [])


def test_criticality_map_bands_and_ranks() -> None:
    scores = pd.Series({"atyrau-port": 1.0, "aktau-baku": 0.3, "baku-poti": 0.0})
    ax = draw_criticality(PLACES, LINKS, scores, what="loss", ranked=2)
    record = inspect_map(ax)
    drawn = {next(iter(ids)): row for ids, row in zip(
        record.lanes["link_ids"], record.lanes.to_dict("records"), strict=True
    )}  # fmt: skip
    assert set(drawn) == {"atyrau-port", "aktau-baku"}
    assert drawn["atyrau-port"]["group"] == "band-4"
    assert drawn["aktau-baku"]["group"] == "band-1"
    assert drawn["atyrau-port"]["width_pt"] > drawn["aktau-baku"]["width_pt"]
    ranks = record.labels[record.labels["key"].str.startswith("rank-")]
    assert sorted(ranks["text"]) == ["1", "2"]
    check_labels(ax)


def test_small_multiples_give_every_commodity_its_own_scale() -> None:
    uranium = pd.DataFrame(
        [("aktau-baku", "middle-corridor", "uranium", 0.004, 400.0),
         ("baku-poti", "middle-corridor", "uranium", 0.004, 400.0)],
        columns=FLOWS.columns,
    )  # fmt: skip
    flows = pd.concat([FLOWS, uranium])
    figure = draw_small_multiples(PLACES, LINKS, flows, geometries=GEOMETRIES, title="All")
    records = [inspect_map(ax) for ax in figure.axes]
    assert len(records) == 3
    widest = [record.lanes["width_pt"].max() for record in records]
    assert max(widest) == pytest.approx(min(widest))
    assert [record.unit for record in records] == ["Mt", "Mt", "kt"]
    for ax in figure.axes:
        check_labels(ax)
    mine = Figure(figsize=(12, 8))
    assert draw_small_multiples(PLACES, LINKS, flows, by="corridor", figure=mine, most=2) is mine
    assert len(mine.axes) == 2
    with pytest.raises(UsageError, match="'commodity' or 'corridor'"):
        draw_small_multiples(PLACES, LINKS, flows, by="mode")


def test_network_map_draws_every_mode_but_no_swap() -> None:
    swap = pd.DataFrame(
        [("field-poti-swap", "field", "poti", "swap", "pipeline", 0.0, "", "operating")],
        columns=["link_id", *LINKS.columns, "status"],
    ).set_index("link_id")
    links = pd.concat([LINKS.assign(status="operating"), swap])
    links.loc["baku-poti", "status"] = "proposed"
    ax = draw_network(PLACES, links, geometries=GEOMETRIES, title="Network")
    record = inspect_map(ax)
    assert set(record.lanes["group"]) == {"pipeline", "rail1520", "ship", "planned"}
    assert not any("field-poti-swap" in ids for ids in record.lanes["link_ids"])
    check_labels(ax)
