"""Words on a map: boxes that never overlap and never leave the frame.

All positions are points (1/72 inch) from the lower left corner of the axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from routes.maps.geometry import Box, Points, as_points, sample_line
from routes.maps.style import INK

Colour = str | tuple[float, float, float]
_MEASURING_DPI = 100.0
"""That of a picture on the screen, where letters are fitted to the dots."""
_SAMPLE = "Novorossiysk 12.3 Mt, square root of billion USD a year"
_CELL = 2.5
_PAD = 1.3
_MARGIN = 3.0
_GRID = 6.0
_LEADER_FROM = 9.0
_COVER_COST = 60.0
_RINGS = (0.0, 3.0, 7.0, 12.0, 19.0, 28.0, 40.0, 56.0, 76.0, 100.0, 130.0, 165.0, 205.0)
_DIRECTIONS = (0, 30, -30, 60, -60, 90, -90, 120, -120, 150, -150, 180)


@dataclass(frozen=True)
class Line:
    """One line of words."""

    text: str
    font: FontProperties
    colour: Colour = INK


@dataclass(frozen=True)
class Label:
    """Words that want a place near an anchor, or at one of `corners`."""

    key: str
    lines: tuple[Line, ...]
    anchor: tuple[float, float]
    gap: float = 3.0
    reach: float = 12.0
    required: bool = False
    max_cover: float = 0.35
    leader: bool = True
    corners: tuple[tuple[float, float, float], ...] = ()
    """Lower left corners to try, each with its cost; none: all round the anchor."""
    behind: bool = False
    """Whether it lies under the flows."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the box, points."""
        sizes = [measure_text(line.text, line.font) for line in self.lines]
        return max(w for w, _, _ in sizes), sum(pitch_of(line) for line in self.lines)


@dataclass(frozen=True)
class PlacedLabel:
    """A label with the box it got (points), and its leader when it stands off."""

    label: Label
    box: Box
    leader: tuple[tuple[float, float], tuple[float, float]] | None


def make_renderer(dpi: float) -> RendererAgg:
    """A renderer to measure with; nothing is drawn on it."""
    return RendererAgg(8, 8, dpi)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return make_renderer(_MEASURING_DPI)


@lru_cache(maxsize=4096)
def measure_text(text: str, font: FontProperties) -> tuple[float, float, float]:
    """Width, height and depth below the baseline of one line of words, points."""
    width, height, descent = _measure_raw(text, font)
    _, least, depth = _measure_raw("lp", font)
    return width * _stretch(font) + 0.5, max(height, least), max(descent, depth)


@lru_cache(maxsize=256)
def _stretch(font: FontProperties) -> float:
    """How much wider letters are in a saved file than on the screen; never under 1."""
    exact, _, _ = text_to_path.get_text_width_height_descent(_SAMPLE, font, ismath=False)
    return max(exact / _measure_raw(_SAMPLE, font)[0], 1.0) * 1.005


@lru_cache(maxsize=4096)
def _measure_raw(text: str, font: FontProperties) -> tuple[float, float, float]:
    measure: Callable[..., tuple[float, float, float]] = _renderer().get_text_width_height_descent
    sizes = measure(text, font, ismath=False)
    width, height, descent = (float(size) * 72.0 / _MEASURING_DPI for size in sizes)
    return width, height, descent


def pitch_of(line: Line) -> float:
    """Distance from this line's top to the next one's, points."""
    return measure_text(line.text, line.font)[1] + 1.0


def wrap_text(text: str, font: FontProperties, width: float) -> list[str]:
    """The words in lines no wider than `width` points."""
    space = measure_text("n n", font)[0] - measure_text("nn", font)[0]
    lines: list[str] = []
    for paragraph in text.split("\n"):
        current, used = "", 0.0
        for word in paragraph.split():
            length = measure_text(word, font)[0]
            if current and used + space + length > width:
                lines.append(current)
                current, used = word, length
            else:
                used += length + (space if current else 0.0)
                current = f"{current} {word}".strip()
        if current:
            lines.append(current)
    return lines


