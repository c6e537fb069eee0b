"""What to write on a map, and how much each name matters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from routes.maps import style
from routes.maps.frames import project
from routes.maps.geometry import Points, contains
from routes.maps.labels import Colour, Label, Line
from routes.maps.page import Page

KIND_WEIGHT = {
    "city": 1.0, "port": 1.0, "terminal": 0.9, "hub": 0.9, "market": 0.8, "border_crossing": 0.75,
    "oil_field": 0.75, "mine": 0.5, "industrial": 0.6, "pipeline_node": 0.3, "rail_junction": 0.3,
}  # fmt: skip
Formatter = Callable[[float], str]
Colouring = Callable[[str, float], Colour]
"""Colour of words from a corridor and a value."""


def colour_by_corridor(corridor: str, _value: float) -> Colour:
    """Dark colour of the corridor, whatever the value."""
    return style.style_corridor(corridor).ink


def format_signed(value: float, unit: str) -> str:
    """A change with its sign and unit."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return sign + format_amount(abs(value), unit)


def shorten_name(name: str) -> str:
    """The name without remarks and second names, cut at 26 letters."""
    short = re.split(r" \(|,| / ", name, maxsplit=1)[0].strip()
    return short if len(short) <= 26 else short[:25].rstrip() + "…"


def format_round(value: float) -> str:
    """A round value without needless decimals: 50, 2, 0.5."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def format_number(value: float) -> str:
    """Three figures at most: 123, 12.3, 1.2, 0.12, 0.004."""
    size = abs(value)
    if size >= 99.95:
        return f"{value:,.0f}"
    if size >= 0.995:
        return f"{value:.1f}"
    if size >= 0.0995:
        return f"{value:.2f}"
    if size == 0:
        return "0"
    digits = -math.floor(math.log10(size))
    return f"{value:.{digits}f}"


def format_amount(value: float, unit: str) -> str:
    """A value with its unit; less than 0.1 Mt in kt."""
    if unit == "Mt" and 0 < abs(value) < 0.0995:
        return f"{format_number(value * 1000.0)} kt"
    return f"{format_number(value)} {unit}"


def mark_places(page: Page, places: pd.DataFrame, shown: Mapping[str, float]) -> None:
    """Small circles at the places of the map, larger where more passes."""
    rows = places.loc[[place for place in shown if place in places.index]]
    if rows.empty:
        return
    plane = project(page.frame, rows["lon"], rows["lat"])
    points = page.to_points(plane)
    inside = _within(page, points)
    sizes = np.array([3.0 + 9.0 * min(shown[str(place)], 1.0) for place in rows.index])
    page.ax.scatter(
        plane[inside, 0],
        plane[inside, 1],
        s=sizes[inside] * page.size_factor,
        facecolors=style.MARKER_FILL,
        edgecolors=style.INK,
        linewidths=0.6,
        zorder=6.0,
        gid=f"{page.prefix}places",
    )
    page.occupancy.mark_points(points[inside], 2.0)


def _within(page: Page, points: Points) -> NDArray[np.bool_]:
    return contains((0.0, 0.0, page.width, page.height), points)


def weigh_places(places: pd.DataFrame, throughput: Mapping[str, float]) -> dict[str, float]:
    """Importance of each place, 0..1, from what passes it and what kind it is."""
    top = max(throughput.values(), default=0.0) or 1.0
    weights = {}
    for place, kind, name in zip(places.index, places["kind"], places["name"], strict=True):
        passing = throughput.get(str(place), 0.0)
        if passing > 0 and " border" not in str(name):
            weights[str(place)] = KIND_WEIGHT.get(str(kind), 0.5) * (0.25 + (passing / top) ** 0.35)
    return weights


def label_places(
    page: Page,
    places: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    most: int,
    bold: frozenset[str] = frozenset(),
    reach: float = 19.0,
) -> list[Label]:
    """Optional labels with names, most important first, those within the frame only."""
    order = sorted((p for p in weights if p in places.index), key=lambda p: (-weights[p], p))
    rows = places.loc[order]
    if rows.empty:
        return []
    points = page.to_points(project(page.frame, rows["lon"], rows["lat"]))
    labels = []
    seen: set[str] = set()
    for place, name, point, inside in zip(
        order, rows["name"], points, _within(page, points), strict=True
    ):
        short = shorten_name(str(name))
        if not inside or short in seen:
            continue
        seen.add(short)
        font = page.make_font(7.0, bold=place in bold)
        labels.append(
            Label(
                key=f"place-{place}",
                lines=(Line(short, font),),
                anchor=(float(point[0]), float(point[1])),
                gap=3.2,
                reach=reach,
                max_cover=0.3,
            )
        )
    return labels[:most]


def label_markets(
    page: Page,
    places: pd.DataFrame,
    arrivals: Mapping[str, tuple[float, str]],
    show: Formatter,
    colour_of: Colouring = colour_by_corridor,
) -> list[Label]:
    """Required labels of markets within the frame: name and what arrives, greatest first.

    `arrivals`: place id -> (value, main corridor).
    """
    order = sorted(arrivals, key=lambda place: (-abs(arrivals[place][0]), place))
    rows = places.loc[order]
    if rows.empty:
        return []
    points = page.to_points(project(page.frame, rows["lon"], rows["lat"]))
    font = page.make_font(7.0, bold=True)
    labels = []
    for place, name, point in zip(order, rows["name"], points, strict=True):
        value, corridor = arrivals[place]
        words = f"{shorten_name(str(name))} {show(value)}".rstrip()
        labels.append(
            Label(
                key=f"market-{place}",
                lines=(Line(words, font, colour_of(corridor, value)),),
                anchor=(float(point[0]), float(point[1])),
                gap=3.4,
                reach=205.0,
                required=True,
            )
        )
    return labels
