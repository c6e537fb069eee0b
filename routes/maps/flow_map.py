"""Flow maps: width by tonnage or value, colour and line style by corridor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from routes.errors import UnknownNameError, UsageError
from routes.maps import legend, names, style
from routes.maps.basemap import HOME_COUNTRY
from routes.maps.frames import Extent, choose_frame, project
from routes.maps.geometry import Points
from routes.maps.leaving import find_exits, find_inside, sum_arrivals, trace_leaving
from routes.maps.lines import Geometries, trace_links
from routes.maps.page import Page, finish_page, place_required, start_page
from routes.maps.pen import Ink, WidthScale, draw_strokes, make_scale, mark_full_links
from routes.maps.strokes import build_strokes

Measure = Literal["mt", "value", "scaled"]
ScaleKind = Literal["sqrt", "linear"]
LEAST_MARKET_SHARE = 0.004


@dataclass(frozen=True)
class Quantity:
    """A measure of flows: values by link, corridor and commodity, and how to say them."""

    values: pd.Series
    unit: str
    of: str

    def show_round(self, value: float) -> str:
        """A round value with its unit, for legends."""
        return f"{names.format_round(value)} {self.unit}"

    def show(self, value: float) -> str:
        """A value with its unit."""
        return names.format_amount(value, self.unit)


def measure_flows(flows: pd.DataFrame, measure: str) -> Quantity:
    """Sum the flows by link, corridor and commodity in the measure wanted.

    Parameters
    ----------
    flows
        Columns link_id, corridor, commodity, mt (Mt a year), value_musd (million USD a year; only
        needed for the measure `value`).
    measure
        `mt`: million tonnes; `value`: USD; `scaled`: each commodity in percent of its greatest flow
        on one link, so that uranium shows beside oil.
    """
    keys = ["link_id", "corridor", "commodity"]
    if measure not in ("mt", "value", "scaled"):
        raise UsageError(
            f"The 'measure' of a map must be 'mt', 'value' or 'scaled'. Got {measure!r} instead."
        )
    column = "value_musd" if measure == "value" else "mt"
    values = flows.groupby(keys, sort=True, observed=True)[column].sum().astype(float)
    values = values[values.abs() > 0]
    if measure == "mt":
        return Quantity(values, "Mt", "Mt a year")
    if measure == "value":
        top = float(values.groupby("link_id").sum().max()) if len(values) else 0.0
        if top >= 1000.0:
            return Quantity(values / 1000.0, "bn USD", "billion USD a year")
        return Quantity(values, "m USD", "million USD a year")
    by_link = values.groupby(["link_id", "commodity"]).sum()
    greatest = by_link.groupby("commodity").transform("max").groupby("commodity").max()
    share = 100.0 * values / values.index.get_level_values("commodity").map(greatest).to_numpy()
    return Quantity(share, "%", "each commodity in % of its greatest flow")


def check_frames(places: pd.DataFrame, links: pd.DataFrame, link_ids: Collection[str]) -> None:
    """Refuse unknown links and links that end at unknown places."""
    missing = sorted(set(link_ids) - set(links.index))
    if missing:
        raise UnknownNameError("link", str(missing[0]), (str(name) for name in links.index))
    used = links.loc[sorted(set(link_ids))]
    ends = set(used["from_place_id"]) | set(used["to_place_id"])
    lost = sorted(ends - set(places.index))
    if lost:
        raise UnknownNameError("place", str(lost[0]), (str(name) for name in places.index))


def draw_flows(
    places: pd.DataFrame,
    links: pd.DataFrame,
    flows: pd.DataFrame,
    *,
    ax: Axes | None = None,
    measure: str = "mt",
    scale: str = "sqrt",
    geometries: Geometries | None = None,
    full: Collection[str] = frozenset(),
    title: str = "",
    subtitle: str = "",
    footer: str | None = "",
    markets: Mapping[str, float] | None = None,
    extent: Extent = "region",
    top: float | None = None,
    most_names: int = 44,
    keys: bool = True,
) -> Axes:
    """Draw what flows where: a stroke per corridor, side by side where several share a line.

    Parameters
    ----------
    places
        Index place_id; columns name, country, kind, lat, lon (degrees).
    links
        Index link_id; columns from_place_id, to_place_id, kind, mode, geometry_id.
    flows
        Columns link_id, corridor, commodity, mt (Mt a year), value_musd (million USD a year).
    ax
        Axes to draw on, at their final size; default a figure of its own.
    measure
        `mt`, `value` or `scaled` (each commodity in % of its greatest flow on one link).
    scale
        Stroke width by the square root of the measure (`sqrt`) or in proportion to it (`linear`).
    geometries
        Geometry id -> points (lon, lat) of sea lanes and pipelines.
    full
        Ids of links at their capacity: marked red.
    title, subtitle
        Words above the map.
    footer
        Small print before the attributions; None leaves all small print out (say it elsewhere).
    markets
        Place id -> what arrives there, in the unit of the map; default: in less out of each place.
    extent
        `region`, `kazakhstan`, `caspian`, `wide`, or bounds (lon_min, lat_min, lon_max, lat_max).
    top
        Value drawn at the full width; give the same one to maps that will be compared. Default: the
        greatest flow of the map.
    most_names
        Most names of places without tonnage.
    keys
        Whether to draw the legends.

    Returns
    -------
    matplotlib.axes.Axes
        `inspect_map` tells what they show.

    Raises
    ------
    UnknownNameError
        A link, place or extent that is not known.
    UsageError
        An unknown measure or scale.
    """
    check_frames(places, links, set(flows["link_id"]) | set(full))
    quantity = measure_flows(flows, measure)
    page = start_page(
        ax, choose_frame(extent), title=title, subtitle=subtitle, footer=footer
    )
    paint_flows(
        page, places, links, quantity, scale=scale, geometries=geometries, full=full,
        markets=markets, top=top, most_names=most_names, keys=keys,
    )  # fmt: skip
    return finish_page(page)


def paint_flows(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    quantity: Quantity,
    *,
    scale: str,
    geometries: Geometries | None,
    full: Collection[str],
    markets: Mapping[str, float] | None,
    top: float | None,
    most_names: int,
    keys: bool,
    most_lines: int = 6,
    least_share: float = LEAST_MARKET_SHARE,
) -> None:
    """Everything of a flow map but the headings."""
    by_corridor = quantity.values.groupby(["link_id", "corridor"]).sum()
    used = links.loc[sorted(set(by_corridor.index.get_level_values(0)) | set(full))]
    lines = trace_links(places, used, geometries)
    strokes = build_strokes(lines, by_corridor, page.frame)
    greatest = max((value for stroke in strokes for *_, value in stroke.lanes), default=0.0)
    widths = make_scale(page, scale, top if top is not None else greatest)
    page.record.unit, page.record.scale = quantity.unit, scale
    page.record.points_per_unit, page.record.hairline_pt = widths.factor, widths.hairline
    ink = draw_strokes(page, strokes, widths, style.style_corridor)
    _mark_full(page, places, used, full, lines, ink)
    arrivals = sum_arrivals(links, quantity.values)
    page.record.totals = arrivals.groupby("corridor")["value"].sum().to_dict()
    throughput = measure_throughput(links, by_corridor)
    weights = names.weigh_places(places, throughput)
    names.mark_places(page, places, weights)
    found = _find_markets(page, places, arrivals, markets, least_share)
    if keys:
        rows = places.loc[sorted(found)]
        spots = page.to_points(project(page.frame, rows["lon"], rows["lat"]))
        drawn = dict.fromkeys(page.record.lanes["group"], 0.0)
        place_flow_keys(page, widths, quantity, {**drawn, **page.record.totals}, used, full, spots)
    place_exits(page, places, links, quantity, lines, most=most_lines)
    place_required(page, names.label_markets(page, places, found, quantity.show))
    page.placer.place(names.label_corridors(page, ink))
    taken = {placed.label.key.removeprefix("market-") for placed in page.placer.placed}
    wanted = {place: weight for place, weight in weights.items() if place not in taken}
    page.placer.place(names.label_places(page, places, wanted, most=most_names))
    page.placer.place(names.label_ground(page))


def measure_throughput(links: pd.DataFrame, values: pd.Series) -> dict[str, float]:
    """The greater of what enters and what leaves each place."""
    flows = values.rename("value").reset_index()
    flows.columns = ["link_id", "group", "value"]
    flows = flows.join(links[["from_place_id", "to_place_id"]], on="link_id")
    flows = flows[flows["from_place_id"] != flows["to_place_id"]]
    went = flows.groupby("from_place_id")["value"].sum()
    came = flows.groupby("to_place_id")["value"].sum()
    most = pd.concat([went, came]).groupby(level=0).max()
    return {str(place): float(value) for place, value in most.items()}


def _mark_full(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    full: Collection[str],
    lines: Mapping[str, Points],
    ink: Ink,
) -> None:
    plane = {
        link: project(page.frame, lines[link][:, 0], lines[link][:, 1])
        for link in full
        if link in lines
    }
    still = {}
    for link in set(full) - set(lines):
        place = links.at[link, "from_place_id"]
        still[link] = project(page.frame, places.at[place, "lon"], places.at[place, "lat"])
    mark_full_links(page, full, plane, still, ink)


def place_flow_keys(
    page: Page,
    widths: WidthScale,
    quantity: Quantity,
    totals: Mapping[str, float],
    links: pd.DataFrame,
    full: Collection[str],
    keep_free: Points,
) -> None:
    """Legends of corridors and widths."""
    in_percent = quantity.unit == "%"
    show: Callable[[float], str] | None = None if in_percent else quantity.show
    heading = "Corridor" if in_percent else f"Corridor, {quantity.unit} delivered"
    ends = links.loc[list(page.record.marked), ["from_place_id", "to_place_id"]]
    still = (ends["from_place_id"] == ends["to_place_id"]) if len(ends) else pd.Series(dtype=bool)
    legend.place_keys(
        page,
        [
            legend.build_corridor_key(page, heading, totals, show),
            legend.build_width_key(
                page, widths, legend.word_widths("Width", widths, quantity.of), quantity.show_round,
                full=bool((~still).any()), full_place=bool(still.any()),
            ),
        ],
        keep_free,
    )  # fmt: skip


def place_exits(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    quantity: Quantity,
    lines: Mapping[str, Points],
    *,
    most: int = 6,
) -> None:
    """Labels of the markets beyond the frame, at the edge where their goods leave it."""
    exits = trace_leaving(links, quantity.values, find_inside(places, page.frame))
    page.record.exits = exits
    points = find_exits(lines, sorted(set(exits["link_id"])), page.frame)
    found = names.label_exits(page, places, exits, points, quantity.show, most=most)
    place_required(page, found)


def _find_markets(
    page: Page,
    places: pd.DataFrame,
    arrivals: pd.DataFrame,
    markets: Mapping[str, float] | None,
    least_share: float,
) -> dict[str, tuple[float, str]]:
    """Foreign markets within the frame that are worth a tonnage: value and main corridor."""
    inside = find_inside(places, page.frame)
    total = float(arrivals["value"].sum())
    found: dict[str, tuple[float, str]] = {}
    for place, rows in arrivals.groupby("place_id"):
        value = float(rows["value"].sum())
        main = str(rows.loc[rows["value"].idxmax(), "corridor"])
        if markets is not None:
            value = float(markets.get(str(place), 0.0))
        abroad = places.at[place, "country"] != HOME_COUNTRY
        wanted = abroad if markets is None else place in markets
        if place in inside and wanted and value >= least_share * total:
            found[str(place)] = value, main
    return found
