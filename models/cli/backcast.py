"""`kazroutes backcast`: the likely split of a year against what was observed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.cli.output import Output, describe_data, open_network, show
from models.cli.shell import Common, command
from models.tables import frame_table, make_table

if TYPE_CHECKING:
    from models.calibration import Backcast

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@command(
    "backcast",
    example="kazroutes backcast\n"
    "kazroutes backcast --year 2024 --observed flows.csv\n"
    "kazroutes backcast --commodity coal --json",
)
@click.option(
    "--year", type=int, default=2023, show_default=True, metavar="Y", help="Year to cast."
)
@click.option(
    "--commodity",
    default="crude",
    show_default=True,
    metavar="ID",
    help="Commodity, or group of commodities, to compare.",
)
@click.option(
    "--observed",
    type=_FILE,
    metavar="FILE",
    help="Observations from outside: CSV with year, commodity_id, outlet (or measure) and mt.",
)
@click.option(
    "--parameters",
    "parameter_file",
    type=_FILE,
    metavar="FILE",
    help="Parameters that `kazroutes calibrate -o` wrote, instead of the shipped ones.",
)
def check_split(
    *,
    year: int,
    commodity: str,
    observed: Path | None,
    parameter_file: Path | None,
    common: Common,
) -> None:
    """Compare the likely split of a year with observed flows, outlet by outlet.

    Inputs are those of the year, capacities cut by its dated outages. Beside the model stand the
    optimum, the observed shares of 2023, and every supply by the way that pays it best, capacities
    ignored. Crude by its outlets, other goods by corridor, observed countries besides. Any year
    with inputs will do: without an observation its columns stay empty.
    """
    network = open_network(common)
    from models.calibration import backcast
    from models.choice import load_parameters

    parameters = load_parameters(parameter_file) if parameter_file is not None else None
    result = backcast(
        network, year=year, commodity=commodity, observed=observed, parameters=parameters
    )
    show(describe_backcast(result, describe_data(network)), common)


def describe_backcast(result: Backcast, footer: str) -> Output:
    """Outlets first, then countries that are observed, scores and the cuts of capacity."""
    of = f"{result.commodity} {result.year}"
    cuts = [
        {"capacity_of": o.subject_id, "part_left": o.part_left, "events": list(o.events)}
        for o in result.outages
    ]
    tables = [
        frame_table(f"Exports by way out, {of}", result.outlets, name="outlets"),
        frame_table(f"How right each method is, {of}", result.scores, name="scores"),
        make_table("Capacities cut by outages", cuts, name="outages"),
    ]
    if len(result.countries):
        title = f"Exports by country, {of}"
        tables.insert(1, frame_table(title, result.countries, name="countries"))
    return Output(
        result.to_dict(),
        tables,
        footer=" ".join([*(f"{note}." for note in result.notes), footer]),
    )
