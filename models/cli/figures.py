"""Pictures of runs, and the folder that holds a result with its pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.cli.output import Output, save
from models.cli.questions import follow, say_goods
from models.cli.shell import Common, print_message
from models.folders import new_folder
from routes.errors import UsageError
from routes.files import check_new_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from models.run import Run

LONGEST_NAME = 120
PICTURES = (".png", ".svg", ".pdf")


def check_picture(path: Path) -> None:
    """Refuse early a picture that could not be written. Raises UsageError."""
    check_new_file(path)
    if path.suffix.lower() not in PICTURES:
        raise UsageError(f"A picture is written as {', '.join(PICTURES)}. Got '{path.name}'.")


def draw_run(run: Run, *, data: str | None, measure: str = "mt", extent: str = "region") -> Figure:
    """The flow map of a run."""
    from models.charts.flows import map_flows
    from models.charts.pictures import figure_of
    from routes.exchange import read_lines

    return figure_of(
        map_flows(
            run, geometries=read_lines(data), footer=_describe_versions(run), measure=measure,
            extent=extent,
        )
    )  # fmt: skip


def draw_change(
    before: Run, after: Run, *, data: str | None, measure: str = "mt", extent: str = "region"
) -> Figure:
    """The map of what flows change from one run to another."""
    from models.charts.flows import map_change
    from models.charts.pictures import figure_of
    from routes.exchange import read_lines

    return figure_of(
        map_change(
            before, after, geometries=read_lines(data), footer=_describe_versions(after, before),
            measure=measure, extent=extent,
        )
    )  # fmt: skip


def _describe_versions(*runs: Run) -> str:
    manifest = runs[0].manifest
    versions = f"kazroutes {manifest['version']}, data {manifest['data_version']}."
    return " ".join([*say_goods(runs), versions])


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
    from models.charts.pictures import figure_of
    from routes.maps import save_figure

    with new_folder(folder, overwrite=overwrite) as inside:
        for run in follow(runs, lambda run: f"map of {run.scenario}"):
            save_figure(draw_run(run, data=common.data), inside / _name_picture(run))
        for name, draw in (charts or {}).items():
            save_figure(figure_of(draw()), inside / name)
        save(output, inside, manifest=manifest)
    print_message(f"Written to {folder}.")


def _name_picture(run: Run) -> str:
    """The run's name without the signs of settings (`=*/`), which file names cannot hold."""
    return re.sub(r"[^A-Za-z0-9.+_-]+", "-", run.scenario)[:LONGEST_NAME] + ".png"
