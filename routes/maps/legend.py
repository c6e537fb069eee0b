"""Legends: what colours and widths mean, in the emptiest corner of the frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from textwrap import fill

import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from routes.maps import style
from routes.maps.geometry import Box, Points, contains
from routes.maps.labels import Colour, make_renderer
from routes.maps.names import Formatter
from routes.maps.page import Page
from routes.maps.pen import WidthScale, scale_dashes
from routes.maps.quantity import Quantity

_INSET = 5.0
_SPACING = 0.38  # between rows, in heights of the type
_HIDDEN = 2000.0
_MOST_INK = 0.04  # part of the boxes that may cover strokes
_SAMPLE_PT = 3.4
Handle = Artist | tuple[Artist, ...]


def make_sample(look: style.LineStyle, width: float = _SAMPLE_PT) -> tuple[Artist, ...]:
    """A piece of a stroke for the legend."""
    under: Colour = look.tint if look.dashes else look.colour
    solid = Line2D([], [], color=under, linewidth=width, solid_capstyle="butt")
    if not look.dashes:
        return (solid,)
    dashes = scale_dashes(look.dashes, width)
    dashed = Line2D(
        [], [], color=look.colour, linewidth=width, linestyle=dashes, dash_capstyle="butt"
    )
    return solid, dashed


def make_blank() -> Artist:
    """No sample, for a line of words alone."""
    return Line2D([], [], linestyle="none")


def build_key(
    page: Page,
    title: str,
    rows: Sequence[tuple[Handle, str]],
    *,
    tall: bool,
    narrow: bool = False,
    columns: int = 1,
    widths: Sequence[float] = (),
) -> Legend:
    """One framed box of samples and words; its place is set later.

    `widths`: of the first samples, points, where wide ones should not touch each other.
    """
    font = page.make_font(7.0)
    apart = max((sum(pair) / 2 + 1.5 for pair in pairwise(widths)), default=0.0)
    rows_apart = apart / font.get_size_in_points() - _SPACING
    # matplotlib keeps a descent of 0.35 (height - 0.7) of a sample's height to itself
    height = max(1.35 if tall else 0.9, (rows_apart - 0.245) / 0.65)
    legend = Legend(
        page.ax,
        [handle for handle, _ in rows],
        [words for _, words in rows],
        loc="lower left",
        title=title,
        prop=font,
        title_fontproperties=page.make_font(7.2, bold=True),
        labelcolor=style.INK,
        frameon=True,
        fancybox=False,
        shadow=False,
        framealpha=0.93,
        facecolor="white",
        edgecolor="#9a9a9a",
        borderpad=0.55,
        labelspacing=_SPACING,
        handlelength=1.2 if narrow else 4.4,
        handleheight=height,
        handletextpad=0.8,
        borderaxespad=0.0,
        numpoints=1,
        ncols=columns,
        columnspacing=2.0,
        alignment="left",
        handler_map={tuple: HandlerTuple(ndivide=1, pad=0.0)},
    )
    legend.set_zorder(8.5)
    legend.get_frame().set_linewidth(0.5)
    legend.get_title().set_color(style.INK)
    return legend


def build_corridor_key(
    page: Page, title: str, totals: Mapping[str, float], show: Formatter | None
) -> Legend:
    """Corridors drawn on the map, with what each delivers when `show` is given."""
    rows: list[tuple[Handle, str]] = []
    for corridor in sorted(totals, key=style.order_corridor):
        look = style.style_corridor(corridor)
        words = look.name if show is None else f"{look.name}  {show(totals[corridor])}"
        rows.append((make_sample(look), words))
    return build_key(page, title, rows, tall=False)


def build_width_key(
    page: Page,
    scale: WidthScale,
    title: str,
    quantity: Quantity,
    *,
    full: bool,
    full_place: bool = False,
    extra: Sequence[tuple[Handle, str]] = (),
) -> Legend:
    """The reference widths of the record, the thinnest line, and the marks of full links."""
    rows: list[tuple[Handle, str]] = [
        (make_line(scale.width(value)), quantity.show_round(value))
        for value in page.record.references
    ]
    rows += list(extra)
    least = float(f"{scale.least * quantity.factor:.1g}") / quantity.factor
    rows.append((make_line(scale.hairline), f"under {quantity.show_round(least)}"))
    if full:
        rows.append((_make_mark("|", 10.0, style.FULL, 2.0), "full: at its capacity"))
    if full_place:
        rows.append((_make_mark("d", 6.0, "white", 0.5), "full port, border or station"))
    widths = [scale.width(value) for value in page.record.references]
    return build_key(page, title, rows, tall=True, widths=widths)


def make_line(width: float) -> Line2D:
    """A grey line of a width, points."""
    return Line2D([], [], color="#6b6b6b", linewidth=width, solid_capstyle="butt")


def _make_mark(marker: str, size: float, edge: str, edge_width: float) -> Line2D:
    return Line2D(
        [], [], color=style.FULL, marker=marker, linestyle="none", markersize=size,
        markeredgecolor=edge, markeredgewidth=edge_width,
    )  # fmt: skip


def word_widths(what: str, scale: WidthScale, of: str) -> str:
    """Heading that declares the scale."""
    words = "square root of" if scale.kind == "sqrt" else "in proportion to"
    return fill(f"{what}: {words} {of}", 46)


def place_keys(page: Page, keys: Sequence[Legend], keep_free: Points | None = None) -> None:
    """Put the boxes side by side or one above the other in the corner with the least ink.

    `keep_free`: points (from the lower left corner) that the boxes should not hide. Where every
    corner is busy they go under the map, if it is on a figure of its own.
    """
    sizes = [_add_key(page, key) for key in keys]
    layouts = [
        _lay_out(page, sizes, right=right, top=top, stacked=stacked)
        for right, top, stacked in product((True, False), (False, True), (False, True))
    ]
    areas = np.array([width * height for width, height in sizes])
    inked = [float((page.occupancy.cover(np.array(box)) * areas).sum()) for box in layouts]
    if keep_free is not None and len(keep_free):
        hidden = [sum(contains(box, keep_free).sum() for box in layout) for layout in layouts]
        inked = [ink + _HIDDEN * count for ink, count in zip(inked, hidden, strict=True)]
    quietest = int(np.argmin(np.round(inked, 3)))
    if page.own_figure and inked[quietest] > _MOST_INK * areas.sum():
        _stand_below(page, keys, sizes)
        return
    best = layouts[quietest]
    for key, box in zip(keys, best, strict=True):
        key.set_loc((box[0] / page.width, box[1] / page.height))
        page.placer.reserve(box)
    page.record.reserved = (*page.record.reserved, *best)


def place_below(page: Page, keys: Sequence[Legend]) -> None:
    """Put the boxes one under the other between the map and the small print."""
    for key in keys:
        _stand_below(page, [key], [_add_key(page, key)])


def _stand_below(page: Page, keys: Sequence[Legend], sizes: Sequence[tuple[float, float]]) -> None:
    """Put boxes that are on the axes side by side under the map."""
    x = 0.0
    for key, (width, height) in zip(keys, sizes, strict=True):
        key.get_frame().set_linewidth(0.0)
        key.set_loc((x / page.width, -(page.below + height + 3.0) / page.height))
        x += width + 12.0
    page.below += max(height for _, height in sizes) + 3.0


def _add_key(page: Page, key: Legend) -> tuple[float, float]:
    """Add a box to the axes; its width and height, points."""
    page.ax.add_artist(key)
    sizes = []
    for hinting in (rcParams["text.hinting"], "none"):  # on the screen, in a saved file
        with rc_context({"text.hinting": hinting}):
            extent = key.get_window_extent(make_renderer(page.dpi))
        sizes.append((extent.width * 72 / page.dpi, extent.height * 72 / page.dpi))
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _lay_out(
    page: Page, sizes: Sequence[tuple[float, float]], *, right: bool, top: bool, stacked: bool
) -> list[Box]:
    """Boxes from a corner inward, the first at the corner."""
    boxes: list[Box] = []
    x, y = _INSET, _INSET
    for width, height in sizes:
        left = page.width - x - width if right else x
        low = page.height - y - height if top else y
        boxes.append((left, low, left + width, low + height))
        if stacked:
            y += height + 4.0
        else:
            x += width + 4.0
    return boxes


def add_strip(figure: Figure, corridors: Iterable[str], corner: tuple[float, float]) -> Legend:
    """The corridors of all panels in one row; `corner` in parts of the figure."""
    shown = sorted(corridors, key=style.order_corridor)
    looks = [style.style_corridor(corridor) for corridor in shown]
    strip = Legend(
        figure,
        [make_sample(look) for look in looks],
        [look.name for look in looks],
        loc="lower left",
        bbox_to_anchor=corner,
        ncols=max(len(looks), 1),
        prop=style.make_font(8.0),
        labelcolor=style.INK,
        frameon=False,
        borderpad=0.0,
        borderaxespad=0.0,
        handlelength=4.4,
        handletextpad=0.8,
        columnspacing=2.0,
        handler_map={tuple: HandlerTuple(ndivide=1, pad=0.0)},
    )
    figure.add_artist(strip)
    return strip
