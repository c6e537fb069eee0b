"""Maps of runs: what flows where, and what changes from one run to another."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from models.charts.tables import FULL
from models.run import Run
from routes.maps import draw_difference, draw_flows
from routes.maps.lines import Geometries
from routes.network import read_geometries


def map_flows(
    run: Run, *, title: str = "", geometries: Geometries | None = None, **options: Any
) -> Axes:
    """The flow map of a run, full links marked.

    Parameters
    ----------
    title
        Default: that of the scenario.
    geometries
        Geometry id -> points (lon, lat); default those of the shipped data.
    **options
        Others of `routes.maps.draw_flows`.
    """
    case = run.result.case
    full = run.links.loc[run.links["utilisation"] >= FULL, "link_id"]
    return draw_flows(
        case.network["places"].set_index("place_id"), case.links, run.flows, full=set(full),
        geometries=read_geometries() if geometries is None else geometries,
        title=title or run.title or run.scenario, subtitle=_describe(run), **options,
    )  # fmt: skip


def map_change(
    before: Run, after: Run, *, geometries: Geometries | None = None, **options: Any
) -> Axes:
    """The map of what flows change from one run to another; options as for `map_flows`."""
    case = after.result.case
    return draw_difference(
        case.network["places"].set_index("place_id"), case.links, before.flows, after.flows,
        geometries=read_geometries() if geometries is None else geometries,
        title=f"{after.title or after.scenario}: change from {before.title or before.scenario}",
        subtitle=_describe(after, before), **options,
    )  # fmt: skip


def _describe(run: Run, before: Run | None = None) -> str:
    year = str(run.year)
    if before is not None and before.year != run.year:
        year += f" against {before.year}"
    return f"{run.commodity or run.cargo}, {year}, {run.assignment} flows"
