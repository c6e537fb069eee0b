"""The ground under the map: land, lakes, borders and railways, read once and clipped to a frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import NDArray

from routes.maps import style
from routes.maps.frames import Frame, project
from routes.maps.geometry import (
    Points,
    as_points,
    clip_line,
    clip_ring,
    contains,
    grow_box,
    thin_points,
)

HOME_COUNTRY = "KZ"


@dataclass(frozen=True, slots=True)
class CountryName:
    """Where a country's name goes, and how much of it the frame shows."""

    code: str
    name: str
    point: tuple[float, float]
    """Point inside the country and the frame, km."""
    area: float
    """Area of its greatest piece in the frame, km2 of the plane."""
    home: bool


@dataclass(frozen=True)
class BaseMap:
    """Projected (km) and clipped shapes of one frame."""

    land: Path | None
    home: Path | None
    water: Path | None
    borders: Path | None
    home_borders: Path | None
    railways: Path | None
    countries: tuple[CountryName, ...]


@lru_cache(maxsize=8)
def _read_layer(name: str) -> dict[str, Any]:
    text = files("routes").joinpath("data", "basemap", name).read_text(encoding="utf-8")
    layer: dict[str, Any] = json.loads(text)
    return layer


@lru_cache(maxsize=8)
def read_basemap(frame: Frame) -> BaseMap:
    """Shapes of the shipped base map inside the frame; cached."""
    layer = _read_layer(f"countries_{frame.base}.geojson")
    grid = frame.width / 2000
    land: list[Points] = []
    home: list[Points] = []
    countries: list[CountryName] = []
    outlines: dict[bool, list[Points]] = {False: [], True: []}
    for feature in layer["features"]:
        is_home = feature["properties"]["iso"] == HOME_COUNTRY
        pieces = _clip_rings(frame, feature["geometry"], grid)
        (home if is_home else land).extend(pieces)
        countries += _name_country(frame, feature, pieces)
        outlines[is_home] += _outlines(feature["geometry"], layer["meta"]["cuts"])
    return BaseMap(
        land=_join_rings(land),
        home=_join_rings(home),
        water=_join_rings(_clip_lakes(frame, grid)),
        borders=_clip_lines(frame, _drop_shared(outlines[True], outlines[False]), grid),
        home_borders=_clip_lines(frame, outlines[True], grid),
        railways=_clip_lines(frame, _railway_lines(frame), 2 * grid),
        countries=tuple(countries),
    )


def _rings(geometry: dict[str, Any]) -> list[Points]:
    shapes = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        shapes = [shapes]
    return [as_points(ring) for shape in shapes for ring in shape]


def _plane(frame: Frame, lonlat: Points, grid: float) -> Points:
    return thin_points(project(frame, lonlat[:, 0], lonlat[:, 1]), grid)


def _clip_rings(frame: Frame, geometry: dict[str, Any], grid: float) -> list[Points]:
    """Rings of a shape inside the frame (and a little beyond: the cut edge stays unseen)."""
    box = grow_box(frame.box, frame.width * 0.01)
    clipped = (clip_ring(_plane(frame, ring, grid), box) for ring in _rings(geometry))
    return [ring for ring in clipped if len(ring) > 3]


def _outlines(geometry: dict[str, Any], cuts: dict[str, list[float]]) -> list[Points]:
    """Rings without the edges where the layer itself was cut off."""
    lines: list[Points] = []
    for ring in _rings(geometry):
        seam = np.zeros(len(ring) - 1, dtype=bool)
        for axis, name in ((0, "lon"), (1, "lat")):
            for value in cuts[name]:
                on = np.abs(ring[:, axis] - value) < 1e-6
                seam |= on[:-1] & on[1:]
        lines += _split_line(ring, seam)
    return lines


def _drop_shared(known: list[Points], lines: list[Points]) -> list[Points]:
    """Lines without the segments that lie in `known` or in a line before: borders drawn once."""
    seen: set[tuple[tuple[float, float], tuple[float, float]]] = set()
    kept: list[Points] = []
    for number, line in enumerate([*known, *lines]):
        points = [(x, y) for x, y in line.tolist()]
        pairs = [(a, b) if a < b else (b, a) for a, b in pairwise(points)]
        if number >= len(known):
            repeated = np.array([pair in seen for pair in pairs], dtype=bool)
            kept += _split_line(line, repeated)
        seen.update(pairs)
    return kept


