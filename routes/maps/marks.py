"""Marks of full links: a bar across the stroke, a diamond where the link lies within a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from routes.maps import style
from routes.maps.geometry import Points, contains, find_middle
from routes.maps.page import Page
from routes.maps.pen import Ink

_DIAMOND = np.array([[0.0, 1.0], [0.8, 0.0], [0.0, -1.0], [-0.8, 0.0]])


def mark_full_links(
    page: Page,
    full: Iterable[str],
    lines: Mapping[str, Points],
    at_place: Mapping[str, Points],
    ink: Ink,
) -> None:
    """A red bar across each full link, a red diamond where the link lies within one place.

    Parameters
    ----------
    full
        Ids of links at their capacity.
    lines
        Link id -> points (km) of links that lead somewhere.
    at_place
        Link id -> point (km) of links within one place.
    ink
        What was drawn, for the width of the strokes.
    """
    bars: list[Points] = []
    diamonds: list[Points] = []
    marked: list[str] = []
    for link in sorted(full):
        if link in lines:
            bar = _full_bar(page, lines[link], ink.width_of_link.get(link, 1.0))
            if bar is not None:
                bars.append(bar)
                marked.append(link)
        elif link in at_place:
            point = page.to_points(at_place[link])
            if contains(page.box, point).all():
                diamonds.append(point + 3.6 * page.size_factor * _DIAMOND)
                marked.append(link)
    for bar in bars:
        page.occupancy.mark_line(bar, 2.0, 2.5)
    for shape in diamonds:
        page.occupancy.mark_points(shape, 1.0, 2.5)
    _draw_full(page, bars, diamonds)
    page.record.marked = tuple(marked)


def _full_bar(page: Page, line: Points, width: float) -> Points | None:
    middle = find_middle(page.to_points(line), page.box)
    if middle is None:
        return None
    point, direction = middle
    half = np.array([-direction[1], direction[0]]) * (width / 2 + 3.2 * page.size_factor)
    return np.array([point - half, point + half])


def _draw_full(page: Page, bars: list[Points], diamonds: list[Points]) -> None:
    for width, colour, zorder in ((3.6, "white", 5.8), (2.0, style.FULL, 5.9)):
        if bars:
            collection = LineCollection(
                [page.to_plane(bar) for bar in bars],
                linewidths=width * page.size_factor,
                colors=colour,
                capstyle="butt",
                zorder=zorder,
                gid=f"{page.prefix}full-links" if colour == style.FULL else None,
            )
            page.ax.add_collection(collection, autolim=False)
    if diamonds:
        page.ax.add_collection(
            PolyCollection(
                [page.to_plane(shape) for shape in diamonds],
                facecolors=style.FULL,
                edgecolors="white",
                linewidths=0.6,
                zorder=6.6,
                gid=f"{page.prefix}full-places",
            ),
            autolim=False,
        )
