"""`likely`: what will probably leave, a capacity-constrained logit on a set of routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from models.choice.logit import PROMISE, Floats, Logit, Split, make_logit, split_supplies
from models.choice.outlets import family_of, match_measure, name_outlets
from models.choice.parameters import Parameters, load_parameters, note_mismatch
from models.choice.route_set import (
    Found,
    RouteSet,
    add_routes,
    build_routes,
    find_diverse,
    join_routes,
    usable_arcs,
)
from models.demand import Case, select_case
from models.flow.arrays import KT, Bools, Ints, Problem
from models.flow.laws import arc_flow, row_usage
from models.flow.programme import build_problem
from models.flow.result import FlowResult, build_result
from models.flow.solve import base_solver, solver_for
from models.flow.solver import FlowSolver, Solution
from routes.errors import InternalError, UsageError
from routes.network import Network

TRACE = 1e-10  # of its supply: a flow below this is left out


@dataclass(frozen=True)
class LikelySolution(Solution):
    """Likely flows as a Solution, and what only they have.

    `primal` is Z at the likely flows and `bound` that of the optimum; `row_dual` are the queue
    delays pi, `market_dual` mu less nu. residual : greatest of stationarity, complementarity and
    relative duality gap; logsum : dual value, kUSD, and by commodity, which closing a link never
    raises and capacity never lowers; routes : the usable routes chosen from, with their `split`
    and its `model`; alternatives, smallest : number of alternatives of each supply, not shipping
    among them, and its smallest path size.
    """

    residual: float
    logsum: float
    logsum_by_commodity: dict[str, float]
    routes: RouteSet = field(repr=False)
    split: Split = field(repr=False)
    model: LikelyModel = field(repr=False)
    alternatives: Ints = field(repr=False)
    smallest: Floats = field(repr=False)


def solve_likely(
    case: Case,
    *,
    parameters: Parameters | None = None,
    solver: FlowSolver | None = None,
    routes: RouteSet | None = None,
) -> FlowResult:
    """What will probably leave, given habits, contracts and imperfect knowledge.

    Bell's capacity-constrained logit with not shipping as an alternative (model section 5): a full
    capacity costs a queue delay, an obligation pulls up to its shortfall price.

    Parameters
    ----------
    parameters : sensitivities and constants; those shipped by default.
    solver : for the optimum beside it; the base solver that fits the case by default.
    routes : a set to choose from, instead of the network's own.

    Raises
    ------
    InternalError
        When a law is broken, or the residual of the programme is above 1e-6.

    References
    ----------
    Bell, M. G. H. (1995), Stochastic user equilibrium assignment in networks with queues,
    Transportation Research B 29(2), 125-137.
    """
    if parameters is None:
        parameters = load_parameters()
        case = note_mismatch(parameters, case)
    solver = solver_for(case) if solver is None else solver
    problem = build_problem(case, solver.structure)
    optimum = solver.solve(problem)
    if routes is None:
        routes = choose_routes(case, problem, optimum)
    solution = solve_split(case, problem, optimum, routes, parameters)
    return replace(build_result(case, solution, "likely"), bound_musd=optimum.bound / KT)


def choose_routes(case: Case, problem: Problem, optimum: Solution) -> RouteSet:
    """The base set of the network and year, and the routes that this case needs beside it.

    Those are its optimal routes and, where it opens links, diverse ones over them. Routes over
    closed links and capacities of 0 stand in the set; `solve_split` leaves them out.
    """
    best = _list_found(optimum)
    base = _base_routes(case, problem)
    if base is None:
        return build_routes(case, problem, best)
    routes, usable = base
    opened = usable_arcs(problem) & ~usable
    if opened.any():
        found = find_diverse(case, problem)
        best = [*best, *(row for row in found if opened[row[2]].any())]
    return add_routes(routes, case, best)


def base_routes(network: Network, year: int) -> RouteSet:
    """The route set of a network and year, unchanged by any scenario."""
    return _build_base(network, year)[0]


def _base_routes(case: Case, problem: Problem) -> tuple[RouteSet, Bools] | None:
    """The base set that shares the problem's structure, and the arcs usable in its case."""
    try:
        routes, usable = _build_base(case.network, case.year)
    except UsageError:  # a case made by hand, on a network without tables
        return None
    return (routes, usable) if routes.structure is problem.structure else None


