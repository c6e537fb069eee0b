"""Charts along alternative routes: what each leg costs; time and cost over distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from models.charts import sheet as page
from models.charts import words
from models.charts.sheet import Margins, Sheet, Surroundings
from models.charts.way import Way, name_shipment, name_ways, spread_out
from routes.errors import UsageError
from routes.maps.labels import Label
from routes.maps.style import INK, make_font
from routes.paths import Route

_TOTAL = "#3a3a3a"
_EXTRA = "#b9b6b0"
_LEAST_STEP = 0.008
"""Part of the height of a profile below which a step has no name."""


# Waterfall


def waterfall(routes: Sequence[Route], **around: Unpack[Surroundings]) -> Axes:
    """Cost of each leg of alternative routes, one leg after the other, USD/t.

    Parameters
    ----------
    routes
        One to six routes of `routes.paths.find_routes`.
    **around
        `ax` to draw on (default: a figure of its own, as high as its legs); `title` (default: it
        names the ends), `subtitle`, `footer`.

    Returns
    -------
    matplotlib.axes.Axes
        Bars from left to right: a leg starts where the one above it ends. The last bar of a route
        is its cash cost, with time and risk hatched behind it.
    """
    ways = name_ways(routes)
    rows = [row for way in ways for row in _fall_rows(way)]
    left = min(page.widest((row["name"] for row in rows), bold=True) + 12.0, 340.0)
    names = [page.shorten(row["name"], left - 8.0, bold=row["bold"]) for row in rows]
    sheet = page.open_sheet(
        f"What each leg costs: {name_shipment(routes)}",
        "Cash cost of a tonne leg by leg, 2023 USD/t; legs under 0.05 USD/t are left out",
        height=12.5 * len(rows) + 8.0,
        margins=Margins(left, 72.0, 46.0),
        width=max(page.PAGE_WIDTH, left + 400.0),
        **around,
    )
    _draw_falls(sheet, rows)
    top = max(row["start"] + row["size"] + row["extra"] for row in rows)
    sheet.ax.set_xlim(0, top * 1.02)
    page.measure_axes(sheet.ax, "USD/t from the start on")
    page.list_rows(
        sheet.ax, names, bold=[i for i, row in enumerate(rows) if row["bold"]],
        colours=[row["ink"] for row in rows],
    )  # fmt: skip
    handles = [
        Patch(facecolor="#8a8a8a"), Patch(facecolor="#8a8a8a", alpha=0.45),
        Patch(facecolor=_TOTAL), Patch(facecolor="white", edgecolor=_EXTRA, hatch="////"),
    ]  # fmt: skip
    said = ["way between places", "port, border or station", "cash cost", "time and risk"]
    page.add_legend(sheet, handles, said, columns=4)
    return sheet.ax


def _fall_rows(way: Way) -> list[dict[str, Any]]:
    route = way.route
    head = {
        "name": f"{way.name}: {way.countries}", "bold": True, "ink": way.look.ink, "start": 0.0,
        "size": 0.0, "extra": 0.0, "look": way.look, "kind": "head", "text": "",
    }  # fmt: skip
    rows = [head]
    for step in way.steps.itertuples(index=False):
        if abs(step.cash_usd_per_t) < 0.05:
            continue
        rows.append(head | {
            "name": step.name, "bold": False, "ink": INK, "kind": step.kind,
            "start": step.cum_cash_usd_per_t - step.cash_usd_per_t, "size": step.cash_usd_per_t,
            "text": words.format_fixed(step.cash_usd_per_t, 1),
        })  # fmt: skip
    extra = route.generalised_cost_usd_per_t - route.cash_cost_usd_per_t
    netback = route.netback_usd_per_t
    earns = "" if netback is None else f", netback {netback:,.0f} USD/t"
    total = head | {
        "name": f"{way.letter}  {route.days:.0f} days, {route.length_km:,.0f} km{earns}",
        "ink": INK, "kind": "total", "size": route.cash_cost_usd_per_t, "extra": max(extra, 0.0),
        "text": words.format_fixed(route.cash_cost_usd_per_t, 1)
        + (f" + {words.format_fixed(extra, 1)}" if extra >= 0.05 else ""),
    }  # fmt: skip
    return [*rows, total]


def _draw_falls(sheet: Sheet, rows: Sequence[dict[str, Any]]) -> None:
    ax = sheet.ax
    for number, row in enumerate(rows):
        if row["kind"] == "head":
            if number:
                ax.axhline(number - 0.5, color=page.GRID, linewidth=0.6)
            continue
        colour = _TOTAL if row["kind"] == "total" else row["look"].colour
        ax.barh(
            number, row["size"], left=row["start"], height=0.72, color=colour,
            alpha=0.45 if row["kind"] == "place" else 1.0, linewidth=0, gid=f"bar-{row['kind']}",
        )  # fmt: skip
        end = row["start"] + row["size"]
        if row["extra"] > 0:
            ax.barh(
                number, row["extra"], left=end, height=0.72, facecolor="white", edgecolor=_EXTRA,
                hatch="////", linewidth=0.5, gid="bar-extra",
            )  # fmt: skip
        right = max(row["start"], end) + row["extra"]  # a leg that earns leads back to the left
        page.write_beside(sheet, (right, number), row["text"], bold=row["kind"] == "total")


# Profile


def profile(
    routes: Sequence[Route],
    *,
    measure: Literal["time", "cost"] = "time",
    most_labels: int = 7,
    **around: Unpack[Surroundings],
) -> Axes:
    """Time or cost over distance, as UNESCAP and CAREC draw it: steps are borders and ports.

    Parameters
    ----------
    routes
        One to six routes of `routes.paths.find_routes`.
    measure
        `time` (days) or `cost` (cash cost, USD/t).
    most_labels
        Most steps of a route that are named, highest first.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    if measure not in ("time", "cost"):
        raise UsageError(f"The 'measure' of a profile must be time or cost. Got {measure!r}.")
    ways = name_ways(routes)
    unit, what = ("days", "Time") if measure == "time" else ("USD/t", "Cash cost")
    names = [f"{way.name}, {_say_end(way, measure)}" for way in ways]
    sheet = page.open_sheet(
        f"{what} over distance: {name_shipment(routes)}",
        "Slopes are ways, vertical steps are ports, borders and stations where goods stand or pay",
        height=330.0,
        margins=Margins(right=page.widest(names, bold=True) + 16.0),
        **around,
    )
    column = "days" if measure == "time" else "cash_usd_per_t"
    lines = {way.letter: _trace(way.steps, column) for way in ways}
    top = max(float(line[:, 1].max()) for line in lines.values())
    far = max(float(line[:, 0].max()) for line in lines.values())
    sheet.ax.set_xlim(0, far * 1.01)
    sheet.ax.set_ylim(0, top * 1.06)
    for way in ways:
        _draw_profile(sheet, way, lines[way.letter])
    _name_ends(sheet, ways, names, lines)
    short = "d" if measure == "time" else "USD"
    labels = [x for way in ways for x in _step_labels(sheet, way, column, short, most_labels)]
    page.place_labels(sheet, _drop_repeats(labels))
    page.measure_axes(sheet.ax, "Distance, km", f"{what}, {unit}")
    return sheet.ax


