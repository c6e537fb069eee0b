"""Small multiples: one small flow map per commodity (or corridor), each with its own scale."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.figure import Figure

from routes.errors import UsageError
from routes.maps import legend, names, style
from routes.maps.flow_map import Choices, paint_flows
from routes.maps.frames import Extent, Frame, choose_frame
from routes.maps.inputs import prepare_frames
from routes.maps.labels import wrap_text
from routes.maps.leaving import sum_arrivals
from routes.maps.lines import Geometries
from routes.maps.page import finish_page, inspect_map, start_page
from routes.maps.quantity import measure_flows

FIGURE_WIDTH = 14.0
_SIDE, _GAP, _HEAD = 0.3, 0.16, 0.4


def draw_small_multiples(
    places: pd.DataFrame,
    links: pd.DataFrame,
    flows: pd.DataFrame,
    *,
    by: str = "commodity",
    figure: Figure | None = None,
    measure: str = "mt",
    scale: str = "sqrt",
    geometries: Geometries | None = None,
    full: Collection[str] = frozenset(),
    title: str = "",
    footer: str | None = "",
    extent: Extent = "region",
    columns: int | None = None,
    most: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Draw one small flow map for each value of `by`, the greatest first.

    Every panel has a scale of its own, said in its heading, so that uranium shows beside oil.

    Parameters
    ----------
    by
        `commodity` or `corridor`.
    figure
        Figure to fill, empty and at its final size; default a new one.
    columns
        Panels in a row; default 3, or 4 for more than 12 panels.
    most
        Most panels; what is left out is named in the small print. Default: all.
    labels
        Names of the commodities for people; default: their ids.

    Returns
    -------
    matplotlib.figure.Figure
        Its axes are the panels; other parameters as for `draw_flows`.
    """
    if by not in ("commodity", "corridor"):
        raise UsageError(f"'by' must be 'commodity' or 'corridor'. Got {by!r} instead.")
    places, links = prepare_frames(places, links, set(flows["link_id"]) | set(full))
    kind = "mt" if measure == "scaled" else measure
    delivered = _sum_delivered(links, measure_flows(flows, kind).values, by)
    shown = list(delivered.index[:most])
    frame = choose_frame(extent)
    columns = columns or (3 if len(shown) <= 12 else 4)
    boxes, figure = _lay_out(figure, frame, len(shown), columns, titled=bool(title))
    choices = Choices(
        scale=scale, geometries=geometries, full=frozenset(full), most_names=7, keys=False,
        most_lines=3, least_share=0.04,
    )  # fmt: skip
    for name, box in zip(shown, boxes, strict=True):
        panel = measure_flows(flows[flows[by] == name], kind)
        words = f"{_name(str(name), by, labels)}, {panel.show(float(delivered[name]))}"
        page = start_page(figure.add_axes(box), frame, title=words, footer=None)
        page.heading_size, page.prefix = 12.0, f"{name}-"
        paint_flows(page, places, links, panel, choices)
        widest = max(page.record.lanes["value"], default=0.0)
        page.subtitle = f"widest stroke {panel.show(float(widest))}"
        finish_page(page)
    left_out = [_name(str(name), by, labels) for name in delivered.index[len(shown) :]]
    _write_surroundings(figure, frame, title, footer, scale, left_out)
    return figure


def _sum_delivered(links: pd.DataFrame, values: pd.Series, by: str) -> pd.Series:
    """What arrives, by commodity or corridor, greatest first."""
    names_of = values.index.get_level_values(by)
    sums = {}
    for name in sorted(set(names_of)):
        arrivals = sum_arrivals(links, values[names_of == name])
        sums[name] = float(arrivals["value"].sum())
    return pd.Series(sums, dtype=float).sort_values(ascending=False, kind="stable")


def _name(name: str, by: str, labels: Mapping[str, str] | None) -> str:
    if labels and name in labels:
        return names.shorten_name(labels[name])
    words = style.style_corridor(name).name if by == "corridor" else name.replace("-", " ")
    return words[:1].upper() + words[1:]


def _lay_out(
    figure: Figure | None, frame: Frame, count: int, columns: int, *, titled: bool
) -> tuple[list[tuple[float, float, float, float]], Figure]:
    """Boxes of the panels (parts of the figure), row by row, and the figure."""
    columns = max(min(columns, count), 1)
    rows = max(-(-count // columns), 1)
    width = FIGURE_WIDTH if figure is None else float(figure.get_size_inches()[0])
    panel = (width - 2 * _SIDE - (columns - 1) * _GAP) / columns
    high = panel * frame.height / frame.width
    top, bottom = (0.55 if titled else 0.15), 0.95
    height = top + rows * (high + _HEAD + _GAP) + bottom
    if figure is None:
        figure = Figure(figsize=(width, height), facecolor="white")
    else:
        given = float(figure.get_size_inches()[1])
        shrink = min((given - top - bottom) / (height - top - bottom), 1.0)
        panel, high, height = panel * shrink, high * shrink, given
    head = (height - top - bottom) / rows - high - _GAP
    boxes = []
    for number in range(count):
        row, column = divmod(number, columns)
        x = _SIDE + column * (panel + _GAP)
        y = height - top - row * (head + high + _GAP) - head - high
        boxes.append((x / width, y / height, panel / width, high / height))
    return boxes, figure


def _write_surroundings(
    figure: Figure,
    frame: Frame,
    title: str,
    footer: str | None,
    scale: str,
    left_out: list[str],
) -> None:
    """Title, one legend for all panels, and the small print."""
    width, height = (float(size) for size in figure.get_size_inches())
    if title:
        figure.text(
            _SIDE / width, 1 - 0.38 / height, title, fontproperties=style.make_font(14, bold=True),
            color=style.INK, ha="left", va="baseline",
        )  # fmt: skip
    corridors: dict[str, float] = {}
    for ax in figure.axes:
        for group in inspect_map(ax).lanes["group"]:
            corridors[str(group)] = 0.0
    legend.add_strip(figure, corridors, (_SIDE / width, 0.62 / height))
    if footer is None:
        return
    words = "square root of the amount" if scale == "sqrt" else "amount"
    parts = [
        footer,
        f"Stroke width: {words}, each panel on a scale of its own.",
        f"Not shown: {', '.join(left_out)}." if left_out else "",
        f"{frame.words}. {style.ATTRIBUTION}",
    ]
    font = style.make_font(6.0)
    lines = wrap_text(" ".join(part for part in parts if part), font, (width - 2 * _SIDE) * 72)
    for number, line in enumerate(lines):
        y = (0.52 - 0.115 * number) / height
        figure.text(
            _SIDE / width, y, line, fontproperties=font, color="#666666", ha="left", va="baseline"
        )
