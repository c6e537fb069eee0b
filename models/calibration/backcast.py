"""The model against observed flows by way out, beside the optimum and two naive rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.calibration.base_year import IDENTIFIED_BY
from models.calibration.observed import (
    BASE_YEAR,
    Observation,
    list_observations,
    observe_outlets,
    read_observed_file,
)
from models.calibration.outages import Outage, cut_capacities, list_outages
from models.choice.likely import LikelyModel, choose_routes, solve_split
from models.choice.outlets import family_of, outlets_of
from models.choice.parameters import Parameters, load_parameters, note_mismatch
from models.demand import Case, select_case
from models.flow.arrays import KT, Problem
from models.flow.laws import check_solution
from models.flow.programme import build_problem
from models.flow.solve import solver_for
from models.flow.solver import Solution
from models.tables import strict_value
from routes.errors import UnknownNameError
from routes.network import Network, load_network

METHODS = ("model", "optimal", "shares", "cheapest")
TOTAL = "total:export"


@dataclass(frozen=True)
class Backcast:
    """Exports of a year by way out, as modelled, as observed and by naive rules.

    `outlets` has a row per way out: outlet, model_mt, optimal_mt, observed_mt, shares_mt (the
    observed shares of 2023 on the year's exports), cheapest_mt (every supply by the way that pays
    it best, capacities ignored), error_mt and error_points (model less observed, the latter in
    points of total exports, or where no total is observed of the observed ways out together).
    `countries` has a row per country that something is observed of: country, model_mt, optimal_mt,
    observed_mt, cheapest_mt, error_mt. `scores` has a row per method: placed_right (part of the
    tonnage on its observed way out), mean_error_mt, mean_error_points, worst_error_points. Unknown
    is NaN. `outages` are the cuts made.
    """

    year: int
    commodity: str
    outlets: pd.DataFrame = field(repr=False)
    countries: pd.DataFrame = field(repr=False)
    scores: pd.DataFrame = field(repr=False)
    outages: tuple[Outage, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `kazroutes backcast`; without an observation None."""
        document: dict[str, Any] = strict_value({
            "year": self.year,
            "commodity": self.commodity,
            "outlets": self.outlets,
            "countries": self.countries,
            "scores": self.scores,
            "outages": [
                {"subject_id": o.subject_id, "part_left": o.part_left, "events": o.events}
                for o in self.outages
            ],
            "notes": self.notes,
        })  # fmt: skip
        return document

    def _repr_html_(self) -> str:
        title = f"<h4>{self.commodity} {self.year}: model against observed</h4>"
        table = self.outlets.to_html(index=False, float_format="{:,.2f}".format, na_rep="-")
        return title + str(table)


def backcast(
    network: Network | None = None,
    *,
    year: int = BASE_YEAR,
    commodity: str = "crude",
    observed: str | Path | Mapping[int, Iterable[Observation]] | None = None,
    parameters: Parameters | None = None,
) -> Backcast:
    """Compare the likely split of a year with what was observed.

    Inputs are those of the year; its capacities are cut by the dated outages of events.csv.

    Parameters
    ----------
    network : the tables; the shipped data set by default.
    year : a year with supplies and markets in the data set.
    commodity : a commodity, or a group (its members together).
    observed : observations from outside, a CSV file or what `read_observed_file` returns; where
        they say something of the year they stand instead of those in the data set (but for its
        totals, unless they have their own).
    parameters : of the likely split; those shipped by default.

    Raises
    ------
    UsageError, UnknownNameError
        For a year without inputs, or a commodity that is not sold in it.
    DataError
        For a file of observations that breaks a rule.
    """
    network = load_network() if network is None else network
    if isinstance(observed, str | Path):
        observed = read_observed_file(observed, network)
    base = select_case(network, year)
    if not family_of(base, commodity):
        known = [*base.commodities.index, *base.commodities["parent_id"]]
        raise UnknownNameError("commodity", commodity, known)
    if parameters is None:
        parameters = load_parameters()
        base = note_mismatch(parameters, base)
    outages = list_outages(base)
    return _Comparison(cut_capacities(base, outages), commodity, parameters).tell(
        _merge(network, year, observed), outages
    )


