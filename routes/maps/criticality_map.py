"""Criticality maps: links coloured by a score, the worst ones ranked and named."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, to_hex
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from routes.maps import ground_names, legend, names, style
from routes.maps.frames import Extent, choose_frame, project
from routes.maps.geometry import Points, contains, find_middle
from routes.maps.inputs import prepare_frames
from routes.maps.labels import Label, Line
from routes.maps.lines import Geometries, trace_links
from routes.maps.page import Page, finish_page, place_required, start_page
from routes.maps.pen import draw_bands
from routes.maps.strokes import build_strokes

_THINNEST, _THICKEST = 1.0, 6.0
_BANDS = 5


def draw_criticality(
    places: pd.DataFrame,
    links: pd.DataFrame,
    scores: pd.Series,
    *,
    ax: Axes | None = None,
    geometries: Geometries | None = None,
    unit: str = "",
    what: str = "score",
    ranked: int = 8,
    title: str = "",
    subtitle: str = "",
    footer: str | None = "",
    extent: Extent = "region",
    most_names: int = 24,
) -> Axes:
    """Draw links in five bands of a score, dark and wide where it is high (cividis).

    Parameters
    ----------
    places, links
        As for `draw_flows`.
    scores
        Index link_id; 0 or more. Links without a score are not drawn. On a way that several links
        share the highest counts.
    unit, what
        What the score is called and measured in, for the legend.
    ranked
        How many of the highest links are numbered and listed.

    Returns
    -------
    matplotlib.axes.Axes
        Other parameters as for `draw_flows`.
    """
    known = scores.dropna()
    known = known[known > 0].sort_values(ascending=False, kind="stable")
    places, links = prepare_frames(places, links, set(known.index))
    page = start_page(ax, choose_frame(extent), title=title, subtitle=subtitle, footer=footer)
    lines = trace_links(places, links.loc[sorted(known.index)], geometries)
    top = float(known.max()) if len(known) else 1.0
    index = pd.MultiIndex.from_product([known.index, ["score"]])
    values = pd.Series(known.to_numpy(dtype=float), index=index)
    strokes = build_strokes(lines, values, page.frame, add=False, directed=False)
    colours, widths = _band_styles(page)
    edges = top * np.arange(_BANDS + 1) / _BANDS
    draw_bands(page, strokes, edges, colours, widths)
    page.record.unit, page.record.references = unit, tuple(float(edge) for edge in edges[1:])
    _name_everything(page, places, links, known, lines, edges, what, unit, ranked, most_names)
    return finish_page(page)


def _band_styles(page: Page) -> tuple[list[str], list[float]]:
    """Colours from pale to dark, and widths, of the bands."""
    scale: Colormap = matplotlib.colormaps["cividis_r"]
    colours = [to_hex(scale(float(part))) for part in np.linspace(0.05, 1.0, _BANDS)]
    widths = np.linspace(_THINNEST, _THICKEST, _BANDS) * page.size_factor
    return colours, [float(width) for width in widths]


def _name_everything(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    scores: pd.Series,
    lines: dict[str, Points],
    edges: Points,
    what: str,
    unit: str,
    ranked: int,
    most_names: int,
) -> None:
    weights: dict[str, float] = {}
    for link, score in scores.items():
        for side in ("from_place_id", "to_place_id"):
            place = str(links.at[link, side])
            weights[place] = max(weights.get(place, 0.0), float(score))
    passing = names.weigh_places(places, weights)
    names.mark_places(page, places, passing)
    best = _pick_ranked(page, places, links, scores, lines, ranked)
    legend.place_keys(page, _build_keys(page, best, edges, what, unit))
    place_required(page, [label for _, _, label in best])
    page.placer.place(names.label_places(page, places, passing, most=most_names))
    page.placer.place(ground_names.label_ground(page))


def _pick_ranked(
    page: Page,
    places: pd.DataFrame,
    links: pd.DataFrame,
    scores: pd.Series,
    lines: dict[str, Points],
    ranked: int,
) -> list[tuple[str, float, Label]]:
    """The highest links within the frame: their names, scores and number labels."""
    font = page.make_font(8.2, bold=True)
    found: list[tuple[str, float, Label]] = []
    seen: set[frozenset[str]] = set()
    for link, score in scores.items():
        if len(found) == ranked:
            break
        start, end = (str(links.at[link, side]) for side in ("from_place_id", "to_place_id"))
        if frozenset((start, end)) in seen:
            continue
        point = _middle(page, places, str(link), start, lines)
        if point is None:
            continue
        seen.add(frozenset((start, end)))
        one, two = (names.shorten_name(str(places.at[place, "name"])) for place in (start, end))
        words = f"{one} \u2013 {two}" if start != end else f"{one} ({links.at[link, 'kind']})"
        number = len(found) + 1
        label = Label(
            key=f"rank-{number}",
            lines=(Line(str(number), font, style.FULL),),
            anchor=(float(point[0]), float(point[1])),
            gap=5.0,
            reach=205.0,
            required=True,
        )
        found.append((f"{number}  {words}", float(score), label))
    return found


def _middle(
    page: Page, places: pd.DataFrame, link: str, place: str, lines: dict[str, Points]
) -> Points | None:
    """Middle of what the frame shows of a link (points), or None."""
    if link not in lines:
        plane = project(page.frame, places.at[place, "lon"], places.at[place, "lat"])
        point = page.to_points(plane)
        return point[0] if contains(page.box, point).all() else None
    plane = project(page.frame, lines[link][:, 0], lines[link][:, 1])
    middle = find_middle(page.to_points(plane), page.box)
    return None if middle is None else middle[0]


def _build_keys(
    page: Page, best: list[tuple[str, float, Label]], edges: Points, what: str, unit: str
) -> list[Legend]:
    colours, widths = _band_styles(page)
    rows: list[tuple[legend.Handle, str]] = []
    for band in reversed(range(_BANDS)):
        sample = Line2D([], [], color=colours[band], linewidth=widths[band], solid_capstyle="butt")
        low, high = names.format_number(edges[band]), names.format_number(edges[band + 1])
        rows.append((sample, f"{low} to {high} {unit}".rstrip()))
    keys = [legend.build_key(page, f"Links by {what}", rows, tall=False)]
    if best:
        ranks: list[tuple[legend.Handle, str]] = [
            (legend.make_blank(), f"{words}  {names.format_number(score)} {unit}".rstrip())
            for words, score, _ in best
        ]
        keys.append(legend.build_key(page, f"Highest {what}", ranks, tall=False, narrow=True))
    return keys
