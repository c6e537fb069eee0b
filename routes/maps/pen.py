"""Strokes, arrowheads and marks: from values to artists, widths in points by a declared scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib import rcParams
from matplotlib.collections import LineCollection, PolyCollection

from routes.errors import UsageError
from routes.maps import style
from routes.maps.geometry import Points, clip_line, locate_on_line, measure_line, shift_line
from routes.maps.labels import Colour
from routes.maps.page import Page
from routes.maps.strokes import Stroke

WIDEST_PT = 15.0
HAIRLINE_PT = 0.45
_SMALL_SCALE = 12.0
_LANE_GAP = 0.5
_ARROW_EVERY = 95.0
_ARROW_APART = 44.0
_ARROW_LEAST_LENGTH = 13.0
_WHITE_ARROW_FROM = 6.5
_LANE_COLUMNS = ["group", "value", "width_pt", "colour", "dashes", "length_pt", "link_ids"]
StyleOf = Callable[[str], style.LineStyle]


@dataclass(frozen=True, slots=True)
class WidthScale:
    """Width of a stroke for a value: `widest` points at `top`, by square root or in proportion."""

    kind: Literal["sqrt", "linear"]
    top: float
    widest: float
    hairline: float = HAIRLINE_PT

    def width(self, value: float) -> float:
        """Width, points; never under the hairline."""
        return max(self.hairline, self._raw(value))

    def _raw(self, value: float) -> float:
        share = max(value, 0.0) / self.top if self.top > 0 else 0.0
        return self.widest * (float(np.sqrt(share)) if self.kind == "sqrt" else share)

    @property
    def factor(self) -> float:
        """Points per unit, or per square root of a unit."""
        return self._raw(1.0)

    @property
    def least(self) -> float:
        """Value below which every stroke is a hairline."""
        part = self.hairline / self.widest
        return self.top * (part * part if self.kind == "sqrt" else part)

    def references(self, factor: float = 1.0) -> tuple[float, float, float]:
        """Three values for the legend, falling, round when multiplied by `factor`."""
        first = round_down(self.top * factor)
        steps = (5.0, 25.0) if self.kind == "sqrt" else (2.5, 10.0)
        second, third = round_down(first / steps[0]), round_down(first / steps[1])
        return first / factor, second / factor, third / factor


def round_down(value: float) -> float:
    """The greatest of 1, 2, 5, 10, 20, 50 ... not above the value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value) + 1e-9)
    for step in (5.0, 2.0, 1.0):
        if step * power <= value * (1 + 1e-9):
            return float(step * power)
    return float(power)


def make_scale(page: Page, kind: str, top: float) -> WidthScale:
    """The scale of a page: the widest stroke grows with the axes."""
    if kind not in ("sqrt", "linear"):
        raise UsageError(f"The 'scale' of a map must be 'sqrt' or 'linear'. Got {kind!r} instead.")
    chosen: Literal["sqrt", "linear"] = "sqrt" if kind == "sqrt" else "linear"
    widest = WIDEST_PT * page.size_factor * (0.7 if page.km_per_pt > _SMALL_SCALE else 1.0)
    return WidthScale(chosen, max(top, 1e-12), widest)


@dataclass
class _Piece:
    """One lane of a stroke within the frame, along its direction of travel (points)."""

    group: str
    value: float
    width: float
    line: Points
    leaves: bool
    link_ids: frozenset[str]
    total: float


@dataclass
class Ink:
    """What was drawn: pieces, and the whole width of the stroke at each link."""

    pieces: list[_Piece] = field(default_factory=list)
    width_of_link: dict[str, float] = field(default_factory=dict)


def draw_strokes(
    page: Page,
    strokes: Sequence[Stroke],
    scale: WidthScale,
    style_of: StyleOf,
    *,
    arrows: bool = True,
    exits: Mapping[str, Points] | None = None,
) -> Ink:
    """Draw all strokes, lanes side by side, with arrowheads; fills the record's lanes.

    `exits`: where (points) the links that lead out of the frame cross its edge.
    """
    ink = Ink()
    for stroke in strokes:
        _lay_lanes(page, stroke, scale, ink)
    totals: dict[str, float] = {}
    for piece in ink.pieces:
        totals[piece.group] = max(totals.get(piece.group, 0.0), piece.width)
    for rank, group in enumerate(sorted(totals, key=lambda name: (-totals[name], name))):
        pieces = [piece for piece in ink.pieces if piece.group == group]
        pieces.sort(key=lambda piece: -piece.width)
        _draw_group(page, group, pieces, style_of(group), 3.0 + 0.05 * rank)
    if arrows:
        _draw_arrows(page, ink, style_of, exits or {})
    _record_lanes(page, ink, style_of)
    return ink


