"""How dependent exports are on a transit country: every indicator, by commodity and in total.

The signature of the package: shares by tonnes and value, what its closing costs, what could go
another way and at what time and cost, under best netbacks (`optimal`) and habits (`likely`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case
from models.dependency.limits import tabulate_limits
from models.dependency.power import PowerShift, Progress, TransitPower, compare_power, transit_power
from models.dependency.tabled import Tabled
from models.flow.result import FlowResult
from models.flow.solve import solve_optimal
from models.indicators import (
    OBSERVED_BYPASS,
    Measured,
    ObservedBypass,
    bypass_coverage,
    bypass_coverage_paying,
    close_country,
    concentration,
    corridor_hhi,
    entry_country_hhi,
    exclusion_loss,
    market_share,
    measure_closed,
    transit_share,
    transit_share_value,
)
from models.run import Run, run_scenario
from models.scenario import Scenario
from models.tables import strict_value
from routes.errors import UnknownNameError
from routes.network import Network

ASSIGNMENTS = ("optimal", "likely")
TOTAL = "total"


@dataclass(frozen=True)
class Dependency(Tabled):
    """Dependency on transit of a country.

    `table` has a row per (assignment, commodity), `total` first. Columns: assignment, commodity,
    exported_mt, third_mt and third_musd (exports to countries other than this one), transit_share,
    transit_share_value, market_share, market_share_value, exclusion_loss, bypass_coverage,
    bypass_coverage_paying, bypass_mt (tonnes that could still leave: of a commodity with the room
    to itself, of the total all together), corridor_hhi,
    corridor_hhi_value, entry_country_hhi, entry_country_hhi_value; cash_cost_usd_per_t and days of
    exports now; exported_without_mt, cash_cost_without_usd_per_t and days_without of the exports
    that remain when its transit is closed.
    `runs` by assignment; `power`, `shift` (with projects) and `limits` when asked for.
    """

    scenario: str
    year: int
    country: str
    table: pd.DataFrame = field(repr=False)
    runs: Mapping[str, Run] = field(repr=False)
    power: TransitPower | None = field(default=None, repr=False)
    shift: PowerShift | None = field(default=None, repr=False)
    limits: pd.DataFrame | None = field(default=None, repr=False)
    projects: tuple[str, ...] = ()
    observed_bypass: ObservedBypass = OBSERVED_BYPASS

    @property
    def bypass_mt_per_month(self) -> dict[str, float]:
        """What could still leave, Mt a month: all together, and crude with the room to itself."""
        rows = self.table[self.table["assignment"] == self.table["assignment"].iloc[0]]
        yearly = rows.set_index("commodity")["bypass_mt"]
        return {name: float(yearly[name]) / 12.0 for name in (TOTAL, "crude") if name in yearly}

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `kazroutes dependency`."""
        run = next(iter(self.runs.values()))
        power = self.power
        document: dict[str, Any] = {
            "scenario": self.scenario,
            "year": self.year,
            "country": self.country,
            "indicators": run.indicators,
            "transit_power": power.table if power else None,
            "surplus_musd": power.surplus_musd if power else run.result.surplus_musd,
            "surplus_without_transit_musd": power.surplus_without_transit_musd if power else None,
            "dependency": self.table,
            "observed_bypass": {
                "mt_per_month": self.observed_bypass.mt_per_month,
                "month": self.observed_bypass.month,
                "source_id": self.observed_bypass.source_id,
            },
            "bypass_mt_per_month": self.bypass_mt_per_month,
        }
        if power:
            document["transit_power_details"] = {
                "players": power.players,
                "exact": power.exact,
                "other": power.other,
                "coalitions": power.coalitions,
                "solves": power.solves,
            }
        if self.shift is not None:
            document["projects"] = self.projects
            document["transit_power_with_projects"] = self.shift.after.table
            document["transit_power_change"] = self.shift.table
        if self.limits is not None:
            document["limits"] = self.limits
        document["manifest"] = run.manifest
        strict: dict[str, Any] = strict_value(document)
        return strict