@lru_cache(maxsize=8)
def _build_base(network: Network, year: int) -> tuple[RouteSet, Bools]:
    case = select_case(network, year)
    solver = base_solver(network, year)
    problem = build_problem(case, solver.structure)
    optimum = solver.solve(problem)
    return build_routes(case, problem, _list_found(optimum)), usable_arcs(problem)


def _list_found(solution: Solution) -> list[Found]:
    rows = zip(solution.source, solution.sink, solution.arcs, strict=True)
    return [(int(i), int(j), arcs) for i, j, arcs in rows]


def solve_split(
    case: Case, problem: Problem, optimum: Solution, routes: RouteSet, parameters: Parameters
) -> LikelySolution:
    """The likely split of a problem on a route set, beside its optimum."""
    model = LikelyModel(case, problem, routes, parameters)
    split = split_supplies(model.logit(), start=model.start(optimum))
    return model.report(split, optimum)


def compare_logsums(before: FlowResult, after: FlowResult) -> dict[str, Any]:
    """Log-sums of likely flows before and after something closed, on the same routes, million USD.

    Keys as in models.indicators.Closed: what the laws of model section 4 hold for under `likely`.
    """
    first, last = before.solution, after.solution
    if not (isinstance(first, LikelySolution) and isinstance(last, LikelySolution)):
        raise InternalError("log-sums were asked of flows that are not likely ones")
    joined = join_routes(first.routes, last.routes)
    if len(joined) > len(first.routes):
        model = LikelyModel(before.case, first.problem, joined, first.model.parameters)
        first = model.report(split_supplies(model.logit(), start=model.start(first)), first)
    return {
        "surplus_musd": last.logsum / KT,
        "surplus_by_commodity": {k: v / KT for k, v in last.logsum_by_commodity.items()},
        "before_musd": first.logsum / KT,
        "before_by_commodity": {k: v / KT for k, v in first.logsum_by_commodity.items()},
    }


