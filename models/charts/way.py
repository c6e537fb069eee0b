"""What charts of alternative routes share: letters, colours, legs and headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from models.charts import words
from models.charts.tables import step_table
from models.names import name_place
from routes.errors import UsageError
from routes.maps.style import ALTERNATIVES, LineStyle, style_corridor
from routes.paths import Route

MOST_ROUTES = len(ALTERNATIVES)


@dataclass(frozen=True)
class Way:
    """A route with its letter and its colours, the same as on the map of routes."""

    letter: str
    look: LineStyle
    route: Route
    steps: pd.DataFrame
    ends: str
    """From where to where, when the routes of a chart differ in it."""

    @property
    def head(self) -> str:
        """Letter and corridor."""
        return f"{self.letter}  {words.name_corridor(self.route.corridor)}"

    @property
    def name(self) -> str:
        """Letter and corridor, and the ends where the routes of a chart differ in them."""
        return f"{self.head}, {self.ends}" if self.ends else self.head

    @property
    def countries(self) -> str:
        """Countries on the way, in order."""
        return " \u2013 ".join(self.route.countries)


def name_ways(routes: Sequence[Route]) -> list[Way]:
    """Letters and colours for routes; by corridor when no two share one, as on the maps."""
    if not 1 <= len(routes) <= MOST_ROUTES:
        raise UsageError(
            f"A chart of routes shows 1 to {MOST_ROUTES} routes. Got {len(routes)} instead."
        )
    corridors = [route.corridor for route in routes]
    apart = len(set(corridors)) == len(corridors)
    ends = [name_ends(route) for route in routes]
    alike = len(set(ends)) == 1
    return [
        Way(
            chr(ord("A") + number),
            style_corridor(route.corridor) if apart else ALTERNATIVES[number],
            route,
            step_table(route),
            "" if alike else ends[number],
        )
        for number, route in enumerate(routes)
    ]


def name_ends(route: Route) -> str:
    """From where to where a route leads."""
    first, last = route.legs[0], route.legs[-1]
    return f"{name_place(first['from_name'])} to {name_place(last['to_name'])}"


def name_shipment(routes: Sequence[Route]) -> str:
    """What routes ship, and between where when they share it: `coal, Ekibastuz to Omsk`."""
    ends = {name_ends(route) for route in routes}
    shared = sorted(ends) if len(ends) == 1 else []
    return ", ".join([words.say_commodity(routes[0].commodity), *shared])


def spread_out(wanted: Sequence[float], gap: float, top: float) -> list[float]:
    """Heights in rising order moved apart by at least `gap`, as near as can be to those wanted."""
    heights = list(wanted)
    for _ in range(200):
        moved = False
        for i in range(len(heights) - 1):
            short = gap - (heights[i + 1] - heights[i])
            if short > 1e-6:
                heights[i] -= short / 2
                heights[i + 1] += short / 2
                moved = True
        if not moved:
            break
    up = max([0.0, *(gap / 2 - height for height in heights[:1])])
    down = max([0.0, *(height + up - (top - gap / 2) for height in heights[-1:])])
    return [height + up - down for height in heights]
