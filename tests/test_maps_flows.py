"""Maps of flows: widths, legend, colours, measures, read from artists and the record of the map."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.legend import Legend

from maps_case import FLOWS, LINKS, PLACES, draw, flow_lines
from routes.errors import UsageError
from routes.maps.frames import FRAMES
from routes.maps.leaving import find_inside, sum_arrivals, trace_leaving
from routes.maps.lines import trace_links
from routes.maps.pen import WidthScale, round_down
from routes.maps.quantity import measure_flows
from routes.maps.strokes import build_strokes
from routes.maps.style import CORRIDORS

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