def measure_dependency(
    scenarios: str | Scenario | Sequence[str | Scenario],
    *,
    network: Network | None = None,
    country: str = "RU",
    assignments: Sequence[str] = ASSIGNMENTS,
    year: int | None = None,
    settings: Sequence[str] = (),
    players: str | Sequence[str] | None = "countries",
    projects: Sequence[str] = (),
    limits: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> Dependency:
    """Dependency on transit of a country, by commodity and in total, by tonnes and value.

    Parameters
    ----------
    scenarios, network, year, settings : as for `run_scenario`.
    country : whose transit, ISO alpha-2.
    assignments : "optimal", "likely" or both; the first gives `indicators` of the JSON.
    players : who plays for transit power (see `transit_power`); None leaves it out.
    projects : ids of projects; transit power is then also found with them built.
    limits : whether to name what limits each commodity without transit of the country.
    progress : called with (done, total) while transit power is found.
    options : further options of `transit_power`.

    Raises
    ------
    UnknownNameError, UsageError, ScenarioError, DataError, InternalError
        As for `run_scenario`.
    """
    for assignment in assignments:
        if assignment not in ASSIGNMENTS:
            raise UnknownNameError("assignment", assignment, ASSIGNMENTS)
    runs = {
        assignment: run_scenario(
            scenarios, network=network, assignment=assignment, year=year, settings=settings,
            country=country, prices=False,
        )
        for assignment in assignments
    }  # fmt: skip
    first = next(iter(runs.values()))
    case = first.result.case
    power, shift = None, None
    if players is not None:
        keep = [country] if country in set(case.links["from_country"]) else []
        wanted: dict[str, Any] = {"players": players, "keep": keep, "progress": progress} | options
        if projects:
            built = build_projects(first, projects, network=network, settings=settings)
            shift = compare_power(case, built, **wanted)
            power = shift.before
        else:
            power = transit_power(case, **wanted)
    return Dependency(
        scenario=first.scenario,
        year=first.year,
        country=country,
        table=pd.concat(
            [tabulate_dependency(run.result, country) for run in runs.values()], ignore_index=True
        ),
        runs=runs,
        power=power,
        shift=shift,
        limits=tabulate_limits(case, exclude=[country]) if limits else None,
        projects=tuple(projects),
    )


def build_projects(
    run: Run,
    projects: Sequence[str],
    *,
    network: Network | None = None,
    settings: Sequence[str] = (),
) -> Case:
    """The case of a run with projects built as well.

    Raises UnknownNameError for a project that the data set does not have.
    """
    known = list(run.result.case.network["projects"]["project_id"])
    for project in projects:
        if project not in known:
            raise UnknownNameError("project", project, known)
    with_projects = Scenario.model_validate({
        "name": "with-projects",
        "title": "With projects",
        "changes": [{"type": "project", "built": list(projects), "why": "asked for"}],
    })  # fmt: skip
    built = run_scenario(
        [*run.scenarios, with_projects], network=network, year=run.year, settings=settings,
        country=run.country, prices=False,
    )  # fmt: skip
    return built.result.case


def tabulate_dependency(result: FlowResult, country: str) -> pd.DataFrame:
    """The table of `Dependency` for one result."""
    after = _solve_closed(result, country)
    shipped = sorted(set(result.routes["commodity"]))
    closed = measure_closed(result, country)
    if result.assignment == "likely":
        from models.choice import compare_logsums

        closed = replace(closed, **compare_logsums(result, after))
    names: list[str | None] = [None, *shipped]
    rows = [
        _row(Measured(result, country, name, closed), Measured(after, country, name))
        for name in names
    ]
    return pd.DataFrame(rows)


def _solve_closed(result: FlowResult, country: str) -> FlowResult:
    """The flows that remain with transit of a country closed, under the same assignment."""
    case = close_country(result.case, country)
    if result.assignment == "optimal":
        return solve_optimal(case)
    from models.choice import solve_likely

    return solve_likely(case)


def _row(m: Measured, after: Measured) -> dict[str, Any]:
    third, exports = m.third, m.exports
    third_mt = float(third["mt"].sum())
    coverage = bypass_coverage(m)
    sold = exports[exports["country"] == m.country]
    row = {
        "assignment": m.result.assignment,
        "commodity": m.commodity or TOTAL,
        "exported_mt": float(exports["mt"].sum()),
        "third_mt": third_mt,
        "third_musd": _value(third),
        "transit_share": transit_share(m),
        "transit_share_value": transit_share_value(m),
        "market_share": market_share(m),
        "market_share_value": _divide(_value(sold), _value(exports)),
        "exclusion_loss": exclusion_loss(m),
        "bypass_coverage": coverage,
        "bypass_coverage_paying": bypass_coverage_paying(m),
        "bypass_mt": 0.0 if coverage is None else coverage * third_mt,
        "corridor_hhi": corridor_hhi(m),
        "corridor_hhi_value": _hhi_value(third, "corridor"),
        "entry_country_hhi": entry_country_hhi(m),
        "entry_country_hhi_value": _hhi_value(third, "first_country"),
        **_means(exports, ""),
        "exported_without_mt": float(after.exports["mt"].sum()),
        **_means(after.exports, "_without"),
    }
    return {name: np.nan if value is None else value for name, value in row.items()}


def _means(exports: pd.DataFrame, suffix: str) -> dict[str, float | None]:
    mt = float(exports["mt"].sum())
    return {
        f"cash_cost{suffix}_usd_per_t": _divide(
            float((exports["cash_cost_usd_per_t"] * exports["mt"]).sum()), mt
        ),
        f"days{suffix}": _divide(float((exports["days"] * exports["mt"]).sum()), mt),
    }


def _value(routes: pd.DataFrame) -> float:
    return float((routes["mt"] * routes["price_usd_per_t"]).sum())


def _divide(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _hhi_value(third: pd.DataFrame, column: str) -> float | None:
    value = (third["mt"] * third["price_usd_per_t"]).to_numpy()
    return concentration(third[column].to_numpy(dtype=object), value)
