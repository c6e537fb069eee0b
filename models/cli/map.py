"""`kazroutes map`: draw what flows where."""

from __future__ import annotations

from pathlib import Path

import click

from models.cli.figures import check_picture, draw_change, draw_run
from models.cli.output import open_network, output_option, show_file
from models.cli.questions import BASELINE, Question, load_composed, question_options
from models.cli.shell import Common, command
from routes.errors import UsageError

MEASURES = ("mt", "value", "scaled")
EXTENTS = ("region", "kazakhstan", "caspian", "wide")


@command(
    "map",
    example="kazroutes map russia-closed -o russia-closed.png\n"
    "kazroutes map russia-closed --against baseline-2023 -o change.svg\n"
    "kazroutes map --commodity uranium --extent wide -o uranium.pdf",
)
@click.argument("scenario", default=BASELINE)
@click.option("--against", metavar="NAME", help="Draw what changes from this scenario instead.")
@question_options
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="mt",
    show_default=True,
    help="Width by tonnes, by value, or each commodity in % of its greatest flow.",
)
@click.option("--extent", type=click.Choice(EXTENTS), default="region", show_default=True)
@output_option("Picture to write: .png, .svg or .pdf. An old one is replaced.")
def draw_map(
    *,
    scenario: str,
    against: str | None,
    question: Question,
    measure: str,
    extent: str,
    output: Path,
    common: Common,
) -> None:
    """Draw a map of flows: width by tonnage, colour by corridor, full links marked.

    SCENARIO is a shipped name, a file, - for standard input, or several joined by +; baseline-2023
    without one.
    """
    check_picture(output)
    if against and measure == "scaled":
        raise UsageError("A map of changes has --measure mt or value.")
    names = [name for name in (scenario, against) if name]
    chosen = [load_composed(name) for name in names]
    network = open_network(common)
    from models.run import run_scenario
    from routes.maps import save_figure

    run, *before = [
        run_scenario(scenarios, network=network, prices=False, **question) for scenarios in chosen
    ]
    if before:
        figure = draw_change(before[0], run, data=common.data, measure=measure, extent=extent)
    else:
        figure = draw_run(run, data=common.data, measure=measure, extent=extent)
    save_figure(figure, output)
    show_file(output, {"scenario": run.scenario, "file": str(output)}, common)
