"""`kazroutes chart`: figures from scenarios and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from models.cli.figures import PICTURES, check_picture
from models.cli.output import open_network, output_option, show_file
from models.cli.questions import (
    BASELINE,
    Question,
    follow,
    load_composed,
    name_composed,
    question_options,
    say_goods,
    split_countries,
)
from models.cli.shell import Common, command
from routes.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.run import Run
    from routes.network import Network
    from routes.paths import Route

# Charts of scenarios, and the most they take (None: any number); of routes; of ensembles.
OF_RUNS: dict[str, int | None] = {
    "utilisation": 1, "alluvial": 1, "dependency": 2, "transit-power": 2, "criticality": 1,
    "heatmap": None,
}  # fmt: skip
OF_ROUTES = ("waterfall", "profile", "profile-cost", "scatter")
OF_SAMPLES = ("tornado", "fan", "violin", "exceedance")


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
@click.argument("kind", type=click.Choice([*OF_RUNS, *OF_ROUTES, *OF_SAMPLES]), metavar="KIND")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO...]")
@question_options
@click.option("--measure", type=click.Choice(["mt", "value"]), default="mt", show_default=True)
@click.option("--from", "start", metavar="PLACE", help="Routes from here (charts of routes).")
@click.option("--to", "end", metavar="PLACE", help="Routes to here (charts of routes).")
@click.option("-k", type=click.IntRange(1, 6), default=4, show_default=True, help="How many.")
@click.option("--avoid", multiple=True, metavar="XX", help="Country that routes do not touch.")
@click.option(
    "--ensemble",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Samples to draw (charts of ensembles).",
)
@click.option(
    "--indicator",
    "indicators",
    multiple=True,
    metavar="NAME",
    help="What a chart of an ensemble shows, or a column of a heatmap; may be repeated there.",
)
@click.option(
    "--driver", metavar="NAME", help="Input that a fan runs along; default: the strongest."
)
@output_option(f"Picture to write: {', '.join(PICTURES)}. An old one is replaced.")
def draw_chart(
    *,
    kind: str,
    scenarios: tuple[str, ...],
    question: Question,
    measure: str,
    start: str | None,
    end: str | None,
    k: int,
    avoid: tuple[str, ...],
    folder: Path | None,
    indicators: tuple[str, ...],
    driver: str | None,
    output: Path,
    common: Common,
) -> None:
    r"""Draw a chart.

    \b
    utilisation   how full the tightest capacities are, and what one unit more is worth
    alluvial      commodity -> corridor -> market
    dependency    transit share by commodity, of one scenario or of two
    transit-power what each country adds by letting goods through, of one or of two
    criticality   what is lost when one link, port, border or country falls out
    heatmap       change of indicators, a row a scenario
    waterfall     cost of alternative routes leg by leg
    profile       time over distance, with steps at borders and ports; profile-cost: cost
    scatter       cost against time, with the routes that no other beats
    tornado       what moves an indicator most in an ensemble
    fan           an indicator along one input
    violin        how far an indicator spreads
    exceedance    how often an indicator passes a mark

    Waterfall to scatter draw routes of --commodity: with --from and --to and no scenario the best
    ones there are, with a scenario those that it uses. Tornado to exceedance draw the samples of
    --ensemble, of all its scenarios or of those named.
    """
    check_picture(output)
    _check_samples(kind, folder, indicators, driver)
    if folder is not None:
        _show(kind, draw_samples(kind, folder, scenarios, indicators, driver), output, common)
        return
    ends, commodity = _Ends(start, end, k, avoid), question["commodity"]
    if kind in OF_ROUTES:
        question = question | {"commodity": None}
    names = _pick_scenarios(kind, scenarios, commodity, ends)
    chosen = [load_composed(name) for name in names]
    network = open_network(common)
    from models.run import run_scenario

    runs = [
        run_scenario(parts, network=network, prices=kind == "utilisation", **question)
        for parts in follow(chosen, name_composed)
    ]
    year = question["year"] or 2023
    footer = _describe(runs, network, year)
    if commodity is not None and kind in OF_ROUTES:
        routes = _find_routes(ends, runs, network, commodity, year)
        axes = _draw_routes(kind, routes, footer)
    else:
        axes = _draw_runs(kind, runs, measure, indicators, footer)
    _show(kind, axes, output, common)


def _show(kind: str, axes: Axes, output: Path, common: Common) -> None:
    from models.charts.pictures import figure_of
    from routes.maps import save_figure

    save_figure(figure_of(axes), output)
    show_file(output, {"kind": kind, "file": str(output)}, common)


def _check_samples(
    kind: str, folder: Path | None, indicators: Sequence[str], driver: str | None
) -> None:
    if kind in OF_SAMPLES:
        if folder is None:
            raise UsageError(f"The chart '{kind}' draws samples: say of what, with --ensemble DIR.")
        if len(indicators) > 1:
            raise UsageError(f"The chart '{kind}' shows one --indicator. Got {len(indicators)}.")
    elif folder is not None:
        raise UsageError(f"The chart '{kind}' draws no samples: leave --ensemble out.")
    elif indicators and kind != "heatmap":
        raise UsageError(f"The chart '{kind}' has no --indicator.")
    if driver is not None and kind != "fan":
        raise UsageError(f"The chart '{kind}' has no --driver.")


def _describe(runs: Sequence[Run], network: Network, year: int) -> str:
    """Small print: what was solved, and with which versions."""
    from models.run import package_version

    what = f"Ways through the network of {year}, whatever else it carries."
    if runs:
        names = ", ".join(run.scenario for run in runs[:2]) + (", ..." if len(runs) > 2 else "")
        years = " and ".join(map(str, sorted({run.year for run in runs})))
        what = f"Scenario{'s' if len(runs) > 1 else ''} {names}; {years}, {runs[0].assignment}."
        what = " ".join([what, *say_goods(runs)])
    return f"{what} kazroutes {package_version()}, data {network.name} {network.version}."


def draw_samples(
    kind: str,
    folder: Path,
    scenarios: Sequence[str],
    indicators: Sequence[str],
    driver: str | None,
) -> Axes:
    """A chart of the samples in a folder."""
    from models import charts, ensemble
    from models.run import package_version

    samples = ensemble.open_ensemble(folder)
    outcome = indicators[0] if indicators else "exported_mt"
    names = list(scenarios) or list(samples.scenarios)
    if kind == "tornado":
        names = names[:1]
    for name in names:
        if name not in samples.scenarios:
            raise UnknownNameError("scenario of the ensemble", name, samples.scenarios)
    titles = {entry["name"]: entry.get("title", entry["name"])
              for entry in samples.manifest["scenarios"]}  # fmt: skip
    footer = (
        f"{len(samples):,} samples, seed {samples.manifest['seed']}; scenario"
        f"{'s' if len(names) > 1 else ''} {', '.join(names)}. kazroutes {package_version()}."
    )
    inputs = list(samples.live_inputs) if kind in ("tornado", "fan") else []
    frame = samples.to_frame([*inputs, outcome])
    frame = frame[frame["scenario"].isin(names)]
    own = ensemble.keep_independent(samples, frame)
    if kind == "violin":
        return charts.violin(ensemble.violin_frame(frame, [outcome]), names=titles, footer=footer)
    if kind == "exceedance":
        table = ensemble.find_exceedance(frame, outcome)
        return charts.exceedance(table, names=titles, footer=footer)
    if kind == "tornado":
        swings = ensemble.tornado_frame(own, inputs, outcome)
        return charts.tornado(swings, indicator=outcome, footer=footer)
    if driver is None:
        ranked = ensemble.rank_drivers(own, inputs, [outcome])
        ranked = ranked[ranked["above_noise"].astype(bool)]
        if ranked.empty:
            msg = (
                f"Nothing that was drawn moves {outcome} more than chance does in so few samples. "
                "Take more, or name a --driver."
            )
            raise UsageError(msg)
        driver = str(ranked["driver"].iloc[0])
    elif driver not in inputs:
        raise UnknownNameError("driver of the ensemble", driver, inputs)
    bins = max(2, min(20, len(samples) // 20))
    bands = ensemble.fan_frame(frame, driver, outcome, bins=bins)
    units = dict(zip(samples.drivers["name"], samples.drivers["unit"], strict=True))
    return charts.fan(
        bands, indicator=outcome, driver=driver, unit=str(units.get(driver, "")),
        names=titles, footer=footer,
    )  # fmt: skip


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


def _draw_runs(
    kind: str, runs: Sequence[Run], measure: str, indicators: Sequence[str], footer: str
) -> Axes:
    from models import charts
    from models.charts.tables import KEY_INDICATORS
    from models.compare import compare_runs

    if kind == "heatmap":
        columns = indicators or KEY_INDICATORS
        return charts.heatmap(compare_runs(runs), indicators=columns, footer=footer)
    if kind == "dependency":
        return charts.dependency(*runs, footer=footer)
    if kind == "alluvial":
        return charts.alluvial(runs[0], measure=measure, footer=footer)
    if kind == "utilisation":
        return charts.utilisation(runs[0], footer=footer)
    return _draw_dependency(kind, runs, footer)


def _draw_dependency(kind: str, runs: Sequence[Run], footer: str) -> Axes:
    from models import charts
    from models.dependency import rank_criticality, transit_power

    if kind == "criticality":
        ranking = rank_criticality(runs[0].result.case)
        return charts.criticality(ranking.leaders(), footer=footer)
    first, *second = [transit_power(run.result.case).table for run in runs]
    titles = [run.title or run.scenario for run in runs]
    return charts.transit_power(
        first, second[0] if second else None, names=(titles[0], titles[-1]), footer=footer
    )


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


def _draw_routes(kind: str, routes: Sequence[Route], footer: str) -> Axes:
    from models import charts

    if kind == "waterfall":
        return charts.waterfall(routes, footer=footer)
    if kind == "scatter":
        return charts.scatter(routes, footer=footer)
    measure: Literal["time", "cost"] = "cost" if kind == "profile-cost" else "time"
    return charts.profile(routes, measure=measure, footer=footer)
