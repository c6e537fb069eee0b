"""`kazroutes calibrate`: fit the likely split on the observed base year."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.cli.output import Output, describe_data, open_network, show
from models.cli.shell import Common, command, print_message
from models.tables import frame_table
from routes.files import check_new_file

if TYPE_CHECKING:
    from models.calibration import Calibration

CONSTANTS = ("commodity", "measure", "usd_per_t", "se_usd_per_t", "identified", "why", "source_id")
FIT = (
    "commodity", "measure", "role", "observed_mt", "model_mt", "error_mt", "error_share",
    "error_points", "delay_usd_per_t",
)  # fmt: skip


@command(
    "calibrate",
    example="kazroutes calibrate\nkazroutes calibrate -o mine.json",
)
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the parameters to FILE, for `kazroutes backcast --parameters`.",
)
def fit_split(*, output: Path | None, common: Common) -> None:
    """Fit the likely split on the observed flows of 2023.

    Sensitivity (theta) of crude by the flows of its fields and outlets, that of other goods by the
    same spread of perceived cost; then as few constants as bring each observed way out within
    reach. A constant above 20 USD/t needs a named, sourced reason, none may be above 40. Prints
    constants, fit, and what is left unexplained.
    """
    if output is not None:
        check_new_file(output)
    network = open_network(common)
    from models.calibration import calibrate

    result = calibrate(network, path=output)
    show(describe_calibration(result, describe_data(network)), common)
    if output is not None:
        print_message(f"Parameters written to {output}.")


def describe_calibration(result: Calibration, footer: str) -> Output:
    """Constants first, then the fit and the sensitivities."""
    count = len(result.constants)
    most = float(result.constants["usd_per_t"].abs().max()) if count else 0.0
    fitted = ", ".join(dict.fromkeys(["crude", *result.constants["commodity"]]))
    told = [f"{count} constants, the largest {most:.1f} USD/t."]
    told += [f"Fitted: {fitted}; all other goods take the spread of crude and are not fitted."]
    told += [f"Left unexplained: {note}." for note in result.notes]
    return Output(
        result.to_dict(),
        [
            frame_table("Constants", result.constants, CONSTANTS, name="constants"),
            frame_table("Observed and fitted flows of 2023", result.fit, FIT, name="fit"),
            frame_table(
                "Sensitivity, 1/(USD/t)", result.sensitivities,
                ("commodity", "theta", "low", "high", "identified", "basis"), name="theta",
            ),
        ],
        footer=" ".join([*told, footer]),
    )  # fmt: skip
