"""Column generation: routes are columns, the master stays warm in HiGHS, Dijkstra prices routes.

A solver keeps a pool of routes. After `freeze`, each solve starts from the frozen pool and basis
and drops what it added, so that results do not depend on what was solved before.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.flow.pricing import Pricer, net_values, open_weights
from models.flow.programme import Floats, Ints, Problem, Structure, structure_keys
from routes.errors import InternalError

__all__ = ["FlowSolver", "Solution", "structure_keys"]

_TOLERANCE = 1e-9
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

    @property
    def gap(self) -> float:
        """Absolute gap between the proven bound and the objective, kUSD."""
        return max(0.0, self.bound - self.primal)


class _Pool:
    """Routes found so far: their occurrences and arcs, never twice the same."""

    def __init__(self) -> None:
        self.source: list[int] = []
        self.sink: list[int] = []
        self.arcs: list[Ints] = []
        self.known: dict[tuple[int, int, bytes], int] = {}

    def __len__(self) -> int:
        return len(self.source)

    def add(self, source: int, sink: int, arcs: Ints) -> bool:
        key = (source, sink, arcs.tobytes())
        if key in self.known:
            return False
        self.known[key] = len(self.source)
        self.source.append(source)
        self.sink.append(sink)
        self.arcs.append(arcs)
        return True

    def cut(self, size: int) -> None:
        """Forget all but the first `size` routes."""
        for position in range(size, len(self.source)):
            del self.known[
                (self.source[position], self.sink[position], self.arcs[position].tobytes())
            ]
        del self.source[size:], self.sink[size:], self.arcs[size:]

    def incidence(self, start: int, n_arcs: int) -> sparse.csc_array:
        """(arcs x routes) of the routes from `start` on; an arc used twice counts twice."""
        arcs = self.arcs[start:]
        indptr = np.concatenate([[0], np.cumsum([len(a) for a in arcs])]).astype(np.int64)
        indices = np.concatenate(arcs) if arcs else np.zeros(0, dtype=np.int64)
        data = np.ones(len(indices))
        return sparse.csc_array((data, indices, indptr), shape=(n_arcs, len(arcs)))


class FlowSolver:
    """Solves problems on one structure, keeping routes and basis between solves."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.pricer = Pricer(structure)
        self.pool = _Pool()
        self.active: list[int] = []  # capacity rows in the master, in order
        self.highs: highspy.Highs | None = None
        self.weights: sparse.csr_array | None = None
        self.frozen: tuple[int, list[int], highspy.HighsBasis] | None = None
        self.coefficients: npt.NDArray[np.float64] | None = None

    def freeze(self) -> None:
        """Make the routes, rows and basis of the last solve the start of every later one."""
        if self.highs is not None:
            self.frozen = (len(self.pool), list(self.active), self.highs.getBasis())

    def solve(self, problem: Problem) -> Solution:
        """The proven optimum of a problem on this solver's structure."""
        if problem.structure is not self.structure:
            msg = "the problem has another structure than its solver"
            raise InternalError(msg)
        self._restore()
        state = _Master(self, problem)
        return state.optimise()

    def _restore(self) -> None:
        if self.frozen is None:
            return
        size, active, _ = self.frozen
        self.pool.cut(size)
        self.active = list(active)


