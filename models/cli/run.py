"""`kazroutes run`: solve a scenario and print what it does."""

from __future__ import annotations

from pathlib import Path

import click

from models.cli.figures import save_runs
from models.cli.output import describe_data, folder_options, open_network, show
from models.cli.questions import Question, load_composed, question_options
from models.cli.results import describe_run
from models.cli.shell import Common, command
from models.folders import check_new_folder


@command(
    "run",
    example="kazroutes run baseline-2023\n"
    "kazroutes run russia-closed caspian-low-water --json\n"
    "kazroutes run baseline-2023 --set 'cpc-terminal-load.capacity=*0.5' --out halved",
)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@question_options
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="CHANGE",
    help="A further change, as 'LINK.capacity=*0.5'; may be repeated.",
)
@folder_options
def run_scenarios(
    *,
    scenarios: tuple[str, ...],
    question: Question,
    settings: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    common: Common,
) -> None:
    """Solve one scenario, or several composed.

    SCENARIO is a shipped name, a file, - for standard input, or several joined by +. Prints
    indicators, flows by corridor and commodity, and bottlenecks with what one unit more or less is
    worth.
    """
    from models.scenario import read_settings

    if out:
        check_new_folder(out, overwrite=overwrite)
    chosen = load_composed(*scenarios)
    if settings:
        read_settings(settings)
    network = open_network(common)
    from models.run import run_scenario

    result = run_scenario(chosen, network=network, settings=settings, **question)
    output = describe_run(result, footer=describe_data(network))
    if out:
        save_runs(output, [result], out, common, manifest=result.manifest, overwrite=overwrite)
    show(output, common)
