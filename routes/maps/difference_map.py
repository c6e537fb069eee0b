"""Difference maps: what one scenario carries more and less than another, link by link."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from routes.errors import UsageError
from routes.maps import edge_names, ground_names, legend, names, style
from routes.maps.flow_map import locate_exits, measure_throughput, scale_strokes
from routes.maps.frames import Extent, choose_frame
from routes.maps.inputs import prepare_frames
from routes.maps.labels import Colour
from routes.maps.leaving import find_inside, sum_arrivals, trace_leaving
from routes.maps.lines import Geometries, trace_links
from routes.maps.page import Page, finish_page, place_required, start_page
from routes.maps.pen import WidthScale, draw_strokes
from routes.maps.quantity import Quantity, measure_flows, say_quantity
from routes.maps.strokes import build_strokes

GAIN = style.LineStyle("carries more", "#542788")
LOSS = style.LineStyle("carries less", "#B35806", (5.0, 2.4))
"""Ends of the PuOr scale; losses are dashed, so that the map reads in grey."""
LEAST_SHARE = 0.004


def style_change(group: str) -> style.LineStyle:
    """Style of gains and losses."""
    return GAIN if group == "gain" else LOSS


def colour_change(_corridor: str, value: float) -> Colour:
    """Colour of words about a change, in whatever corridor."""
    return GAIN.ink if value > 0 else LOSS.ink


def draw_difference(
    places: pd.DataFrame,
    links: pd.DataFrame,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    ax: Axes | None = None,
    measure: str = "mt",
    scale: str = "sqrt",
    geometries: Geometries | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str | None = "",
    extent: Extent = "region",
    top: float | None = None,
    most_names: int = 36,
) -> Axes:
    """Draw how flows change from `before` to `after`: gains purple, losses orange and dashed.

    Parameters
    ----------
    places, links
        As for `draw_flows`.
    before, after
        Flows of two scenarios: columns link_id, corridor, commodity, mt, value_musd.
    measure
        `mt` or `value`.
    top
        Change drawn at the full width; default: the greatest on the map.

    Returns
    -------
    matplotlib.axes.Axes
        Other parameters as for `draw_flows`.
    """
    both = set(before["link_id"]) | set(after["link_id"])
    places, links = prepare_frames(places, links, both)
    if measure not in ("mt", "value"):
        raise UsageError(f"A difference map measures 'mt' or 'value'. Got {measure!r} instead.")
    one, two = measure_flows(before, measure).values, measure_flows(after, measure).values
    change = say_quantity(two.sub(one, fill_value=0.0), measure)
    page = start_page(ax, choose_frame(extent), title=title, subtitle=subtitle, footer=footer)
    by_link = change.values.groupby("link_id").sum()
    parts = _split_change(by_link[by_link.abs() > 1e-9])
    inside = find_inside(places, page.frame)
    page.record.exits = _change_of(
        trace_leaving(links, one, inside),
        trace_leaving(links, two, inside),
        ["link_id", "corridor", "place_id"],
    )
    drawn = set(parts.index.get_level_values(0)) | set(page.record.exits["link_id"])
    lines = trace_links(places, links.loc[sorted(drawn)], geometries)
    strokes = build_strokes(lines, parts, page.frame)
    widths = scale_strokes(page, strokes, change, scale, top)
    exits = locate_exits(page, lines, page.record.exits["link_id"])
    draw_strokes(page, strokes, widths, style_change, exits=exits)
    weights = names.weigh_places(places, measure_throughput(links, parts))
    names.mark_places(page, places, weights)
    arrivals = sum_arrivals(links, one), sum_arrivals(links, two)
    _place_keys(page, change, widths, _change_of(*arrivals, ["corridor"]))
    place_required(
        page,
        edge_names.label_exits(
            page, places, page.record.exits, exits, change.show_change, colour_change
        ),
    )
    found = _find_markets(inside, arrivals)
    place_required(
        page, names.label_markets(page, places, found, change.show_change, colour_change)
    )
    wanted = {place: weight for place, weight in weights.items() if place not in found}
    page.placer.place(names.label_places(page, places, wanted, most=most_names))
    page.placer.place(ground_names.label_ground(page))
    return finish_page(page)


def _split_change(by_link: pd.Series) -> pd.Series:
    """Size of each link's change by (link, gain or loss)."""
    group = ["gain" if value > 0 else "loss" for value in by_link]
    index = pd.MultiIndex.from_arrays([by_link.index, group], names=["link_id", "group"])
    return pd.Series(by_link.abs().to_numpy(), index=index)


def _change_of(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Value after less value before, by the keys; what does not change is left out."""
    one = before.groupby(keys)["value"].sum()
    two = after.groupby(keys)["value"].sum()
    change = two.sub(one, fill_value=0.0)
    changed: pd.DataFrame = change[change.abs() > 1e-9].rename("value").reset_index()
    return changed


def _place_keys(page: Page, change: Quantity, widths: WidthScale, corridors: pd.DataFrame) -> None:
    totals = dict(zip(corridors["corridor"], corridors["value"], strict=True))
    page.record.totals = {str(name): float(value) for name, value in totals.items()}
    rows: list[tuple[legend.Handle, str]] = [
        (
            legend.make_blank(),
            f"{style.style_corridor(corridor).name}  {change.show_change(totals[corridor])}",
        )
        for corridor in sorted(page.record.totals, key=style.order_corridor)
    ]
    samples: list[tuple[legend.Handle, str]] = [
        (legend.make_sample(look), look.name) for look in (GAIN, LOSS)
    ]
    heading = legend.word_widths("Change, width", widths, change.of)
    keys = [
        legend.build_width_key(page, widths, heading, change, full=False, extra=samples),
        legend.build_key(page, "Change of what corridors deliver", rows, tall=False, narrow=True),
    ]
    legend.place_keys(page, keys)


def _find_markets(
    inside: set[str], arrivals: tuple[pd.DataFrame, pd.DataFrame]
) -> dict[str, tuple[float, str]]:
    """Places within the frame where clearly more or less arrives."""
    total = max(float(frame["value"].sum()) for frame in arrivals)
    change = _change_of(*arrivals, ["place_id"])
    return {
        str(place): (float(value), "")
        for place, value in zip(change["place_id"], change["value"], strict=True)
        if place in inside and abs(value) >= LEAST_SHARE * total
    }