class LikelyModel:
    """The arrays of one likely split: usable routes, their utilities, and the rows they share.

    Dual variables are pi of each finite capacity (a second one above the cost of growth where it
    may grow), mu of each market's maximum, and nu of each obligation, at most its shortfall price.
    """

    def __init__(
        self, case: Case, problem: Problem, routes: RouteSet, parameters: Parameters
    ) -> None:
        self.case, self.problem, self.parameters = case, problem, parameters
        s = problem.structure
        self.whole = routes
        supplied = problem.supply[s.source_supply[routes.source]] > 0
        taken = problem.maximum[s.sink_market[routes.sink]] > 0
        shut = routes.incidence.T @ (~usable_arcs(problem)).astype(float) > 0
        self.routes = _drop_unrelieved(problem, routes.keep(supplied & taken & ~shut))
        self.supplies = np.flatnonzero(problem.supply > 0)
        self._set_routes()
        self._set_rows()

    def _set_routes(self) -> None:
        p, routes = self.problem, self.routes
        s = p.structure
        self.incidence = routes.incidence
        self.market = s.sink_market[routes.sink]
        self.supply = s.source_supply[routes.source]
        worth = p.price[self.market] - self.incidence.T @ p.arc_cost - p.lifting[self.supply]
        self.worth = np.asarray(worth, dtype=float)
        names = self.case.supplies["commodity_id"].to_numpy(dtype=object)
        self.commodity = names[self.supply]
        self.outlets = name_outlets(self.case, routes)
        self.constant = np.zeros(len(routes))
        for row in self.parameters.constants:
            mask = self.count(row.commodity, row.measure)
            self.constant[mask] += row.usd_per_t
        goods = names[self.supplies]
        self.theta = np.array([self.parameters.theta_of(k) for k in goods], dtype=float)
        self.stay = np.array(
            [self.parameters.stay_usd_per_t.get(k, 0.0) for k in goods], dtype=float
        )

    def count(self, commodity: str, measure: str) -> Bools:
        """The usable routes of a commodity or group that a measure like `outlet:cpc` counts."""
        mask = match_measure(measure, self.case, self.routes, self.outlets)
        family = family_of(self.case, commodity)
        return np.asarray(mask & np.isin(self.commodity.astype(str), family), dtype=bool)

    def count_all(self, commodity: str) -> Bools:
        """The usable routes of a commodity or group, to any market."""
        family = family_of(self.case, commodity)
        return np.asarray(np.isin(self.commodity.astype(str), family), dtype=bool)

    def _set_rows(self) -> None:
        """Capacity rows, their second part where they may grow, market maxima, obligations."""
        p, n = self.problem, len(self.routes)
        use = p.weights @ self.incidence
        if p.sink_weights.nnz:
            use = use + p.sink_weights[:, self.routes.sink]
        use = sparse.csr_array(use)
        into = sparse.csr_array((np.ones(n), (self.market, np.arange(n))), shape=(len(p.price), n))
        grows = p.growth_row[p.growth_max > 0]
        extra = p.growth_max[p.growth_max > 0]
        cost = np.full(len(p.capacity), np.inf)
        cost[grows] = p.growth_cost[p.growth_max > 0]
        caps = np.flatnonzero(np.isfinite(p.capacity))
        tops = np.flatnonzero(np.isfinite(p.maximum))
        needs = np.flatnonzero((p.minimum > 0) & (p.shortfall > 0))
        self.parts = (caps, grows, tops, needs)
        self.rows = sparse.csr_array(
            sparse.vstack([use[caps], use[grows], into[tops], -1.0 * into[needs]], format="csr")
        )
        self.rows.eliminate_zeros()
        self.bound = np.concatenate(
            [p.capacity[caps], p.capacity[grows] + extra, p.maximum[tops], -p.minimum[needs]]
        )
        rest = np.full(len(grows) + len(tops), np.inf)
        self.high = np.concatenate([cost[caps], rest, p.shortfall[needs]])

    def logit(self) -> Logit:
        """The programme as arrays; rows that cannot bind are held at 0."""
        number = np.full(len(self.problem.supply), -1, dtype=np.int64)
        number[self.supplies] = np.arange(len(self.supplies))
        amount = self.problem.supply[self.supplies]
        supply = number[self.supply]
        return make_logit(
            utility=self.worth + self.constant,
            supply=supply,
            amount=amount,
            theta=self.theta,
            size=self.routes.size,
            stay=self.stay,
            rows=self.rows,
            bound=self.bound,
            high=np.where(_can_bind(self.rows, self.bound, supply, amount), self.high, 0.0),
        )

    def start(self, optimum: Solution) -> Floats:
        """The duals of the optimum: close to the delays when theta is large."""
        caps, grows, tops, needs = self.parts
        market = optimum.market_dual
        return np.concatenate(
            [optimum.row_dual[caps], np.zeros(len(grows)), market[tops], -market[needs]]
        )

    def report(self, split: Split, optimum: Solution) -> LikelySolution:
        """The split as a solution, its residual checked."""
        p, caps_grows_tops_needs = self.problem, self.parts
        caps, grows, tops, needs = caps_grows_tops_needs
        pi, more, mu, nu = np.split(split.dual, np.cumsum([len(part) for part in self.parts[:-1]]))
        row_dual, market_dual = np.zeros(len(p.capacity)), np.zeros(len(p.price))
        np.add.at(row_dual, caps, pi)
        np.add.at(row_dual, grows, more)
        np.add.at(market_dual, tops, mu)
        np.add.at(market_dual, needs, -nu)
        supply_dual = np.zeros(len(p.supply))
        supply_dual[self.supplies] = split.logsum
        seen = np.flatnonzero(split.flow > TRACE * p.supply[self.supply])
        values = self.entropy_value(split)
        solution = LikelySolution(
            problem=p,
            flow=split.flow[seen],
            source=self.routes.source[seen],
            sink=self.routes.sink[seen],
            arcs=tuple(self.routes.arcs[i] for i in seen),
            missed=np.zeros(len(p.price)),
            grown=np.zeros(len(p.growth_row)),
            supply_dual=supply_dual,
            market_dual=market_dual,
            row_dual=row_dual,
            primal=0.0,
            bound=optimum.bound,
            rounds=split.steps,
            residual=split.residual,
            logsum=split.value,
            logsum_by_commodity=values,
            routes=self.routes,
            split=split,
            model=self,
            alternatives=1 + np.bincount(self.supply, minlength=len(p.supply)),
            smallest=_smallest(self.routes.size, self.supply, len(p.supply)),
        )
        return self._settle(solution, split)

    def _settle(self, solution: LikelySolution, split: Split) -> LikelySolution:
        """Missed obligations, growth and Z at the flows; the duality gap in the residual."""
        p = self.problem
        taken = np.bincount(
            p.structure.sink_market[solution.sink], solution.flow, minlength=len(p.price)
        )
        missed = np.clip(p.minimum - taken, 0.0, p.minimum)
        over = row_usage(solution, arc_flow(solution))[p.growth_row] - p.capacity[p.growth_row]
        grown = np.clip(over, 0.0, p.growth_max)
        worth = np.bincount(self.supply, self.worth * split.flow, minlength=len(p.supply)).sum()
        lost = float(p.shortfall @ missed + p.growth_cost @ grown)
        primal = sum(solution.logsum_by_commodity.values()) - lost
        scale = max(float(np.abs(self.worth) @ split.flow), 1.0)
        residual = max(split.residual, abs(split.value - primal) / scale)
        if not residual <= PROMISE:
            msg = (
                f"A law is broken: the likely flows meet their programme to 1e-6 ({residual:.1e})."
            )
            raise InternalError(msg)
        names = self.case.markets["commodity_id"]
        by_commodity = dict(solution.logsum_by_commodity)
        for name, price, kt in zip(names, p.shortfall, missed, strict=True):
            by_commodity[str(name)] = by_commodity.get(str(name), 0.0) - float(price * kt)
        return replace(
            solution,
            missed=missed,
            grown=grown,
            primal=float(worth) - lost,
            residual=residual,
            logsum_by_commodity=by_commodity,
        )

    def entropy_value(self, split: Split) -> dict[str, float]:
        """Utility and entropy of the flows by commodity, kUSD."""
        amount = self.problem.supply
        theta = np.zeros(len(amount))
        theta[self.supplies] = self.theta
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.log(split.flow / (amount[self.supply] * self.routes.size))
            spread = np.where(split.flow > 0, share / theta[self.supply], 0.0)
            kept = np.log(split.stay / amount[self.supplies]) / self.theta
        value = split.flow * (self.worth + self.constant - spread)
        rest = split.stay * np.where(split.stay > 0, self.stay - kept, 0.0)
        goods = self.case.supplies["commodity_id"].to_numpy(dtype=object)
        total = {str(name): 0.0 for name in self.case.commodities.index}
        for name in total:
            total[name] = float(
                value[self.commodity == name].sum() + rest[goods[self.supplies] == name].sum()
            )
        return total


