"""The baseline that evidence is weighed by: the optimum of a year's unchanged inputs."""

from __future__ import annotations

from models.demand import select_case
from models.flow.result import FlowResult
from models.flow.solve import solve_optimal
from routes.errors import UsageError
from routes.network import Network

BASE_YEAR = 2023


def demand_years(network: Network) -> tuple[int, ...]:
    """Years in which some commodity has both a supply and a market."""
    pairs = [
        set(zip(network[table]["commodity_id"], network[table]["year"], strict=True))
        for table in ("supplies", "markets")
    ]
    return tuple(sorted({int(year) for _, year in pairs[0] & pairs[1]}))


def solve_baseline(network: Network) -> FlowResult:
    """The optimum of the base year's inputs, or of the last year's where it has none.

    Raises
    ------
    UsageError
        When no year has both supplies and markets of a commodity.
    DataError
        When tariffs tie or are missing, or a supply reaches no market.
    """
    years = demand_years(network)
    if not years:
        raise UsageError("No commodity has a supply and a market in the same year.")
    year = BASE_YEAR if BASE_YEAR in years else years[-1]
    return solve_optimal(select_case(network, year))
