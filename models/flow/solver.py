"""Column generation: routes are columns, the master stays warm in HiGHS, Dijkstra prices routes.

A solver keeps a pool of routes. After `freeze`, each solve starts from the frozen pool and basis
and drops what it added, so that results do not depend on what was solved before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import starmap

import numpy as np

from models.flow.arrays import Floats, Ints, Problem, Structure
from models.flow.master import Mark, Master
from models.flow.pool import RoutePool
from models.flow.pricing import ChainPrices, Pricer, net_values
from models.flow.terms import Terms, find_terms
from routes.errors import InternalError

_MAX_ROUNDS = 2000


@dataclass(frozen=True)
class Solution:
    """Optimal route flows with their proof.

    flow : kt of each route with flow; source, sink : its occurrences; arcs : its arcs in order.
    Duals in USD/t: supply, market (positive: the maximum binds, negative: the obligation), row.
    primal, bound : kUSD, the objective and a proven upper bound of it.
    """

    problem: Problem
    flow: Floats
    source: Ints
    sink: Ints
    arcs: tuple[Ints, ...]
    missed: Floats
    grown: Floats
    supply_dual: Floats
    market_dual: Floats
    row_dual: Floats
    primal: float
    bound: float
    rounds: int

    @cached_property
    def lengths(self) -> Ints:
        """Number of arcs of each route."""
        return np.fromiter(map(len, self.arcs), np.int64, len(self.arcs))

    @cached_property
    def joined_arcs(self) -> tuple[Ints, Ints]:
        """The arcs of all routes one after another, and where each route starts among them."""
        if not self.arcs:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return np.concatenate(self.arcs), np.cumsum(self.lengths) - self.lengths

    @property
    def penalty(self) -> float:
        """Cost of missed obligations, kUSD."""
        return float(self.problem.shortfall @ self.missed)

    @property
    def gap(self) -> float:
        """How far the proven bound and the objective are apart, kUSD.

        Where rounding puts the bound below the objective, the proof is as weak as above it.
        """
        return abs(self.bound - self.primal)


@dataclass(frozen=True)
class Found:
    """Routes (source, sink, arcs) and capacity rows needed beyond the frozen state."""

    source: Ints
    sink: Ints
    arcs: tuple[Ints, ...]
    rows: Ints


class FlowSolver:
    """Solves problems on one structure, keeping routes, model and basis between solves."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.pricer = Pricer(structure)
        self.pool = RoutePool(structure)
        self.master = Master(structure, self.pool)
        self.frozen: Mark | None = None
        self._base: Problem | None = None
        self._sweeping = False

    def freeze(self) -> None:
        """Make the routes, rows and basis of the last solve the start of every later one."""
        if self.master.problem is not None:
            self._base, self.frozen = self.master.problem, self.master.mark()

    def enrich(self, problems: Iterable[Problem]) -> None:
        """Take the routes and rows that other problems need into the frozen state.

        Later solves of their like need fewer rounds. Flows of equal worth may come out otherwise
        than before, so enrich a solver of your own (`frozen_solver`) and always the same way.
        """
        self.adopt([self.scout(problems)])

    def scout(self, problems: Iterable[Problem]) -> Found:
        """What problems need beyond the frozen state, which stays as it is."""
        _, frozen = self._frozen_state()
        with self.sweep():
            for problem in problems:
                self.solve(problem)
            n, pool = frozen.n_routes, self.pool
            return Found(
                source=pool.source[n:].copy(),
                sink=pool.sink[n:].copy(),
                arcs=tuple(pool.paths[n:]),
                rows=self.master.active[frozen.n_rows :].copy(),
            )

    def adopt(self, found: Iterable[Found]) -> None:
        """Take what was found, in this order, into the frozen state."""
        base, _ = self._frozen_state()
        with self.sweep():
            self.master.set_problem(base)
            for part in found:
                start = len(self.pool)
                if self.pool.add(part.source, part.sink, part.arcs):
                    self.master.add_routes(start)
                rows = part.rows[part.rows < len(base.capacity)]
                rows = rows[~np.isin(rows, self.master.active)]
                if len(rows):
                    self.master.add_rows(rows)
            self.master.forget()
            self.solve(base)
            self.freeze()

    def _frozen_state(self) -> tuple[Problem, Mark]:
        if self._base is None or self.frozen is None:
            msg = "a solver is frozen before it is enriched"
            raise InternalError(msg)
        return self._base, self.frozen

    @contextmanager
    def sweep(self) -> Iterator[FlowSolver]:
        """Keep what each solve adds as the start of the next, until the end of the block.

        For many problems in a row of which only the optimal value is wanted: that is unique, while
        the flows may depend on what was solved before. Afterwards the frozen state holds again.
        """
        outer, self._sweeping = self._sweeping, True
        try:
            if not outer:
                self._restore()
            yield self
        finally:
            self._sweeping = outer

    def solve_all(self, problems: Sequence[Problem], arc_cost: Floats) -> Iterator[Solution]:
        """The proven optima of problems one by one, each from the frozen state.

        `arc_cost` (arcs x problems): their costs, which are added up over routes together.
        """
        if self._sweeping or self.frozen is None:  # the pool may change meanwhile
            yield from map(self.solve, problems)
            return
        self._restore()
        terms = find_terms(problems, self.pool, self.pool.sum_rows(arc_cost))
        known = zip(problems, self.pricer.price_chains(arc_cost), terms, strict=True)
        yield from starmap(self.solve, known)

    def solve(
        self,
        problem: Problem,
        prices: ChainPrices | None = None,
        terms: Terms | None = None,
    ) -> Solution:
        """The proven optimum of a problem on this solver's structure.

        `prices` (of chains with all arcs open) and `terms` (for the routes of the frozen pool) may
        be given where they are known.
        """
        if problem.structure is not self.structure:
            msg = "the problem has another structure than its solver"
            raise InternalError(msg)
        if not self._sweeping:
            self._restore()
        self.master.set_problem(problem, terms)
        prices = self.pricer.chain_prices(problem, prices)
        for rounds in range(1, _MAX_ROUNDS):
            self.master.run()
            if self._add_rows(problem):
                continue
            duals = self.master.duals()
            gain, before = self._price(problem, duals, prices)
            if not self._add_routes(problem, gain, before):
                return self._finish(problem, duals, gain, rounds)
        msg = f"no proof of the optimum after {_MAX_ROUNDS} rounds"
        raise InternalError(msg)

    def _restore(self) -> None:
        if self.frozen is not None:
            self.master.restore(self.frozen)

    def _add_rows(self, problem: Problem) -> bool:
        """Bring capacity rows that the flows break into the master."""
        capacity = problem.capacity
        broken = self.master.usage() > capacity + 1e-9 * np.maximum(1.0, capacity)
        broken[self.master.own_rows()[1]] = False
        new = np.flatnonzero(broken)
        if len(new):
            self.master.add_rows(new)
        return len(new) > 0

    def _price(
        self, problem: Problem, duals: tuple[Floats, Floats, Floats], prices: ChainPrices
    ) -> tuple[Floats, Ints]:
        """Reduced value of the best route of each source occurrence, USD/t, and the tree.

        May be -inf where nothing is gained.
        """
        supply, market, row = duals
        costs = self.pricer.add_duals(prices, problem, row)
        value = net_values(problem, market, row)
        least = (problem.lifting + supply)[self.structure.source_supply]
        worth, tree = self.pricer.tree(costs, value, prices.potential, least)
        return worth - least, tree

    def _add_routes(self, problem: Problem, gain: Floats, before: Ints) -> bool:
        """Bring the best routes of sources that gain by them into the master."""
        start = len(self.pool)
        wanted = np.flatnonzero(gain > _tolerance(problem))
        if len(wanted):
            arcs, sinks = self.pricer.walk(before, wanted)
            if self.pool.add(wanted, sinks, arcs):
                self.master.add_routes(start)
        return len(self.pool) > start

    def _finish(
        self, p: Problem, duals: tuple[Floats, Floats, Floats], gain: Floats, rounds: int
    ) -> Solution:
        cost, flows = self.master.route_costs(), self.master.flows
        missed, grown = self.master.missed, self.master.grown
        used = np.flatnonzero(flows > 0)
        return Solution(
            problem=p,
            flow=flows[used],
            source=self.pool.source[used],
            sink=self.pool.sink[used],
            arcs=tuple(self.pool.paths[i] for i in used.tolist()),
            missed=missed,
            grown=grown,
            supply_dual=duals[0],
            market_dual=duals[1],
            row_dual=duals[2],
            primal=float(cost @ flows - p.shortfall @ missed - p.growth_cost @ grown),
            bound=prove_bound(p, duals, gain),
            rounds=rounds,
        )


def _tolerance(problem: Problem) -> float:
    """Reduced value worth a route, USD/t: small against the gap that is promised."""
    return 1e-10 * max(1.0, float(np.abs(problem.price).max(initial=1.0)) * 1e-3)


def prove_bound(p: Problem, duals: tuple[Floats, Floats, Floats], gain: Floats) -> float:
    """Upper bound of the whole programme from any duals of the right sign, kUSD.

    No route can earn more than its source's best reduced value, and no source ships more than
    its supply; shortfall and growth columns lie between 0 and their bounds.
    """
    supply_dual, market_dual, row_dual = duals
    best = np.zeros(len(p.supply))
    np.maximum.at(best, p.structure.source_supply, np.maximum(gain, 0.0))
    priced = market_dual != 0
    bounded = np.where(market_dual > 0, p.maximum, p.minimum)[priced]
    rows = row_dual > 0
    total = (supply_dual + best) @ p.supply
    total += market_dual[priced] @ bounded + row_dual[rows] @ p.capacity[rows]
    missed = np.maximum(-p.shortfall - market_dual, 0.0) @ p.minimum
    growth = np.maximum(row_dual[p.growth_row] - p.growth_cost, 0.0) @ p.growth_max
    return float(total + missed + growth)
