"""The map of a report: base map as SVG paths, and the ways that links run along.

Coordinates are km of the Miller projection, y downwards, whole numbers: the page zooms into one
drawing that holds every market, so one projection has to serve all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.path import Path

from routes.maps.basemap import BaseMap, read_basemap
from routes.maps.frames import FRAMES, REGION_BOUNDS, Frame, project
from routes.maps.geometry import Points, clip_line, thin_points
from routes.maps.lines import Geometries, trace_links
from routes.maps.strokes import build_strokes

WIDE = FRAMES["wide"]
_FINE_NORTH = 64.9  # the fine layer is whole up to here, degrees
_COARSE_KM = 12.0  # detail of the map beyond the region
LAND, HOME, WATER, BORDERS, HOME_BORDERS, RAILWAYS = (
    "land", "home", "water", "borders", "home-borders", "railways",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A layer of the base map: class of its path and what it draws."""

    layer: str
    path: str


@dataclass(frozen=True)
class Drawing:
    """The base map: its whole extent, the part seen first, shapes from below, country names."""

    extent: tuple[int, int, int, int]
    """Left, top, width, height, km."""
    start: tuple[int, int, int, int]
    """The same of the part seen first."""
    sea: tuple[int, int, int, int]
    """The rectangle that is drawn in more detail."""
    wide: tuple[Shape, ...]
    near: tuple[Shape, ...]
    countries: tuple[tuple[str, int, int, int], ...]
    """Name, x, y, and how far the country reaches (km)."""


@lru_cache(maxsize=1)
def draw_base() -> Drawing:
    """The shipped base map: fine in the region, coarser beyond; cached."""
    west, south, east, _ = REGION_BOUNDS
    north = _FINE_NORTH
    (x0, y0), (x1, y1) = project(WIDE, [west, east], [south, north]).tolist()
    near = Frame("report", WIDE.projection, (x0, y0, x1, y1), "region")
    fine, coarse = read_basemap(near), read_basemap(WIDE)
    land, water = (_thin(path) for path in (_join(coarse.land, coarse.home), coarse.water))
    box = (x0, y0, x1, y1)
    beyond = _drop_inside(coarse.borders, box)
    first = project(WIDE, [10.0, 92.0], [30.0, 61.0])
    return Drawing(
        extent=_to_view(WIDE.box),
        start=_to_view((*first.min(axis=0).tolist(), *first.max(axis=0).tolist())),
        sea=_to_view(box),
        wide=tuple(
            Shape(layer, write_path(path))
            for layer, path in (
                (LAND, land), (WATER, water), (BORDERS, _thin(beyond)),
            )
            if path is not None
        ),
        near=tuple(
            Shape(layer, write_path(path))
            for layer, path in (
                (LAND, fine.land), (HOME, fine.home), (WATER, fine.water),
                (RAILWAYS, fine.railways), (BORDERS, fine.borders),
                (HOME_BORDERS, fine.home_borders),
            )
            if path is not None
        ),
        countries=_name_countries(coarse),
    )  # fmt: skip


