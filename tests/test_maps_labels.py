"""Labels of maps: none leaves the frame, none hides another, and what finds no room is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from maps_case import FLOWS, LINKS, PLACES, check_labels, draw
from routes.maps import draw_flows, inspect_map


@pytest.mark.parametrize("extent", ["region", "wide", "caspian", "kazakhstan"])
@pytest.mark.parametrize("measure", ["mt", "value", "scaled"])
def test_labels_never_collide_nor_leave_the_frame(extent: str, measure: str) -> None:
    ax, record = draw(extent=extent, measure=measure, full={"atyrau-port"}, title="T")
    assert not record.unplaced
    check_labels(ax)


@pytest.mark.parametrize("seed", range(3))
def test_labels_of_a_crowded_map(seed: int) -> None:
    places, links, flows = make_crowd(seed)
    ax = draw_flows(places, links, flows)
    record = inspect_map(ax)
    check_labels(ax)
    markets = record.labels["key"].str.startswith("market-").sum()
    assert markets + len(record.unplaced) >= 30
    leaving = flows[flows["link_id"].str.startswith("out-")]["mt"].sum()
    assert record.exits["value"].sum() == pytest.approx(leaving)


def make_crowd(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A star of 40 foreign markets in a small area and 12 beyond the frame."""
    rng = np.random.default_rng(seed)
    rows = [("centre", "Centre", "KZ", "hub", 48.0, 67.0)]
    for n in range(40):
        at = rng.uniform(44, 52), rng.uniform(60, 74)
        rows.append((f"near-{n}", f"Market of number {n}", "UZ", "market", *at))
    for n in range(12):
        at = rng.uniform(5, 25), rng.uniform(40, 90)
        rows.append((f"far-{n}", f"Far market {n}", "IN", "market", *at))
    places = pd.DataFrame(rows, columns=["place_id", *PLACES.columns]).set_index("place_id")
    links, flows = [], []
    for place in places.index[1:]:
        link = ("out-" if place.startswith("far") else "to-") + place
        links.append((link, "centre", place, "move", "rail1520", 100.0, ""))
        flows.append((link, "china", "coal", float(rng.uniform(1, 9)), 1.0))
    return (
        places,
        pd.DataFrame(links, columns=["link_id", *LINKS.columns]).set_index("link_id"),
        pd.DataFrame(flows, columns=FLOWS.columns),
    )


def test_what_finds_no_room_is_printed_under_the_map() -> None:
    places, links, flows = make_crowd(0)
    figure = Figure(figsize=(1.2, 0.9))
    ax = draw_flows(places, links, flows, ax=figure.add_axes((0, 0, 1, 1)), keys=False)
    lost = inspect_map(ax).unplaced
    assert lost
    printed = " ".join(text.get_text() for text in ax.texts)
    assert "Not on the map for want of room" in printed
    check_labels(ax)
