"""`kazroutes report`: one HTML file to send round."""

from __future__ import annotations

from pathlib import Path

import click

from models.cli.output import open_network, output_option, show_file
from models.cli.questions import Question, compose_all, question_options, run_all
from models.cli.shell import Common, command
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
@output_option("Page to write: .html. An old one is replaced.")
def write_page(
    *,
    scenarios: tuple[str, ...],
    baseline: str | None,
    title: str | None,
    question: Question,
    output: Path,
    common: Common,
) -> None:
    """Write scenarios as one HTML file: summary, map, tables, and the source of every number.

    Without names: all shipped scenarios. The file needs nothing else and nothing from the network;
    it works in any browser, offline. The baseline is baseline-2023 when it is among them, else the
    first.
    """
    check_new_file(output)
    if output.suffix.lower() not in ENDINGS:
        raise UsageError(f"A report is written as .html. Got '{output.name}'.")
    composed, baseline = compose_all(scenarios, baseline)
    network = open_network(common)
    from models.report import write_report
    from models.report.page import TITLE
    from routes.exchange import read_lines

    runs = run_all(composed, network, question)
    lines = read_lines(common.data)
    write_report(runs, output, baseline=baseline, title=title or TITLE, geometries=lines)
    size = output.stat().st_size
    show_file(output, {"file": str(output), "scenarios": len(runs), "bytes": size}, common)
