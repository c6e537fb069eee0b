"""What the tests of maps share: a made-up network, maps of its flows, and a look at the labels.

The made-up network (arrows are links, all of them inside the region but Rotterdam and Augusta):

    field -> atyrau -> port ~~sea lane~~> augusta (outside, 30 Mt)
                            ~~sea lane~~> rotterdam (outside, 10 Mt)
    field -> aktau ~~> baku -> poti      (4 Mt, ends at poti)
    atyrau -> aktau                      (1 Mt, at home)
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from routes.maps import draw_flows, inspect_map
from routes.maps.page import MapRecord

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
