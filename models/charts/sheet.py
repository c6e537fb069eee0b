"""A page for a chart: axes with measured margins, headings, small print; words that never collide.

A chart on a figure of its own gets margins from the words that stand in them, so nothing is ever
cut off. On axes given by the caller only the chart and its headings are drawn. Nothing of pyplot is
touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle

from models.charts.words import MINUS
from routes.maps.labels import Colour, Label, Line, Occupancy, Placer, measure_text, wrap_text
from routes.maps.style import INK, make_font

PAGE_WIDTH = 662.0
"""Width of a figure of our own, points."""
GRID = "#d9d6d0"
PALE = "#6b6b6b"
SIDE = 14.0
TITLE, SUBTITLE, WORDS, SMALL = 13.0, 8.6, 7.6, 6.2
"""Sizes of type, points."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Room around the axes for ticks and names, points."""

    left: float = 46.0
    right: float = 16.0
    bottom: float = 32.0
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class Headings:
    """What stands above and below a chart."""

    title: str = ""
    subtitle: str = ""
    footer: str = ""


@dataclass
class Sheet:
    """Axes being filled, their size in points, and what lies where on them."""

    ax: Axes
    width: float
    height: float
    occupancy: Occupancy = field(repr=False)
    placer: Placer = field(repr=False)

    def to_points(self, x: Any, y: Any) -> Any:
        """Data coordinates to points from the lower left corner of the axes."""
        pixels = self.ax.transData.transform(np.column_stack([np.ravel(x), np.ravel(y)]))
        inside = self.ax.transAxes.inverted().transform(pixels)
        return inside * np.array([self.width, self.height])


def open_sheet(
    ax: Axes | None,
    headings: Headings,
    *,
    height: float,
    margins: Margins | None = None,
    width: float = PAGE_WIDTH,
) -> Sheet:
    """Axes of a new figure (`height` is that of the axes, points), or the caller's own."""
    margins = Margins() if margins is None else margins
    if ax is None:
        ax = _new_axes(headings, height, margins, width)
    else:
        _head_axes(ax, headings)
    figure = ax.get_figure(root=True)
    box = ax.get_position()
    inches = np.array([8.0, 6.0]) if figure is None else figure.get_size_inches()
    wide, high = float(box.width * inches[0] * 72), float(box.height * inches[1] * 72)
    occupancy = Occupancy(wide, high)
    clean_axes(ax)
    return Sheet(ax, wide, high, occupancy, Placer(occupancy))


def _new_axes(headings: Headings, height: float, margins: Margins, width: float) -> Axes:
    inner = width - 2 * SIDE
    fonts = make_font(TITLE, bold=True), make_font(SUBTITLE), make_font(SMALL)
    title, subtitle = (
        wrap_text(text, font, inner)
        for text, font in zip((headings.title, headings.subtitle), fonts, strict=False)
    )
    above = [
        *((line, fonts[0], INK, 17.0) for line in title),
        *((line, fonts[1], "#555555", 12.0) for line in subtitle),
    ]
    below = wrap_text(headings.footer, fonts[2], inner)
    top = 12.0 + sum(pitch for *_, pitch in above) + (8.0 if above else 0.0) + margins.top
    bottom = margins.bottom + (8.0 * len(below) + 8.0 if below else 6.0)
    total = top + height + bottom
    figure = Figure(figsize=(width / 72, total / 72), facecolor="white")
    y = total - 10.0
    for text, font, colour, pitch in above:
        y -= pitch
        _write(figure, (SIDE / width, (y + 4.0) / total), text, font, colour)
    for number, text in enumerate(below):
        low = 8.0 + 8.0 * (len(below) - 1 - number)
        _write(figure, (SIDE / width, low / total), text, fonts[2], "#666666")
    return figure.add_axes((
        margins.left / width, bottom / total,
        (width - margins.left - margins.right) / width, height / total,
    ))  # fmt: skip


def _write(
    figure: Figure, at: tuple[float, float], text: str, font: FontProperties, colour: str
) -> None:
    figure.text(*at, text, fontproperties=font, color=colour, ha="left", va="baseline")


def _head_axes(ax: Axes, headings: Headings) -> None:
    title = "\n".join(part for part in (headings.title, headings.subtitle) if part)
    if title:
        ax.set_title(title, loc="left", fontproperties=make_font(9.5, bold=True), color=INK)


def clean_axes(ax: Axes) -> None:
    """The frame and type that all charts share."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set(color="#8a8a8a", linewidth=0.6)
    ax.tick_params(length=2.5, width=0.5, color="#8a8a8a", labelcolor=INK, pad=2.5)
    dress_ticks(ax)


def dress_ticks(ax: Axes, *, size: float = WORDS) -> None:
    """Set tick labels in the family of all figures; call it again after ticks were changed."""
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontproperties(make_font(size))


def name_axis(ax: Axes, *, x: str = "", y: str = "") -> None:
    """Names of the axes, units included."""
    font = make_font(WORDS)
    if x:
        ax.set_xlabel(x, fontproperties=font, color=INK, labelpad=3.0)
    if y:
        ax.set_ylabel(y, fontproperties=font, color=INK, labelpad=3.0)
    dress_ticks(ax)


def rule_axis(ax: Axes, axis: str) -> None:
    """Thin lines behind the chart at the ticks of an axis."""
    ax.grid(visible=True, axis=axis, color=GRID, linewidth=0.5)  # type: ignore[arg-type]
    ax.set_axisbelow(True)


def list_rows(
    ax: Axes, names: Sequence[str], *, bold: Iterable[int] = (), colours: Sequence[Any] = ()
) -> None:
    """Names of rows 0, 1, 2, ... down the left side."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    strong = set(bold)
    for number, label in enumerate(ax.get_yticklabels()):
        label.set_fontproperties(make_font(WORDS, bold=number in strong))
        if colours:
            label.set_color(colours[number])
    for label in ax.get_xticklabels():
        label.set_fontproperties(make_font(WORDS))


