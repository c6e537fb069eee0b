"""The restricted master programme: one HiGHS model that is changed in place and never rebuilt.

Columns are the shortfall of each market, then routes and growing capacities as they came. Rows are
supplies, markets, then those capacities that have ever been in the way. A new problem sends only
the costs, bounds and coefficients that differ from the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from models.flow.arrays import Bools, Floats, Ints, Problem, Structure
from models.flow.bounds import BELOW, find_floors
from models.flow.highs import change_rows, check_status, find_optimum, forget, make_highs
from models.flow.loads import RouteLoads
from models.flow.matrices import bin_sums, equal_matrices
from models.flow.pool import RoutePool
from models.flow.terms import WIDE, Terms, find_room, find_worth
from routes.errors import InternalError


@dataclass(frozen=True)
class Mark:
    """A state to come back to: how many routes, rows and growth columns, and the basis.

    `room`: kt, see models.flow.terms; wide enough to serve most problems that come back to it.
    """

    n_routes: int
    n_rows: int
    n_growth: int
    basis: highspy.HighsBasis
    room: Floats


class Master:
    """The programme over the routes of a pool.

    active : capacity rows in the model, in order. After `run`, `flows`, `missed`, `grown` and
    `row_duals` hold the optimum over the routes known so far.
    """

    def __init__(self, structure: Structure, pool: RoutePool) -> None:
        self.structure, self.pool = structure, pool
        self.active: Ints = np.zeros(0, dtype=np.int64)
        self.growth_row: list[int] = []  # capacity row of each growth column
        self.growth_col: list[int] = []
        self.route_col: Ints = np.zeros(0, dtype=np.int64)
        self.problem: Problem | None = None
        # what the model holds: objective and upper bound of columns, bounds of rows
        self.cost: Floats = np.zeros(0)
        self.upper: Floats = np.zeros(0)
        self.row_bounds: Floats = np.zeros((2, 0))
        self.is_open: Bools = np.zeros(0, dtype=bool)  # routes that cross no closed arc
        self.room: Floats = np.zeros(0)  # kt: bounds of open routes are never below
        self.loads = RouteLoads(pool)
        self.flows = self.missed = self.grown = self.row_duals = self.cost
        self.n_supply = self.n_market = 0
        self.highs = make_highs()

    # state

    def mark(self) -> Mark:
        """The state as it is now."""
        basis, room = self.highs.getBasis(), WIDE * find_room([self._now()], self.pool)[0]
        return Mark(len(self.pool), len(self.active), len(self.growth_row), basis, room)

    def restore(self, mark: Mark) -> None:
        """Delete what was added since `mark` and take its basis back."""
        first_col = self.n_market + mark.n_routes + mark.n_growth
        first_row = self.n_supply + self.n_market + mark.n_rows
        if self.highs.getNumCol() > first_col:
            extra = np.arange(first_col, self.highs.getNumCol(), dtype=np.int32)
            check_status(self.highs.deleteCols(len(extra), extra), "deleting routes")
        if self.highs.getNumRow() > first_row:
            extra = np.arange(first_row, self.highs.getNumRow(), dtype=np.int32)
            check_status(self.highs.deleteRows(len(extra), extra), "deleting rows")
        self.loads.cut(mark.n_routes)
        self.pool.cut(mark.n_routes)
        self.route_col = self.route_col[: mark.n_routes]
        self.is_open, self.room = self.is_open[: mark.n_routes], mark.room
        self.active = self.active[: mark.n_rows]
        del self.growth_row[mark.n_growth :], self.growth_col[mark.n_growth :]
        self.cost, self.upper = self.cost[:first_col], self.upper[:first_col]
        self.row_bounds = self.row_bounds[:, :first_row]
        self.forget()
        check_status(self.highs.setBasis(mark.basis), "restoring the basis")

    def forget(self) -> None:
        """Leave no trace of what was solved before."""
        forget(self.highs)

    # problems

    def set_problem(self, problem: Problem, terms: Terms | None = None) -> None:
        """Make the model that of `problem`, over the same routes and rows.

        `terms`: of the problem for all routes, where they are known.
        """
        last, self.problem = self.problem, problem
        if last is None:
            self._start(problem)
        else:
            self._send_coefficients(last)
        self._add_growth()
        self._send_columns(last, terms)
        self._send_rows()

    def _start(self, problem: Problem) -> None:
        """The empty model: shortfall columns, rows of supplies and markets."""
        self.n_supply, self.n_market = len(problem.supply), len(problem.price)
        n_rows = self.n_supply + self.n_market
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.n_market, n_rows
        lp.sense_ = highspy.ObjSense.kMaximize
        self.cost, self.upper = np.zeros(self.n_market), np.zeros(self.n_market)
        self.row_bounds = np.array([np.full(n_rows, -np.inf), np.full(n_rows, np.inf)])
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, self.cost, self.upper
        lp.row_lower_, lp.row_upper_ = self.row_bounds
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.arange(self.n_market + 1)
        lp.a_matrix_.index_ = self.n_supply + np.arange(self.n_market)
        lp.a_matrix_.value_ = np.ones(self.n_market)
        check_status(self.highs.passModel(lp), "loading the model")
        self.loads.set_weights(problem)

    def _send_coefficients(self, last: Problem) -> None:
        """Change the coefficients of rows in the model where the weights are others now."""
        problem = self._now()
        if equal_matrices(last.weights, problem.weights) and equal_matrices(
            last.sink_weights, problem.sink_weights
        ):
            return
        active = self.active.tolist()
        before = [self.loads.find_row(row) for row in active]
        self.loads.set_weights(problem)
        for position, row in enumerate(active):
            after = self.loads.find_row(row)
            where = self.n_supply + self.n_market + position
            for i in np.flatnonzero(before[position] != after):
                status = self.highs.changeCoeff(where, int(self.route_col[i]), float(after[i]))
                check_status(status, "changing a coefficient")

    def _add_growth(self) -> None:
        """Columns of capacities that may grow and have none yet."""
        new = [int(row) for row in self._now().growth_row if int(row) not in self.growth_row]
        if not new:
            return
        first = self.highs.getNumCol()
        place = {row: i for i, row in enumerate(self.active.tolist())}
        entries = [place.get(row, -1) for row in new]
        starts = np.cumsum([0] + [e >= 0 for e in entries[:-1]])
        rows = np.array([e for e in entries if e >= 0], dtype=np.int32)
        zeros = np.zeros(len(new))
        check_status(
            self.highs.addCols(
                len(new), zeros, zeros, zeros, len(rows), starts.astype(np.int32),
                (rows + self.n_supply + self.n_market).astype(np.int32), np.full(len(rows), -1.0),
            ),
            "adding growth",
        )  # fmt: skip
        self.growth_row += new
        self.growth_col += range(first, first + len(new))
        self.cost, self.upper = np.append(self.cost, zeros), np.append(self.upper, zeros)

    def _send_columns(self, last: Problem | None, terms: Terms | None) -> None:
        p = self._now()
        cost, upper = self.cost.copy(), self.upper.copy()
        cost[: self.n_market], upper[: self.n_market] = -p.shortfall, p.minimum
        if self.growth_col:
            cost[self.growth_col] = upper[self.growth_col] = 0.0
            where = self._growth_columns()
            cost[where], upper[where] = -p.growth_cost, p.growth_max
        names = ("arc_cost", "price", "lifting")
        if terms is not None:
            cost[self.route_col] = terms.worth
        elif last is None or any(getattr(last, n) is not getattr(p, n) for n in names):
            cost[self.route_col] = self._find_worth(0)
        if last is None or last.arc_open is not p.arc_open:
            self.is_open = self.pool.all_true(p.arc_open)
        upper[self.route_col] = self._route_bounds(0, terms)
        changed = np.flatnonzero(cost != self.cost).astype(np.int32)
        if len(changed):
            status = self.highs.changeColsCost(len(changed), changed, cost[changed])
            check_status(status, "changing costs")
        changed = np.flatnonzero(upper != self.upper).astype(np.int32)
        if len(changed):
            status = self.highs.changeColsBounds(
                len(changed), changed, np.zeros(len(changed)), upper[changed]
            )
            check_status(status, "changing bounds")
        self.cost, self.upper = cost, upper

    def _growth_columns(self) -> Ints:
        """Column of each growing capacity of the problem."""
        if not self.growth_row:
            return np.zeros(0, dtype=np.int64)
        at = dict(zip(self.growth_row, self.growth_col, strict=True))
        return np.array([at[row] for row in self._now().growth_row.tolist()], dtype=np.int64)

    def _send_rows(self) -> None:
        p = self._now()
        where, rows = self.own_rows()
        capacity = np.full(len(self.active), np.inf)  # rows of other problems bind nothing
        capacity[where] = p.capacity[rows]
        low = np.where(p.minimum > 0, p.minimum, BELOW)
        floors = find_floors(p, self.loads.signed, self.active)
        bounds = np.array([
            np.concatenate([np.full(self.n_supply, BELOW), low, floors]),
            np.concatenate([p.supply, p.maximum, capacity]),
        ])  # fmt: skip
        changed = np.flatnonzero((bounds != self.row_bounds).any(axis=0))
        if len(changed):
            change_rows(self.highs, changed.tolist(), bounds[:, changed])
        self.row_bounds = bounds

    def own_rows(self) -> tuple[Ints, Ints]:
        """Places in `active` that the problem has a capacity for, and which capacity."""
        where = np.flatnonzero(self.active < len(self._now().capacity))
        return where, self.active[where]

    def route_costs(self) -> Floats:
        """Objective of every route, USD/t."""
        return np.asarray(self.cost[self.route_col])

    def _find_worth(self, start: int) -> Floats:
        """Objective of the routes from `start` on, USD/t."""
        p, pool = self._now(), self.pool
        return np.asarray(find_worth([p], pool, pool.sums(p.arc_cost, start)[None], start)[0])

    def _route_bounds(self, start: int, terms: Terms | None = None) -> Floats:
        """Upper bound of routes: 0 when an arc is closed, else no less than can flow."""
        room = find_room([self._now()], self.pool, start)[0] if terms is None else terms.room
        return np.where(self.is_open[start:], np.maximum(room, self.room[start:]), 0.0)

    # growing the model

    def add_routes(self, start: int) -> None:
        """Columns of the pool's routes from `start` on."""
        fresh_open = self.pool.all_true(self._now().arc_open, start)
        self.is_open = np.append(self.is_open, fresh_open)
        self.room = np.append(self.room, np.zeros(len(fresh_open)))
        cost, upper = self._find_worth(start), self._route_bounds(start)
        n, first = len(cost), self.highs.getNumCol()
        starts, rows, values = self._column_entries(start, self.loads.add(start))
        check_status(
            self.highs.addCols(n, cost, np.zeros(n), upper, len(rows), starts, rows, values),
            "adding routes",
        )
        self.route_col = np.append(self.route_col, np.arange(first, first + n))
        self.cost, self.upper = np.append(self.cost, cost), np.append(self.upper, upper)

    def _column_entries(self, start: int, loads: sparse.csc_array) -> tuple[Ints, Ints, Floats]:
        """Starts, rows and values of the columns of routes from `start` on, from their loads."""
        s, pool = self.structure, self.pool
        base = self.n_supply + self.n_market
        height = base + len(self.active)
        columns = np.arange(len(pool) - start)
        place = np.full(loads.shape[0], -1, dtype=np.int64)
        where, rows = self.own_rows()
        place[rows] = base + where
        keep = place[loads.indices] >= 0
        ones = np.ones(len(columns))
        route = np.repeat(columns, np.diff(loads.indptr))
        column = np.concatenate([columns, columns, route[keep]])
        entry = np.concatenate([
            s.source_supply[pool.source[start:]],
            self.n_supply + s.sink_market[pool.sink[start:]],
            place[loads.indices[keep]],
        ])  # fmt: skip
        keys, which = np.unique(column * height + entry, return_inverse=True)
        total = bin_sums(which, np.concatenate([ones, ones, loads.data[keep]]), len(keys))
        starts = np.searchsorted(keys, columns * height)
        return starts.astype(np.int64), keys % height, total

    def add_rows(self, rows: Ints) -> None:
        """Capacity rows that were left out so far."""
        grows = dict(zip(self.growth_row, self.growth_col, strict=True))
        starts, columns, values = [0], [], []
        for row in rows.tolist():
            loads = self.loads.find_row(row)
            used = np.flatnonzero(loads)
            own = [grows[row]] if row in grows else []
            columns.append(np.append(self.route_col[used], own))
            values.append(np.append(loads[used], np.full(len(own), -1.0)))
            starts.append(starts[-1] + len(used) + len(own))
        limit = self._now().capacity[rows]
        low = find_floors(self._now(), self.loads.signed, rows)
        check_status(
            self.highs.addRows(
                len(rows), low, limit, starts[-1], np.array(starts[:-1], dtype=np.int32),
                np.concatenate(columns).astype(np.int32), np.concatenate(values),
            ),
            "adding rows",
        )  # fmt: skip
        self.active = np.append(self.active, rows)
        self.row_bounds = np.concatenate([self.row_bounds, [low, limit]], axis=1)

    # solving

    def run(self) -> None:
        """Solve the model. Raises InternalError when HiGHS finds no optimum."""
        values, self.row_duals = find_optimum(self.highs)
        self.flows = np.maximum(values[self.route_col], 0.0)
        if not self.is_open.all():
            self.flows[~self.is_open] = 0.0
        self.missed = values[: self.n_market]
        self.grown = values[self._growth_columns()]

    def usage(self) -> Floats:
        """Use of every capacity row by the flows of the last run, less what grew."""
        p = self._now()
        usage = self.loads.add_up(self.flows)
        np.subtract.at(usage, p.growth_row, self.grown)
        return usage

    def duals(self) -> tuple[Floats, Floats, Floats]:
        """Duals of supplies (>= 0), markets (either sign) and all capacity rows (>= 0), USD/t."""
        p, duals = self._now(), self.row_duals
        supply = np.maximum(duals[: self.n_supply], 0.0)
        market = duals[self.n_supply : self.n_supply + self.n_market]
        market = np.where((p.minimum <= 0) | (market > 0), np.maximum(market, 0.0), market)
        market = np.where(np.isinf(p.maximum), np.minimum(market, 0.0), market)
        row = np.zeros(len(p.capacity))
        where, rows = self.own_rows()
        row[rows] = np.maximum(duals[self.n_supply + self.n_market :], 0.0)[where]
        return supply, market, row

    def _now(self) -> Problem:
        if self.problem is None:
            msg = "the master has no problem yet"
            raise InternalError(msg)
        return self.problem
