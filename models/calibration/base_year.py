"""The base year as a fit sees it: case, routes, observations, and the flows of given parameters.

Constants are duals: asking that the flow by a way out be the observed one adds a row to the dual of
the logit, and the row's dual is the constant. A ridge lets it off: a constant of `PRIOR` USD/t
leaves one standard deviation of the observation unexplained. So a fit is one convex programme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.calibration.observed import (
    BASE_YEAR,
    Observation,
    list_observations,
    observe_outlets,
)
from models.calibration.outages import cut_capacities, list_outages
from models.choice.likely import LikelyModel, choose_routes
from models.choice.logit import Floats, Logit, Split, response, split_supplies
from models.choice.parameters import CONFESSION, LIMIT, Constant, Parameters, Sensitivity
from models.choice.route_set import RouteSet
from models.demand import Case, select_case
from models.flow.arrays import KT, Problem
from models.flow.programme import build_problem, stream_terms
from models.flow.solve import solver_for
from models.flow.solver import Solution
from routes.network import Network

PRIOR = 20.0  # USD/t: standard deviation that constants are expected to have
FLOOR = 0.03  # of an observation: least standard deviation, for what the model leaves out
GUMBEL = math.pi / math.sqrt(6.0)  # theta = GUMBEL / standard deviation of perceived cost
LEAST_COST = 5.0  # USD/t: costs below this are not known better than this
IDENTIFIED_BY = "crude"


@dataclass(frozen=True, slots=True)
class Target:
    """A flow that a constant can be asked to meet, Mt, with its standard deviation."""

    commodity: str
    measure: str
    mt: float
    sd: float


@dataclass(frozen=True)
class Fit:
    """Flows under given sensitivities with constants that meet some targets."""

    model: LikelyModel
    logit: Logit
    split: Split
    constants: Floats

    def mt(self, commodity: str, measure: str) -> float:
        """Exports of a commodity by a way out, Mt."""
        return float(self.split.flow[self.model.count(commodity, measure)].sum()) / KT

    def delay(self, commodity: str, measure: str) -> float:
        """Mean queue delay on a way out, USD/t: what full capacities already take from it."""
        model, split = self.model, self.split
        n_caps = len(model.parts[0]) + len(model.parts[1])
        delay = np.asarray(model.rows[:n_caps].T @ split.dual[:n_caps])
        mask = model.count(commodity, measure)
        kt = float(split.flow[mask].sum())
        return float(delay[mask] @ split.flow[mask]) / kt if kt > 0 else 0.0


class BaseYear:
    """Case, optimum, route set and observations of the base year.

    `targets` are the observed ways out by commodity, which constants may be given to; `costs` the
    mean generalised cost of each commodity's optimal exports, USD/t.
    """

    def __init__(self, network: Network) -> None:
        case = select_case(network, BASE_YEAR)
        self.case: Case = cut_capacities(case, list_outages(case))
        self.observations = list_observations(network, BASE_YEAR)
        solver = solver_for(self.case)
        self.problem: Problem = build_problem(self.case, solver.structure)
        self.optimum: Solution = solver.solve(self.problem)
        self.routes: RouteSet = choose_routes(self.case, self.problem, self.optimum)
        self.start: Floats | None = None
        self.costs = self._mean_costs()
        self.stands_for: dict[tuple[str, str], str] = {}
        self.targets = self._list_targets()

    def _mean_costs(self) -> dict[str, float]:
        p, o = self.problem, self.optimum
        s = p.structure
        cost = p.arc_cost + sum(stream_terms(self.case, s))
        names = self.case.supplies["commodity_id"].to_numpy(dtype=object)
        abroad = np.array([layer.use == "export" for layer in s.layers])[s.source_layer]
        paid = np.array([cost[arcs].sum() for arcs in o.arcs])
        goods = names[s.source_supply[o.source]]
        every = np.asarray(self.routes.incidence.T @ cost)
        offered = names[s.source_supply[self.routes.source]]
        costs = {}
        for name in self.case.commodities.index:
            mine = (goods == name) & abroad[o.source]
            kt = float(o.flow[mine].sum())
            if kt > 0:
                costs[str(name)] = float(paid[mine] @ o.flow[mine]) / kt
            elif (offered == name).any():
                costs[str(name)] = float(np.median(every[offered == name]))
        return {name: max(cost, LEAST_COST) for name, cost in costs.items()}

    def _list_targets(self) -> dict[str, list[Target]]:
        targets: dict[str, list[Target]] = {}
        goods = self.case.commodities
        for name in sorted({o.commodity for o in self.observations}):
            rows = []
            if name in goods.index and goods["commodity_class"][name] == "crude":
                for way, o in observe_outlets(self.case, name, self.observations).items():
                    rows.append(Target(name, f"outlet:{way}", o.mt, deviation(o)))
                    self.stands_for[name, o.measure] = f"outlet:{way}"
            else:
                rows += [
                    Target(name, o.measure, o.mt, deviation(o))
                    for o in self.observations
                    if o.commodity == name and o.measure.startswith(("corridor:", "country:"))
                ]
            if rows:
                targets[name] = rows
        return targets

    def sensitivities(self, theta: float) -> tuple[Sensitivity, ...]:
        """Theta of every commodity when that of crude is given: the same spread over cost."""
        spread = GUMBEL / theta / self.costs[IDENTIFIED_BY]
        rows = []
        for name, cost in sorted(self.costs.items()):
            own = theta if name == IDENTIFIED_BY else float(f"{GUMBEL / (spread * cost):.3g}")
            basis = f"{spread:.1%} of a mean cost of {cost:.0f} USD/t, the spread found for crude"
            rows.append(Sensitivity(name, own, basis=basis))
        return tuple(rows)

    def fit(
        self,
        sensitivities: Sequence[Sensitivity],
        free: Sequence[Target],
        *,
        fixed: Sequence[Constant] = (),
        warm: bool = True,
    ) -> Fit:
        """The flows with constants that meet the targets in `free` as far as the ridge lets them.

        `fixed` constants stand as they are; without `warm` nothing of earlier fits is used.
        """
        parameters = Parameters(theta=tuple(sensitivities), constants=tuple(fixed))
        model = LikelyModel(self.case, self.problem, self.routes, parameters)
        logit = model.logit()
        wide = _ask(logit, [model.count(t.commodity, t.measure) for t in free], free)
        n_rows = len(logit.bound)
        start = self.start if warm and self.start is not None else model.start(self.optimum)
        split = split_supplies(wide, start=np.concatenate([start, np.zeros(len(free))]))
        self.start = split.dual[:n_rows]
        return Fit(model, wide, split, split.dual[n_rows:])

    def flow_of(self, fit: Fit, o: Observation) -> float | None:
        """Mt of what was observed in the model; None when the model has no such thing."""
        commodity, measure = o.commodity, self.stands_for.get((o.commodity, o.measure), o.measure)
        kind, _, name = measure.partition(":")
        s, model, flow = self.problem.structure, fit.model, fit.split.flow
        if kind in ("link", "outlet") and name in self.case.links.index:
            arcs = np.flatnonzero(s.link_ids[s.arc_link] == name)
            uses = np.asarray(model.incidence[arcs].sum(axis=0)).ravel()
            mine = model.count_all(commodity)
            return float(uses[mine] @ flow[mine]) / KT
        if kind == "shared" and name in self.case.capacities.index:
            row = int(np.flatnonzero(self.problem.row_names == name)[0])
            used = (self.problem.weights[[row]] @ model.incidence @ flow) / self.problem.scale[row]
            return float(used[0]) if self.case.capacities["unit"][name] == "Mt/yr" else None
        if kind in ("outlet", "corridor", "country") or measure == "total:export":
            return fit.mt(commodity, measure)
        return None

    def whole(self, fit: Fit, commodity: str) -> tuple[float, float]:
        """Total exports that shares are taken of: the model's and those observed, Mt."""
        seen = [
            o.mt
            for o in self.observations
            if o.commodity == commodity and o.measure == "total:export"
        ]
        seen.append(sum(t.mt for t in self.targets[commodity]))
        return max(fit.mt(commodity, "total:export"), 1e-9), max(seen)


