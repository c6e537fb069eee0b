"""`kazroutes compare`: scenarios side by side."""

from __future__ import annotations

from pathlib import Path

import click

from models.cli.figures import save_runs
from models.cli.output import describe_data, folder_options, open_network, show
from models.cli.questions import Question, compose_all, question_options, run_all
from models.cli.results import describe_comparison
from models.cli.shell import Common, command, print_message
from models.folders import check_new_folder


@command(
    "compare",
    example="kazroutes compare\nkazroutes compare russia-closed mine.yaml --baseline baseline-2023",
)
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO...]")
@click.option("--baseline", metavar="NAME", help="Scenario that the others are compared with.")
@question_options
@folder_options
def compare_scenarios(
    *,
    scenarios: tuple[str, ...],
    baseline: str | None,
    question: Question,
    out: Path | None,
    overwrite: bool,
    common: Common,
) -> None:
    """Set scenarios side by side, with differences to the baseline.

    Without names: all shipped scenarios. "a+b" composes two. The baseline is baseline-2023 when it
    is among them, else the first.
    """
    if out:
        check_new_folder(out, overwrite=overwrite)
    composed, baseline = compose_all(scenarios, baseline)
    network = open_network(common)
    from models.compare import compare_runs

    runs = run_all(composed, network, question)
    comparison = compare_runs(runs, baseline=baseline)
    if len({run.year for run in runs}) > 1:
        years = ", ".join(f"{run.scenario} {run.year}" for run in comparison.runs)
        print_message(
            f"Warning: inputs of different years are compared ({years}); --year sets one."
        )
    output = describe_comparison(comparison, footer=describe_data(network))
    if out:
        from models.charts import heatmap

        save_runs(
            output, comparison.runs, out, common,
            manifest={"runs": output.document["runs"]}, overwrite=overwrite,
            charts={"heatmap.png": lambda: heatmap(comparison)} if len(runs) > 1 else None,
        )  # fmt: skip
    show(output, common)