def _merge(
    network: Network, year: int, outside: Mapping[int, Iterable[Observation]] | None
) -> dict[int, list[Observation]]:
    """Observations of the year and of 2023; those from outside replace the data set's own.

    A total of the data set stays, unless there is one from outside.
    """
    merged = {y: list_observations(network, y) for y in {year, BASE_YEAR}}
    for y, rows in (outside or {}).items():
        fresh = list(rows)
        names = {o.commodity for o in fresh}
        told = {(o.commodity, o.measure) for o in fresh}
        own = [
            o
            for o in merged.get(y, [])
            if o.commodity not in names
            or (o.measure == TOTAL and (o.commodity, o.measure) not in told)
        ]
        merged[y] = own + fresh
    return merged


class _Comparison:
    """One year's flows by way out under each method."""

    def __init__(self, case: Case, commodity: str, parameters: Parameters) -> None:
        self.case, self.commodity = case, commodity
        solver = solver_for(case)
        problem: Problem = build_problem(case, solver.structure)
        optimum: Solution = solver.solve(problem)
        check_solution(optimum)
        routes = choose_routes(case, problem, optimum)
        likely = solve_split(case, problem, optimum, routes, parameters)
        check_solution(likely)
        self.model = LikelyModel(case, problem, likely.routes, parameters)
        self.flows = {
            "model": likely.split.flow,
            "optimal": self._place(optimum),
            "cheapest": self._send_best(optimum),
        }
        self.names = outlets_of(case, family_of(case, commodity)[0])

    def _place(self, optimum: Solution) -> Any:
        """The optimum's flows on the routes of the set."""
        routes = self.model.routes
        place = {
            (int(i), int(j), a.tobytes()): number
            for number, (i, j, a) in enumerate(
                zip(routes.source, routes.sink, routes.arcs, strict=True)
            )
        }
        flow = np.zeros(len(routes))
        for i, j, arcs, kt in zip(
            optimum.source, optimum.sink, optimum.arcs, optimum.flow, strict=True
        ):
            flow[place[int(i), int(j), arcs.tobytes()]] += kt
        return flow

    def _send_best(self, optimum: Solution) -> Any:
        """What each supply exports in the optimum, all by the route that pays it best."""
        model = self.model
        s = model.problem.structure
        abroad = np.array([layer.use == "export" for layer in s.layers])[s.source_layer]
        mine = abroad[optimum.source]
        sent = np.bincount(
            s.source_supply[optimum.source[mine]], optimum.flow[mine],
            minlength=len(model.problem.supply),
        )  # fmt: skip
        flow = np.zeros(len(model.routes))
        exports = np.flatnonzero(model.outlets != "")
        order = exports[np.argsort(-model.worth[exports], kind="stable")]
        _, first = np.unique(model.supply[order], return_index=True)
        best = order[first]
        flow[best] = sent[model.supply[best]]
        return flow

    def _count(self, method: str, measures: Iterable[str]) -> list[float]:
        """Mt that a method has by each measure."""
        flow, model = self.flows[method], self.model
        return [float(flow[model.count(self.commodity, m)].sum()) / KT for m in measures]

    def tell(
        self, observations: Mapping[int, list[Observation]], outages: tuple[Outage, ...]
    ) -> Backcast:
        """The tables, scores and notes."""
        case, year = self.case, self.case.year
        mine = {
            y: [o for o in rows if o.commodity == self.commodity]
            for y, rows in observations.items()
        }
        seen, total = self._observe(mine.get(year, []))
        base, base_total = self._observe(mine.get(BASE_YEAR, []))
        table = pd.DataFrame({"outlet": list(self.names)})
        ways = [f"outlet:{name}" for name in self.names]
        for method in ("model", "optimal"):
            table[f"{method}_mt"] = self._count(method, ways)
        table["observed_mt"] = seen
        known = base.notna().sum() > 1
        whole = base.sum() if base_total is None else base_total
        shares = base.fillna(0.0 if base_total is None else np.nan) / whole
        table["shares_mt"] = shares * table["model_mt"].sum() if known else np.nan
        table["cheapest_mt"] = self._count("cheapest", ways)
        table["error_mt"] = table["model_mt"] - table["observed_mt"]
        table["error_points"] = _points(table, "model", total)
        countries = self._compare_countries(mine.get(year, []))
        return Backcast(
            year, self.commodity, table, countries, _score(table, total), outages,
            (*case.notes, *self._note(table, countries, total)),
        )  # fmt: skip

    def _observe(self, rows: list[Observation]) -> tuple[pd.Series, float | None]:
        """Observed Mt by way out; total exports where these do not make up an observed total."""
        found = observe_outlets(self.case, self.commodity, rows)
        seen = pd.Series([found[n].mt if n in found else np.nan for n in self.names], dtype=float)
        totals = [o for o in rows if o.measure == TOTAL and o.low > seen.sum()]
        return seen, totals[0].mt if totals else None

    def _compare_countries(self, rows: list[Observation]) -> pd.DataFrame:
        some = [o for o in rows if o.measure.startswith("country:")]
        measures = [o.measure for o in some]
        table = pd.DataFrame({"country": [m.partition(":")[2] for m in measures]})
        for method in ("model", "optimal"):
            table[f"{method}_mt"] = self._count(method, measures)
        table["observed_mt"] = [o.mt for o in some]
        table["cheapest_mt"] = self._count("cheapest", measures)
        return table.assign(error_mt=table["model_mt"] - table["observed_mt"])

    def _note(
        self, table: pd.DataFrame, countries: pd.DataFrame, total: float | None
    ) -> Iterable[str]:
        """What is not fitted and not observed, and what error points are shares of."""
        goods = {*family_of(self.case, self.commodity)}
        if not goods & {IDENTIFIED_BY, *(c.commodity for c in self.model.parameters.constants)}:
            yield f"{self.commodity} is not fitted: its likely split takes the spread of crude"
        of, count = f"{self.case.year}", int(table["observed_mt"].notna().sum())
        if not count:
            only = ", only by country" if len(countries) else ""
            yield f"{of}: no observation of {self.commodity} by way out{only}; bring one in a file"
        elif total is not None:
            yield f"{of}: error points are of total exports, {total:g} Mt observed"
        elif count == 1:
            yield f"{of}: one way out is observed and no total: there are no error points"
        elif table["error_points"].notna().any() and count < len(table):
            yield f"{of}: error points are of the {count} observed ways out together"


