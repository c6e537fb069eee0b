"""Flow maps: width by tonnage or value, colour and line style by corridor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from routes.maps import edge_names, ground_names, legend, names, style
from routes.maps.basemap import HOME_COUNTRY
from routes.maps.frames import Extent, choose_frame, project
from routes.maps.geometry import Points, as_points
from routes.maps.inputs import find_notional, prepare_frames
from routes.maps.leaving import find_exits, find_inside, sum_arrivals, trace_leaving
from routes.maps.lines import Geometries, trace_links
from routes.maps.marks import mark_full_links
from routes.maps.page import Page, finish_page, place_required, start_page
from routes.maps.pen import Ink, WidthScale, draw_strokes, make_scale
from routes.maps.quantity import Quantity, measure_flows
from routes.maps.strokes import Stroke, build_strokes

LEAST_MARKET_SHARE = 0.004
_MARKET_INK = 12.0


@dataclass(frozen=True)
class Choices:
    """How a flow map is to be drawn; the words of `draw_flows`."""

    scale: str = "sqrt"
    geometries: Geometries | None = None
    full: frozenset[str] = frozenset()
    markets: Mapping[str, float] | None = None
    top: float | None = None
    most_names: int = 44
    keys: bool = True
    most_lines: int = 6
    least_share: float = LEAST_MARKET_SHARE


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
        Index (or column) place_id; columns name, country, kind, lat, lon (degrees).
    links
        Index (or column) link_id; columns kind, mode, geometry_id, and from_place_id and
        to_place_id (or from_node_id and to_node_id).
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
        Markets within the frame to label: place id -> what arrives there (Mt, million USD or %);
        default: every foreign place, in less out. Markets beyond the frame are always traced.
    extent
        `region`, `kazakhstan`, `caspian`, `wide`, or bounds (lon_min, lat_min, lon_max, lat_max).
    top
        Value (Mt, million USD or %) drawn at the full width; give the same one to maps that will be
        compared. Default: the greatest flow of the map.
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
    places, links = prepare_frames(places, links, set(flows["link_id"]) | set(full))
    quantity = measure_flows(flows, measure)
    page = start_page(ax, choose_frame(extent), title=title, subtitle=subtitle, footer=footer)
    choices = Choices(
        scale=scale, geometries=geometries, full=frozenset(full), markets=markets, top=top,
        most_names=most_names, keys=keys,
    )  # fmt: skip
    paint_flows(page, places, links, quantity, choices)
    return finish_page(page)


def paint_flows(
    page: Page, places: pd.DataFrame, links: pd.DataFrame, quantity: Quantity, choices: Choices
) -> None:
    """Everything of a flow map but the headings."""
    by_corridor = quantity.values.groupby(["link_id", "corridor"]).sum()
    used = links.loc[sorted(set(by_corridor.index.get_level_values(0)) | choices.full)]
    drawn = used[~find_notional(used)]
    lines = trace_links(places, drawn, choices.geometries)
    on_map = by_corridor[by_corridor.index.get_level_values(0).isin(drawn.index)]
    strokes = build_strokes(lines, on_map, page.frame)
    widths = scale_strokes(page, strokes, quantity, choices.scale, choices.top)
    page.record.exits = trace_leaving(links, quantity.values, find_inside(places, page.frame))
    exits = locate_exits(page, lines, page.record.exits["link_id"])
    ink = draw_strokes(page, strokes, widths, style.style_corridor, exits=exits)
    _mark_full(page, places, used, choices.full, lines, ink)
    arrivals = sum_arrivals(links, quantity.values)
    page.record.totals = arrivals.groupby("corridor")["value"].sum().to_dict()
    weights = names.weigh_places(places, measure_throughput(links, by_corridor))
    names.mark_places(page, places, weights)
    found = _find_markets(page, places, arrivals, choices)
    rows = places.loc[sorted(found)]
    spots = page.to_points(project(page.frame, rows["lon"], rows["lat"]))
    page.occupancy.mark_points(spots, 4.0, _MARKET_INK)
    if choices.keys:
        _place_keys(page, widths, quantity, used, spots)
    place_required(
        page,
        edge_names.label_exits(
            page, places, page.record.exits, exits, quantity.show_sum, most=choices.most_lines
        ),
    )
    place_required(page, names.label_markets(page, places, found, quantity.show_sum))
    page.placer.place(ground_names.label_corridors(page, ink))
    wanted = {place: weight for place, weight in weights.items() if place not in found}
    page.placer.place(names.label_places(page, places, wanted, most=choices.most_names))
    page.placer.place(ground_names.label_ground(page))


def scale_strokes(
    page: Page, strokes: Sequence[Stroke], quantity: Quantity, kind: str, top: float | None
) -> WidthScale:
    """The width scale of the page, noted in its record."""
    greatest = max((value for stroke in strokes for *_, value in stroke.lanes), default=0.0)
    widths = make_scale(page, kind, top if top is not None else greatest)
    record = page.record
    record.unit, record.scale, record.said_per_value = quantity.unit, kind, quantity.factor
    record.points_per_unit, record.hairline_pt = widths.factor, widths.hairline
    record.references = widths.references(quantity.factor)
    return widths


def locate_exits(
    page: Page, lines: Mapping[str, Points], link_ids: Iterable[str]
) -> dict[str, Points]:
    """Where (points) each of the links leaves the frame."""
    plane = find_exits(lines, sorted(set(link_ids)), page.frame)
    return {link: page.to_points(as_points(spot))[0] for link, spot in plane.items()}


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


def _place_keys(
    page: Page, widths: WidthScale, quantity: Quantity, links: pd.DataFrame, keep_free: Points
) -> None:
    """Legends of corridors and widths."""
    totals = {**dict.fromkeys(page.record.lanes["group"], 0.0), **page.record.totals}
    in_percent = quantity.unit == "%"
    show: Callable[[float], str] | None = None if in_percent else quantity.show
    heading = "Corridor" if in_percent else "Corridor, delivered a year"
    ends = links.loc[list(page.record.marked), ["from_place_id", "to_place_id"]]
    still = list(ends["from_place_id"] == ends["to_place_id"])
    corridors = legend.build_corridor_key(page, heading, totals, show)
    width_key = legend.build_width_key(
        page,
        widths,
        legend.word_widths("Width", widths, quantity.of),
        quantity,
        full=not all(still),
        full_place=any(still),
    )
    legend.place_keys(page, [corridors, width_key], keep_free)


def _find_markets(
    page: Page,
    places: pd.DataFrame,
    arrivals: pd.DataFrame,
    choices: Choices,
) -> dict[str, tuple[float, str]]:
    """Foreign markets within the frame that are worth a tonnage: value and main corridor."""
    inside = find_inside(places, page.frame)
    total = float(arrivals["value"].sum())
    found: dict[str, tuple[float, str]] = {}
    for place, rows in arrivals.groupby("place_id"):
        value = float(rows["value"].sum())
        main = str(rows.loc[rows["value"].idxmax(), "corridor"])
        wanted = places.at[place, "country"] != HOME_COUNTRY
        if choices.markets is not None:
            wanted = str(place) in choices.markets
            value = float(choices.markets.get(str(place), 0.0))
        if place in inside and wanted and value >= choices.least_share * total:
            found[str(place)] = value, main
    return found
