"""Route maps: one route or some alternatives, their legs numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from routes.errors import UsageError
from routes.maps import ground_names, legend, names, style
from routes.maps.flow_map import locate_exits
from routes.maps.frames import Extent, choose_frame, fit_frame, project
from routes.maps.geometry import Points, clip_line, locate_on_line, measure_line
from routes.maps.inputs import prepare_frames
from routes.maps.labels import Label, Line, measure_text
from routes.maps.leaving import find_inside
from routes.maps.lines import Geometries, trace_links
from routes.maps.page import Page, finish_page, place_required, start_page
from routes.maps.pen import WidthScale, draw_strokes
from routes.maps.strokes import build_strokes

_STROKE_PT = 3.4
_SAMPLE_ROOM = 56.0
_TOTALS = (("days", "{:.0f} days"), ("generalised_cost_usd_per_t", "{:.0f} USD/t"))


@runtime_checkable
class RouteLike(Protocol):
    """What a route must tell: its links, in order, and its corridor."""

    @property
    def links(self) -> tuple[str, ...]:
        """Ids of its links."""
        ...

    @property
    def corridor(self) -> str:
        """Corridor that it belongs to; blank: none."""
        ...


@dataclass(frozen=True)
class Leg:
    """Links of one route that follow each other by one mode."""

    number: int
    mode: str
    link_ids: tuple[str, ...]
    from_place_id: str
    to_place_id: str
    length_km: float


@dataclass(frozen=True)
class _Drawn:
    letter: str
    look: style.LineStyle
    links: tuple[str, ...]
    legs: tuple[Leg, ...]
    words: str


def split_legs(links: pd.DataFrame, link_ids: Sequence[str]) -> tuple[Leg, ...]:
    """Legs of a route: runs of links of one mode that lead from place to place.

    Loading, gauge changes and other operations within one place end no leg by themselves.
    """
    runs: list[tuple[str, list[str]]] = []
    for link in link_ids:
        if links.at[link, "from_place_id"] == links.at[link, "to_place_id"]:
            continue
        mode = str(links.at[link, "mode"])
        if not runs or runs[-1][0] != mode:
            runs.append((mode, []))
        runs[-1][1].append(link)
    return tuple(
        Leg(
            number=number,
            mode=mode,
            link_ids=tuple(run),
            from_place_id=str(links.at[run[0], "from_place_id"]),
            to_place_id=str(links.at[run[-1], "to_place_id"]),
            length_km=float(links.loc[run, "length_km"].sum()),
        )
        for number, (mode, run) in enumerate(runs, start=1)
    )


def draw_routes(
    places: pd.DataFrame,
    links: pd.DataFrame,
    routes: Sequence[RouteLike | Sequence[str]],
    *,
    ax: Axes | None = None,
    geometries: Geometries | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str | None = "",
    extent: Extent | None = None,
    most_names: int = 40,
) -> Axes:
    """Draw routes side by side, their legs numbered and listed.

    Parameters
    ----------
    places, links
        As for `draw_flows`; links also with length_km.
    routes
        Routes as `routes.paths.find_routes` gives them, or sequences of link ids.
    extent
        As for `draw_flows`; None fits the frame to the routes.

    Returns
    -------
    matplotlib.axes.Axes
        Other parameters as for `draw_flows`.

    Raises
    ------
    UsageError
        When there is no route, or more than there are styles.
    """
    if not 1 <= len(routes) <= len(style.ALTERNATIVES):
        raise UsageError(
            f"A route map shows 1 to {len(style.ALTERNATIVES)} routes. Got {len(routes)} instead."
        )
    chains = [tuple(r.links) if isinstance(r, RouteLike) else tuple(r) for r in routes]
    used = sorted({link for chain in chains for link in chain})
    places, links = prepare_frames(places, links, used)
    drawn = _describe(links, routes)
    lines = trace_links(places, links.loc[used], geometries)
    if extent is None:
        frame = fit_frame(np.vstack([*lines.values()]), margin=0.2)
    else:
        frame = choose_frame(extent)
    page = start_page(ax, frame, title=title, subtitle=subtitle, footer=footer)
    looks = {route.letter: route.look for route in drawn}
    values = pd.Series(
        {(link, route.letter): 1.0 for route in drawn for link in route.links if link in lines}
    )
    scale = WidthScale("linear", 1.0, _STROKE_PT * page.size_factor)
    strokes = build_strokes(lines, values, page.frame, add=False)
    inside = find_inside(places, page.frame)
    ends = links.loc[used]
    out = ends["from_place_id"].isin(inside) & ~ends["to_place_id"].isin(inside)
    exits = locate_exits(page, lines, ends.index[out])
    draw_strokes(page, strokes, scale, looks.__getitem__, exits=exits)
    _name_everything(page, places, links, drawn, lines, most_names)
    return finish_page(page)


def _describe(links: pd.DataFrame, routes: Sequence[RouteLike | Sequence[str]]) -> list[_Drawn]:
    corridors = [str(r.corridor) if isinstance(r, RouteLike) else "" for r in routes]
    known = all(corridors) and len(set(corridors)) == len(corridors)
    drawn = []
    for number, (route, corridor) in enumerate(zip(routes, corridors, strict=True)):
        ids = tuple(route.links) if isinstance(route, RouteLike) else tuple(route)
        look = style.style_corridor(corridor) if known else style.ALTERNATIVES[number]
        name = style.style_corridor(corridor).name if corridor else "route"
        letter = chr(ord("A") + number)
        legs = split_legs(links, ids)
        words = f"{letter}  {name}" if len(routes) > 1 else name
        words += f", {sum(leg.length_km for leg in legs):,.0f} km"
        for field, form in _TOTALS:
            value = getattr(route, field, None)
            if value is not None:
                words += ", " + form.format(value)
        drawn.append(_Drawn(letter, look, ids, legs, words))
    return drawn


def _name_everything(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    drawn: list[_Drawn],
    lines: dict[str, Points],
    most_names: int,
) -> None:
    weights = _weigh(places, links, drawn)
    names.mark_places(page, places, weights)
    _place_leg_keys(page, places, drawn)
    place_required(
        page,
        [
            label
            for route in drawn
            for label in _number_legs(page, route, lines, lettered=len(drawn) > 1)
        ],
    )
    ends = {p for route in drawn for p in (route.legs[0].from_place_id, route.legs[-1].to_place_id)}
    wanted = names.label_places(
        page, places, weights, most=most_names, bold=frozenset(ends), reach=60.0
    )
    page.placer.place(wanted)
    page.placer.place(ground_names.label_ground(page))


def _weigh(places: pd.DataFrame, links: pd.DataFrame, drawn: list[_Drawn]) -> dict[str, float]:
    """Ends of routes and of legs first, then places on the way by kind."""
    weights: dict[str, float] = {}
    for route in drawn:
        for link in route.links:
            for side in ("from_place_id", "to_place_id"):
                place = str(links.at[link, side])
                kind = str(places.at[place, "kind"])
                if " border" not in str(places.at[place, "name"]):
                    weights[place] = 0.5 * names.KIND_WEIGHT.get(kind, 0.5)
        for leg in route.legs:
            weights[leg.from_place_id] = weights[leg.to_place_id] = 0.8
        weights[route.legs[0].from_place_id] = weights[route.legs[-1].to_place_id] = 1.0
    return weights


def _number_legs(
    page: Page, route: _Drawn, lines: dict[str, Points], *, lettered: bool
) -> list[Label]:
    """A number beside the middle of each leg."""
    font = page.make_font(7.4, bold=True)
    labels = []
    for leg in route.legs:
        pieces = []
        for link in leg.link_ids:
            lonlat = lines[link]
            plane = page.to_points(project(page.frame, lonlat[:, 0], lonlat[:, 1]))
            pieces += clip_line(plane, page.box)
        if not pieces:
            continue
        lengths = [float(measure_line(piece)[-1]) for piece in pieces]
        at, index = sum(lengths) / 2, 0
        while at > lengths[index] and index < len(lengths) - 1:
            at -= lengths[index]
            index += 1
        point, _ = locate_on_line(pieces[index], at)
        text = f"{route.letter}{leg.number}" if lettered else str(leg.number)
        labels.append(
            Label(
                key=f"leg-{route.letter}{leg.number}",
                lines=(Line(text, font, route.look.ink),),
                anchor=(float(point[0]), float(point[1])),
                gap=4.0,
                reach=205.0,
                required=True,
            )
        )
    return labels


def _place_leg_keys(page: Page, places: pd.DataFrame, drawn: list[_Drawn]) -> None:
    """Routes with their legs under a map of our own; on the caller's axes the routes alone."""
    if not page.own_figure:
        rows: list[tuple[legend.Handle, str]] = [
            (legend.make_sample(route.look), route.words) for route in drawn
        ]
        legend.place_keys(page, [legend.build_key(page, "Routes", rows, tall=False)])
        return
    tables = [_list_legs(places, route, lettered=len(drawn) > 1) for route in drawn]
    font = page.make_font(7.0)
    widest = max(measure_text(words, font)[0] for table in tables for _, words in table)
    columns = max(int(page.width / (widest + _SAMPLE_ROOM * page.type_factor)), 1)
    keys = []
    for first in range(0, len(tables), columns):
        chosen = tables[first : first + columns]
        longest = max(len(table) for table in chosen)
        rows = []
        for table in chosen:
            rows += table + [(legend.make_blank(), "")] * (longest - len(table))
        keys.append(legend.build_key(page, "", rows, tall=False, columns=len(chosen)))
    legend.place_below(page, keys)


def _list_legs(
    places: pd.DataFrame, route: _Drawn, *, lettered: bool
) -> list[tuple[legend.Handle, str]]:
    """The route and its legs as rows of a key."""
    rows: list[tuple[legend.Handle, str]] = [(legend.make_sample(route.look), route.words)]
    for leg in route.legs:
        start, end = (
            names.shorten_name(str(places.at[place, "name"]))
            for place in (leg.from_place_id, leg.to_place_id)
        )
        number = f"{route.letter}{leg.number}" if lettered else str(leg.number)
        mode = style.MODES.get(leg.mode, leg.mode)
        words = f"{number}  {start} \u2013 {end}, {mode}, {leg.length_km:,.0f} km"
        rows.append((legend.make_blank(), words))
    return rows
