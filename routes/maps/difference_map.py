"""Difference maps: what one scenario carries more and less than another, link by link."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from routes.maps import legend, names, style
from routes.maps.flow_map import Quantity, check_frames, measure_flows, measure_throughput
from routes.maps.frames import Extent, choose_frame
from routes.maps.labels import Colour
from routes.maps.leaving import find_exits, find_inside, sum_arrivals, trace_leaving
from routes.maps.lines import Geometries, trace_links
from routes.maps.page import Page, finish_page, place_required, start_page
from routes.maps.pen import WidthScale, draw_strokes, make_scale
from routes.maps.strokes import build_strokes

GAIN = style.LineStyle("carries more", "#542788")
LOSS = style.LineStyle("carries less", "#B35806", (5.0, 2.4))
"""Ends of the PuOr scale; losses are dashed, so that the map reads in grey."""
LEAST_SHARE = 0.004


def style_change(group: str) -> style.LineStyle:
    """Style of gains and losses."""
    return GAIN if group == "gain" else LOSS


def colour_change(corridor: str, value: float) -> Colour:
    """Colour of words about a change."""
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
    check_frames(places, links, set(before["link_id"]) | set(after["link_id"]))
    one, two = measure_flows(before, measure), measure_flows(after, measure)
    if one.unit != two.unit:
        one, two = _align_units(one, two)
    page = start_page(ax, choose_frame(extent), title=title, subtitle=subtitle, footer=footer)
    change = two.values.sub(one.values, fill_value=0.0)
    by_link = change.groupby("link_id").sum()
    by_link = by_link[by_link.abs() > 1e-9]
    lines = trace_links(places, links.loc[sorted(by_link.index)], geometries)
    strokes = build_strokes(lines, _split_change(by_link), page.frame)
    greatest = max((value for stroke in strokes for *_, value in stroke.lanes), default=0.0)
    widths = make_scale(page, scale, top if top is not None else greatest)
    page.record.unit, page.record.scale = two.unit, scale
    page.record.points_per_unit, page.record.hairline_pt = widths.factor, widths.hairline
    draw_strokes(page, strokes, widths, style_change)
    weights = names.weigh_places(places, measure_throughput(links, _split_change(by_link)))
    names.mark_places(page, places, weights)
    _place_keys(page, links, one, two, widths)
    taken = _label_changes(page, places, links, one, two, geometries)
    wanted = {place: weight for place, weight in weights.items() if place not in taken}
    page.placer.place(names.label_places(page, places, wanted, most=most_names))
    page.placer.place(names.label_ground(page))
    return finish_page(page)


def _align_units(one: Quantity, two: Quantity) -> tuple[Quantity, Quantity]:
    """Both in the greater unit of money."""
    unit, of = "bn USD", "billion USD a year"
    pair = [
        q if q.unit == unit else Quantity(q.values / 1000.0, unit, of) for q in (one, two)
    ]
    return pair[0], pair[1]


def _split_change(by_link: pd.Series) -> pd.Series:
    """Size of each link's change by (link, gain or loss)."""
    group = ["gain" if value > 0 else "loss" for value in by_link]
    index = pd.MultiIndex.from_arrays([by_link.index, group], names=["link_id", "group"])
    return pd.Series(by_link.abs().to_numpy(), index=index)


def _change_of(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> pd.Series:
    one = before.groupby(keys)["value"].sum()
    two = after.groupby(keys)["value"].sum()
    change: pd.Series = two.sub(one, fill_value=0.0)
    return change


def _place_keys(
    page: Page, links: pd.DataFrame, one: Quantity, two: Quantity, widths: WidthScale
) -> None:
    came, comes = sum_arrivals(links, one.values), sum_arrivals(links, two.values)
    totals = _change_of(came, comes, ["corridor"])
    page.record.totals = {str(name): float(value) for name, value in totals.items()}
    size = max((abs(value) for value in page.record.totals.values()), default=0.0)
    rows: list[tuple[legend.Handle, str]] = []
    for corridor in sorted(page.record.totals, key=style.order_corridor):
        value = page.record.totals[corridor]
        if abs(value) > 1e-4 * size:
            words = f"{style.style_corridor(corridor).name}  {names.format_signed(value, two.unit)}"
            rows.append((legend.make_blank(), words))
    legend.place_keys(
        page,
        [
            legend.build_width_key(
                page,
                widths,
                legend.word_widths("Change, width", widths, two.of),
                two.show_round,
                full=False,
                extra=[(legend.make_sample(look), look.name) for look in (GAIN, LOSS)],
            ),
            legend.build_key(
                page, "Change of what corridors deliver", rows, tall=False, narrow=True
            ),
        ],
    )


def _label_changes(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    one: Quantity,
    two: Quantity,
    geometries: Geometries | None,
) -> set[str]:
    """Signed changes at the edge and at markets within the frame; returns the places labelled."""
    inside = find_inside(places, page.frame)

    def show(value: float) -> str:
        return names.format_signed(value, two.unit)

    keys = ["link_id", "corridor", "place_id"]
    gone = _change_of(
        trace_leaving(links, one.values, inside), trace_leaving(links, two.values, inside), keys
    )
    exits = gone[gone.abs() > 1e-9].rename("value").reset_index()
    page.record.exits = exits
    crossing = sorted(set(exits["link_id"]))
    lines = trace_links(places, links.loc[crossing], geometries)
    points = find_exits(lines, crossing, page.frame)
    place_required(page, names.label_exits(page, places, exits, points, show, colour_change))
    came, comes = sum_arrivals(links, one.values), sum_arrivals(links, two.values)
    total = max(float(came["value"].sum()), float(comes["value"].sum()))
    change = _change_of(came, comes, ["place_id"])
    found = {
        str(place): (float(value), "")
        for place, value in change.items()
        if place in inside and abs(value) >= LEAST_SHARE * total
    }
    place_required(page, names.label_markets(page, places, found, show, colour_change))
    return set(found)
