"""The lines and the ground of maps: sea lanes, clipping, base maps and frames."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path as Outline

from maps_case import GEOMETRIES, LINKS, PLACES
from routes.maps.basemap import read_basemap
from routes.maps.frames import FRAMES, choose_frame, fit_frame, project
from routes.maps.geometry import clip_line, clip_ring, measure_line, shift_line
from routes.maps.lines import trace_links


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