def _points(table: pd.DataFrame, method: str, total: float | None) -> Any:
    """Share of a method less the observed share, percentage points.

    Shares are of total exports when those observed are given, else of the observed ways out
    together: of a single one there is none.
    """
    mt, seen = table[f"{method}_mt"], table["observed_mt"]
    compared = seen.notna()
    if total is not None:  # the rule of shares exports what the model does
        made = table["model_mt" if method == "shares" else f"{method}_mt"].sum()
    else:
        made, total = mt[compared].sum(), seen.sum()
        compared &= compared.sum() > 1
    if made <= 0 or total <= 0:
        return np.full(len(table), np.nan)
    return (100 * (mt / made - seen / total)).where(compared).to_numpy()


def _score(table: pd.DataFrame, total: float | None) -> pd.DataFrame:
    compared = table["observed_mt"].notna().to_numpy()
    rows = []
    for method in METHODS:
        mt = table.loc[compared, f"{method}_mt"].to_numpy(dtype=float)
        seen = table.loc[compared, "observed_mt"].to_numpy(dtype=float)
        points = np.abs(_points(table, method, total)[compared])
        usable = bool(len(mt)) and bool(np.isfinite(mt).all()) and max(mt.sum(), seen.sum()) > 0
        rows.append({
            "method": method,
            "placed_right": float(np.minimum(mt, seen).sum() / max(mt.sum(), seen.sum()))
            if usable else np.nan,
            "mean_error_mt": float(np.abs(mt - seen).mean()) if usable else np.nan,
            "mean_error_points": float(points.mean()) if usable else np.nan,
            "worst_error_points": float(points.max()) if usable else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows)
