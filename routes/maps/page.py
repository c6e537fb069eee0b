"""A map page: axes with base map, title, small print, and a record of what was drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from routes.errors import UnknownNameError
from routes.maps import style
from routes.maps.basemap import BaseMap, draw_basemap
from routes.maps.frames import Frame
from routes.maps.geometry import Box, Points
from routes.maps.labels import Label, Occupancy, PlacedLabel, Placer, measure_text, wrap_text

PAGE_WIDTH = 11.4
_SIDE = 0.3
_BOTTOM = 0.2
_FULL_WIDTH_PT = 770.0


@dataclass
class MapRecord:
    """What a map shows, for tests, tooltips and tables.

    Values are in Mt, million USD or %; words on the map in `unit`, `said_per_value` of which make
    one unit of the values.

    `lanes`: group, value, width_pt, colour, dashes, length_pt, link_ids.
    `labels`: key, text, x0, y0, x1, y1 (points from the lower left corner of the axes).
    `exits`: link_id, corridor, place_id, value: what leaves the frame.
    `marked`: ids of full links that bear a mark.
    `unplaced`: words of required labels that found no room (printed under the map).
    """

    frame: Frame
    size_pt: tuple[float, float]
    unit: str = ""
    said_per_value: float = 1.0
    scale: str = ""
    points_per_unit: float = 0.0
    hairline_pt: float = 0.0
    references: tuple[float, ...] = ()
    lanes: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: pd.DataFrame = field(default_factory=pd.DataFrame)
    exits: pd.DataFrame = field(default_factory=pd.DataFrame)
    totals: dict[str, float] = field(default_factory=dict)
    marked: tuple[str, ...] = ()
    reserved: tuple[Box, ...] = ()
    unplaced: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Words:
    size: float
    colour: str
    bold: bool = False
    anchor: Literal["top", "baseline"] = "baseline"


_RECORDS: WeakKeyDictionary[Axes, MapRecord] = WeakKeyDictionary()


def inspect_map(ax: Axes) -> MapRecord:
    """The record of a map drawn by this package on `ax`.

    Raises
    ------
    UnknownNameError
        When no map was drawn on these axes.
    """
    try:
        return _RECORDS[ax]
    except KeyError:
        raise UnknownNameError("map", str(ax.get_label() or "these axes")) from None


@dataclass
class Page:
    """Axes being filled, with the measures that drawing needs."""

    ax: Axes
    frame: Frame
    base: BaseMap
    km_per_pt: float
    width: float
    height: float
    occupancy: Occupancy
    placer: Placer
    record: MapRecord
    title: str = ""
    subtitle: str = ""
    footer: str | None = ""
    own_figure: bool = False
    prefix: str = ""
    """Start of the ids of artists, to tell the maps of one figure apart."""
    below: float = 0.0
    """Room taken between the map and the small print, points."""
    heading_size: float = 13.0
    """Size of the title on a full page, points."""

    @property
    def box(self) -> Box:
        """The map, points."""
        return 0.0, 0.0, self.width, self.height

    @property
    def dpi(self) -> float:
        """Dots per inch of the figure as it is shown."""
        return float(self.ax.figure.dpi)

    @property
    def size_factor(self) -> float:
        """Size of strokes and marks against a full page (1.0)."""
        return float(np.clip(np.sqrt(self.width / _FULL_WIDTH_PT), 0.55, 1.15))

    @property
    def type_factor(self) -> float:
        """Size of type against a full page (1.0); never so small that it cannot be read."""
        return max(self.size_factor, 0.78)

    def make_font(self, size: float, *, bold: bool = False, italic: bool = False) -> FontProperties:
        """Type of a size given for a full page."""
        return style.make_font(size * self.type_factor, bold=bold, italic=italic)

    def to_points(self, plane: Points) -> Points:
        """From km to points from the lower left corner."""
        points: Points = (plane - np.array(self.frame.box[:2])) / self.km_per_pt
        return points

    def to_plane(self, points: Points) -> Points:
        """From points to km."""
        plane: Points = points * self.km_per_pt + np.array(self.frame.box[:2])
        return plane


def start_page(
    ax: Axes | None,
    frame: Frame,
    *,
    title: str = "",
    subtitle: str = "",
    footer: str | None = "",
    railways: bool = True,
) -> Page:
    """Axes with the base map of the frame: the caller's, or those of a new figure of its own."""
    own_figure = ax is None
    if ax is None:
        ax = _new_axes(frame, title, subtitle)
    base = draw_basemap(ax, frame, railways=railways)
    dpi = ax.figure.dpi
    extent = ax.get_window_extent()
    width, height = float(extent.width * 72 / dpi), float(extent.height * 72 / dpi)
    occupancy = Occupancy(width, height)
    record = MapRecord(frame=frame, size_pt=(width, height))
    _RECORDS[ax] = record
    return Page(
        ax=ax,
        frame=frame,
        base=base,
        km_per_pt=frame.width / width,
        width=width,
        height=height,
        occupancy=occupancy,
        placer=Placer(occupancy),
        record=record,
        title=title,
        subtitle=subtitle,
        footer=footer,
        own_figure=own_figure,
    )