class Occupancy:
    """How much ink lies where: a grid over the axes, asked for boxes."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._cells = np.zeros((int(height / _CELL) + 2, int(width / _CELL) + 2))
        self._sums: Points | None = None

    def mark_line(self, points: Points, half_width: float, weight: float = 1.0) -> None:
        """Ink along a polyline."""
        if len(points) < 2:
            return
        samples = sample_line(points, _CELL * 0.8)
        reach = np.arange(-half_width, half_width + _CELL, _CELL) if half_width > 1 else [0.0]
        for dx in reach:
            for dy in reach:
                if dx * dx + dy * dy <= half_width * half_width + 1e-9:
                    self._stamp(samples + np.array([dx, dy]), weight)

    def mark_points(self, points: Points, radius: float, weight: float = 3.0) -> None:
        """Ink at markers."""
        for dx in (-radius, 0.0, radius):
            for dy in (-radius, 0.0, radius):
                self._stamp(points + np.array([dx, dy]), weight)

    def _stamp(self, points: Points, weight: float) -> None:
        column = np.floor(points[:, 0] / _CELL).astype(int)
        row = np.floor(points[:, 1] / _CELL).astype(int)
        rows, columns = self._cells.shape
        ok = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        where = row[ok], column[ok]
        self._cells[where] = np.maximum(self._cells[where], weight)
        self._sums = None

    def cover(self, boxes: Points) -> Points:
        """Mean ink in each box (x0, y0, x1, y1); 1 is a box full of line."""
        if self._sums is None:
            self._sums = np.pad(self._cells.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        rows, columns = self._cells.shape
        x0, x1 = (np.clip(np.floor(boxes[:, i] / _CELL).astype(int), 0, columns) for i in (0, 2))
        y0, y1 = (np.clip(np.floor(boxes[:, i] / _CELL).astype(int), 0, rows) for i in (1, 3))
        x1, y1 = np.minimum(x1 + 1, columns), np.minimum(y1 + 1, rows)
        s = self._sums
        ink: Points = s[y1, x1] - s[y0, x1] - s[y1, x0] + s[y0, x0]
        mean: Points = ink / np.maximum((x1 - x0) * (y1 - y0), 1)
        return mean


class Placer:
    """Gives each label a box, best first; an optional label without a good box is left out."""

    def __init__(self, occupancy: Occupancy) -> None:
        self.occupancy = occupancy
        self.placed: list[PlacedLabel] = []
        self._boxes: list[Box] = []

    def reserve(self, box: Box) -> None:
        """Keep labels out of a box (a legend)."""
        self._boxes.append(box)

    def place(self, labels: Iterable[Label]) -> list[Label]:
        """Place the labels in the order given; returns those that found no room."""
        return [label for label in labels if not self._place_one(label)]

    def _place_one(self, label: Label) -> bool:
        if self._try(label, *_candidates(label)):
            return True
        if not label.required:
            return False
        anywhere = self._all_over(label)
        return self._try(label, *anywhere) or self._try(label, *anywhere, strict=False)

    def _try(self, label: Label, boxes: Points, cost: Points, *, strict: bool = True) -> bool:
        """Take the best free box; unless `strict`, its leader may run under other labels."""
        free = self._is_free(boxes)
        boxes, cost = boxes[free], cost[free]
        if len(boxes) == 0:
            return False
        cover = self.occupancy.cover(boxes)
        total = cost + _COVER_COST * cover
        for index in np.argsort(total, kind="stable"):
            if not label.required and cover[index] > label.max_cover:
                continue
            box = _as_box(boxes[index])
            leader = _leader(label, box)
            if strict and leader is not None and self._crosses_label(leader, label.gap):
                continue
            self.placed.append(PlacedLabel(label, box, leader))
            self._boxes.append(box)
            if leader is not None:
                self.occupancy.mark_line(as_points(leader), 0.0, 1.0)
            return True
        return False

    def _all_over(self, label: Label) -> tuple[Points, Points]:
        """Boxes on a grid over the whole frame; the farther from the anchor, the dearer."""
        width, height = label.size
        x, y = np.meshgrid(
            np.arange(_MARGIN, self.occupancy.width - width - _MARGIN, _GRID),
            np.arange(_MARGIN, self.occupancy.height - height - _MARGIN, _GRID),
        )
        low = np.column_stack([x.ravel(), y.ravel()])
        boxes = np.column_stack([low, low + np.array([width, height])])
        away = low + np.array([width, height]) / 2 - np.array(label.anchor)
        return boxes, np.hypot(away[:, 0], away[:, 1]) * 0.35

    def _is_free(self, boxes: Points) -> NDArray[np.bool_]:
        inside = (
            (boxes[:, 0] >= _MARGIN)
            & (boxes[:, 1] >= _MARGIN)
            & (boxes[:, 2] <= self.occupancy.width - _MARGIN)
            & (boxes[:, 3] <= self.occupancy.height - _MARGIN)
        )
        if self._boxes:
            taken = np.array(self._boxes)
            apart = (
                (boxes[:, None, 0] >= taken[None, :, 2] + _PAD)
                | (boxes[:, None, 2] <= taken[None, :, 0] - _PAD)
                | (boxes[:, None, 1] >= taken[None, :, 3] + _PAD)
                | (boxes[:, None, 3] <= taken[None, :, 1] - _PAD)
            )
            inside &= apart.all(axis=1)
        free: NDArray[np.bool_] = inside
        return free

    def _crosses_label(
        self, leader: tuple[tuple[float, float], tuple[float, float]], gap: float
    ) -> bool:
        """Whether a leader runs through a box beyond the gap, which lies over its own mark."""
        if not self._boxes:
            return False
        points = sample_line(as_points(leader), 3.0)
        points = points[np.hypot(*(points - points[0]).T) >= gap]
        taken = np.array(self._boxes)
        within = (
            (points[:, None, 0] > taken[None, :, 0])
            & (points[:, None, 0] < taken[None, :, 2])
            & (points[:, None, 1] > taken[None, :, 1])
            & (points[:, None, 1] < taken[None, :, 3])
        )
        return bool(within.any())


def _candidates(label: Label) -> tuple[Points, Points]:
    """Boxes to try and what each costs before ink is counted."""
    width, height = label.size
    if label.corners:
        corners = np.array(label.corners)
        boxes = np.column_stack([corners[:, :2], corners[:, 0] + width, corners[:, 1] + height])
        return boxes, corners[:, 2]
    anchor = np.array(label.anchor)
    ways, pulls, ring, rank = _around()
    near = ring <= label.reach
    half = np.array([width, height]) / 2
    centre = anchor + ways[near] * (label.gap + ring[near])[:, None] + pulls[near] * half
    boxes = np.hstack([centre - half, centre + half])
    return boxes, ring[near] * 0.35 + rank[near] * 0.25


@lru_cache(maxsize=1)
def _around() -> tuple[Points, Points, Points, Points]:
    """Directions and rings round an anchor: way out, side the box hangs on, ring, rank."""
    angles = np.radians(np.array(_DIRECTIONS, dtype=float))
    way = np.column_stack([np.cos(angles), np.sin(angles)])
    ways = np.tile(way, (len(_RINGS), 1))
    rings = np.repeat(np.array(_RINGS), len(_DIRECTIONS))
    ranks = np.tile(np.arange(len(_DIRECTIONS), dtype=float), len(_RINGS))
    return ways, np.clip(ways * 1.5, -1.0, 1.0), rings, ranks


def _leader(label: Label, box: Box) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Line from the anchor to the nearest point of a box that stands off."""
    if not label.leader:
        return None
    x, y = label.anchor
    near = (min(max(x, box[0] - 1), box[2] + 1), min(max(y, box[1] - 0.5), box[3] + 0.5))
    if np.hypot(near[0] - x, near[1] - y) < label.gap + _LEADER_FROM:
        return None
    return (x, y), near


def _as_box(values: Points) -> Box:
    return float(values[0]), float(values[1]), float(values[2]), float(values[3])