def _smallest(size: Floats, supply: Ints, n_supplies: int) -> Floats:
    smallest = np.ones(n_supplies)
    np.minimum.at(smallest, supply, size)
    return smallest


def _can_bind(rows: sparse.csr_array, bound: Floats, supply: Ints, amount: Floats) -> Bools:
    """Rows that could be full if every supply took the routes that use them most."""
    positive = sparse.csc_array(rows)
    most = np.zeros((rows.shape[0], len(amount)))
    route = np.repeat(np.arange(rows.shape[1]), np.diff(positive.indptr))
    np.maximum.at(most, (positive.indices, supply[route]), positive.data)
    return np.asarray((most @ amount >= bound) | (bound <= 0), dtype=bool)


def _drop_unrelieved(problem: Problem, routes: RouteSet) -> RouteSet:
    """Leave out routes over a limit of 0 that no other route of the set relieves."""
    limits = np.flatnonzero((problem.capacity <= 0) & (np.diff(problem.sink_weights.indptr) > 0))
    for row in limits:
        use = problem.weights[[row]] @ routes.incidence
        use = np.asarray((use + problem.sink_weights[[row]][:, routes.sink]).todense()).ravel()
        if not (use < -1e-12).any():
            routes = routes.keep(use <= 1e-12)
    return routes


__all__: Sequence[str] = (
    "LikelyModel", "LikelySolution", "base_routes", "choose_routes", "compare_logsums",
    "solve_likely", "solve_split",
)  # fmt: skip