def _new_axes(frame: Frame, title: str, subtitle: str) -> Axes:
    """Axes of a new figure, as high as the frame and the headings need."""
    width = PAGE_WIDTH - 2 * _SIDE
    high = width * frame.height / frame.width
    top = 0.2 + (0.27 if title else 0.0) + (0.2 if subtitle else 0.0)
    bottom = _BOTTOM
    height = top + high + bottom
    figure = Figure(figsize=(PAGE_WIDTH, height), facecolor="white")
    return figure.add_axes((_SIDE / PAGE_WIDTH, bottom / height, width / PAGE_WIDTH, high / height))


def _footer_lines(frame: Frame, footer: str, width: float, factor: float) -> list[str]:
    words = f"{frame.words}. {style.ATTRIBUTION}"
    text = f"{footer}\n{words}" if footer else words
    return wrap_text(text, style.make_font(5.8 * factor), width)


def finish_page(page: Page) -> Axes:
    """Draw the placed labels, the title and the small print; close the record."""
    unplaced = list(page.record.unplaced)
    _write_headings(page)
    if page.footer is None:
        if page.own_figure and page.below:
            _lengthen_page(page, page.below / 72)
    else:
        extra = f"Not on the map for want of room: {'; '.join(unplaced)}." if unplaced else ""
        footer = "\n".join(part for part in (page.footer, extra) if part)
        _write_footer(page, footer)
    rows = []
    for placed in page.placer.placed:
        _write_label(page, placed)
        text = " / ".join(line.text for line in placed.label.lines)
        rows.append((placed.label.key, text, *placed.box))
    page.record.labels = pd.DataFrame(rows, columns=["key", "text", "x0", "y0", "x1", "y1"])
    return page.ax


def _annotate(
    page: Page, text: str, corner: tuple[float, float], shift: float, *, look: _Words
) -> None:
    """Words at a corner of the frame, moved up (or down) by points."""
    page.ax.annotate(
        text,
        xy=corner,
        xycoords="axes fraction",
        xytext=(0, shift),
        textcoords="offset points",
        fontproperties=page.make_font(look.size, bold=look.bold),
        color=look.colour,
        ha="left",
        va=look.anchor,
        annotation_clip=False,
    )


def _write_headings(page: Page) -> None:
    size = page.heading_size
    shift = 6.0
    if page.subtitle:
        _annotate(page, page.subtitle, (0, 1), shift, look=_Words(0.66 * size, "#555555"))
        shift += 1.04 * size * page.type_factor
    if page.title:
        _annotate(page, page.title, (0, 1), shift, look=_Words(size, style.INK, bold=True))


def _write_footer(page: Page, footer: str) -> None:
    lines = _footer_lines(page.frame, footer, page.width, page.type_factor)
    if page.own_figure:
        _lengthen_page(page, (page.below + len(lines) * 8.3 * page.type_factor + 4.0) / 72)
    for number, line in enumerate(lines):
        shift = -(5.0 + page.below + 8.3 * page.type_factor * number)
        _annotate(page, line, (0, 0), shift, look=_Words(5.8, "#666666", anchor="top"))


def _lengthen_page(page: Page, inches: float) -> None:
    """Make room below the map on a figure of our own; the map keeps its size."""
    figure = page.ax.figure
    if not isinstance(figure, Figure):
        return
    width, height = figure.get_size_inches()
    box = page.ax.get_position()
    taller = height + inches
    figure.set_size_inches(width, taller)
    page.ax.set_position(
        (box.x0, (box.y0 * height + inches) / taller, box.width, box.height * height / taller)
    )


def _write_label(page: Page, placed: PlacedLabel) -> None:
    label, box = placed.label, placed.box
    zorder = 1.0 if label.behind else 8.0
    corner = page.to_plane(np.array([[box[0], box[1]], [box[2], box[3]]]))
    if not label.behind:
        _write_backing(page, corner)
    if placed.leader is not None:
        line = page.to_plane(np.array(placed.leader))
        page.ax.add_collection(
            LineCollection([line], colors="#555555", linewidths=0.5, zorder=7.2), autolim=False
        )
    top = box[3]
    for number, words in enumerate(label.lines):
        _, high, deep = measure_text(words.text, words.font)
        base = top - high + deep
        x, y = page.to_plane(np.array([[box[0], base]]))[0]
        artist = page.ax.text(
            x, y, words.text, fontproperties=words.font, color=words.colour,
            ha="left", va="baseline", zorder=zorder, clip_on=True,
        )  # fmt: skip
        artist.set_gid(f"{page.prefix}label-{label.key}-{number}")
        top -= high + 1.0


def _write_backing(page: Page, corner: Points) -> None:
    pad = 0.7 * page.km_per_pt
    low, high = corner[0] - pad, corner[1] + pad
    page.ax.add_artist(
        Rectangle(
            (float(low[0]), float(low[1])),
            float(high[0] - low[0]),
            float(high[1] - low[1]),
            facecolor="white",
            alpha=0.68,
            linewidth=0,
            zorder=7.5,
        )
    )


def place_required(page: Page, labels: list[Label]) -> None:
    """Place labels that may not be lost; what finds no room is printed under the map."""
    lost = page.placer.place(labels)
    if lost:
        words = [", ".join(line.text for line in label.lines) for label in lost]
        page.record.unplaced = (*page.record.unplaced, *words)
