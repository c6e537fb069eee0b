"""`kazroutes report`: one HTML file to send round."""

from __future__ import annotations

from pathlib import Path

import click

from models.cli.output import Output, open_network, show
from models.cli.questions import follow, load_composed, name_composed, question_options
from models.cli.shell import Common, command
from models.tables import make_table
from routes.errors import UsageError
from routes.files import check_new_file

ENDINGS = (".html", ".htm")


@command(
    "report",
    example="kazroutes report -o report.html\n"
    "kazroutes report baseline-2023 russia-closed cpc-shutdown -o report.html",
)
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO...]")
@click.option("--baseline", metavar="NAME", help="Scenario that the others are compared with.")
@click.option("--title", metavar="TEXT", help="Heading of the page.")
@question_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Page to write: .html. An old one is replaced.",
)
def report(
    *,
    scenarios: tuple[str, ...],
    baseline: str | None,
    title: str | None,
    assignment: str,
    year: int | None,
    commodity: str | None,
    country: str,
    output: Path,
    common: Common,
) -> None:
    """Write scenarios as one HTML file: summary, map, tables, and the source of every number.

    Without names: all shipped scenarios. The file needs nothing else and nothing from the network;
    it works in any browser, offline. The baseline is baseline-2023 when it is among them, else the
    first.
    """
    from models.scenario import list_scenarios

    check_new_file(output)
    if output.suffix.lower() not in ENDINGS:
        raise UsageError(f"A report is written as .html. Got '{output.name}'.")
    names = list(scenarios) or [entry.name for entry in list_scenarios()]
    composed = {name_composed(parts): parts for parts in map(load_composed, names)}
    if baseline is not None:
        parts = load_composed(baseline)
        baseline = name_composed(parts)
        composed = {baseline: parts, **composed}
    network = open_network(common)
    from models.report import write_report
    from models.report.page import TITLE
    from models.run import run_scenario
    from routes.exchange import read_lines

    runs = [
        run_scenario(
            composed[name], network=network, assignment=assignment, year=year,
            commodity=commodity, country=country,
        )
        for name in follow(list(composed), str)
    ]  # fmt: skip
    lines = read_lines(common.data)
    write_report(runs, output, baseline=baseline, title=title or TITLE, geometries=lines)
    rows = [{"file": str(output), "scenarios": len(runs), "bytes": output.stat().st_size}]
    show(Output({"files": rows}, files=[make_table("", rows)], sentences=[str(output)]), common)
