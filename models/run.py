"""The front door: scenarios in, a `Run` with numbers, tables, certificate and manifest out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case, select_case
from models.flow.result import FlowResult
from models.flow.shadow import capacity_use, price_capacities
from models.flow.solve import solve_optimal, solve_possible, solver_for
from models.indicators import (
    OBSERVED_BYPASS,
    Measured,
    close_country,
    measure,
    measure_closed,
    measure_possible,
)
from models.scenario import Scenario, apply, load_scenarios, pick_year, read_settings
from routes.corridors import CORRIDORS
from routes.errors import UnknownNameError
from routes.network import Network, load_network

ASSIGNMENTS = ("optimal", "likely", "possible")
MAX_PRICED = 60  # full capacities whose gain and loss are found by solving again


@dataclass(frozen=True)
class Run:
    """A scenario's flows and everything said about them.

    `indicators` maps names of models.indicators.INDICATORS to numbers or None. Frames: `corridors`,
    `commodities`, `links`, `shared_capacities`, `routes` (columns as in the JSON of `kazroutes
    run`), `flows` (link_id, corridor, commodity, mt, value_musd). `changes` lists what the
    scenario changed, old -> new. `result` holds the flows themselves, `scenarios` what was asked.
    """

    scenario: str
    year: int
    assignment: str
    commodity: str | None
    country: str
    indicators: dict[str, float | None]
    corridors: pd.DataFrame = field(repr=False)
    commodities: pd.DataFrame = field(repr=False)
    links: pd.DataFrame = field(repr=False)
    shared_capacities: pd.DataFrame = field(repr=False)
    routes: pd.DataFrame = field(repr=False)
    flows: pd.DataFrame = field(repr=False)
    certificate: dict[str, float | None]
    changes: tuple[dict[str, Any], ...] = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    result: FlowResult = field(repr=False)
    scenarios: tuple[Scenario, ...] = field(default=(), repr=False)
    bypass_mt: dict[str, float] = field(default_factory=dict, repr=False)
    title: str = ""

    def to_frame(self) -> pd.DataFrame:
        """The indicators as one row."""
        return pd.DataFrame([{"scenario": self.scenario} | self.indicators])

    def to_dict(self) -> dict[str, Any]:
        """The run as plain data, unlimited and undefined as None (the JSON of `kazroutes run`)."""
        return {
            "scenario": self.scenario,
            "year": self.year,
            "assignment": self.assignment,
            "commodity": self.commodity,
            "country": self.country,
            "indicators": {name: plain(value) for name, value in self.indicators.items()},
            "corridors": records(self.corridors),
            "commodities": records(self.commodities),
            "links": records(self.links),
            "shared_capacities": records(self.shared_capacities),
            "routes": records(self.routes),
            "bypass": self._bypass(),
            "certificate": {name: plain(value) for name, value in self.certificate.items()},
            "changes": [dict(change) for change in self.changes],
            "manifest": dict(self.manifest),
        }

    def _bypass(self) -> dict[str, Any]:
        """What could go another way without the country, a month, beside what once did."""
        return {
            "country": self.country,
            "mt_per_month": {k: mt / 12 for k, mt in self.bypass_mt.items() if mt > 0},
            "observed_crude_mt_per_month": OBSERVED_BYPASS.mt_per_month,
            "observed_month": OBSERVED_BYPASS.month,
            "observed_source_id": OBSERVED_BYPASS.source_id,
        }

    def __repr__(self) -> str:
        i = self.indicators
        share = i["transit_share"]
        through = (
            "" if share is None else f", {share:.0%} of third-country exports via {self.country}"
        )
        return (
            f"<Run {self.scenario} ({self.assignment}, {self.year}): "
            f"{i['exported_mt']:.1f} Mt exported{through}>"
        )

    def _repr_html_(self) -> str:
        head = f"<h4>{self.title or self.scenario} · {self.assignment} · {self.year}</h4>"
        return head + str(self.corridors.to_html(index=False, float_format="{:,.2f}".format))


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
    name = "+".join(scenario.name for scenario in scenarios) or "baseline"
    return Run(
        scenario=name,
        title=" + ".join(scenario.title for scenario in scenarios),
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
        manifest=_manifest(result.case, scenarios, settings),
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


def corridor_table(routes: pd.DataFrame) -> pd.DataFrame:
    """A row per corridor with flow: Mt, share of it all, value, mean cash cost and days."""
    total = float(routes["mt"].sum())
    rows = []
    for name in CORRIDORS:
        mine = routes[routes["corridor"] == name]
        mt = float(mine["mt"].sum())
        if mt <= 0:
            continue
        rows.append({
            "corridor": name,
            "mt": mt,
            "share": mt / total,
            "export_value_musd": float((mine["mt"] * mine["price_usd_per_t"]).sum()),
            "cash_cost_usd_per_t": float((mine["mt"] * mine["cash_cost_usd_per_t"]).sum()) / mt,
            "days_mean": float((mine["mt"] * mine["days"]).sum()) / mt,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["corridor", "mt", "share", "export_value_musd",
                                       "cash_cost_usd_per_t", "days_mean"])  # fmt: skip


def commodity_table(m: Measured) -> pd.DataFrame:
    """A row per commodity: supply, exports, home, what stays, shortfall, transit share."""
    case, routes = m.result.case, m.routes
    names = [m.commodity] if m.commodity else sorted(case.commodities.index)
    missed = pd.Series(m.result.solution.missed / 1000.0)
    third = m.third
    through = third.loc[third["transit"].map(lambda left: m.country in left).astype(bool)]
    columns = {
        "supply_mt": case.supplies.groupby("commodity_id")["mt_per_year"].sum(),
        "exported_mt": m.exports.groupby("commodity")["mt"].sum(),
        "domestic_mt": routes[routes["use"] == "home"].groupby("commodity")["mt"].sum(),
        "shortfall_mt": missed.groupby(case.markets["commodity_id"].to_numpy()).sum(),
        "third": third.groupby("commodity")["mt"].sum(),
        "through": through.groupby("commodity")["mt"].sum(),
    }
    table = pd.DataFrame({k: v.reindex(names) for k, v in columns.items()}).fillna(0.0)
    left = table["supply_mt"] - table["exported_mt"] - table["domestic_mt"]
    third_mt = table["third"].where(table["third"] > 0)
    return pd.DataFrame({
        "commodity": names,
        "supply_mt": table["supply_mt"].to_numpy(),
        "exported_mt": table["exported_mt"].to_numpy(),
        "domestic_mt": table["domestic_mt"].to_numpy(),
        "undelivered_mt": left.where(left > 1e-9 * table["supply_mt"], 0.0).to_numpy(),
        "shortfall_mt": table["shortfall_mt"].to_numpy(),
        "transit_share": (table["through"] / third_mt).to_numpy(),
    })  # fmt: skip


def route_table(routes: pd.DataFrame) -> pd.DataFrame:
    """Routes as people read them, largest flows of each commodity first."""
    table = pd.DataFrame({
        "commodity": routes["commodity"],
        "from": routes["from_place_id"],
        "to": routes["to_place_id"],
        "corridor": routes["corridor"],
        "countries": routes["countries"].map(list),
        "mt": routes["mt"],
        "cash_cost_usd_per_t": routes["cash_cost_usd_per_t"],
        "generalised_cost_usd_per_t": routes["generalised_cost_usd_per_t"],
        "netback_usd_per_t": routes["netback_usd_per_t"],
        "days": routes["days"],
        "co2_kg_per_t": routes["co2_kg_per_t"],
        "links": routes["links"].map(list),
    })  # fmt: skip
    order = np.lexsort((-table["mt"].to_numpy(), table["commodity"].to_numpy()))
    return table.iloc[order].reset_index(drop=True)


def link_flows(routes: pd.DataFrame) -> pd.DataFrame:
    """Flow of each link by corridor and commodity: link_id, corridor, commodity, mt, value_musd."""
    columns = ["links", "corridor", "commodity", "mt"]
    parts = routes[columns].assign(value_musd=routes["mt"] * routes["price_usd_per_t"])
    long = parts.explode("links").rename(columns={"links": "link_id"})
    keys = ["link_id", "corridor", "commodity"]
    return long.groupby(keys, as_index=False, sort=True)[["mt", "value_musd"]].sum()


def _price_rows(result: FlowResult, rows: Sequence[int]) -> dict[int, tuple[float, float]]:
    """What one unit more and one less of each capacity is worth: shadow prices or queue delays."""
    solution: Any = result.solution
    if result.assignment == "likely":
        from models.choice import price_delays

        return price_delays(solution, rows)
    return price_capacities(solver_for(result.case), solution, rows)


def capacity_tables(
    m: Measured, link_flow: pd.DataFrame, *, prices: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Use and worth of links (with `link_flows`) and of shared capacities, most used first."""
    result = m.result
    solution, case = result.solution, result.case
    use = capacity_use(solution)
    worth: dict[int, tuple[float, float]] = {}
    if prices:
        binds = use["full"].to_numpy() & (use["used"].to_numpy() > 0)
        dual = use["dual_usd_per_unit"].to_numpy() / solution.problem.scale
        rows = [int(row) for row in np.flatnonzero(binds)]
        rows = sorted(rows, key=lambda row: (-dual[row], row))[:MAX_PRICED]
        worth = _price_rows(result, rows)
    gains = np.zeros(len(use)), np.zeros(len(use))
    for row, pair in worth.items():
        gains[0][row], gains[1][row] = pair
    undefined = use["full"].to_numpy() & (use["used"].to_numpy() > 0)
    undefined &= ~np.isin(np.arange(len(use)), list(worth))
    table = use.assign(
        gain_usd_per_unit=np.where(undefined, np.nan, gains[0]),
        loss_usd_per_unit=np.where(undefined, np.nan, gains[1]),
        unit=case.capacities["unit"].reindex(use.index).fillna("Mt/yr"),
    )
    if m.commodity is not None:
        touched = set(m.routes["links"].explode())
        groups = case.shared.loc[case.shared["link_id"].isin(touched), "shared_id"]
        table = table[table.index.isin(touched | set(groups))]
    is_link = table.index.isin(case.links.index)
    columns = [
        "used", "capacity", "unit", "utilisation", "gain_usd_per_unit", "loss_usd_per_unit",
    ]  # fmt: skip
    flows = link_flow.groupby("link_id")["mt"].sum()
    own = pd.DataFrame(index=pd.Index(flows.index, name="link_id"))
    own = own.join(table.loc[is_link, columns])
    own["used"] = own["used"].fillna(flows)
    own["unit"] = own["unit"].fillna("Mt/yr")
    own["capacity"] = own["capacity"].fillna(math.inf)
    zero = np.where(own["capacity"] == math.inf, 0.0, own["gain_usd_per_unit"])
    own["gain_usd_per_unit"] = zero
    own["loss_usd_per_unit"] = np.where(own["capacity"] == math.inf, 0.0, own["loss_usd_per_unit"])
    groups_table = table.loc[~is_link & (table["used"] > 0).to_numpy(), columns]
    groups_table.index.name = "shared_id"
    return _ranked(own), _ranked(groups_table)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    frame = table.reset_index()
    name = frame.columns[0]
    order = np.lexsort((frame[name].to_numpy(), -frame["utilisation"].fillna(-1).to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def bottlenecks(run: Run, *, top: int = 10) -> pd.DataFrame:
    """Full links and shared capacities, by what one unit less would cost, largest first."""
    links = run.links.rename(columns={"link_id": "subject_id"})
    shared = run.shared_capacities.rename(columns={"shared_id": "subject_id"})
    both = pd.concat([links, shared], ignore_index=True)
    both = both[(both["loss_usd_per_unit"] > 0) & (both["utilisation"] > 0.999)]
    total = both["loss_usd_per_unit"] * both["capacity"]
    return both.assign(at_stake_musd=total / 1e6).sort_values(
        ["at_stake_musd", "subject_id"], ascending=[False, True], ignore_index=True
    ).head(top)  # fmt: skip


def _manifest(case: Case, scenarios: Sequence[Scenario], settings: Sequence[str]) -> dict[str, Any]:
    text = "\n".join([*sorted(s.digest for s in scenarios), *sorted(settings)])
    return {
        "version": package_version(),
        "data_version": case.network.version,
        "data_digest": case.network.digest,
        "scenario_digest": hashlib.sha256(text.encode()).hexdigest(),
        "seed": None,
        "solver": f"HiGHS {version('highspy')}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_changes": list(case.network.changes),
        "notes": list(case.notes),
    }


def package_version() -> str:
    """Version of the installed package ("unknown" in a bare checkout)."""
    try:
        return version("kazroutes")
    except PackageNotFoundError:
        return "unknown"


def plain(value: Any) -> Any:
    """A number as strict JSON knows it: None for undefined and unlimited."""
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as plain dictionaries."""
    columns = list(frame.columns)
    return [
        {name: plain(value) for name, value in zip(columns, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]
