"""`kazroutes dependency`: how much hangs on one transit country."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.cli.figures import save_runs
from models.cli.output import Output, describe_data, folder_options, open_network, show
from models.cli.progress import show_progress
from models.cli.questions import BASELINE, load_composed, read_country
from models.cli.shell import Common, command
from models.folders import check_new_folder
from models.tables import Table, frame_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.dependency import Dependency

SHARES = (
    "assignment", "commodity", "third_mt", "transit_share", "transit_share_value", "market_share",
    "market_share_value", "exclusion_loss", "corridor_hhi", "entry_country_hhi",
)  # fmt: skip
REMAINS = (
    "assignment", "commodity", "third_mt", "bypass_mt", "bypass_coverage",
    "bypass_coverage_paying", "exported_mt", "exported_without_mt", "cash_cost_usd_per_t",
    "cash_cost_without_usd_per_t", "days", "days_without",
)  # fmt: skip


@command(
    "dependency",
    example="kazroutes dependency\n"
    "kazroutes dependency russia-closed --country AZ\n"
    "kazroutes dependency --projects btc-kazakh-7 --projects caspian-tankers-10 --json\n"
    "kazroutes dependency --players corridors --limits",
)
@click.argument("scenario", default=BASELINE)
@click.option(
    "--country",
    default="RU",
    show_default=True,
    metavar="XX",
    callback=read_country,
    help="Whose transit, ISO code.",
)
@click.option(
    "--assignment",
    type=click.Choice(["optimal", "likely", "both"]),
    default="both",
    show_default=True,
    help="Best netbacks, habits and contracts, or a row of each.",
)
@click.option("--year", type=int, metavar="Y", help="Take the inputs of this year.")
@click.option(
    "--players",
    default="countries",
    show_default=True,
    metavar="WHO",
    help="Who plays for transit power: countries (the strongest apart, the rest as one), all, "
    "corridors, none, or codes such as RU,AZ,CN.",
)
@click.option(
    "--projects",
    multiple=True,
    metavar="ID",
    help="Also find transit power with this project built; may be repeated.",
)
@click.option("--limits", is_flag=True, help="Name what limits each commodity without the country.")
@click.option(
    "--samples",
    type=click.IntRange(16),
    default=400,
    show_default=True,
    help="Orders drawn when more than 16 play.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of those orders.")
@folder_options
def measure_transit(
    *,
    scenario: str,
    country: str,
    assignment: str,
    year: int | None,
    players: str,
    projects: tuple[str, ...],
    limits: bool,
    samples: int,
    seed: int,
    out: Path | None,
    overwrite: bool,
    common: Common,
) -> None:
    r"""Measure how much hangs on one transit country.

    \b
    transit share    of exports to third countries, the part that leaves the country again
    market share     of all exports, what is sold to the country itself: never added to the first
    exclusion loss   part of the surplus lost when its transit closes; above 1 when home
                     obligations are missed too
    bypass           tonnes that could go another way, and that would pay: the long run. What was
                     seen to happen within a month in 2022 is printed beside it
    HHI              concentration on corridors, and on first countries entered: 1 is all on one
    transit power    Shapley value: what a country adds, on average over all orders in which
                     countries may open; leverage, not a forecast of what it could charge

    What goes around a country may cost less a tonne: dear routes end with the goods they carried.
    """
    if out:
        check_new_folder(out, overwrite=overwrite)
    chosen = load_composed(scenario)
    network = open_network(common)
    from models.dependency import measure_dependency

    with show_progress("transit power") as progress:
        result = measure_dependency(
            chosen, network=network, country=country, year=year,
            assignments=("optimal", "likely") if assignment == "both" else (assignment,),
            players=_read_players(players), projects=projects, limits=limits, samples=samples,
            rng=seed, progress=progress,
        )  # fmt: skip
    output = describe_dependency(result, footer=describe_data(network))
    if out:
        _save(output, result, out, common, overwrite=overwrite)
    show(output, common)


def _read_players(text: str) -> str | list[str] | None:
    if text == "none":
        return None
    if text in ("countries", "all", "corridors"):
        return text
    return [name.strip() for name in text.split(",") if name.strip()]


def describe_dependency(result: Dependency, *, footer: str) -> Output:
    """A measured dependency as JSON document, tables and sentences."""
    tables = [
        frame_table(f"Dependency on transit of {result.country}", result.table, SHARES),
        frame_table(f"What remains without transit of {result.country}", result.table, REMAINS),
    ]
    files = [frame_table("Dependency", result.table, name="dependency")]
    power = _describe_power(result)
    tables += power
    files += power
    if result.limits is not None:
        title = f"What limits exports without transit of {result.country}"
        tables.append(frame_table(title, result.limits, name="limits"))
        files.append(tables[-1])
    return Output(
        result.to_dict(), tables=tables, files=files, sentences=_say(result), footer=footer
    )


def _describe_power(result: Dependency) -> list[Table]:
    if result.power is None:
        return []
    how = "exact" if result.power.exact else "estimated, half width of 95% intervals"
    title = f"Transit power ({how})"
    if result.power.other:
        title += f"; other: {' '.join(result.power.other)}"
    tables = [frame_table(title, result.power.table, name="transit_power")]
    if result.shift is not None:
        title = f"Transit power before and after {', '.join(result.projects)}"
        tables.append(frame_table(title, result.shift.table, name="transit_power_change"))
    return tables


def _say(result: Dependency) -> list[str]:
    months = result.bypass_mt_per_month
    words = " and ".join(
        f"{mt:.2f} Mt a month of "
        f"{'all goods together' if name == 'total' else f'{name} with the room to itself'}"
        for name, mt in months.items()
    )
    said = f"Without transit of {result.country}, {words} could still leave in the long run."
    if result.country == result.observed_bypass.country:
        seen = str(result.observed_bypass)
        said += f" The short run: {seen[0].lower()}{seen[1:]}."
    lines = [said]
    if result.power is not None:
        lines.append(
            f"Surplus {result.power.surplus_musd:,.0f} million USD a year; with all transit closed "
            f"{result.power.surplus_without_transit_musd:,.0f}. Transit powers sum to the "
            "difference."
        )
    return [*lines, ""]


def _save(
    output: Output, result: Dependency, folder: Path, common: Common, *, overwrite: bool
) -> None:
    from models import charts

    run = next(iter(result.runs.values()))
    drawn: dict[str, Callable[[], Axes]] = {}
    if float(result.table["third_mt"].max()) > 0:
        drawn["dependency.png"] = lambda: charts.dependency(run)
    power = result.power
    if power is not None and power.players != "corridors" and power.table["share"].notna().any():
        after = result.shift.after.table if result.shift else None
        drawn["transit_power.png"] = lambda: charts.transit_power(power.table, after)
    save_runs(output, [], folder, common, manifest=run.manifest, overwrite=overwrite, charts=drawn)
