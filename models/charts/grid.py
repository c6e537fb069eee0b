"""Scenarios against indicators: what changes from the baseline, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from models.charts import sheet as page
from models.charts import words
from models.charts.sheet import Margins, Sheet, Surroundings
from models.charts.tables import KEY_INDICATORS, change_table
from models.compare import Comparison
from routes.errors import UnknownNameError, UsageError
from routes.maps.labels import wrap_text
from routes.maps.style import INK, make_font

_ROW = 15.5
_COLOURS = "PuOr_r"
_HEADING = 6.8
_DEEPEST = 0.86
"""Part of the colour scale that the greatest change reaches: words stay readable on it."""


def heatmap(
    comparison: Comparison,
    *,
    indicators: Sequence[str] = KEY_INDICATORS,
    **around: Unpack[Surroundings],
) -> Axes:
    """Changes of indicators from the baseline, a row per scenario, colour centred on zero.

    Parameters
    ----------
    comparison
        Of `models.compare.compare_scenarios`; the baseline stands first, with its values.
    indicators
        Names of `models.indicators.INDICATORS`, in order.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    known = comparison.runs[0].indicators
    for name in indicators:
        if name not in known:
            raise UnknownNameError("indicator", name, known)
    if not indicators:
        raise UsageError("A heat map needs at least one indicator.")
    table = change_table(comparison, indicators)
    titles = list(dict.fromkeys(zip(table["scenario"], table["title"], strict=True)))
    names = [page.shorten(title, 300.0) for _, title in titles]
    base = comparison.runs[0]
    column = _column_width(indicators)
    head = max(height for *_, height in _stack_heads(indicators, column))
    margins = Margins(page.widest(names, bold=True) + 20.0, 14.0, 6.0, head)
    sheet = page.open_sheet(
        f"Changes against: {base.title or base.scenario}",
        "First row: the baseline's own values; below: changes from it. Orange is more, "
        "purple is less, in each column against its greatest change",
        height=_ROW * len(names) + 4.0,
        margins=margins,
        width=max(page.PAGE_WIDTH, margins.left + margins.right + column * len(indicators)),
        **around,
    )
    _draw_cells(sheet, table, [name for name, _ in titles], indicators)
    _draw_heads(sheet, indicators)
    page.list_rows(sheet.ax, names, bold=[0])
    sheet.ax.set_ylim(len(names) - 0.5, -0.62)
    return sheet.ax


def _column_width(indicators: Sequence[str]) -> float:
    """Width of a column: room for the longest word above it."""
    shown = [words.INDICATORS.get(name, words.Measure(name, "")) for name in indicators]
    long = page.widest((w for m in shown for w in m.name.split()), size=_HEADING, bold=True)
    return max(46.0, long + 6.0)


def _draw_cells(
    sheet: Sheet, table: pd.DataFrame, scenarios: Sequence[str], indicators: Sequence[str]
) -> None:
    ax = sheet.ax
    changes = table.pivot_table(
        index="scenario", columns="indicator", values="change", dropna=False
    ).reindex(index=list(scenarios), columns=list(indicators))
    values = table.set_index(["scenario", "indicator"])["value"]
    greatest = changes.abs().max().fillna(0.0)
    for row, scenario in enumerate(scenarios):
        for column, name in enumerate(indicators):
            change = float(changes.at[scenario, name])
            top = float(greatest[name])
            share = 0.0 if not top or np.isnan(change) else change / top
            measure = words.INDICATORS.get(name, words.Measure(name, ""))
            first = row == 0
            colour = "white" if first else _paint(share, known=not np.isnan(change))
            ax.add_patch(
                Rectangle(
                    (column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="white",
                    linewidth=1.0, gid=f"cell-{scenario}-{name}",
                )
            )  # fmt: skip
            text = (
                measure.show(float(values[scenario, name]))
                if first
                else measure.show(change, sign=True)
            )
            ax.text(
                column, row, text, ha="center", va="center_baseline",
                color=INK if _is_light(colour) else "white",
                fontproperties=make_font(7.0, bold=first),
            )  # fmt: skip
    ax.axhline(0.5, color="#8a8a8a", linewidth=0.6)
    ax.set_xlim(-0.5, len(indicators) - 0.5)


def _paint(share: float, *, known: bool) -> str | tuple[float, float, float]:
    """Colour of a change given as a share of its column's greatest (-1..1)."""
    if not known:
        return "#e6e6e6"
    red, green, blue, _ = colormaps[_COLOURS](0.5 + 0.5 * _DEEPEST * share)
    return red, green, blue


def _is_light(colour: str | tuple[float, float, float]) -> bool:
    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue > 0.52


def _draw_heads(sheet: Sheet, indicators: Sequence[str]) -> None:
    """Names and units above the columns."""
    ax = sheet.ax
    ax.set_xticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    for column, text, bold, height in _stack_heads(indicators, sheet.width / len(indicators)):
        _write_head(ax, column, height, text, bold=bold)


def _stack_heads(indicators: Sequence[str], width: float) -> list[tuple[int, str, bool, float]]:
    """Lines above the columns: column, text, whether bold, height above the cells (points)."""
    strong, plain = make_font(_HEADING, bold=True), make_font(6.4)
    lines = []
    for column, name in enumerate(indicators):
        measure = words.INDICATORS.get(name, words.Measure(name, ""))
        height = 4.0
        for text in reversed(wrap_text(measure.unit, plain, width - 3.0)):
            lines.append((column, text, False, height))
            height += 8.4
        for text in reversed(wrap_text(measure.name, strong, width - 3.0)):
            lines.append((column, text, True, height))
            height += 8.8
    return lines


def _write_head(ax: Axes, column: int, height: float, text: str, *, bold: bool) -> None:
    ax.annotate(
        text, xy=(column, 1), xycoords=("data", "axes fraction"), xytext=(0, height),
        textcoords="offset points", ha="center", va="baseline", annotation_clip=False,
        fontproperties=make_font(_HEADING if bold else 6.4, bold=bold),
        color=INK if bold else page.PALE,
    )  # fmt: skip
