"""Who sends what where: ribbons from commodities by corridors to market regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from models.charts import sheet as page
from models.charts import words
from models.charts.sheet import Margins, Sheet, Surroundings
from models.charts.tables import flow_table
from models.charts.way import spread_out
from models.run import Run
from routes.errors import UsageError
from routes.maps.style import INK, make_font, order_corridor, style_corridor

_BAR = 0.028
_PLACES = (0.0, 0.5, 1.0)
_GREY = "#565656"
_PITCH = 11.0


@dataclass(frozen=True)
class _Block:
    """A bar of one side: where it stands and what it is called."""

    key: str
    low: float
    high: float
    name: str
    colour: str


def alluvial(
    run: Run,
    *,
    measure: str = "mt",
    home: bool = False,
    most: int = 12,
    **around: Unpack[Surroundings],
) -> Axes:
    """Exports from commodities through corridors to market regions.

    Parameters
    ----------
    run
        A run of `models.run.run_scenario`.
    measure
        `mt` (tonnes) or `value` (USD).
    home
        Whether deliveries at home are drawn too.
    most
        Most commodities shown by name; the smallest are drawn together.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    if measure not in ("mt", "value"):
        raise UsageError(f"The 'measure' of ribbons must be mt or value. Got {measure!r}.")
    column = "mt" if measure == "mt" else "value_musd"
    flows = flow_table(run, home=home)
    flows = flows.assign(size=flows[column])[lambda t: t["size"] > 0]
    if flows.empty:
        raise UsageError(f"{run.scenario} exports nothing of what is asked for.")
    flows, rest = _join_small(flows, most)
    unit = "Mt a year" if measure == "mt" else "bn USD a year"
    scale = 1.0 if measure == "mt" else 1e-3
    corridors = sorted(set(flows["corridor"]), key=order_corridor)
    sides = [_order_side(flows, "commodity"), corridors, _order_side(flows, "region")]
    labels = [
        {key: words.name_commodity(key) for key in sides[0]},
        {key: words.name_corridor(key) for key in sides[1]},
        {key: key for key in sides[2]},
    ]
    totals = [flows.groupby(c)["size"].sum() for c in ("commodity", "corridor", "region")]
    texts = [
        {key: _say(labels[i][key], totals[i][key], flows["size"].sum(), scale) for key in sides[i]}
        for i in range(3)
    ]
    margins = Margins(
        page.widest(texts[0].values()) + 18.0, page.widest(texts[2].values()) + 18.0, 4.0, 16.0
    )
    sheet = page.open_sheet(
        run.title or run.scenario,
        f"{'Deliveries' if home else 'Exports'} by commodity, corridor and market, "
        f"{unit} (share in brackets), {run.year}, {run.assignment} flows",
        note=f"Others: {', '.join(rest)}." if rest else "",
        height=max(300.0, 15.0 * max(len(sides[0]), len(sides[2])) + 60.0),
        margins=margins,
        width=740.0,
        **around,
    )
    blocks = [
        _stack(sides[i], totals[i], texts[i], sheet.height, corridor=i == 1) for i in range(3)
    ]
    _draw_ribbons(sheet, flows, blocks[0], blocks[1], ("commodity", "corridor"), 0)
    _draw_ribbons(sheet, flows, blocks[1], blocks[2], ("corridor", "region"), 1)
    _draw_blocks(sheet, blocks)
    return sheet.ax


def _say(name: str, size: float, total: float, scale: float) -> str:
    share = 100.0 * size / total
    said = f"{share:.0f}%" if share >= 0.95 else "<1%"
    return f"{name}  {words.format_short(size * scale)} ({said})"


def _join_small(flows: pd.DataFrame, most: int) -> tuple[pd.DataFrame, list[str]]:
    """The flows with the smallest commodities under one name, and the names of those."""
    sizes = flows.groupby("commodity")["size"].sum().sort_values(ascending=False, kind="stable")
    small = list(sizes.index[most - 1 :]) if len(sizes) > most else []
    if not small:
        return flows, []
    joined = flows["commodity"].where(~flows["commodity"].isin(small), f"{len(small)} others")
    return flows.assign(commodity=joined), [words.name_commodity(key) for key in small]


def _order_side(flows: pd.DataFrame, column: str) -> list[str]:
    """Keys of a side so that ribbons cross little: by main corridor, then by size."""
    sizes = flows.pivot_table(index=column, columns="corridor", values="size", aggfunc="sum")
    sizes = sizes.fillna(0.0)
    rank = np.array([order_corridor(str(name))[0] for name in sizes.columns], dtype=float)
    total = sizes.sum(axis=1).to_numpy()
    middle = (sizes.to_numpy() @ rank) / total
    last = np.array([str(key).endswith(" others") for key in sizes.index])
    order = np.lexsort((sizes.index.to_numpy(), -total, np.round(middle, 1), last))
    return [str(sizes.index[i]) for i in order]


