"""The maps that people see: every shipped scenario, every commodity; artists and data."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.legend import Legend

from models.cli.figures import draw_run
from models.run import link_flows
from models.scenario import shipped_names
from real_case import real_run
from routes.maps import inspect_map
from routes.maps.style import style_corridor


def check_map(run):
    """No label outside the frame or over another; widths, colours and totals by the data."""
    (axes,) = draw_run(run, data=None).axes[:1]
    record = inspect_map(axes)
    width, height = record.size_pt
    boxes = record.labels[["x0", "y0", "x1", "y1"]].to_numpy(dtype=float)
    assert len(boxes) >= 5
    assert (boxes[:, :2] >= -0.5).all()
    assert (boxes[:, 2] <= width + 0.5).all()
    assert (boxes[:, 3] <= height + 0.5).all()
    for a, b in combinations(boxes, 2):
        apart = a[2] <= b[0] + 0.1 or b[2] <= a[0] + 0.1 or a[3] <= b[1] + 0.1 or b[3] <= a[1] + 0.1
        assert apart, (a, b)
    assert not record.unplaced
    lanes = record.lanes
    power = 0.5 if record.scale == "sqrt" else 1.0
    wide = lanes["width_pt"] > record.hairline_pt * 1.01
    expected = record.points_per_unit * lanes.loc[wide, "value"] ** power
    assert np.allclose(lanes.loc[wide, "width_pt"], expected, rtol=1e-6)
    for group, colour in zip(lanes["group"], lanes["colour"], strict=True):
        assert colour == style_corridor(group).colour
    flows = link_flows(run.result.routes if run.commodity is None else _routes(run))
    by_corridor = run.corridors.set_index("corridor")["mt"]
    for corridor, total in record.totals.items():
        assert total == pytest.approx(by_corridor[corridor], rel=1e-6)
    assert set(record.exits["link_id"]) <= set(flows["link_id"])


def _routes(run):
    routes = run.result.routes
    return routes[routes["commodity"] == run.commodity]


@pytest.mark.parametrize("name", shipped_names())
def test_map_of_every_shipped_scenario(name):
    check_map(real_run(name))


@pytest.mark.parametrize("part", range(4))
def test_map_of_every_commodity(part):
    supply = real_run("baseline-2023").commodities[["commodity", "supply_mt"]]
    names = [name for name, mt in supply.to_numpy() if mt > 0]
    for commodity in names[part::4]:
        check_map(real_run("baseline-2023", commodity=commodity))


def test_keys_leave_a_crowded_map_alone():
    """At home every corner is busy: the keys stand under the map, and percents are not summed."""
    figure = draw_run(real_run("baseline-2023"), data=None, measure="scaled", extent="kazakhstan")
    axes = figure.axes[0]
    frame = axes.get_window_extent()
    keys = [artist for artist in axes.artists if isinstance(artist, Legend)]
    assert len(keys) == 2
    for key in keys:
        assert key.get_window_extent().y1 <= frame.y0
    assert "Aktau" in " ".join(inspect_map(axes).labels["text"])
    assert not inspect_map(axes).labels["text"].str.contains("%").any()


def test_keys_stand_on_the_map_where_a_corner_is_free():
    figure = draw_run(real_run("baseline-2023"), data=None)
    axes = figure.axes[0]
    frame = axes.get_window_extent()
    keys = [artist for artist in axes.artists if isinstance(artist, Legend)]
    assert len(keys) == 2
    assert all(key.get_window_extent().y0 >= frame.y0 for key in keys)


def test_samples_of_wide_strokes_do_not_touch():
    figure = draw_run(real_run("cpc-one-mooring"), data=None)
    axes = figure.axes[0]
    (key,) = (
        artist for artist in axes.artists
        if isinstance(artist, Legend) and artist.get_title().get_text().startswith("Width")
    )  # fmt: skip
    figure.draw_without_rendering()
    point = figure.dpi / 72
    spots = []
    for line in key.legend_handles[: len(inspect_map(axes).references)]:
        y = line.get_transform().transform(line.get_xydata())[0][1]
        spots.append((y / point, line.get_linewidth()))
    assert spots[0][1] > 14
    for (y, width), (below, other) in pairwise(spots):
        assert y - below > (width + other) / 2 + 1
