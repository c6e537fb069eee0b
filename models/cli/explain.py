"""`kazroutes explain`: why flows are what they are."""

from __future__ import annotations

import math

import click

from models.cli.output import Output, describe_data, open_network, show
from models.cli.questions import load_composed
from models.cli.shell import Common, command
from models.tables import make_table


def _check_margin(ctx: click.Context, param: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is no amount of USD/t, such as 1.", ctx, param)
    return value


@command(
    "explain",
    example="kazroutes explain russia-closed\n"
    "kazroutes explain russia-closed --against baseline-2023 --commodity crude",
)
@click.argument("scenario", metavar="SCENARIO")
@click.option("--against", metavar="NAME", help="Say what moved, compared with this scenario.")
@click.option("--commodity", metavar="ID", help="Also say why this commodity goes where it goes.")
@click.option("--year", type=int, metavar="Y", help="Take the inputs of this year.")
@click.option(
    "--top", type=click.IntRange(1), default=8, show_default=True, help="Statements of each kind."
)
@click.option(
    "--margin",
    type=click.FloatRange(0),
    callback=_check_margin,
    default=1.0,
    show_default=True,
    metavar="USD",
    help="Splits closer than this, USD/t, count as equally good.",
)
def explain_flows(
    *,
    scenario: str,
    against: str | None,
    commodity: str | None,
    year: int | None,
    top: int,
    margin: float,
    common: Common,
) -> None:
    """Say which capacities bind, what would change a route, and what moved between scenarios.

    Every number in a sentence is found or checked by solving again. Of the commodity: its routes,
    the best unused one, and the change of tariff or price that would bring that in. Of undelivered
    tonnes: what stops them.
    """
    chosen = [load_composed(name) for name in (scenario, against) if name]
    network = open_network(common)
    from models.explain import explain_run
    from models.run import run_scenario

    run, *other = [
        run_scenario(scenarios, network=network, year=year, prices=number == 0)
        for number, scenarios in enumerate(chosen)
    ]
    explanation = explain_run(
        run, against=other[0] if other else None, commodity=commodity, top=top, margin=margin
    )
    rows = [{"kind": said.kind, "text": said.text} for said in explanation.statements]
    output = Output(
        explanation.to_dict(),
        files=[make_table("Statements", rows, ["kind", "text"], name="statements")],
        sentences=[*(row["text"] for row in rows), ""],
        footer=describe_data(network),
    )
    show(output, common)