def _split_line(line: Points, left_out: NDArray[np.bool_]) -> list[Points]:
    """The parts of a line without some of its segments."""
    if not left_out.any():
        return [line]
    breaks = np.flatnonzero(left_out)
    return [part for part in np.split(line, breaks + 1) if len(part) > 1]


def _clip_lines(frame: Frame, lines: list[Points], grid: float) -> Path | None:
    if not lines:
        return None
    sizes = np.array([len(line) for line in lines])
    everything = np.vstack(lines)
    plane = np.round(project(frame, everything[:, 0], everything[:, 1]) / grid) * grid
    keep = np.ones(len(plane), dtype=bool)
    keep[1:] = np.any(np.diff(plane, axis=0) != 0, axis=1)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    keep[starts] = True
    counts = np.add.reduceat(keep, starts)
    pieces: list[Points] = []
    for line in np.split(plane[keep], np.cumsum(counts)[:-1]):
        pieces += clip_line(line, frame.box)
    return Path.make_compound_path(*(Path(piece) for piece in pieces)) if pieces else None


def _clip_lakes(frame: Frame, grid: float) -> list[Points]:
    features = _read_layer("lakes.geojson")["features"]
    return [piece for lake in features for piece in _clip_rings(frame, lake["geometry"], grid)]


def _railway_lines(frame: Frame) -> list[Points]:
    if frame.base != "region":
        return []
    layer = _read_layer("rail_osm_ODbL.geojson")
    return [
        as_points(line)
        for feature in layer["features"]
        for line in feature["geometry"]["coordinates"]
    ]


def _join_rings(rings: list[Points]) -> Path | None:
    if not rings:
        return None
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def _name_country(frame: Frame, feature: dict[str, Any], pieces: list[Points]) -> list[CountryName]:
    """The point for a country's name: its own when in the frame, else the middle of its piece."""
    properties = feature["properties"]
    label = properties.get("label")
    if label is None or not pieces:
        return []
    areas = [_measure_area(piece) for piece in pieces]
    greatest = pieces[int(np.argmax(areas))]
    point = project(frame, label[0], label[1])
    if not contains(frame.box, point).all():
        inner = clip_ring(greatest, frame.box)
        if len(inner) < 4:
            return []
        point = (inner.min(axis=0, keepdims=True) + inner.max(axis=0, keepdims=True)) / 2
        if not Path(greatest).contains_point(point[0]):
            return []
    x, y = (float(value) for value in point[0])
    home = properties["iso"] == HOME_COUNTRY
    return [CountryName(properties["iso"], properties["name"], (x, y), max(areas), home)]


def _measure_area(ring: Points) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2)


def draw_basemap(ax: Axes, frame: Frame, *, railways: bool = True) -> BaseMap:
    """Paint sea, land, lakes, railways and borders; fixes the limits and the aspect of `ax`."""
    base = read_basemap(frame)
    x0, y0, x1, y1 = frame.box
    ax.add_artist(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=style.SEA, linewidth=0, zorder=0))
    for path, colour, zorder in (
        (base.land, style.LAND, 0.2),
        (base.home, style.HOME, 0.3),
        (base.water, style.SEA, 0.4),
    ):
        if path is not None:
            ax.add_artist(
                PathPatch(path, facecolor=colour, edgecolor=colour, linewidth=0.3, zorder=zorder)
            )
    if railways:
        _add_lines(ax, base.railways, style.RAIL, 0.35, 0.5)
    _add_lines(ax, base.borders, style.BORDER, 0.4, 0.6)
    _add_lines(ax, base.home_borders, style.HOME_BORDER, 0.9, 0.7)
    ax.set_xlim(x0, x1)
    ax.set_ylim(y0, y1)
    ax.set_aspect("equal", adjustable="box", anchor="C")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set(visible=True, color=style.INK, linewidth=0.8, zorder=9)
    ax.apply_aspect()
    return base


def _add_lines(ax: Axes, path: Path | None, colour: str, width: float, zorder: float) -> None:
    if path is not None:
        ax.add_artist(
            PathPatch(
                path, fill=False, edgecolor=colour, linewidth=width, zorder=zorder,
                capstyle="round", joinstyle="round",
            )
        )  # fmt: skip
