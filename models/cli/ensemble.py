"""`kazroutes ensemble`: sample what is uncertain, solve every sample, say what matters."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.cli.output import Output, describe_data, open_network, show
from models.cli.questions import load_composed, read_country
from models.cli.shell import Common, command
from routes.errors import UnknownNameError

if TYPE_CHECKING:
    from models.ensemble.overview import Overview
    from models.ensemble.results import Ensemble

_SHOWN = ("exported_mt", "undelivered_mt", "surplus_musd", "transit_share", "middle-corridor_share")
_TOP = 8
_QUANTILES = ("scenario", "outcome", "mean", "sd", "q05", "q25", "q50", "q75", "q95")
_PAIRS = ("scenario", "against", "outcome", "better", "wins", "ties", "difference", "q05", "q95")
_DRIVERS = ("scenario", "outcome", "driver", "correlation", "noise", "rank")


def _read_closures(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, float]:
    found = {}
    for value in values:
        name, sign, chance = value.partition("=")
        try:
            found[name] = float(chance)
        except ValueError:
            sign = ""
        if not sign or not 0 <= found[name] <= 1:
            msg = f"'{value}' does not read LINK=PROBABILITY, such as cpc-terminal-load=0.1."
            raise click.BadParameter(msg, ctx, param)
    return found


@command(
    "ensemble",
    example="kazroutes ensemble baseline-2023 russia-closed -n 10000 --seed 1 --jobs 2 --out runs\n"
    "kazroutes ensemble baseline-2023 -n 10000 --out runs --resume\n"
    "kazroutes ensemble baseline-2023 --closure cpc-terminal-load=0.1 --out storms "
    "--goal 'exported_mt<100'",
)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option(
    "-n",
    "samples",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    help="Samples; with --method saltelli, base samples.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Seed of the draws.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="New folder for samples, manifest and summaries.",
)
@click.option("--resume", is_flag=True, help="Go on where a run was cut off, or start it.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Worker processes on this machine.",
)
@click.option("--cluster", metavar="ADDRESS", help="Scheduler of a Dask cluster to solve on.")
@click.option(
    "--method",
    type=click.Choice(("lhs", "sobol", "saltelli")),
    default="lhs",
    show_default=True,
    help="Latin hypercube, Sobol sequence, or samples for Sobol indices of kinds of drivers.",
)
@click.option(
    "--closure",
    "closures",
    multiple=True,
    callback=_read_closures,
    metavar="LINK=P",
    help="Close a link or shared capacity with this probability, by itself; may be repeated.",
)
@click.option("--goal", metavar="TEXT", help="Find conditions for OUTCOME>LEVEL (or <, >=, <=).")
@click.option("--links", is_flag=True, help="Record the flow of every link too.")
@click.option("--year", type=int, metavar="Y", help="Take the inputs of this year.")
@click.option(
    "--country",
    default="RU",
    show_default=True,
    metavar="XX",
    callback=read_country,
    help="Country that dependency is measured on.",
)
def sample_ensemble(
    *,
    scenarios: tuple[str, ...],
    samples: int,
    seed: int,
    out: Path,
    resume: bool,
    jobs: int,
    cluster: str | None,
    method: str,
    closures: dict[str, float],
    goal: str | None,
    links: bool,
    year: int | None,
    country: str,
    common: Common,
) -> None:
    """Sample the ranges of data and scenarios; solve every sample under every scenario.

    All scenarios see the same draws. Samples go to DIR as Parquet files, a row a sample and
    scenario, summaries as CSV files: quantiles, how often one scenario beats another, exceedance,
    what drives the outcome. The same seed gives the same tables, whoever solves them.
    """
    chosen = [load_composed(name) for name in scenarios]
    network = open_network(common)
    if goal is not None:
        _check_goal(goal, network["links"]["link_id"] if links else ())
    from models.ensemble.overview import summarise_ensemble, write_overview
    from models.ensemble.runner import run_ensemble

    with follow_samples() as progress:
        result = run_ensemble(
            chosen, n=samples, seed=seed, network=network, year=year, closures=closures,
            country=country, links=links, method=method, out=out, resume=resume, jobs=jobs,
            cluster=cluster, progress=progress,
        )  # fmt: skip
    overview = summarise_ensemble(result, goal=goal)
    write_overview(overview, result)
    show(describe_ensemble(result, overview, footer=describe_data(network)), common)


def _check_goal(goal: str, links: Iterable[str]) -> None:
    """Refuse before anything is solved a goal of which no sample tells the outcome."""
    from models.ensemble.discovery import read_goal
    from models.ensemble.measures import CORRIDOR_COLUMNS, OUTCOMES

    outcome = read_goal(goal).outcome
    shares = [f"{column.removesuffix('_mt')}_share" for column in CORRIDOR_COLUMNS]
    known = {*OUTCOMES, *CORRIDOR_COLUMNS, *shares, *(f"flow:{link}" for link in links)}
    if outcome not in known:
        raise UnknownNameError("outcome", outcome, known)


def describe_ensemble(result: Ensemble, overview: Overview, *, footer: str) -> Output:
    """An ensemble for `kazroutes ensemble`."""
    from models.ensemble.overview import KEY_OUTCOMES
    from models.tables import frame_table

    quantiles, pairs, drivers = overview.quantiles, overview.pairs, overview.found_drivers
    tables = [
        frame_table(
            "Outcomes: mean, spread and quantiles",
            quantiles[quantiles["outcome"].isin(KEY_OUTCOMES)],
            _QUANTILES,
        )
    ]
    if len(pairs):
        some = pairs[pairs["outcome"].isin(_SHOWN)]
        tables.append(
            frame_table("How often a scenario beats another on the same draws", some, _PAIRS)
        )
    if len(drivers):
        top = drivers[drivers["outcome"].isin(_SHOWN) & (drivers["rank"] <= _TOP)]
        tables.append(frame_table("What drives the outcomes: rank correlations", top, _DRIVERS))
    if len(overview.conditions):
        tables.append(frame_table("Conditions for the goal", overview.conditions))
    if len(overview.sobol):
        tables.append(frame_table("Sobol indices of kinds of drivers", overview.sobol))
    manifest = result.manifest
    words = (
        f"{len(result):,} samples of {len(result.inputs)} drivers under "
        f"{', '.join(result.scenarios)} ({manifest['year']}, seed {manifest['seed']})"
    )
    document: dict[str, Any] = {
        "scenarios": list(result.scenarios),
        "samples": len(result),
        "seed": manifest["seed"],
        "method": manifest["method"],
        "largest_gap": overview.largest_gap,
        "notes": list(overview.notes),
        **{
            name: overview.tables()[name].to_dict("records") if name in overview.tables() else []
            for name in ("quantiles", "pairs", "conditions", "sobol")
        },
        "drivers": drivers[drivers["rank"] <= _TOP].to_dict("records") if len(drivers) else [],
        "manifest": {name: fact for name, fact in manifest.items() if name != "drivers"},
    }
    return Output(
        document,
        tables=tables,
        files=[frame_table("Quantiles", quantiles, name="quantiles")],
        sentences=[words, ""],
        footer="\n".join(
            [
                f"Every sample is proven optimal; largest relative gap {overview.largest_gap:.1e}.",
                *overview.notes,
                footer,
            ]
        ),
    )


@contextmanager
def follow_samples() -> Iterator[Callable[[int, int], None] | None]:
    """On a terminal: a bar with rate and time left, from the second second on."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    bar = Progress(
        TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TextColumn("time left"), TimeLeft(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    start = time.monotonic()
    state: dict[str, Any] = {"task": None, "first": 0}

    def advance(done: int, total: int) -> None:
        passed = time.monotonic() - start
        if state["task"] is None:
            state["first"] = done
            state["task"] = bar.add_task("", total=total, completed=done, rate="")
        rate = f"{(done - state['first']) / max(passed, 1e-9):.0f} a second"
        bar.update(state["task"], completed=done, rate=rate)
        if passed > 1 and not bar.live.is_started:
            bar.start()

    try:
        yield advance
    finally:
        bar.stop()
