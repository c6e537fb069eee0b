"""`kazroutes chart`: figures from scenarios and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.cli.figures import PICTURES, check_picture, figure_of
from models.cli.output import Output, open_network, show
from models.cli.questions import (
    BASELINE,
    follow,
    load_composed,
    name_composed,
    question_options,
    split_countries,
)
from models.cli.shell import Common, command
from models.tables import make_table
from routes.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.run import Run
    from routes.network import Network
    from routes.paths import Route

# Charts of scenarios, and the most they take (None: any number); charts of routes.
OF_RUNS: dict[str, int | None] = {"utilisation": 1, "alluvial": 1, "dependency": 2, "heatmap": None}
OF_ROUTES = ("waterfall", "profile", "profile-cost", "scatter")


@dataclass(frozen=True, slots=True)
class _Ends:
    """Where the routes of a chart start and end, and how many there are."""

    start: str | None
    end: str | None
    most: int
    avoid: tuple[str, ...]


@command(
    "chart",
    example="kazroutes chart heatmap -o heatmap.png\n"
    "kazroutes chart alluvial russia-closed --measure value -o alluvial.svg\n"
    "kazroutes chart dependency baseline-2023 trans-caspian-pipeline -o before-after.pdf\n"
    "kazroutes chart profile --commodity containers --from Almaty --to Rotterdam -o profile.png",
)
@click.argument("kind", type=click.Choice([*OF_RUNS, *OF_ROUTES]))
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO...]")
@question_options
@click.option("--measure", type=click.Choice(["mt", "value"]), default="mt", show_default=True)
@click.option("--from", "start", metavar="PLACE", help="Routes from here (charts of routes).")
@click.option("--to", "end", metavar="PLACE", help="Routes to here (charts of routes).")
@click.option("-k", type=click.IntRange(1, 6), default=4, show_default=True, help="How many.")
@click.option("--avoid", multiple=True, metavar="XX", help="Country that routes do not touch.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Picture to write: {', '.join(PICTURES)}. An old one is replaced.",
)
def chart(
    *,
    kind: str,
    scenarios: tuple[str, ...],
    assignment: str,
    year: int | None,
    commodity: str | None,
    country: str,
    measure: str,
    start: str | None,
    end: str | None,
    k: int,
    avoid: tuple[str, ...],
    output: Path,
    common: Common,
) -> None:
    r"""Draw a chart.

    \b
    utilisation   how full the tightest capacities are, and what one unit more is worth
    alluvial      commodity -> corridor -> market
    dependency    transit share by commodity, of one scenario or of two
    heatmap       change of indicators, a row a scenario
    waterfall     cost of alternative routes leg by leg
    profile       time over distance, with steps at borders and ports; profile-cost: cost
    scatter       cost against time, with the routes that no other beats

    The last four draw routes of --commodity: with --from and --to and no scenario the best ones
    there are, with a scenario those that it uses.
    """
    check_picture(output)
    ends = _Ends(start, end, k, avoid)
    names = _pick_scenarios(kind, scenarios, commodity, ends)
    chosen = [load_composed(name) for name in names]
    network = open_network(common)
    from models.run import run_scenario
    from routes.maps import save_figure

    runs = [
        run_scenario(
            parts, network=network, assignment=assignment, year=year, country=country,
            commodity=None if kind in OF_ROUTES else commodity, prices=kind == "utilisation",
        )
        for parts in follow(chosen, name_composed)
    ]  # fmt: skip
    if commodity is not None and kind in OF_ROUTES:
        axes = _draw_routes(kind, _find_routes(ends, runs, network, commodity, year or 2023))
    else:
        axes = _draw_runs(kind, runs, measure)
    save_figure(figure_of(axes), output)
    rows = [{"kind": kind, "file": str(output)}]
    show(Output({"files": rows}, files=[make_table("", rows)], sentences=[str(output)]), common)


def _pick_scenarios(
    kind: str, scenarios: Sequence[str], commodity: str | None, ends: _Ends
) -> list[str]:
    """The scenarios that a chart is of: those given, else the baseline, or for a heatmap all."""
    most: int | None = 1
    default = [BASELINE]
    if kind in OF_ROUTES:
        if commodity is None:
            raise UsageError(f"The chart '{kind}' draws routes: say of what, with --commodity.")
        if scenarios and ends.avoid:
            raise UsageError("--avoid looks for routes; a scenario uses those that it uses.")
        if ends.start is not None and ends.end is not None:
            default = []
    else:
        if ends.start or ends.end or ends.avoid:
            raise UsageError(f"The chart '{kind}' is of whole scenarios, not of routes.")
        most = OF_RUNS[kind]
    if most is not None and len(scenarios) > most:
        raise UsageError(f"The chart '{kind}' takes at most {most}. Got {len(scenarios)}.")
    if kind == "heatmap" and not scenarios:
        from models.scenario import list_scenarios

        return [entry.name for entry in list_scenarios()]
    return list(scenarios) or default


def _draw_runs(kind: str, runs: Sequence[Run], measure: str) -> Axes:
    from models import charts
    from models.compare import compare_runs

    if kind == "heatmap":
        return charts.heatmap(compare_runs(runs))
    if kind == "dependency":
        return charts.dependency(*runs)
    if kind == "alluvial":
        return charts.alluvial(runs[0], measure=measure)
    return charts.utilisation(runs[0])


def _find_routes(
    ends: _Ends, runs: Sequence[Run], network: Network, commodity: str, year: int
) -> list[Route]:
    """The routes that a scenario uses, or without one the best that there are."""
    from models.charts import used_routes
    from routes.paths import find_routes

    if runs:
        return used_routes(
            runs[0], commodity=commodity, start=ends.start, end=ends.end, most=ends.most
        )
    avoid = split_countries(ends.avoid)
    start, end = str(ends.start), str(ends.end)
    return find_routes(
        network, start, end, commodity=commodity, k=ends.most, avoid=avoid, year=year
    )


def _draw_routes(kind: str, routes: Sequence[Route]) -> Axes:
    from models import charts

    if kind == "waterfall":
        return charts.waterfall(routes)
    if kind == "scatter":
        return charts.scatter(routes)
    return charts.profile(routes, measure="cost" if kind == "profile-cost" else "time")
