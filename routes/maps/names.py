"""What to write on a map, and how much each name matters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from routes.maps import style
from routes.maps.frames import project
from routes.maps.geometry import Points, as_points, contains
from routes.maps.labels import Colour, Label, Line, measure_text, pitch_of
from routes.maps.page import Page
from routes.maps.pen import Ink

KIND_WEIGHT = {
    "city": 1.0, "port": 1.0, "terminal": 0.9, "hub": 0.9, "market": 0.8, "border_crossing": 0.75,
    "oil_field": 0.75, "mine": 0.5, "industrial": 0.6, "pipeline_node": 0.3, "rail_junction": 0.3,
}  # fmt: skip
SEAS: tuple[tuple[str, float, float], ...] = (
    ("Caspian Sea", 50.7, 41.9), ("Black Sea", 34.0, 43.2), ("Baltic Sea", 19.6, 57.0),
    ("Mediterranean Sea", 33.0, 34.4), ("Mediterranean Sea", 18.5, 34.6),
    ("Persian Gulf", 51.3, 27.3), ("Arabian Sea", 63.5, 19.0), ("North Sea", 3.2, 56.2),
    ("South China Sea", 114.5, 17.0), ("Bay of Bengal", 88.0, 15.5),
)  # fmt: skip
_EDGE_NEAR = 34.0
_LEAST_LINE = 0.002
Formatter = Callable[[float], str]
Colouring = Callable[[str, float], Colour]
"""Colour of words from a corridor and a value."""


def colour_by_corridor(corridor: str, value: float) -> Colour:
    """Dark colour of the corridor, whatever the value."""
    return style.style_corridor(corridor).ink


def format_signed(value: float, unit: str) -> str:
    """A change with its sign and unit."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return sign + format_amount(abs(value), unit)


def shorten_name(name: str) -> str:
    """The name without remarks and second names, cut at 26 letters."""
    short = name.split(" (")[0].split(",")[0].split(" / ")[0].strip()
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
        gid="places",
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
        words = f"{shorten_name(str(name))} {show(value)}"
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

    Exits near to each other share a label.
    """
    labels = []
    least = _LEAST_LINE * float(exits["value"].abs().sum()) if len(exits) else 0.0
    for number, (anchor, group) in enumerate(_cluster_exits(page, exits, points)):
        sums = group.groupby("place_id")["value"].sum()
        sums = sums[sums != 0]
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
    spots = {link: page.to_points(as_points(point))[0] for link, point in points.items()}
    around = {link: _walk_edge(page, spot) for link, spot in spots.items()}
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
        middle = np.average([spots[link] for link in cluster], axis=0, weights=weight)
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
    if len(sums) == count + 1 and most > 0:
        count = len(sums)
    lines = []
    for place, value, colour in zip(sums.index[:count], sums, colours, strict=False):
        name = shorten_name(str(places.at[place, "name"]))
        lines.append(Line(f"{name} {show(float(value))}", font, colour))
    rest = sums.iloc[count:]
    if len(rest):
        lines.append(Line(f"{len(rest)} others {show(float(rest.sum()))}", page.make_font(7.0)))
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


def label_corridors(page: Page, ink: Ink, *, least_length: float = 30.0) -> list[Label]:
    """One optional label per corridor, beside its best stroke."""
    labels = []
    groups = sorted({piece.group for piece in ink.pieces}, key=style.order_corridor)
    for group in groups:
        pieces = [p for p in ink.pieces if p.group == group]
        top = max(piece.value for piece in pieces)
        look = style.style_corridor(group)
        font = page.make_font(7.4, bold=True, italic=True)
        width, height = measure_text(look.name, font)[0], pitch_of(Line(look.name, font))
        corners = []
        for piece in pieces:
            step = np.hypot(*np.diff(piece.line, axis=0).T)
            if step.sum() < least_length * page.size_factor:
                continue
            cost = 12.0 * (1.0 - math.sqrt(piece.value / top))
            for share in (0.25, 0.5, 0.75):
                point = _at_share(piece.line, step, share)
                corners += _beside(point, piece.total / 2 + 2.5, width, height, cost)
        if corners:
            labels.append(
                Label(
                    key=f"corridor-{group}",
                    lines=(Line(look.name, font, look.ink),),
                    anchor=(0.0, 0.0),
                    corners=tuple(corners),
                    max_cover=0.12,
                    leader=False,
                )
            )
    return labels


def _at_share(line: Points, step: Points, share: float) -> Points:
    along = np.concatenate([[0.0], np.cumsum(step)])
    at = along[-1] * share
    return np.array([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])])


def _beside(
    point: Points, gap: float, width: float, height: float, cost: float
) -> list[tuple[float, float, float]]:
    """Corners of boxes above, below, left and right of a point."""
    x, y = float(point[0]), float(point[1])
    return [
        (x - width / 2, y + gap, cost),
        (x - width / 2, y - gap - height, cost + 0.5),
        (x + gap, y - height / 2, cost + 0.3),
        (x - gap - width, y - height / 2, cost + 0.3),
        (x + gap * 0.8, y + gap * 0.8, cost + 0.2),
        (x - gap * 0.8 - width, y + gap * 0.8, cost + 0.2),
        (x + gap * 0.8, y - gap * 0.8 - height, cost + 0.4),
        (x - gap * 0.8 - width, y - gap * 0.8 - height, cost + 0.4),
    ]


def label_ground(page: Page) -> list[Label]:
    """Optional names of countries and seas, behind the flows; the greatest first."""
    labels = []
    for country in sorted(page.base.countries, key=lambda c: (not c.home, -c.area, c.name)):
        room = math.sqrt(country.area) / page.km_per_pt
        point = page.to_points(np.array([country.point]))[0]
        name = country.name.upper()
        font_size = 8.6 if country.home else 6.2
        font = page.make_font(font_size)
        if measure_text(name, font)[0] > 1.25 * room:
            continue
        spaced = " ".join(name)
        words = spaced if measure_text(spaced, font)[0] < 0.8 * room else name
        line = Line(words, font, style.PALE_INK)
        labels.append(_ground_label(f"country-{country.code}", line, point, 0.16 * room))
    seen: set[str] = set()
    for name, lon, lat in SEAS:
        plane = project(page.frame, lon, lat)
        if name in seen or not contains(page.frame.box, plane).all():
            continue
        seen.add(name)
        point = page.to_points(plane)[0]
        font = page.make_font(6.4, italic=True)
        line = Line(name, font, style.SEA_INK)
        labels.append(_ground_label(f"sea-{lon}", line, point, 24.0))
    return [
        label
        for label in labels
        if 0 < label.anchor[0] < page.width and 0 < label.anchor[1] < page.height
    ]


def _ground_label(key: str, line: Line, point: Points, shift: float) -> Label:
    """A name at most `shift` points from where it belongs."""
    width, height = measure_text(line.text, line.font)[0], pitch_of(line)
    shares = (-1.0, -0.5, 0.0, 0.5, 1.0)
    corners = [
        (
            float(point[0]) - width / 2 + dx * shift,
            float(point[1]) - height / 2 + dy * shift,
            0.06 * shift * math.hypot(dx, dy),
        )
        for dx in shares
        for dy in shares
    ]
    return Label(
        key=key,
        lines=(line,),
        anchor=(float(point[0]), float(point[1])),
        corners=tuple(corners),
        max_cover=0.22,
        leader=False,
        behind=True,
    )