def widest(texts: Iterable[str], *, size: float = WORDS, bold: bool = False) -> float:
    """Width of the widest text, points."""
    font = make_font(size, bold=bold)
    return max((measure_text(text, font)[0] for text in texts), default=0.0)


def shorten(text: str, width: float, *, size: float = WORDS, bold: bool = False) -> str:
    """The text cut at a word with an ellipsis when it is wider than `width` points."""
    font = make_font(size, bold=bold)
    if measure_text(text, font)[0] <= width:
        return text
    while text and measure_text(text + "…", font)[0] > width:
        text = text[:-1]
    return text.rstrip(" ,;:") + "…"


def write_beside(
    sheet: Sheet,
    at: tuple[float, float],
    text: str,
    *,
    gap: float = 3.0,
    left: bool = False,
    bold: bool = False,
    colour: Colour = INK,
    size: float = WORDS,
) -> None:
    """Words right (or left) of a point of the data."""
    sheet.ax.annotate(
        text, xy=at, xytext=(-gap if left else gap, 0), textcoords="offset points",
        fontproperties=make_font(size, bold=bold), color=colour,
        ha="right" if left else "left", va="center_baseline", annotation_clip=False,
    )  # fmt: skip


def make_label(
    key: str,
    texts: Sequence[str],
    anchor: Sequence[float],
    *,
    colour: Colour = INK,
    size: float = WORDS,
    bold: bool = False,
    required: bool = True,
    gap: float = 5.0,
    reach: float = 100.0,
) -> Label:
    """Words that want a place near a point (points from the corner of the axes)."""
    font = make_font(size, bold=bold)
    return Label(
        key=key,
        lines=tuple(Line(text, font, colour) for text in texts),
        anchor=(float(anchor[0]), float(anchor[1])),
        gap=gap,
        reach=reach,
        required=required,
        max_cover=0.5,
    )


def place_labels(sheet: Sheet, labels: Iterable[Label]) -> list[Label]:
    """Write labels where they touch neither each other nor (if it can be helped) the lines.

    Returns the optional ones that found no room.
    """
    before = len(sheet.placer.placed)
    lost = sheet.placer.place(labels)
    scale = np.array([sheet.width, sheet.height])
    for placed in sheet.placer.placed[before:]:
        x, top = placed.box[0], placed.box[3]
        corner, size = np.array(placed.box[:2]) / scale, np.array(placed.label.size) / scale
        sheet.ax.add_artist(
            Rectangle(
                (float(corner[0]), float(corner[1])), float(size[0]), float(size[1]), linewidth=0,
                facecolor="white", alpha=0.72, transform=sheet.ax.transAxes, zorder=4.5,
            )
        )  # fmt: skip
        for line in placed.label.lines:
            _, high, deep = measure_text(line.text, line.font)
            base = np.array([x, top - high + deep]) / scale
            sheet.ax.text(
                float(base[0]), float(base[1]), line.text, fontproperties=line.font,
                color=line.colour, ha="left", va="baseline", transform=sheet.ax.transAxes,
                zorder=6, gid=f"label-{placed.label.key}",
            )  # fmt: skip
            top -= high + 1.0
        if placed.leader is not None:
            sheet.ax.add_collection(
                LineCollection(
                    [np.array(placed.leader) / scale], colors="#777777", linewidths=0.4,
                    transform=sheet.ax.transAxes, zorder=5,
                ),
                autolim=False,
            )  # fmt: skip
    return lost


def add_legend(
    ax: Axes,
    handles: Sequence[Any],
    names: Sequence[str],
    *,
    columns: int = 1,
    loc: Literal["lower left", "upper left", "upper right"] = "upper left",
    anchor: tuple[float, float] | None = None,
    title: str = "",
) -> Legend:
    """A frameless legend in the type of all figures."""
    legend = Legend(
        ax, list(handles), list(names), loc=loc, bbox_to_anchor=anchor, ncols=columns,
        title=title or None, prop=make_font(WORDS),
        title_fontproperties=make_font(WORDS, bold=True),
        labelcolor=INK, frameon=False, borderaxespad=0.0, borderpad=0.0, handlelength=1.6,
        handletextpad=0.6, columnspacing=1.6, labelspacing=0.4, alignment="left",
    )  # fmt: skip
    ax.add_artist(legend)
    legend.set_in_layout(False)
    return legend


def write_minus(ax: Axes) -> None:
    """Numbers of both axes with thousands apart and a true minus sign."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: show_tick(value))


def show_tick(value: float) -> str:
    """A number on an axis: 1,200; 0.5; -3 with a true minus sign."""
    text = f"{abs(value):,.10g}"
    return (MINUS if value < 0 else "") + text