def _say_end(way: Way, measure: str) -> str:
    if measure == "time":
        return f"{way.route.days:.0f} days"
    return f"{words.format_short(way.route.cash_cost_usd_per_t)} USD/t"


def _trace(steps: pd.DataFrame, column: str) -> Any:
    """Points (km, days or USD/t) of a route: two for each step."""
    km = np.concatenate([[0.0], steps["length_km"].cumsum()])
    height = np.concatenate([[0.0], steps[column].cumsum()])
    return np.column_stack([km, height])


def _draw_profile(sheet: Sheet, way: Way, line: Any) -> None:
    sheet.ax.plot(
        line[:, 0], line[:, 1], color=way.look.colour, linewidth=2.0,
        linestyle=page.dash_line(way.look), solid_joinstyle="miter",
        gid=f"profile-{way.letter}", zorder=3,
    )  # fmt: skip
    points = sheet.to_points(line[:, 0], line[:, 1])
    sheet.occupancy.mark_line(points, 1.5, 2.0)
    places = np.flatnonzero((way.steps["kind"] == "place").to_numpy() & (np.diff(line[:, 1]) > 0))
    ends = line[places + 1]
    sheet.ax.plot(
        ends[:, 0], ends[:, 1], linestyle="none", marker="o", markersize=3.4,
        markerfacecolor="white", markeredgecolor=way.look.colour, markeredgewidth=0.9, zorder=4,
    )  # fmt: skip


def _step_labels(sheet: Sheet, way: Way, column: str, unit: str, most: int) -> list[Label]:
    """Labels of the highest steps on the way that can be seen, right of their middle."""
    rows = way.steps.assign(middle=way.steps[column].cumsum() - way.steps[column] / 2)
    least = _LEAST_STEP * sheet.ax.get_ylim()[1]
    on_the_way = rows["what"].isin(("border", "transfer")) & (rows[column] > least)
    labels = []
    for row in rows[on_the_way].nlargest(most, column).to_dict("records"):
        (anchor,) = sheet.to_points(row["cum_km"], row["middle"])
        text = f"{_short_step(row)} {words.format_fixed(row[column], 1)} {unit}"
        labels.append(
            page.make_label(
                f"{way.letter}-{row['place']}-{row['what']}", [text], anchor, size=6.6,
                colour=way.look.ink, required=False, gap=4.0, reach=60.0,
            )
        )  # fmt: skip
    return labels


def _drop_repeats(labels: Sequence[Label]) -> list[Label]:
    """The labels without those that say the same at the same spot: routes that run together."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for label in labels:
        what = (label.lines[0].text, *(round(value / 4.0) for value in label.anchor))
        if what not in seen:
            kept.append(label)
        seen.add(what)
    return kept


def _short_step(row: dict[str, Any]) -> str:
    if row["border"]:
        return str(row["border"]).replace("-", "\u2013") + " border"
    return str(row["place"])


def _name_ends(
    sheet: Sheet, ways: Sequence[Way], names: Sequence[str], lines: dict[str, Any]
) -> None:
    """Names right of the frame, level with the ends of the lines but never on each other."""
    wanted = sorted(
        ((float(sheet.to_points(*lines[way.letter][-1])[0][1]), way, name)
         for way, name in zip(ways, names, strict=True)),
        key=lambda item: item[0],
    )  # fmt: skip
    heights = spread_out([height for height, *_ in wanted], 12.0, sheet.height)
    for height, (at, way, name) in zip(heights, wanted, strict=True):
        x, _ = lines[way.letter][-1]
        ((end, _),) = sheet.to_points(x, 0.0)
        sheet.ax.annotate(
            name, xy=(float(end), at), xycoords="axes points", xytext=(sheet.width + 10.0, height),
            textcoords="axes points", fontproperties=make_font(page.WORDS, bold=True),
            color=way.look.ink, va="center", ha="left", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": way.look.colour, "linewidth": 0.5,
                        "shrinkA": 1.0, "shrinkB": 2.0},
        )  # fmt: skip