class _Master:
    """One solve: the restricted master problem and its loop."""

    def __init__(self, solver: FlowSolver, problem: Problem) -> None:
        self.solver, self.problem = solver, problem
        self.structure = solver.structure
        self.pool, self.pricer = solver.pool, solver.pricer
        self.n_supply, self.n_market = len(problem.supply), len(problem.price)
        self.n_extra = self.n_market + len(problem.growth_row)
        self.incidence = self.pool.incidence(0, len(self.structure.arc_link))
        self.potential = self.pricer.potentials(problem)
        self.closed_rows = np.flatnonzero(np.isinf(problem.capacity))
        self.highs = self._load()

    # building

    def _load(self) -> highspy.Highs:
        highs = highspy.Highs()
        for option, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 0),
            ("primal_feasibility_tolerance", _TOLERANCE),
            ("dual_feasibility_tolerance", _TOLERANCE),
            ("presolve", "off"), ("solver", "simplex"),
        ):  # fmt: skip
            highs.setOptionValue(option, value)
        p = self.problem
        lp = highspy.HighsLp()
        cost, upper = self._route_terms(0)
        extra_cost = np.concatenate([-p.shortfall, -p.growth_cost])
        extra_upper = np.concatenate([p.minimum, p.growth_max])
        n_routes = len(self.pool)
        lp.num_col_ = self.n_extra + n_routes
        lp.num_row_ = self.n_supply + self.n_market + len(self.solver.active)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = np.concatenate([extra_cost, cost])
        lp.col_lower_ = np.zeros(lp.num_col_)
        lp.col_upper_ = np.concatenate([extra_upper, upper])
        active = np.array(self.solver.active, dtype=np.int64)
        lp.row_lower_ = np.concatenate(
            [np.full(self.n_supply, -np.inf), np.where(p.minimum > 0, p.minimum, -np.inf),
             np.full(len(active), -np.inf)]
        )  # fmt: skip
        lp.row_upper_ = np.concatenate([p.supply, p.maximum, p.capacity[active]])
        matrix = self._columns(0, active)
        extra = self._extra_columns(active)
        full = sparse.csc_array(sparse.hstack([extra, matrix], format="csc"))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = full.indptr
        lp.a_matrix_.index_ = full.indices
        lp.a_matrix_.value_ = full.data
        self._check(highs.passModel(lp), "loading the model")
        frozen = self.solver.frozen
        if frozen is not None and frozen[0] == n_routes and frozen[1] == self.solver.active:
            highs.setBasis(frozen[2])
        return highs

    def _extra_columns(self, active: Ints) -> sparse.csc_array:
        """Shortfall and growth columns over supply, market and active capacity rows."""
        p = self.problem
        where = {row: i for i, row in enumerate(active)}
        rows = [self.n_supply + m for m in range(self.n_market)]
        cols = list(range(self.n_market))
        data = [1.0] * self.n_market
        for j, row in enumerate(p.growth_row):
            if row in where:
                rows.append(self.n_supply + self.n_market + where[row])
                cols.append(self.n_market + j)
                data.append(-1.0)
        shape = (self.n_supply + self.n_market + len(active), self.n_extra)
        return sparse.csc_array((data, (rows, cols)), shape=shape)

    def _route_terms(self, start: int) -> tuple[Floats, Floats]:
        """Objective (USD/t) and upper bound (0 when an arc is closed) of pool routes."""
        p, s = self.problem, self.structure
        source = np.array(self.pool.source[start:], dtype=np.int64)
        sink = np.array(self.pool.sink[start:], dtype=np.int64)
        arcs = self.incidence[:, start:] if start else self.incidence
        cost = p.price[s.sink_market[sink]] - p.lifting[s.source_supply[source]]
        cost = cost - arcs.T @ p.arc_cost
        shut = arcs.T @ (~p.arc_open).astype(float)
        return np.asarray(cost), np.where(shut > 0, 0.0, np.inf)

    def _columns(self, start: int, active: Ints) -> sparse.csc_array:
        """Coefficients of pool routes in supply, market and active capacity rows."""
        p, s = self.problem, self.structure
        source = s.source_supply[np.array(self.pool.source[start:], dtype=np.int64)]
        sink = np.array(self.pool.sink[start:], dtype=np.int64)
        n = len(source)
        ones, cols = np.ones(n), np.arange(n)
        arcs = self.incidence[:, start:] if start else self.incidence
        supply = sparse.csr_array((ones, (source, cols)), shape=(self.n_supply, n))
        market = sparse.csr_array((ones, (s.sink_market[sink], cols)), shape=(self.n_market, n))
        rows = p.weights[active] @ arcs
        if p.sink_weights.nnz:
            rows = rows + p.sink_weights[active][:, sink]
        stacked = sparse.vstack([supply, market, rows], format="csc")
        result = sparse.csc_array(stacked)
        result.sum_duplicates()
        result.sort_indices()
        return result

    # the loop

    def optimise(self) -> Solution:
        for rounds in range(1, _MAX_ROUNDS):
            self._run()
            usage = self._usage()
            if self._add_rows(usage):
                continue
            supply_dual, market_dual, row_dual = self._duals()
            weights = open_weights(self.problem, row_dual)
            value = net_values(self.problem, market_dual, row_dual)
            worth, before = self.pricer.tree(weights, value, self.potential)
            gain = self._gains(worth, supply_dual)
            if not self._add_routes(gain, before):
                self.solver.highs = self.highs
                return self._finish(supply_dual, market_dual, row_dual, gain, rounds)
        msg = f"no proof of the optimum after {_MAX_ROUNDS} rounds"
        raise InternalError(msg)

    def _gains(self, worth: Floats, supply_dual: Floats) -> Floats:
        """Reduced value of the best route of each source occurrence, USD/t."""
        s, p = self.structure, self.problem
        return np.asarray(
            worth[s.source_node] - p.lifting[s.source_supply] - supply_dual[s.source_supply]
        )

    def _run(self) -> None:
        self._check(self.highs.run(), "solving")
        status = self.highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            msg = f"HiGHS ended with '{self.highs.modelStatusToString(status)}'"
            raise InternalError(msg)
        solution = self.highs.getSolution()
        self.values = np.asarray(solution.col_value)
        self.row_duals = np.asarray(solution.row_dual)

    def _flows(self) -> Floats:
        return np.maximum(self.values[self.n_extra :], 0.0)

    def _usage(self) -> Floats:
        flows = self._flows()
        p = self.problem
        usage = p.weights @ (self.incidence @ flows)
        if p.sink_weights.nnz:
            sink = np.array(self.pool.sink, dtype=np.int64)
            usage = usage + p.sink_weights @ np.bincount(
                sink, flows, minlength=len(self.structure.sink_market)
            )
        grown = self.values[self.n_market : self.n_extra]
        if len(grown):
            np.subtract.at(usage, p.growth_row, grown)
        return np.asarray(usage)

    def _add_rows(self, usage: Floats) -> bool:
        """Bring capacity rows that the flows break into the master."""
        p = self.problem
        slack = 1e-9 * np.maximum(1.0, np.where(np.isfinite(p.capacity), p.capacity, 1.0))
        broken = usage > p.capacity + slack
        broken[self.solver.active] = False
        new = np.flatnonzero(broken)
        if not len(new):
            return False
        rows = p.weights[new] @ self.incidence
        if p.sink_weights.nnz:
            sink = np.array(self.pool.sink, dtype=np.int64)
            rows = rows + p.sink_weights[new][:, sink]
        growth = sparse.lil_array((len(new), self.n_extra))
        for j, row in enumerate(p.growth_row):
            hit = np.flatnonzero(new == row)
            if len(hit):
                growth[hit[0], self.n_market + j] = -1.0
        full = sparse.csr_array(sparse.hstack([growth.tocsr(), rows], format="csr"))
        full.sort_indices()
        self._check(
            self.highs.addRows(
                len(new), np.full(len(new), -np.inf), p.capacity[new], full.nnz,
                full.indptr[:-1].astype(np.int32), full.indices.astype(np.int32), full.data,
            ),
            "adding rows",
        )  # fmt: skip
        self.solver.active += [int(row) for row in new]
        return True

    def _duals(self) -> tuple[Floats, Floats, Floats]:
        """Duals of supplies (>= 0), markets (either sign) and all capacity rows (>= 0)."""
        duals, p = self.row_duals, self.problem
        supply = np.maximum(duals[: self.n_supply], 0.0)
        market = duals[self.n_supply : self.n_supply + self.n_market].copy()
        market = np.where((p.minimum <= 0) | (market > 0), np.maximum(market, 0.0), market)
        market = np.where(np.isinf(p.maximum), np.minimum(market, 0.0), market)
        row = np.zeros(len(p.capacity))
        row[self.solver.active] = np.maximum(duals[self.n_supply + self.n_market :], 0.0)
        return supply, market, row

    def _add_routes(self, gain: Floats, before: Ints) -> bool:
        s = self.structure
        start = len(self.pool)
        wanted = np.flatnonzero(gain > self._tolerance())
        for occurrence in wanted:
            arcs, sink = self.pricer.walk(before, int(s.source_node[occurrence]))
            self.pool.add(int(occurrence), sink, np.array(arcs, dtype=np.int64))
        n_new = len(self.pool) - start
        if n_new == 0:
            return False
        fresh = self.pool.incidence(start, len(s.arc_link))
        self.incidence = sparse.csc_array(sparse.hstack([self.incidence, fresh], format="csc"))
        cost, upper = self._route_terms(start)
        active = np.array(self.solver.active, dtype=np.int64)
        columns = self._columns(start, active)
        self._check(
            self.highs.addCols(
                n_new, cost, np.zeros(n_new), upper, columns.nnz,
                columns.indptr[:-1].astype(np.int32), columns.indices.astype(np.int32),
                columns.data,
            ),
            "adding routes",
        )  # fmt: skip
        return True

    def _tolerance(self) -> float:
        """Reduced value worth a route, USD/t: small against the gap that is promised."""
        return 1e-10 * max(1.0, float(np.abs(self.problem.price).max(initial=1.0)) * 1e-3)

    def _finish(
        self, supply_dual: Floats, market_dual: Floats, row_dual: Floats, gain: Floats, rounds: int
    ) -> Solution:
        p, s = self.problem, self.structure
        flows = self._flows()
        cost, upper = self._route_terms(0)
        flows = np.where(upper > 0, flows, 0.0)
        missed = self.values[: self.n_market]
        grown = self.values[self.n_market : self.n_extra]
        primal = float(cost @ flows - p.shortfall @ missed - p.growth_cost @ grown)
        used = np.flatnonzero(flows > 0)
        return Solution(
            problem=p,
            flow=flows[used],
            source=np.array(self.pool.source, dtype=np.int64)[used],
            sink=np.array(self.pool.sink, dtype=np.int64)[used],
            arcs=tuple(self.pool.arcs[i] for i in used),
            missed=missed,
            grown=grown,
            supply_dual=supply_dual,
            market_dual=market_dual,
            row_dual=row_dual,
            primal=primal,
            bound=self._bound(supply_dual, market_dual, row_dual, gain),
            rounds=rounds,
        )

    def _bound(
        self, supply_dual: Floats, market_dual: Floats, row_dual: Floats, gain: Floats
    ) -> float:
        """Upper bound of the whole programme from any duals of the right sign, kUSD.

        No route can earn more than its source's best reduced value, and no source ships more than
        its supply; shortfall and growth columns lie between 0 and their bounds.
        """
        p, s = self.problem, self.structure
        best = np.zeros(self.n_supply)
        np.maximum.at(best, s.source_supply, np.maximum(gain, 0.0))
        bounded = np.where(market_dual > 0, p.maximum, p.minimum)
        market = np.where(
            market_dual == 0, 0.0, market_dual * np.where(market_dual == 0, 0.0, bounded)
        )
        rows = row_dual > 0
        total = (supply_dual + best) @ p.supply + market.sum() + row_dual[rows] @ p.capacity[rows]
        missed = np.maximum(-p.shortfall - market_dual, 0.0) @ p.minimum
        growth = np.maximum(row_dual[p.growth_row] - p.growth_cost, 0.0) @ p.growth_max
        return float(total + missed + growth)

    @staticmethod
    def _check(status: highspy.HighsStatus, what: str) -> None:
        if status == highspy.HighsStatus.kError:
            msg = f"HiGHS failed while {what}"
            raise InternalError(msg)