def _stack(
    keys: Sequence[str],
    sizes: pd.Series,
    texts: Mapping[str, str],
    height: float,
    *,
    corridor: bool,
) -> list[_Block]:
    """Bars from the top down in parts of the height, with gaps between."""
    gap = min(9.0, 0.3 * height / max(len(keys), 1)) / height
    room = 0.7
    per_unit = room / float(sizes.sum())
    used = room + gap * (len(keys) - 1)
    y = 0.5 + used / 2
    blocks = []
    for key in keys:
        size = float(sizes[key]) * per_unit
        colour = style_corridor(key).colour if corridor else _GREY
        blocks.append(_Block(key, y - size, y, texts[key], colour))
        y -= size + gap
    return blocks


def _draw_ribbons(
    sheet: Sheet,
    flows: pd.DataFrame,
    left: Sequence[_Block],
    right: Sequence[_Block],
    columns: tuple[str, str],
    step: int,
) -> None:
    pairs = flows.groupby([*columns], sort=True)["size"].sum()
    scale = sum(block.high - block.low for block in left) / float(flows["size"].sum())
    rank = [{block.key: i for i, block in enumerate(side)} for side in (left, right)]
    starts = {block.key: block.high for block in left}
    ends = {block.key: block.high for block in right}
    x0, x1 = _PLACES[step] + _BAR / 2, _PLACES[step + 1] - _BAR / 2
    heights: dict[tuple[str, str], list[float]] = {}
    for a, b in sorted(pairs.index, key=lambda pair: (rank[0][pair[0]], rank[1][pair[1]])):
        size = float(pairs[a, b]) * scale
        heights[a, b] = [starts[a], size]
        starts[a] -= size
    for a, b in sorted(pairs.index, key=lambda pair: (rank[1][pair[1]], rank[0][pair[0]])):
        heights[a, b].append(ends[b])
        ends[b] -= heights[a, b][1]
    for (a, b), (top, size, top_too) in heights.items():
        corridor = b if step == 0 else a
        path = _ribbon(x0, x1, (top - size, top), (top_too - size, top_too))
        sheet.ax.add_patch(
            PathPatch(
                path, facecolor=style_corridor(corridor).colour, alpha=0.55, linewidth=0.3,
                edgecolor=style_corridor(corridor).colour, gid=f"ribbon-{a}-{b}",
            )
        )  # fmt: skip


def _ribbon(x0: float, x1: float, left: tuple[float, float], right: tuple[float, float]) -> Path:
    middle = (x0 + x1) / 2
    points = [
        (x0, left[1]), (middle, left[1]), (middle, right[1]), (x1, right[1]),
        (x1, right[0]), (middle, right[0]), (middle, left[0]), (x0, left[0]), (x0, left[1]),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _draw_blocks(sheet: Sheet, sides: Sequence[Sequence[_Block]]) -> None:
    ax = sheet.ax
    ax.set_axis_off()
    ax.set_xlim(-_BAR / 2, 1 + _BAR / 2)
    ax.set_ylim(0, 1)
    for x, heading in zip(_PLACES, ("Commodity", "Corridor", "Market"), strict=True):
        aligned: Any = {0.0: "left", 0.5: "center", 1.0: "right"}[x]
        at = {0.0: -_BAR / 2, 0.5: 0.5, 1.0: 1 + _BAR / 2}[x]
        ax.annotate(
            heading, xy=(at, 1), xytext=(0, 4), textcoords="offset points", ha=aligned,
            va="bottom", fontproperties=make_font(page.WORDS, bold=True), color=INK,
            annotation_clip=False,
        )  # fmt: skip
    for x, side in zip(_PLACES, sides, strict=True):
        for block in side:
            ax.add_patch(
                Rectangle(
                    (x - _BAR / 2, block.low), _BAR, block.high - block.low, linewidth=0,
                    facecolor=block.colour, gid=f"block-{block.key}",
                )
            )  # fmt: skip
        _name_blocks(sheet, side, x)


def _name_blocks(sheet: Sheet, side: Sequence[_Block], x: float) -> None:
    """Names beside the bars, level with them where there is room."""
    order = sorted(side, key=lambda block: block.low + block.high)
    wanted = [(block.low + block.high) / 2 * sheet.height for block in order]
    heights = spread_out(wanted, _PITCH, sheet.height)
    for block, height in zip(order, heights, strict=True):
        left = x == 0.0
        edge = x - _BAR / 2 if left else x + _BAR / 2
        text = sheet.ax.annotate(
            block.name, xy=(edge, height / sheet.height), xytext=(-4 if left else 4, 0),
            textcoords="offset points", ha="right" if left else "left", va="center_baseline",
            fontproperties=make_font(page.WORDS, bold=x == 0.5),
            color=style_corridor(block.key).ink if x == 0.5 else INK, annotation_clip=False,
        )  # fmt: skip
        if x == 0.5:
            text.set_bbox({"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.2})
