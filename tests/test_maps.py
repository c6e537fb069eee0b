"""Maps: what is drawn, read from artists and from the record of the map, never from pixels.

The made-up network (arrows are links, all of them inside the region but Rotterdam and Augusta):

    field -> atyrau -> port ~~sea lane~~> augusta (outside, 30 Mt)
                            ~~sea lane~~> rotterdam (outside, 10 Mt)
    field -> aktau ~~> baku -> poti      (4 Mt, ends at poti)
    atyrau -> aktau                      (1 Mt, at home)
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.path import Path as Outline

from routes.errors import UnknownNameError, UsageError
from routes.maps import (
    draw_criticality,
    draw_difference,
    draw_flows,
    draw_network,
    draw_routes,
    draw_small_multiples,
    inspect_map,
    save_figure,
)
from routes.maps.basemap import read_basemap
from routes.maps.frames import FRAMES, choose_frame, fit_frame, project
from routes.maps.geometry import clip_line, clip_ring, measure_line, shift_line
from routes.maps.leaving import find_inside, sum_arrivals, trace_leaving
from routes.maps.lines import trace_links
from routes.maps.page import MapRecord
from routes.maps.pen import WidthScale, round_down
from routes.maps.quantity import measure_flows
from routes.maps.route_map import split_legs
from routes.maps.strokes import build_strokes
from routes.maps.style import CORRIDORS

PLACES = pd.DataFrame(
    [
        ("field", "Tengiz", "KZ", "oil_field", 46.2, 53.4),
        ("atyrau", "Atyrau", "KZ", "city", 47.1, 51.9),
        ("port", "Novorossiysk", "RU", "port", 44.7, 37.8),
        ("aktau", "Aktau", "KZ", "port", 43.6, 51.2),
        ("baku", "Baku", "AZ", "port", 40.4, 49.9),
        ("poti", "Poti", "GE", "port", 42.1, 41.7),
        ("augusta", "Augusta", "IT", "port", 37.2, 15.2),
        ("rotterdam", "Rotterdam", "NL", "port", 52.0, 4.1),
        ("hub", "Sicily hub (shared)", "IT", "port", 38.0, 15.6),
    ],
    columns=["place_id", "name", "country", "kind", "lat", "lon"],
).set_index("place_id")

LINKS = pd.DataFrame(
    [
        ("field-atyrau", "field", "atyrau", "move", "pipeline", 180.0, ""),
        ("atyrau-port", "atyrau", "port", "move", "pipeline", 1200.0, ""),
        ("port-load", "port", "port", "load", "tanker", 0.0, ""),
        ("port-augusta", "port", "augusta", "move", "tanker", 2300.0, "black-sea-augusta"),
        ("port-rotterdam", "port", "rotterdam", "move", "tanker", 6700.0, "black-sea-rotterdam"),
        ("field-aktau", "field", "aktau", "move", "pipeline", 400.0, ""),
        ("aktau-baku", "aktau", "baku", "move", "tanker", 420.0, ""),
        ("baku-poti", "baku", "poti", "move", "rail1520", 800.0, ""),
        ("atyrau-aktau", "atyrau", "aktau", "move", "rail1520", 600.0, ""),
    ],
    columns=[
        "link_id", "from_place_id", "to_place_id", "kind", "mode", "length_km", "geometry_id",
    ],
).set_index("link_id")  # fmt: skip

BOSPORUS = [(37.8, 44.6), (29.1, 41.2), (26.2, 40.1), (24.4, 37.8), (21.7, 36.3)]
GEOMETRIES = {
    "black-sea-augusta": [*BOSPORUS, (15.3, 37.1)],
    "black-sea-rotterdam": [*BOSPORUS, (11.0, 37.5), (-5.7, 35.9), (-9.6, 38.5), (3.9, 52.0)],
}

FLOWS = pd.DataFrame(
    [
        ("field-atyrau", "via-russia", "crude", 40.0),
        ("atyrau-port", "via-russia", "crude", 40.0),
        ("port-load", "via-russia", "crude", 40.0),
        ("port-augusta", "via-russia", "crude", 30.0),
        ("port-rotterdam", "via-russia", "crude", 10.0),
        ("field-aktau", "middle-corridor", "crude", 4.0),
        ("aktau-baku", "middle-corridor", "crude", 4.0),
        ("baku-poti", "middle-corridor", "crude", 4.0),
        ("atyrau-aktau", "domestic", "grain", 1.0),
    ],
    columns=["link_id", "corridor", "commodity", "mt"],
).assign(value_musd=lambda table: table["mt"] * 500.0)


def draw(**changes: object) -> tuple[Axes, MapRecord]:
    flows = changes.pop("flows", FLOWS)
    ax = draw_flows(PLACES, LINKS, flows, geometries=GEOMETRIES, **changes)  # type: ignore[arg-type]
    return ax, inspect_map(ax)


def flow_lines(ax: Axes) -> Iterator[tuple[str, LineCollection]]:
    for collection in ax.collections:
        name = collection.get_gid() or ""
        if name.startswith("flows-"):
            assert isinstance(collection, LineCollection)
            yield name.removeprefix("flows-"), collection


def figure_of(ax: Axes) -> Figure:
    figure = ax.figure
    assert isinstance(figure, Figure)
    return figure


def label_boxes(ax: Axes) -> dict[str, tuple[float, float, float, float]]:
    """Extents of the label texts as matplotlib measures them, pixels."""
    figure = figure_of(ax)
    renderer = RendererAgg(10, 10, figure.dpi)
    boxes = {}
    for text in ax.texts:
        if (text.get_gid() or "").startswith("label-"):
            box = text.get_window_extent(renderer)
            boxes[text.get_gid()] = (box.x0, box.y0, box.x1, box.y1)
    return boxes


def check_labels(ax: Axes) -> None:
    """No label leaves the frame, none overlaps another or a legend."""
    record = inspect_map(ax)
    drawn = list(record.labels[["x0", "y0", "x1", "y1"]].itertuples(index=False))
    boxes = [tuple(box) for box in drawn] + list(record.reserved)
    width, height = record.size_pt
    for x0, y0, x1, y1 in boxes:
        assert x0 >= 0, "left"
        assert y0 >= 0, "low"
        assert x1 <= width, "right"
        assert y1 <= height, "high"
    for number, one in enumerate(boxes):
        for two in boxes[number + 1 :]:
            apart = one[0] >= two[2] or two[0] >= one[2] or one[1] >= two[3] or two[1] >= one[3]
            assert apart, (one, two)
    frame = ax.get_window_extent()
    measured = list(label_boxes(ax).items())
    for name, (x0, y0, x1, y1) in measured:
        assert x0 >= frame.x0, name
        assert x1 <= frame.x1, name
        assert y0 >= frame.y0, name
        assert y1 <= frame.y1, name
    for number, (name, one) in enumerate(measured):
        for other, two in measured[number + 1 :]:
            if name.rsplit("-", 1)[0] == other.rsplit("-", 1)[0]:
                continue  # lines of one label
            apart = one[0] >= two[2] or two[0] >= one[2] or one[1] >= two[3] or two[1] >= one[3]
            assert apart, (name, other)


# --- widths, legend, colours -----------------------------------------------------------------


@pytest.mark.parametrize(("scale", "power"), [("sqrt", 0.5), ("linear", 1.0)])
def test_widths_follow_the_declared_scale(scale: str, power: float) -> None:
    ax, record = draw(scale=scale)
    lanes = record.lanes
    drawn = lanes[lanes["width_pt"] > record.hairline_pt]
    ratio = drawn["width_pt"] / drawn["value"] ** power
    assert np.allclose(ratio, record.points_per_unit)
    assert record.scale == scale
    assert lanes["width_pt"].min() >= record.hairline_pt
    for corridor, lines in flow_lines(ax):
        rows = lanes[lanes["group"] == corridor]
        assert sorted(lines.get_linewidths()) == pytest.approx(sorted(rows["width_pt"]))


def test_each_link_is_as_wide_as_its_tonnage() -> None:
    _, record = draw()
    for link, mt in (("atyrau-port", 40.0), ("baku-poti", 4.0), ("atyrau-aktau", 1.0)):
        rows = record.lanes[[link in ids for ids in record.lanes["link_ids"]]]
        assert rows["value"].tolist() == pytest.approx([mt] * len(rows))


def test_links_on_one_sea_lane_are_added_up() -> None:
    _, record = draw()
    shared = [{"port-augusta", "port-rotterdam"} <= set(ids) for ids in record.lanes["link_ids"]]
    assert record.lanes.loc[shared, "value"].unique() == pytest.approx([40.0])


def test_legend_shows_three_reference_widths_of_the_scale() -> None:
    ax, record = draw()
    key = next(
        item for item in ax.findobj(Legend) if item.get_title().get_text().startswith("Width")
    )
    assert "square root" in key.get_title().get_text()
    assert record.references == pytest.approx((20.0, 2.0, 0.5))
    words = [text.get_text() for text in key.get_texts()]
    widths = [line.get_linewidth() for line in key.get_lines()]
    for value, word, width in zip(record.references, words, widths, strict=False):
        assert word == f"{value:g} Mt"
        assert width == pytest.approx(record.points_per_unit * math.sqrt(value))
    assert record.references[0] <= record.lanes["value"].max()


def test_corridor_decides_colour_and_line_style() -> None:
    ax, record = draw()
    seen = set()
    for corridor, lines in flow_lines(ax):
        look = CORRIDORS[corridor]
        under = look.tint if look.dashes else look.colour
        assert all(same_color(colour, under) for colour in lines.get_edgecolors())
        seen.add(corridor)
    assert seen == {"via-russia", "middle-corridor", "domestic"}
    dashed = {c.get_gid(): c for c in ax.collections if (c.get_gid() or "").startswith("dashes-")}
    assert set(dashed) == {"dashes-middle-corridor", "dashes-domestic"}
    for lines in dashed.values():
        look = CORRIDORS[lines.get_gid().removeprefix("dashes-")]
        assert all(same_color(colour, look.colour) for colour in lines.get_edgecolors())
    assert set(record.lanes["colour"]) == {CORRIDORS[name].colour for name in seen}


def test_dashes_have_the_same_length_whatever_the_width() -> None:
    ax, _ = draw()
    lines = next(c for c in ax.collections if c.get_gid() == "dashes-middle-corridor")
    lengths = [dashes[0] for _, dashes in lines.get_linestyles()]
    assert max(lengths) == pytest.approx(min(lengths))


def test_no_two_corridors_look_alike() -> None:
    assert len({look.colour for look in CORRIDORS.values()}) == len(CORRIDORS)
    styles = [look.dashes for look in CORRIDORS.values()]
    assert len(set(styles)) == len(styles)


def test_corridor_key_states_what_each_delivers() -> None:
    ax, record = draw()
    key = next(k for k in ax.findobj(Legend) if k.get_title().get_text().startswith("Corridor"))
    words = [text.get_text() for text in key.get_texts()]
    assert words == ["via Russia  40.0 Mt", "Middle Corridor  4.0 Mt", "domestic  1.0 Mt"]
    assert record.totals == pytest.approx(
        {"via-russia": 40.0, "middle-corridor": 4.0, "domestic": 1.0}
    )


def test_parallel_corridors_run_side_by_side() -> None:
    extra = pd.DataFrame([("atyrau-port", "other", "coal", 10.0, 0.0)], columns=FLOWS.columns)
    lines = trace_links(PLACES, LINKS.loc[["atyrau-port"]])
    values = measure_flows(pd.concat([FLOWS, extra]), "mt").values
    values = values.groupby(["link_id", "corridor"]).sum()
    (stroke,) = build_strokes(lines, values[["atyrau-port"]], FRAMES["region"])
    assert [lane[0] for lane in stroke.lanes] == ["via-russia", "other"]
    ax, record = draw(flows=pd.concat([FLOWS, extra]))
    wide, narrow = (
        next(c for name, c in flow_lines(ax) if name == group) for group in ("via-russia", "other")
    )
    there = record.lanes[[ids == {"atyrau-port"} for ids in record.lanes["link_ids"]]]
    one = narrow.get_segments()[0]
    gaps = [np.hypot(*(s[0] - one[0])) for s in wide.get_segments() if len(s) == len(one)]
    km_per_pt = FRAMES["region"].width / record.size_pt[0]
    assert min(gaps) / km_per_pt >= there["width_pt"].sum() / 2 - 0.01


def test_top_makes_maps_comparable() -> None:
    _, one = draw(top=100.0)
    _, two = draw(flows=FLOWS.assign(mt=FLOWS["mt"] / 2), top=100.0)
    assert one.points_per_unit == pytest.approx(two.points_per_unit)
    ratio = one.lanes["width_pt"].max() / two.lanes["width_pt"].max()
    assert ratio == pytest.approx(math.sqrt(2))


def test_width_scale() -> None:
    scale = WidthScale("sqrt", 64.0, 16.0)
    assert scale.width(64.0) == pytest.approx(16.0)
    assert scale.width(16.0) == pytest.approx(8.0)
    assert scale.width(0.0) == scale.hairline
    assert scale.width(scale.least) == pytest.approx(scale.hairline)
    assert scale.references() == pytest.approx((50.0, 10.0, 2.0))
    assert WidthScale("linear", 0.02, 16.0).references(1000.0) == pytest.approx((0.02, 5e-3, 2e-3))
    assert [round_down(v) for v in (0.0, 1.0, 4.99, 5.0, 730.0)] == [1.0, 1.0, 2.0, 5.0, 500.0]


# --- measures --------------------------------------------------------------------------------


def test_scaled_shows_uranium_beside_oil() -> None:
    uranium = pd.DataFrame(
        [("aktau-baku", "middle-corridor", "uranium", 0.004, 400.0)], columns=FLOWS.columns
    )
    flows = pd.concat([FLOWS[FLOWS["link_id"] != "aktau-baku"], uranium])
    quantity = measure_flows(flows, "scaled")
    assert quantity.values["aktau-baku", "middle-corridor", "uranium"] == pytest.approx(100.0)
    assert quantity.values["atyrau-port", "via-russia", "crude"] == pytest.approx(100.0)
    assert quantity.values["baku-poti", "middle-corridor", "crude"] == pytest.approx(10.0)


def test_units_follow_the_size() -> None:
    assert measure_flows(FLOWS, "mt").show(12.34) == "12.3 Mt"
    assert measure_flows(FLOWS, "value").show(20000.0) == "20.0 bn USD"
    small = FLOWS.assign(mt=FLOWS["mt"] / 1000)
    assert measure_flows(small, "mt").show(0.004) == "4.0 kt"
    with pytest.raises(UsageError, match="must be one of mt, value, scaled"):
        measure_flows(FLOWS, "tons")


# --- markets and the edge --------------------------------------------------------------------


def test_edge_arrows_sum_to_what_leaves_the_frame() -> None:
    _, record = draw()
    inside = find_inside(PLACES, FRAMES["region"])
    assert "augusta" not in inside
    assert "port" in inside
    leaving = FLOWS[FLOWS["link_id"].isin(["port-augusta", "port-rotterdam"])]["mt"].sum()
    assert record.exits["value"].sum() == pytest.approx(leaving)
    text = " ".join(record.labels.loc[record.labels["key"].str.startswith("exit"), "text"])
    assert "Augusta 30.0 Mt" in text
    assert "Rotterdam 10.0 Mt" in text


def test_goods_beyond_the_frame_are_traced_to_their_market() -> None:
    links = pd.concat([
        LINKS,
        pd.DataFrame(
            [("port-hub", "port", "hub", "move", "tanker", 1.0, ""),
             ("hub-augusta", "hub", "augusta", "move", "tanker", 1.0, ""),
             ("hub-rotterdam", "hub", "rotterdam", "move", "tanker", 1.0, "")],
            columns=["link_id", *LINKS.columns],
        ).set_index("link_id"),
    ])  # fmt: skip
    values = pd.Series(
        {
            ("port-hub", "via-russia", "crude"): 10.0,
            ("hub-augusta", "via-russia", "crude"): 6.0,
            ("hub-rotterdam", "via-russia", "crude"): 3.0,
        }
    )
    values.index.names = ["link_id", "corridor", "commodity"]
    exits = trace_leaving(links, values, {"port"}).set_index("place_id")["value"]
    assert exits.to_dict() == pytest.approx({"augusta": 6.0, "rotterdam": 3.0, "hub": 1.0})
    arrivals = sum_arrivals(links, values).set_index("place_id")["value"]
    assert arrivals.to_dict() == pytest.approx({"augusta": 6.0, "rotterdam": 3.0, "hub": 1.0})


def test_a_ring_beyond_the_frame_is_no_trouble() -> None:
    links = pd.DataFrame(
        {"from_place_id": ["in", "a", "b"], "to_place_id": ["a", "b", "a"]},
        index=["in-a", "a-b", "b-a"],
    )
    values = pd.Series({(link, "china", "coal"): 2.0 for link in links.index})
    values.index.names = ["link_id", "corridor", "commodity"]
    exits = trace_leaving(links, values, {"in"})
    assert exits["value"].sum() == pytest.approx(2.0)


def test_foreign_market_within_the_frame_bears_its_tonnage() -> None:
    _, record = draw()
    markets = record.labels[record.labels["key"].str.startswith("market-")]
    assert markets["text"].tolist() == ["Poti 4.0 Mt"]
    _, record = draw(markets={"aktau": 1.0})
    markets = record.labels[record.labels["key"].str.startswith("market-")]
    assert markets["text"].tolist() == ["Aktau 1.0 Mt"]


def test_full_links_are_marked_on_the_line_and_at_the_place() -> None:
    ax, record = draw(full={"atyrau-port", "port-load", "port-augusta"})
    assert set(record.marked) == {"atyrau-port", "port-load", "port-augusta"}
    bars = next(c for c in ax.collections if c.get_gid() == "full-links")
    assert len(bars.get_segments()) == 2
    diamonds = next(c for c in ax.collections if c.get_gid() == "full-places")
    assert len(diamonds.get_paths()) == 1
    words = [text.get_text() for key in ax.findobj(Legend) for text in key.get_texts()]
    assert "full: at its capacity" in words
    assert "full port, border or station" in words


def test_arrows_lie_on_the_strokes() -> None:
    ax, record = draw()
    frame = FRAMES["region"]
    heads = [
        p for c in ax.collections if (c.get_gid() or "").startswith("arrows") for p in c.get_paths()
    ]
    assert heads
    lines = [segment for _, c in flow_lines(ax) for segment in c.get_segments()]
    km_per_pt = frame.width / record.size_pt[0]
    for head in heads:
        middle = head.vertices[:3].mean(axis=0)
        near = min(
            float(np.hypot(*(sample - middle)))
            for line in lines
            for sample in np.array(
                [
                    line[i] + (line[i + 1] - line[i]) * part
                    for i in range(len(line) - 1)
                    for part in np.linspace(0, 1, 60)
                ]
            )
        )
        assert near <= 6.0 * km_per_pt


# --- labels ----------------------------------------------------------------------------------


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


# --- axes, figures, files --------------------------------------------------------------------


def test_axes_are_taken_and_given_back_and_nothing_global_changes() -> None:
    before = dict(rcParams)
    figure = Figure(figsize=(8, 6))
    mine = figure.add_subplot()
    ax = draw_flows(PLACES, LINKS, FLOWS, ax=mine)
    assert ax is mine
    assert ax.get_figure() is figure
    check_labels(ax)
    assert dict(rcParams) == before
    assert Gcf.get_all_fig_managers() == []


def test_frames_are_not_changed() -> None:
    copies = PLACES.copy(), LINKS.copy(), FLOWS.copy()
    draw(full={"atyrau-port"})
    for before, after in zip(copies, (PLACES, LINKS, FLOWS), strict=True):
        pd.testing.assert_frame_equal(before, after)


def test_tables_of_a_network_will_do_as_they_are() -> None:
    nodes = LINKS.assign(
        from_node_id=LINKS["from_place_id"] + ".rail1520",
        to_node_id=LINKS["to_place_id"] + ".rail1520",
    ).drop(columns=["from_place_id", "to_place_id"])
    ax = draw_flows(PLACES.reset_index(), nodes.reset_index(), FLOWS, geometries=GEOMETRIES)
    _, record = draw()
    pd.testing.assert_frame_equal(inspect_map(ax).lanes, record.lanes)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_same_bytes_twice(tmp_path: Path, suffix: str) -> None:
    for name in ("one", "two"):
        ax, _ = draw(title="Title", footer="Small print", full={"atyrau-port"})
        save_figure(figure_of(ax), tmp_path / f"{name}{suffix}")
    one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_size > 10_000
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.name, two.name]


def test_words_of_an_svg_stay_words(tmp_path: Path) -> None:
    ax, _ = draw(title="A title to look for")
    figure = figure_of(ax)
    text = save_figure(figure, tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "A title to look for</text>" in text
    assert len(text) < 1_000_000
    outlined = save_figure(figure, tmp_path / "b.svg", text_as_paths=True)
    assert "</text>" not in outlined.read_text(encoding="utf-8")


def test_ids_in_an_svg_are_unique(tmp_path: Path) -> None:
    ax, _ = draw(title="T", full={"atyrau-port"}, extent="wide")
    panels = draw_small_multiples(PLACES, LINKS, FLOWS, geometries=GEOMETRIES)
    for figure in (figure_of(ax), panels):
        text = save_figure(figure, tmp_path / "map.svg").read_text(encoding="utf-8")
        counts = pd.Series(re.findall(r'\sid="([^"]+)"', text)).value_counts()
        assert "flows-via-russia" in " ".join(counts.index)
        assert counts.max() == 1


def test_saving_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    figure = Figure()
    with pytest.raises(UsageError, match=r"saved as \.png, \.svg or \.pdf"):
        save_figure(figure, tmp_path / "map.gif")
    with pytest.raises(UsageError, match="does not exist"):
        save_figure(figure, tmp_path / "nowhere" / "map.png")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "map.png"
    target.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save_figure(Figure(), target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"extent": "moon"}, UnknownNameError, "No extent is called 'moon'"),
        ({"extent": (60.0, 50.0, 40.0, 55.0)}, UsageError, "lon_min, lat_min"),
        ({"scale": "log"}, UsageError, "'sqrt' or 'linear'"),
        ({"measure": "tons"}, UsageError, "mt, value, scaled"),
        ({"full": {"atyrau-prt"}}, UnknownNameError, "Did you mean 'atyrau-port'"),
    ],
)
def test_bad_arguments_are_named(
    changes: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        draw(**changes)


def test_an_unknown_place_is_named() -> None:
    with pytest.raises(UnknownNameError, match="No place is called 'poti'"):
        draw_flows(PLACES.drop(index="poti"), LINKS, FLOWS)


def test_only_maps_can_be_inspected() -> None:
    with pytest.raises(UnknownNameError, match="No map"):
        inspect_map(Figure().add_subplot())


def test_no_flow_at_all_still_gives_a_map() -> None:
    ax, record = draw(flows=FLOWS.iloc[:0])
    assert record.lanes.empty
    assert record.exits.empty
    check_labels(ax)


# --- the other maps --------------------------------------------------------------------------


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


# --- lines and ground ------------------------------------------------------------------------


def test_a_sea_link_without_a_line_follows_the_lanes_of_others() -> None:
    places = PLACES.copy()
    places.loc["aegean"] = ["Piraeus", "GR", "port", 37.9, 23.6]
    links = pd.DataFrame(
        [("port-aegean", "port", "aegean", "move", "tanker", 1.0, "")],
        columns=["link_id", *LINKS.columns],
    ).set_index("link_id")
    line = trace_links(places, links, GEOMETRIES)["port-aegean"]
    assert (29.1, 41.2) in [tuple(point) for point in line]
    assert tuple(line[0]) == (37.8, 44.7)
    assert tuple(line[-1]) == (23.6, 37.9)
    assert len(trace_links(places, links)["port-aegean"]) == 2


def test_a_line_is_turned_to_the_direction_of_its_link() -> None:
    back = LINKS.loc[["port-augusta"]].rename(index={"port-augusta": "back"})
    back = back.rename(columns={"from_place_id": "to_place_id", "to_place_id": "from_place_id"})
    there = trace_links(PLACES, LINKS.loc[["port-augusta"]], GEOMETRIES)["port-augusta"]
    line = trace_links(PLACES, back, GEOMETRIES)["back"]
    assert np.array_equal(line, there[::-1])


def test_clipping_and_shifting() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    line = np.array([[-5.0, 5.0], [5.0, 5.0], [5.0, 15.0], [8.0, 15.0], [8.0, 5.0]])
    pieces = clip_line(line, box)
    assert [piece.tolist() for piece in pieces] == [
        [[0.0, 5.0], [5.0, 5.0], [5.0, 10.0]], [[8.0, 10.0], [8.0, 5.0]],
    ]  # fmt: skip
    assert clip_line(line + 100.0, box) == []
    ring = np.array([[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0], [-5.0, -5.0]])
    corner = clip_ring(ring, box)
    assert {tuple(point) for point in corner} == {(0, 0), (5, 0), (5, 5), (0, 5)}
    moved = shift_line(np.array([[0.0, 0.0], [10.0, 0.0]]), 2.0)
    assert moved.tolist() == [[0.0, 2.0], [10.0, 2.0]]
    assert measure_line(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [0.0, 5.0]


def test_the_base_map_is_read_once_and_lies_in_the_frame() -> None:
    frame = FRAMES["region"]
    base = read_basemap(frame)
    assert read_basemap(frame) is base
    assert base.land is not None
    assert base.borders is not None
    low, high = base.borders.vertices.min(axis=0), base.borders.vertices.max(axis=0)
    assert low[0] >= frame.box[0]
    assert low[1] >= frame.box[1]
    assert high[0] <= frame.box[2]
    assert high[1] <= frame.box[3]


def test_base_map_files_are_light_and_rounded() -> None:
    folder = files("routes").joinpath("data", "basemap")
    limits = {
        "countries_region.geojson": (300, 3),
        "countries_wide.geojson": (300, 2),
        "lakes.geojson": (300, 3),
        "rail_osm_ODbL.geojson": (120, 2),
    }
    assert {item.name for item in folder.iterdir()} == set(limits)
    for name, (kilobytes, decimals) in limits.items():
        text = folder.joinpath(name).read_text(encoding="utf-8")
        assert len(text.encode()) < kilobytes * 1000
        layer = json.loads(text)
        assert "licence" in layer["meta"]
        numbers = np.array(list(flatten([f["geometry"]["coordinates"] for f in layer["features"]])))
        assert np.allclose(numbers, numbers.round(decimals), atol=1e-9)
    notice = files("routes").joinpath("data", "NOTICE").read_text(encoding="utf-8")
    for word in ("Natural Earth", "rail_osm_ODbL", "Open Database License", "GeoNames",
                 "World Port Index", "Global Energy Monitor", "Apache"):  # fmt: skip
        assert word in notice


def flatten(values: object) -> Iterator[float]:
    if isinstance(values, list):
        for value in values:
            yield from flatten(value)
    else:
        yield float(values)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["countries_region.geojson", "countries_wide.geojson"])
def test_crimea_is_drawn_in_ukraine(name: str) -> None:
    text = files("routes").joinpath("data", "basemap", name).read_text(encoding="utf-8")
    holders = set()
    for feature in json.loads(text)["features"]:
        for shape in feature["geometry"]["coordinates"]:
            if Outline(np.array(shape[0])).contains_point((34.1, 45.1)):
                holders.add(feature["properties"]["iso"])
    assert holders == {"UA"}


def test_frames_hold_what_they_are_asked_to() -> None:
    frame = choose_frame((45.0, 38.0, 60.0, 50.0))
    corners = project(frame, np.array([45.0, 60.0, 45.0, 60.0]), np.array([38.0, 38.0, 50.0, 50.0]))
    x0, y0, x1, y1 = frame.box
    assert (corners >= np.array([x0, y0]) - 1).all()
    assert (corners <= np.array([x1, y1]) + 1).all()
    far = fit_frame(np.array([[77.0, 43.0], [4.0, 52.0]]))
    assert far.base == "wide"
    assert fit_frame(np.array([[77.0, 43.0], [51.0, 47.0]])).base == "region"
