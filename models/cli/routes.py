"""`kazroutes routes`: ways from one place to another, leg by leg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from models.cli.output import Output, describe_data, open_network, show
from models.cli.questions import split_countries
from models.cli.shell import Common, command
from models.tables import Table, frame_table, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routes.paths import Route

MEASURES = ("cost", "time", "co2", "netback")
LEG = (
    "link_id", "from_name", "to_name", "kind", "mode", "country", "border", "length_km", "days",
    "cash_usd_per_t", "cum_days", "cum_cash_usd_per_t", "capacity_mt",
)  # fmt: skip


@command(
    "routes",
    example="kazroutes routes tengiz rotterdam --commodity crude\n"
    "kazroutes routes Aktau Poti --commodity grain -k 3 --avoid RU --by time",
)
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@click.option("--commodity", required=True, metavar="ID", help="What is shipped.")
@click.option("-k", type=click.IntRange(1, 50), default=5, show_default=True, help="How many.")
@click.option(
    "--avoid", multiple=True, metavar="XX", help="Country not to be touched; may be repeated."
)
@click.option("--by", type=click.Choice(MEASURES), default="cost", show_default=True)
@click.option("--year", type=int, default=2023, show_default=True, metavar="Y")
def list_routes(
    *,
    start: str,
    end: str,
    commodity: str,
    k: int,
    avoid: tuple[str, ...],
    by: str,
    year: int,
    common: Common,
) -> None:
    """Find the best route between two places and others unlike it, leg by leg.

    FROM and TO are places by id, name or alias. The best by cost has the least money, time and
    risk, less what its crude stream fetches; the best by netback leaves the producer most.
    """
    network = open_network(common)
    from routes.paths import find_routes

    found = find_routes(
        network, start, end, commodity=commodity, k=k, avoid=split_countries(avoid), by=by,
        year=year,
    )  # fmt: skip
    output = Output(
        {"routes": [route.to_dict() for route in found]},
        tables=[_summarise(found), *_list_legs(found)],
        footer="\n".join([*_tell_ends(found), describe_data(network)]),
    )
    show(output, common)


def _tell_ends(routes: Sequence[Route]) -> list[str]:
    """What the costs leave out where the network neither loads nor unloads the commodity."""
    first = routes[0]
    told = []
    if not all(str(route.legs[0]["from"]).endswith(".site") for route in routes):
        told.append(f"No link loads {first.commodity} at {first.from_place_id}: not in the costs.")
    if not all(str(route.legs[-1]["to"]).endswith(".site") for route in routes):
        told.append(f"No link delivers {first.commodity} at {first.to_place_id}: not in the costs.")
    return told


def _summarise(routes: Sequence[Route]) -> Table:
    rows = [_describe(number, route) for number, route in enumerate(routes, 1)]
    first = routes[0]
    title = f"Routes of {first.commodity} from {first.from_place_id} to {first.to_place_id}"
    return make_table(title, rows, name="routes")


def _describe(number: int, route: Route) -> dict[str, Any]:
    return {
        "route": number,
        "corridor": route.corridor,
        "countries": list(route.countries),
        "length_km": route.length_km,
        "days": route.days,
        "cash_cost_usd_per_t": route.cash_cost_usd_per_t,
        "generalised_cost_usd_per_t": route.generalised_cost_usd_per_t,
        "price_differential_usd_per_t": route.price_differential_usd_per_t,
        "netback_usd_per_t": route.netback_usd_per_t,
        "co2_kg_per_t": route.co2_kg_per_t,
        "borders": sum(bool(leg["border"]) for leg in route.legs),
    }


def _list_legs(routes: Sequence[Route]) -> list[Table]:
    from routes.paths import leg_table

    return [
        frame_table(f"Route {number}, {route.corridor}", leg_table(route), LEG, name="legs")
        for number, route in enumerate(routes, 1)
    ]
