"""Alternative routes as points: cost against time, and which of them nobody beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from models.charts import sheet as page
from models.charts import words
from models.charts.sheet import Margins, Sheet, Surroundings
from models.charts.way import Way, name_shipment, name_ways
from routes.maps.labels import Label
from routes.paths import Route

_MARKERS = "osD^vP"


def scatter(routes: Sequence[Route], **around: Unpack[Surroundings]) -> Axes:
    """Cash cost against time of alternative routes, with the line of those nobody beats.

    Area is the capacity of the narrowest link; a hollow mark has no known limit. A route lies on
    the Pareto line when no other is both faster and cheaper.
    """
    ways = name_ways(routes)
    sheet = page.open_sheet(
        f"Cost against time: {name_shipment(routes)}",
        "Area: capacity of the narrowest link for all cargo, Mt a year (hollow: no known limit); "
        "dashed: routes that no other beats in both cost and time",
        height=300.0,
        margins=Margins(right=20.0),
        **around,
    )
    table = pd.DataFrame({
        "days": [way.route.days for way in ways],
        "cost": [way.route.cash_cost_usd_per_t for way in ways],
        "capacity": [narrowest(way.route) for way in ways],
    })  # fmt: skip
    _set_limits(sheet.ax, table)
    best = find_pareto(table["days"].to_numpy(), table["cost"].to_numpy())
    front = table.loc[best].sort_values("days")
    sheet.ax.plot(
        front["days"], front["cost"], color="#555555", linewidth=1.0, linestyle=(0, (4, 3)),
        zorder=1, gid="pareto",
    )  # fmt: skip
    sheet.occupancy.mark_line(sheet.to_points(front["days"], front["cost"]), 1.0)
    labels = [_draw_point(sheet, way, number, table) for number, way in enumerate(ways)]
    page.place_labels(sheet, labels)
    page.measure_axes(sheet.ax, "Days", "Cash cost, USD/t")
    return sheet.ax


def narrowest(route: Route) -> float:
    """Capacity of the narrowest link of a route, Mt a year; inf when none has a limit."""
    known = [leg["capacity_mt"] for leg in route.legs if leg["capacity_mt"] is not None]
    return min(known, default=float("inf"))


def find_pareto(one: Any, two: Any) -> list[int]:
    """Positions of the points that no other beats: none is as low in both and lower in one."""
    points = list(zip(map(float, one), map(float, two), strict=True))
    return [
        i
        for i, (x, y) in enumerate(points)
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points)
    ]


def _set_limits(ax: Axes, table: pd.DataFrame) -> None:
    for column, put in (("days", ax.set_xlim), ("cost", ax.set_ylim)):
        low, high = float(table[column].min()), float(table[column].max())
        room = max((high - low) * 0.25, high * 0.06, 1.0)
        put(max(low - room, 0.0), high + room)


def _draw_point(sheet: Sheet, way: Way, number: int, table: pd.DataFrame) -> Label:
    row = table.loc[number]
    capacity = float(row["capacity"])
    known = np.isfinite(capacity)
    area = 30.0 + 14.0 * capacity if known else 90.0
    sheet.ax.scatter(
        [row["days"]], [row["cost"]], s=area, marker=_MARKERS[number], zorder=3,
        facecolors=way.look.colour if known else "white", edgecolors=way.look.colour,
        linewidths=1.4, alpha=0.9, gid=f"route-{way.letter}",
    )  # fmt: skip
    (anchor,) = sheet.to_points(row["days"], row["cost"])
    radius = float(np.sqrt(area / np.pi))
    sheet.occupancy.mark_points(np.array([anchor]), radius, 6.0)
    x, y, half = float(anchor[0]), float(anchor[1]), float(np.sqrt(area) / 2)
    sheet.placer.reserve((x - half, y - half, x + half, y + half))
    limit = f", {words.format_short(capacity)} Mt" if known else ""
    texts = [f"{way.head}{limit}", *([way.ends] if way.ends else []), way.countries]
    return page.make_label(
        f"route-{way.letter}", texts, anchor, colour=way.look.ink, gap=radius + 3.0
    )