def draw_bands(
    page: Page,
    strokes: Sequence[Stroke],
    edges: Points,
    colours: Sequence[str],
    widths: Sequence[float],
) -> None:
    """Draw strokes by band of their value: band i lies between edges i and i + 1."""
    inner = np.asarray(edges)[1:-1]
    rows = []
    for stroke in strokes:
        value = max(value for _, _, value in stroke.lanes)
        band = int(np.searchsorted(inner, value, side="right"))
        centre = _drop_close(page.to_points(stroke.points), 0.6)
        for part in clip_line(centre, page.box):
            page.occupancy.mark_line(part, widths[band] / 2 + 0.6)
            length = float(measure_line(part)[-1])
            row = (f"band-{band}", value, widths[band], colours[band], (), length, stroke.link_ids)
            rows.append((row, page.to_plane(part)))
    for band, (colour, width) in enumerate(zip(colours, widths, strict=True)):
        lines = [line for row, line in rows if row[0] == f"band-{band}"]
        size = np.full(len(lines), width)
        if lines:
            _add_lines(page, f"casing-{band}", lines, size + 0.7, "#6f6a60", 3.0 + 0.1 * band)
            _add_lines(page, f"band-{band}", lines, size, colour, 3.05 + 0.1 * band)
    page.record.lanes = pd.DataFrame([row for row, _ in rows], columns=_LANE_COLUMNS)


def _lay_lanes(page: Page, stroke: Stroke, scale: WidthScale, ink: Ink) -> None:
    widths = [scale.width(value) for _, _, value in stroke.lanes]
    total = sum(widths) + _LANE_GAP * (len(widths) - 1)
    for link in stroke.link_ids:
        ink.width_of_link[link] = max(ink.width_of_link.get(link, 0.0), total)
    centre = _drop_close(page.to_points(stroke.points), max(0.6, 0.3 * total))
    for part in clip_line(centre, page.box):
        page.occupancy.mark_line(part, total / 2 + 0.6)
    left = total / 2
    for (group, direction, value), width in zip(stroke.lanes, widths, strict=True):
        line = shift_line(centre, left - width / 2)
        left -= width + _LANE_GAP
        if direction < 0:
            line = line[::-1]
        parts = clip_line(line, page.box)
        for number, part in enumerate(parts):
            leaves = number < len(parts) - 1 or not np.allclose(part[-1], line[-1])
            ink.pieces.append(_Piece(group, value, width, part, leaves, stroke.link_ids, total))


def _drop_close(line: Points, least: float) -> Points:
    """The line without inner points nearer than `least` to the one kept before."""
    kept = [0]
    for index in range(1, len(line) - 1):
        step = line[index] - line[kept[-1]]
        rest = line[-1] - line[index]
        if np.hypot(step[0], step[1]) >= least and np.hypot(rest[0], rest[1]) >= least:
            kept.append(index)
    kept.append(len(line) - 1)
    chosen: Points = line[kept]
    return chosen


def _draw_group(
    page: Page, group: str, pieces: list[_Piece], look: style.LineStyle, zorder: float
) -> None:
    lines = [page.to_plane(piece.line) for piece in pieces]
    widths = np.array([piece.width for piece in pieces])
    _add_lines(page, f"casing-{group}", lines, widths + 1.1, "white", zorder - 0.02)
    under: Colour = look.tint if look.dashes else look.colour
    _add_lines(page, f"flows-{group}", lines, widths, under, zorder)
    if look.dashes:
        dashes = [scale_dashes(look.dashes, width, page.size_factor) for width in widths]
        _add_lines(
            page, f"dashes-{group}", lines, widths, look.colour, zorder + 0.01, dashes=dashes
        )


def scale_dashes(
    dashes: tuple[float, ...], width: float, factor: float = 1.0
) -> tuple[float, tuple[float, ...]]:
    """Dashes of the given lengths in points, whatever the width (matplotlib multiplies by it)."""
    unit = factor / width if rcParams["lines.scale_dashes"] else factor
    longer = 1.0 + max(width - 4.0, 0.0) * 0.06
    return 0.0, tuple(length * unit * longer for length in dashes)


