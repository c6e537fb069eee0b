"""A page for a chart: axes with measured margins, headings, small print; words that never collide.

A chart on a figure of its own gets margins from the words that stand in them, so nothing is ever
cut off. On axes given by the caller only the chart and its headings are drawn. Nothing of pyplot is
touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle

from models.charts.words import MINUS
from routes.maps.labels import Colour, Label, Line, Occupancy, Placer, measure_text, wrap_text
from routes.maps.style import INK, LineStyle, make_font

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


class Surroundings(TypedDict, total=False):
    """What every chart takes: axes to draw on, and the words above and below."""

    ax: Axes | None
    title: str
    subtitle: str
    footer: str


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
    default_title: str,
    default_subtitle: str,
    *,
    height: float,
    margins: Margins,
    width: float = PAGE_WIDTH,
    note: str = "",
    ax: Axes | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str = "",
) -> Sheet:
    """Axes of a new figure (`height` is that of the axes, points), or the caller's own.

    The last four are the chart's `Surroundings`; `note` stands before the footer.
    """
    title, subtitle = title or default_title, subtitle or default_subtitle
    if ax is None:
        below = " ".join(part for part in (note, footer) if part)
        ax = _new_axes((title, subtitle, below), height, margins, width)
    else:
        above = "\n".join(part for part in (title, subtitle) if part)
        ax.set_title(above, loc="left", fontproperties=make_font(9.5, bold=True), color=INK)
    figure = ax.get_figure(root=True)
    box = ax.get_position()
    inches = np.array([8.0, 6.0]) if figure is None else figure.get_size_inches()
    wide, high = float(box.width * inches[0] * 72), float(box.height * inches[1] * 72)
    occupancy = Occupancy(wide, high)
    clean_axes(ax)
    return Sheet(ax, wide, high, occupancy, Placer(occupancy))


def _new_axes(words: tuple[str, str, str], height: float, margins: Margins, width: float) -> Axes:
    """Axes of a new figure under a title and a subtitle, and over small print."""
    fonts = make_font(TITLE, bold=True), make_font(SUBTITLE), make_font(SMALL)
    title, subtitle, below = (
        wrap_text(text, font, width - 2 * SIDE) for text, font in zip(words, fonts, strict=True)
    )
    above = [
        *((line, fonts[0], INK, 17.0) for line in title),
        *((line, fonts[1], "#555555", 12.0) for line in subtitle),
    ]
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


def clean_axes(ax: Axes) -> None:
    """The frame and type that all charts share."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set(color="#8a8a8a", linewidth=0.6)
    ax.tick_params(length=2.5, width=0.5, color="#8a8a8a", labelcolor=INK, pad=2.5)


def measure_axes(ax: Axes, x: str, y: str = "") -> None:
    """Names of the axes, units included, with numbers and thin lines at their ticks.

    Without `y` only the level axis measures; `list_rows` then names what stands along the other.
    """
    ax.grid(visible=True, axis="both" if y else "x", color=GRID, linewidth=0.5)
    ax.set_axisbelow(True)
    for axis, name in ((ax.xaxis, x), (ax.yaxis, y)):
        axis.set_major_formatter(lambda value, _: show_tick(value))
        axis.set_label_text(name, fontproperties=make_font(WORDS), color=INK)
        axis.labelpad = 3.0
        for label in axis.get_ticklabels():
            label.set_fontproperties(make_font(WORDS))


def list_rows(
    ax: Axes, names: Sequence[str], *, bold: Iterable[int] = (), colours: Sequence[Any] = ()
) -> None:
    """Names of rows 0, 1, 2, ... down the left side; after `measure_axes`."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    strong = set(bold)
    for number, label in enumerate(ax.get_yticklabels()):
        label.set_fontproperties(make_font(WORDS, bold=number in strong))
        if colours:
            label.set_color(colours[number])


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
    sheet: Sheet,
    handles: Sequence[Any],
    names: Sequence[str],
    *,
    columns: int = 1,
    below: float = 30.0,
) -> None:
    """A frameless legend so far (points) below the axes, in the type of all figures."""
    legend = Legend(
        sheet.ax, list(handles), list(names), loc="upper left",
        bbox_to_anchor=(0.0, -below / sheet.height), ncols=columns, prop=make_font(WORDS),
        labelcolor=INK, frameon=False, borderaxespad=0.0, borderpad=0.0, handlelength=1.6,
        handletextpad=0.6, columnspacing=1.6, labelspacing=0.4, alignment="left",
    )  # fmt: skip
    sheet.ax.add_artist(legend)
    legend.set_in_layout(False)


def dash_line(look: LineStyle) -> Any:
    """The line style of a thin line in this look."""
    return (0, tuple(d / 2 for d in look.dashes)) if look.dashes else "solid"


def show_tick(value: float) -> str:
    """A number on an axis: 1,200; 0.5; -3 with a true minus sign."""
    text = f"{abs(value):,.10g}"
    return (MINUS if value < 0 else "") + text
