"""The front door: scenarios in, a `Run` with numbers, tables, certificate and manifest out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from models.demand import Case, select_case
from models.flow.result import FlowResult
from models.flow.solve import solve_optimal, solve_possible
from models.indicators import (
    Measured,
    close_country,
    measure,
    measure_closed,
    measure_possible,
)
from models.run.capacities import capacity_tables
from models.run.manifest import make_manifest, name_run, title_run
from models.run.result import Run
from models.run.tables import commodity_table, corridor_table, link_flows, route_table
from models.scenario import Scenario, apply, load_scenarios, pick_year, read_settings
from routes.errors import UnknownNameError, UsageError
from routes.network import Network, load_network

ASSIGNMENTS = ("optimal", "likely", "possible")


def run_scenario(
    scenarios: str | Scenario | Sequence[str | Scenario],
    *,
    network: Network | None = None,
    assignment: str = "optimal",
    year: int | None = None,
    commodity: str | None = None,
    settings: Sequence[str] = (),
    country: str = "RU",
    prices: bool = True,
) -> Run:
    """Run one scenario, or several composed.

    Parameters
    ----------
    scenarios : names of shipped scenarios, paths of files, or Scenario objects; all are applied,
        in any order.
    network : the tables; the shipped data set by default.
    assignment : "optimal" (best netbacks), "likely" (calibrated logit) or "possible" (most tonnes).
    year : inputs of this year instead of the scenario's own.
    commodity : report this commodity only; the solve still holds all of them.
    settings : changes as `kazroutes run --set` takes them, such as "btc-azerbaijan.capacity=*0.5".
    country : country that dependency is measured on, ISO alpha-2.
    prices : whether to find what one unit more or less of each full capacity is worth.

    Raises
    ------
    UnknownNameError, UsageError, ScenarioError, DataError
        For a scenario, commodity or setting that cannot be used.
    InternalError
        When a law is broken; a wrong number is never returned.
    """
    if assignment not in ASSIGNMENTS:
        raise UnknownNameError("assignment", assignment, ASSIGNMENTS)
    if isinstance(scenarios, str | Scenario):
        scenarios = [scenarios]
    named = iter(load_scenarios([s for s in scenarios if not isinstance(s, Scenario)]))
    chosen = [s if isinstance(s, Scenario) else next(named) for s in scenarios]
    extra = [read_settings(settings)] if settings else []
    network = load_network() if network is None else network
    base = select_case(network, pick_year(chosen) if year is None else year)
    _check_question(base, network, commodity, country)
    case, changes = apply(base, [*chosen, *extra])
    result = _assign(case, assignment, commodity)
    measured = _measure(result, country, commodity)
    return _report(chosen, settings, measured, [c.to_dict() for c in changes], prices=prices)


def _check_question(case: Case, network: Network, commodity: str | None, country: str) -> None:
    if commodity in case.left_out:
        msg = (
            f"The data have no supplies and markets of {commodity} in {case.year}. "
            f"Commodities of that year: {', '.join(sorted(case.commodities.index))}."
        )
        raise UsageError(msg)
    if commodity is not None and commodity not in case.commodities.index:
        raise UnknownNameError("commodity", commodity, case.commodities.index)
    countries = set(network["places"]["country"])
    if country not in countries:
        raise UnknownNameError("country of the network", country, countries)


def _assign(case: Case, assignment: str, commodity: str | None) -> FlowResult:
    if assignment == "optimal":
        return solve_optimal(case)
    if assignment == "possible":
        return solve_possible(case, commodity=commodity)
    from models.choice import solve_likely

    return solve_likely(case)


def _measure(result: FlowResult, country: str, commodity: str | None) -> Measured:
    closed = None
    if result.assignment != "possible":
        asked = () if commodity is None else (commodity,)
        closed = measure_closed(result, country, commodities=asked)
    if closed is not None and result.assignment == "likely":
        from models.choice import compare_logsums, solve_likely

        after = solve_likely(close_country(result.case, country))
        closed = replace(closed, **compare_logsums(result, after))
    return Measured(
        result=result,
        country=country,
        commodity=commodity,
        closed=closed,
        possible_mt=measure_possible(result, commodity),
    )


def _report(
    scenarios: Sequence[Scenario],
    settings: Sequence[str],
    m: Measured,
    changes: Sequence[dict[str, Any]],
    *,
    prices: bool,
) -> Run:
    result = m.result
    flows = link_flows(m.routes)
    priced = prices and result.assignment != "possible"
    links, shared = capacity_tables(m, flows, prices=priced)
    return Run(
        scenario=name_run(scenarios, settings),
        title=title_run(scenarios, settings, result.case),
        year=result.case.year,
        assignment=result.assignment,
        commodity=m.commodity,
        country=m.country,
        indicators=measure(m),
        corridors=corridor_table(m.routes),
        commodities=commodity_table(m),
        links=links,
        shared_capacities=shared,
        routes=route_table(m.routes),
        flows=flows,
        certificate=_certificate(result),
        changes=tuple(changes),
        manifest=make_manifest(result.case, scenarios, settings, result.assignment),
        result=result,
        scenarios=tuple(scenarios),
        bypass_mt={} if m.closed is None else dict(m.closed.possible_mt),
    )


def _certificate(result: FlowResult) -> dict[str, float | None]:
    """Proof of the flows; under `likely` also how well they meet their programme, and its value."""
    likely: dict[str, float | None] = {}
    if result.assignment == "likely":
        solution: Any = result.solution
        likely = {"residual": solution.residual, "logsum_musd": solution.logsum / 1000.0}
    return {
        "primal": result.surplus_musd,
        "dual_bound": result.bound_musd,
        "relative_gap": result.relative_gap,
        "max_violation": result.max_violation,
        **likely,
    }
