"""The network map: what exists, by mode, with the places it joins."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from routes.maps import ground_names, legend, names, style
from routes.maps.frames import Extent, choose_frame, project
from routes.maps.geometry import contains
from routes.maps.inputs import prepare_frames
from routes.maps.lines import Geometries, trace_links
from routes.maps.page import Page, finish_page, start_page
from routes.maps.pen import WidthScale, draw_strokes
from routes.maps.strokes import build_strokes

GROUPS: dict[str, style.LineStyle] = {
    "pipeline": style.LineStyle("oil pipeline", "#B35806"),
    "rail1520": style.LineStyle("railway, 1520 mm", "#333333"),
    "rail1435": style.LineStyle("railway, 1435 mm", "#333333", (4.0, 1.8)),
    "ship": style.LineStyle("sea lane", "#0072B2", (6.0, 2.0)),
    "ferry": style.LineStyle("ferry", "#0072B2", (1.6, 1.4)),
    "river": style.LineStyle("river", "#56B4E9", (1.6, 1.4)),
    "truck": style.LineStyle("road", "#8c8c8c", (1.2, 1.6)),
    "planned": style.LineStyle("planned, being built or closed", "#CC79A7", (1.2, 2.2)),
}
_SHIPS = frozenset({"tanker", "dry", "feeder"})
_WIDTH = {"pipeline": 2.2, "rail1520": 1.3, "rail1435": 1.3}
KINDS: dict[str, tuple[str, str, str]] = {
    "oil_field": ("^", "#222222", "oil field"),
    "mine": ("v", "#7a5c00", "mine"),
    "industrial": ("p", "#7a5c00", "plant"),
    "port": ("s", "#0072B2", "port or terminal"),
    "terminal": ("s", "#0072B2", "port or terminal"),
    "border_crossing": ("D", "#b3001b", "border crossing"),
    "city": ("o", "#ffffff", "town, station or market"),
    "hub": ("o", "#ffffff", "town, station or market"),
    "market": ("o", "#ffffff", "town, station or market"),
    "rail_junction": ("o", "#ffffff", "town, station or market"),
    "pipeline_node": ("o", "#ffffff", "town, station or market"),
}
"""Kind of place -> marker, colour, words."""


def draw_network(
    places: pd.DataFrame,
    links: pd.DataFrame,
    *,
    ax: Axes | None = None,
    extent: Extent = "region",
    geometries: Geometries | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str | None = "",
    most_names: int = 70,
) -> Axes:
    """Draw pipelines, railways and sea lanes, and the places they join.

    Parameters
    ----------
    places
        Index place_id; columns name, country, kind, lat, lon (degrees).
    links
        Index link_id; columns from_place_id, to_place_id, kind, mode, geometry_id and, where known,
        status. Swaps are not drawn: nothing moves along them.

    Returns
    -------
    matplotlib.axes.Axes
        Other parameters as for `draw_flows`.
    """
    places, links = prepare_frames(places, links)
    shown = links[links["kind"] != "swap"]
    page = start_page(
        ax, choose_frame(extent), title=title, subtitle=subtitle, footer=footer, railways=False
    )
    lines = trace_links(places, shown, geometries)
    values = pd.Series(
        {(link, group): _WIDTH.get(group, 1.1) for link, group in _group_links(shown).items()}
    )
    strokes = build_strokes(lines, values, page.frame, add=False, directed=False)
    scale = WidthScale("linear", 1.0, page.size_factor, hairline=0.0)
    draw_strokes(page, strokes, scale, GROUPS.__getitem__, arrows=False)
    weights = _weigh(places, shown)
    present = _mark_kinds(page, places.loc[sorted(weights)])
    _place_keys(page, present)
    page.placer.place(names.label_places(page, places, weights, most=most_names))
    page.placer.place(ground_names.label_ground(page))
    return finish_page(page)


def _group_links(links: pd.DataFrame) -> dict[str, str]:
    """Link id -> group of the legend."""
    status = links["status"] if "status" in links else pd.Series("operating", index=links.index)
    groups = {}
    for link, mode, state in zip(links.index, links["mode"], status, strict=True):
        group = "ship" if mode in _SHIPS else str(mode)
        if state not in ("operating", "idle", "open"):
            group = "planned"
        groups[str(link)] = group if group in GROUPS else "truck"
    return groups


def _weigh(places: pd.DataFrame, links: pd.DataFrame) -> dict[str, float]:
    """Weight of each place from its kind and how many links meet there."""
    ends = pd.concat([links["from_place_id"], links["to_place_id"]]).value_counts()
    count = {str(place): float(number) for place, number in ends.items()}
    return names.weigh_places(places, count)


def _mark_kinds(page: Page, places: pd.DataFrame) -> list[str]:
    """A marker for each place by kind; returns the kinds present in the frame."""
    plane = project(page.frame, places["lon"], places["lat"])
    inside = contains(page.frame.box, plane)
    present = []
    for kind, (marker, colour, _) in KINDS.items():
        chosen = inside & (places["kind"] == kind).to_numpy()
        if not chosen.any():
            continue
        small = kind in ("rail_junction", "pipeline_node")
        page.ax.scatter(
            plane[chosen, 0],
            plane[chosen, 1],
            s=(5.0 if small else 15.0) * page.size_factor,
            marker=marker,
            facecolors=colour,
            edgecolors=style.INK if colour == "#ffffff" else "white",
            linewidths=0.6,
            zorder=6.0,
            gid=f"{page.prefix}places-{kind}",
        )
        page.occupancy.mark_points(page.to_points(plane[chosen]), 2.0)
        present.append(kind)
    return present


def _place_keys(page: Page, kinds: list[str]) -> None:
    drawn = set(page.record.lanes["group"])
    lines: list[tuple[legend.Handle, str]] = [
        (legend.make_sample(look, _WIDTH.get(group, 1.1) * 1.3), look.name)
        for group, look in GROUPS.items()
        if group in drawn
    ]
    marks: list[tuple[legend.Handle, str]] = []
    seen: set[str] = set()
    for kind in kinds:
        marker, colour, words = KINDS[kind]
        if words in seen:
            continue
        seen.add(words)
        edge = style.INK if colour == "#ffffff" else "white"
        handle = Line2D(
            [], [], marker=marker, color=colour, linestyle="none", markersize=5,
            markeredgecolor=edge, markeredgewidth=0.6,
        )  # fmt: skip
        marks.append((handle, words))
    legend.place_keys(
        page,
        [
            legend.build_key(page, "Links", lines, tall=False),
            legend.build_key(page, "Places", marks, tall=False, narrow=True),
        ],
    )