def _add_lines(
    page: Page,
    gid: str,
    lines: list[Points],
    widths: Points,
    colour: Colour,
    zorder: float,
    *,
    dashes: list[tuple[float, tuple[float, ...]]] | None = None,
) -> None:
    collection = LineCollection(
        lines,
        linewidths=widths.tolist(),
        colors=[colour],
        linestyles=dashes if dashes is not None else "solid",
        capstyle="butt" if dashes is not None else "round",
        joinstyle="round",
        zorder=zorder,
        gid=page.prefix + gid,
    )
    page.ax.add_collection(collection, autolim=False)


def _record_lanes(page: Page, ink: Ink, style_of: StyleOf) -> None:
    rows = [
        (
            piece.group,
            piece.value,
            piece.width,
            style_of(piece.group).colour,
            style_of(piece.group).dashes,
            float(measure_line(piece.line)[-1]),
            piece.link_ids,
        )
        for piece in ink.pieces
    ]
    page.record.lanes = pd.DataFrame(rows, columns=_LANE_COLUMNS)


def _draw_arrows(page: Page, ink: Ink, style_of: StyleOf, exits: Mapping[str, Points]) -> None:
    """Arrowheads on the strokes: some way apart on long ones, and where goods leave the frame."""
    heads: dict[Colour, list[Points]] = {}
    taken: dict[str, list[Points]] = {}
    factor = page.size_factor
    for piece in sorted(ink.pieces, key=lambda p: (-p.width, p.group, p.line[0].tolist())):
        look = style_of(piece.group)
        length = float(measure_line(piece.line)[-1])
        if length > 3 and _leads_out(piece, exits):
            head = _edge_head(page, piece)
            heads.setdefault(look.ink, []).append(head)
            page.occupancy.mark_points(head, 3.0)
        if length < _ARROW_LEAST_LENGTH * factor:
            continue
        near = taken.setdefault(piece.group, [])
        count = max(int(length / (_ARROW_EVERY * factor)), 1)
        for number in range(count):
            point, direction = locate_on_line(piece.line, (number + 0.5) * length / count)
            if _is_near(point, near, _ARROW_APART * factor):
                continue
            near.append(point)
            colour, head = _stroke_head(page, piece.width, point, direction, look)
            heads.setdefault(colour, []).append(head)
    for number, (colour, shapes) in enumerate(heads.items()):
        polygons = PolyCollection(
            [page.to_plane(shape) for shape in shapes],
            facecolors=[colour],
            edgecolors="white",
            linewidths=0.4 if colour != "white" else 0.0,
            zorder=5.0,
            gid=f"{page.prefix}arrows-{number}",
        )
        page.ax.add_collection(polygons, autolim=False)


def _is_near(point: Points, others: list[Points], distance: float) -> bool:
    if not others:
        return False
    away = np.array(others) - point
    return bool((np.hypot(away[:, 0], away[:, 1]) < distance).any())


def _leads_out(piece: _Piece, exits: Mapping[str, Points]) -> bool:
    """Whether the piece ends where one of its links leaves the frame for good."""
    if not piece.leaves:
        return False
    near = piece.total + _LANE_GAP + 6.0
    spots = (exits[link] for link in piece.link_ids if link in exits)
    return any(float(np.hypot(*(piece.line[-1] - spot))) <= near for spot in spots)


def _stroke_head(
    page: Page, width: float, point: Points, direction: Points, look: style.LineStyle
) -> tuple[Colour, Points]:
    if width >= _WHITE_ARROW_FROM * page.size_factor:
        return "white", _head(point, direction, min(width * 0.75, 9.0), 0.8)
    size = float(np.clip(3.2 + 1.1 * width, 4.2, 9.5)) * page.size_factor
    return look.ink, _head(point, direction, size, 0.85)


def _edge_head(page: Page, piece: _Piece) -> Points:
    direction = piece.line[-1] - piece.line[-2]
    direction = direction / max(float(np.hypot(*direction)), 1e-9)
    size = float(np.clip(5.5 + 1.2 * piece.width, 7.0, 20.0)) * page.size_factor
    return _head(piece.line[-1] - direction * size / 2, direction, size, 1.0)


def _head(point: Points, direction: Points, size: float, breadth: float) -> Points:
    """Triangle of the given length, its middle on the point."""
    side = np.array([-direction[1], direction[0]]) * size * breadth / 2
    tip, back = point + direction * size / 2, point - direction * size / 2
    return np.array([tip, back + side, back - side])