def deviation(o: Observation) -> float:
    """Standard deviation of an observation, Mt: its range is taken as four of them."""
    return max((o.high - o.low) / 4, FLOOR * o.mt, 1e-6)


def _ask(logit: Logit, masks: Sequence[Any], targets: Sequence[Target]) -> Logit:
    """The programme with a row for each target, whose dual is the target's constant."""
    if not targets:
        return logit
    own = -sparse.csr_array(np.array(masks, dtype=float))
    limit = np.full(len(targets), LIMIT)
    return replace(
        logit,
        rows=sparse.csr_array(sparse.vstack([logit.rows, own], format="csr")),
        bound=np.concatenate([logit.bound, [-t.mt * KT for t in targets]]),
        low=np.concatenate([logit.low, -limit]),
        high=np.concatenate([logit.high, limit]),
        ridge=np.concatenate([logit.ridge, [t.sd * KT / PRIOR for t in targets]]),
    )


def standard_errors(fit: Fit, targets: Sequence[Target]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Standard error of each constant, USD/t, and whether the data identify it.

    By the delta method: the observations' errors through the response of flows to constants.
    A constant is not identified when 20 USD/t would move its flow by less than the observation's
    standard deviation: then a full capacity holds the flow.
    """
    n = len(targets)
    if not n:
        return np.zeros(0), np.zeros(0, dtype=bool)
    rows = np.arange(len(fit.logit.bound) - n, len(fit.logit.bound))
    answer = response(fit.logit, fit.split, rows)
    sd = np.array([t.sd for t in targets]) * KT
    inverse = np.linalg.inv(answer + np.diag(sd / PRIOR))
    errors = np.sqrt(np.diag(inverse @ np.diag(sd**2) @ inverse.T))
    return errors, np.asarray(np.diag(answer) * CONFESSION >= sd)
