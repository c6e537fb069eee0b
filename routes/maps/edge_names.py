"""Labels at the edge of the frame: the markets beyond it and what goes to each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from routes.maps.geometry import Points
from routes.maps.labels import Colour, Label, Line, measure_text, pitch_of
from routes.maps.names import Colouring, Formatter, colour_by_corridor, shorten_name
from routes.maps.page import Page

_EDGE_NEAR = 34.0
_LEAST_LINE = 0.002
_NOTHING = 1e-6


def label_exits(
    page: Page,
    places: pd.DataFrame,
    exits: pd.DataFrame,
    points: Mapping[str, Points],
    show: Formatter,
    colour_of: Colouring = colour_by_corridor,
    *,
    most: int = 6,
) -> list[Label]:
    """Required labels at the edge: the markets beyond it and what goes to each.

    `points`: link id -> where it leaves the frame, points from the lower left corner.

    Exits near to each other share a label.
    """
    labels = []
    least = _LEAST_LINE * float(exits["value"].abs().sum()) if len(exits) else 0.0
    for number, (anchor, group) in enumerate(_cluster_exits(page, exits, points)):
        sums = group.groupby("place_id")["value"].sum()
        sums = sums[sums.abs() > _NOTHING * least]  # changes may cancel but for rounding
        main = group.loc[group.groupby("place_id")["value"].idxmax()].set_index("place_id")
        order = sorted(sums.index, key=lambda place: (-abs(sums[place]), place))
        corridors = [str(main.at[place, "corridor"]) for place in order]
        colours = [colour_of(c, float(sums[p])) for c, p in zip(corridors, order, strict=True)]
        count = min(most, int((sums[order].abs() >= least).sum()))
        lines = _edge_lines(page, places, sums[order], colours, show, count)
        if lines:
            labels.append(_edge_label(page, f"exit-{number}", lines, anchor))
    return labels


def _cluster_exits(
    page: Page, exits: pd.DataFrame, points: Mapping[str, Points]
) -> list[tuple[tuple[float, float], pd.DataFrame]]:
    """Rows of exits by cluster along the edge, with the cluster's middle (points)."""
    around = {link: _walk_edge(page, spot) for link, spot in points.items()}
    by_link = exits["value"].abs().groupby(exits["link_id"]).sum()
    sizes = {str(link): float(value) for link, value in by_link.items()}
    clusters: list[list[str]] = []
    for link in sorted(around, key=lambda name: (around[name], name)):
        if clusters and around[link] - around[clusters[-1][-1]] < _EDGE_NEAR * page.size_factor:
            clusters[-1].append(link)
        else:
            clusters.append([link])
    found = []
    for cluster in clusters:
        rows = exits[exits["link_id"].isin(cluster)]
        weight = np.array([sizes.get(link, 0.0) + 1e-12 for link in cluster])
        middle = np.average([points[link] for link in cluster], axis=0, weights=weight)
        found.append(((float(middle[0]), float(middle[1])), rows))
    found.sort(key=lambda item: -float(item[1]["value"].abs().sum()))
    return found


def _walk_edge(page: Page, spot: Points) -> float:
    """Distance along the frame's edge from the lower left corner, anticlockwise."""
    x, y = float(spot[0]), float(spot[1])
    gaps = [y, page.width - x, page.height - y, x]
    side = int(np.argmin(gaps))
    return [
        x,
        page.width + y,
        page.width + page.height + page.width - x,
        2 * page.width + page.height + page.height - y,
    ][side]


def _edge_lines(
    page: Page,
    places: pd.DataFrame,
    sums: pd.Series,
    colours: list[Colour],
    show: Formatter,
    most: int,
) -> tuple[Line, ...]:
    """A line per market, the least ones in one line together."""
    font = page.make_font(7.0, bold=True)
    count = 1 if len(sums) == 1 else max(most, 1)
    if len(sums) == count + 1:
        count = len(sums)
    lines = []
    for place, value, colour in zip(sums.index[:count], sums, colours, strict=False):
        name = shorten_name(str(places.at[place, "name"]))
        lines.append(Line(f"{name} {show(float(value))}".rstrip(), font, colour))
    rest = sums.iloc[count:]
    if len(rest):
        words = f"{len(rest)} others {show(float(rest.sum()))}".rstrip()
        lines.append(Line(words, page.make_font(7.0)))
    return tuple(lines)


def _edge_label(
    page: Page, key: str, lines: tuple[Line, ...], anchor: tuple[float, float]
) -> Label:
    """A label that may slide along the edge and inward."""
    x, y = anchor
    width = max(measure_text(line.text, line.font)[0] for line in lines)
    height = sum(pitch_of(line) for line in lines)
    corners = []
    limit = min(260.0, max(page.width, page.height))
    for inset in (6.0, 16.0, 30.0, 50.0, 75.0, 105.0):
        for slide in np.arange(-limit, limit + 1, 6.0):
            cost = 0.16 * max(abs(slide) - 12.0, 0.0) + 0.22 * inset
            if min(x, page.width - x) < min(y, page.height - y):
                left = inset if x < page.width / 2 else page.width - inset - width
                corners.append((left, y + float(slide) - height / 2, cost))
            else:
                low = inset if y < page.height / 2 else page.height - inset - height
                corners.append((x + float(slide) - width / 2, low, cost))
    return Label(
        key=key, lines=lines, anchor=anchor, gap=4.0, required=True, corners=tuple(corners)
    )
