"""Pictures of runs, and the folder that holds a result with its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.cli.output import Output, save
from models.cli.questions import follow
from models.cli.shell import Common, print_message
from models.folders import new_folder
from routes.errors import InternalError, UsageError
from routes.files import check_new_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models.run import Run

PICTURES = (".png", ".svg", ".pdf")
FULL = 0.999  # utilisation from which a link is marked as full


def check_picture(path: Path) -> None:
    """Refuse early a picture that could not be written. Raises UsageError."""
    check_new_file(path)
    if path.suffix.lower() not in PICTURES:
        raise UsageError(f"A picture is written as {', '.join(PICTURES)}. Got '{path.name}'.")


def draw_run(run: Run, *, data: str | None, measure: str = "mt", extent: str = "region") -> Figure:
    """The flow map of a run."""
    from routes.exchange import read_lines
    from routes.maps import draw_flows

    full = run.links.loc[run.links["utilisation"] >= FULL, "link_id"]
    axes = draw_flows(
        run.result.case.network["places"].set_index("place_id"),
        run.result.case.links,
        run.flows,
        measure=measure,
        extent=extent,
        geometries=read_lines(data),
        full=set(full),
        title=run.title or run.scenario,
        subtitle=_describe(run),
        footer=_describe_versions(run),
    )
    return figure_of(axes)


def draw_change(
    before: Run, after: Run, *, data: str | None, measure: str = "mt", extent: str = "region"
) -> Figure:
    """The map of what flows change from one run to another."""
    from routes.exchange import read_lines
    from routes.maps import draw_difference

    axes = draw_difference(
        after.result.case.network["places"].set_index("place_id"),
        after.result.case.links,
        before.flows,
        after.flows,
        measure=measure,
        extent=extent,
        geometries=read_lines(data),
        title=f"{after.title or after.scenario}: change from {before.title or before.scenario}",
        subtitle=_describe(after),
        footer=_describe_versions(after),
    )
    return figure_of(axes)


def _describe(run: Run) -> str:
    return f"{run.commodity or 'all cargo'}, {run.year}, {run.assignment} flows"


def _describe_versions(run: Run) -> str:
    return f"kazroutes {run.manifest['version']}, data {run.manifest['data_version']}."


def figure_of(axes: Axes) -> Figure:
    """The figure that axes stand on."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise InternalError("a map without a figure")
    return figure


def save_runs(
    output: Output,
    runs: Sequence[Run],
    folder: Path,
    common: Common,
    *,
    manifest: Mapping[str, Any],
    overwrite: bool,
    charts: Mapping[str, Callable[[], Axes]] | None = None,
) -> None:
    """Write a result, a map of each run, charts by file name and the manifest to a new folder."""
    from routes.maps import save_figure

    with new_folder(folder, overwrite=overwrite) as inside:
        for run in follow(runs, lambda run: f"map of {run.scenario}"):
            save_figure(draw_run(run, data=common.data), inside / f"{run.scenario}.png")
        for name, draw in (charts or {}).items():
            save_figure(figure_of(draw()), inside / name)
        save(output, inside, manifest=manifest)
    print_message(f"Written to {folder}.")