def _to_view(box: tuple[float, ...]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    return round(x0), round(-y1), round(x1 - x0), round(y1 - y0)


def _join(*paths: Path | None) -> Path | None:
    known = [path for path in paths if path is not None]
    return Path.make_compound_path(*known) if known else None


def _thin(path: Path | None) -> Path | None:
    """The path with less detail, and without pieces too small for it."""
    if path is None:
        return None
    thinned = [thin_points(piece, _COARSE_KM) for piece in _split(path)]
    pieces = [Path(piece) for piece in thinned if len(piece) > 2]
    return Path.make_compound_path(*pieces) if pieces else None


def _drop_inside(path: Path | None, box: tuple[float, float, float, float]) -> Path | None:
    """The lines of a path outside a box: what the finer map draws is not drawn twice."""
    if path is None:
        return None
    x0, y0, x1, y1 = box
    far = 1e5
    around = [
        (-far, -far, x0, far), (x1, -far, far, far), (x0, -far, x1, y0), (x0, y1, x1, far),
    ]  # fmt: skip
    lines = [
        Path(piece)
        for line in _split(path)
        for part in around
        for piece in clip_line(line, part)
        if len(piece) > 1
    ]
    return Path.make_compound_path(*lines) if lines else None


def _split(path: Path) -> list[Points]:
    """The separate lines of a compound path."""
    codes = path.codes
    points = np.asarray(path.vertices, dtype=float)
    if codes is None:
        return [points]
    starts = np.flatnonzero(codes == Path.MOVETO)
    keep = np.asarray(codes != Path.CLOSEPOLY, dtype=bool)
    pieces = []
    for first, last in zip(starts, [*starts[1:], len(points)], strict=True):
        inside = slice(int(first), int(last))
        piece = points[inside][keep[inside]]
        closed = bool((~keep[inside]).any())
        pieces.append(np.vstack([piece, piece[:1]]) if closed else piece)
    return pieces


def write_path(path: Path | None) -> str:
    """A path of straight lines as SVG: absolute start, then steps, in whole km."""
    if path is None:
        return ""
    return "".join(write_line(piece) for piece in _split(path))


def write_line(points: Points) -> str:
    """One line as SVG path data, repeats dropped; closed when its ends meet."""
    whole = np.round(points * np.array([1.0, -1.0])).astype(int)
    keep = np.ones(len(whole), dtype=bool)
    keep[1:] = np.any(np.diff(whole, axis=0) != 0, axis=1)
    whole = whole[keep]
    if len(whole) < 2:
        return ""
    closed = bool(np.all(whole[0] == whole[-1])) and len(whole) > 3
    steps = np.diff(whole[:-1] if closed else whole, axis=0)
    text = f"M{whole[0, 0]} {whole[0, 1]}l" + write_numbers(steps.ravel().tolist())
    return text + "z" if closed else text


def write_numbers(values: Iterable[int]) -> str:
    """Whole numbers as short as SVG allows: a minus sign parts them too."""
    text = ""
    for value in values:
        text += (" " if text and value >= 0 else "") + str(value)
    return text


def _name_countries(base: BaseMap) -> tuple[tuple[str, int, int, int], ...]:
    return tuple(
        (country.name, round(country.point[0]), round(-country.point[1]),
         round(float(np.sqrt(country.area))))
        for country in sorted(base.countries, key=lambda c: (-c.area, c.name))
    )  # fmt: skip


def trace_ways(
    places: pd.DataFrame, links: pd.DataFrame, geometries: Geometries
) -> list[dict[str, Any]]:
    """Lines on which the same links run, each with its links and their directions.

    Returns
    -------
    A list of {"p": [x, y, x, y, ...] in km, "l": [(link_id, +1 along the line or -1), ...]}.
    """
    lines = trace_links(places, links, geometries)
    index = pd.MultiIndex.from_tuples([(link, link) for link in lines], names=["link", "group"])
    strokes = build_strokes(lines, pd.Series(1.0, index=index), WIDE)
    ways = []
    for stroke in strokes:
        points = np.round(stroke.points * np.array([1.0, -1.0])).astype(int)
        keep = np.ones(len(points), dtype=bool)
        keep[1:] = np.any(np.diff(points, axis=0) != 0, axis=1)
        kept = points[keep]
        if len(kept) > 1:
            ways.append({
                "p": kept.ravel().tolist(),
                "l": [(str(link), sign) for link, sign, _ in stroke.lanes],
            })  # fmt: skip
    return ways


def place_points(places: pd.DataFrame, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Where places lie on the drawing, km."""
    rows = places.loc[list(wanted)]
    points = project(WIDE, rows["lon"], rows["lat"])
    return [(round(x), round(-y)) for x, y in points.tolist()]
