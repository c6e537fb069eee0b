"""What routes take of capacities: kept beside the pool, so that no route is looked up twice."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.flow.arrays import Bools, Floats, Ints, Problem
from models.flow.matrices import bin_sums, gather_columns
from models.flow.pool import RoutePool


class RouteLoads:
    """What a kt of each route of a pool takes of each capacity row, under one problem's weights.

    matrix : (rows x routes); entries of one place are not added up. signed : rows of which some arc
    or sink takes less than nothing.
    """

    def __init__(self, pool: RoutePool) -> None:
        self.pool = pool
        self.by_arc = self.by_sink = self.matrix = sparse.csc_array((0, 0))
        self.signed: Bools = np.zeros(0, dtype=bool)

    def set_weights(self, problem: Problem) -> None:
        """Find the loads of all routes anew."""
        self.by_arc = sparse.csc_array(problem.weights)
        self.by_sink = sparse.csc_array(problem.sink_weights)
        self.signed = np.zeros(self.by_arc.shape[0], dtype=bool)
        for weights in (self.by_arc, self.by_sink):
            self.signed[weights.indices[weights.data < 0]] = True
        self.matrix = self._find(0)

    def _find(self, start: int) -> sparse.csc_array:
        """Loads of the routes from `start` on."""
        pool = self.pool
        owner, row, value = gather_columns(self.by_arc, pool.arcs(start))
        routes = np.arange(len(pool) - start)
        owner = np.repeat(routes, pool.lengths(start))[owner]
        if self.by_sink.nnz:
            at_sink, more_rows, more = gather_columns(self.by_sink, pool.sink[start:])
            owner = np.concatenate([owner, at_sink])
            order = np.argsort(owner, kind="stable")
            owner = owner[order]
            row = np.concatenate([row, more_rows])[order]
            value = np.concatenate([value, more])[order]
        starts = np.searchsorted(owner, np.append(routes, len(routes)))
        return _join(value, row, starts, self.by_arc.shape[0])

    def add(self, start: int) -> sparse.csc_array:
        """Take in the pool's routes from `start` on; returns theirs."""
        old, new = self.matrix, self._find(start)
        self.matrix = _join(
            np.append(old.data, new.data),
            np.append(old.indices, new.indices),
            np.append(old.indptr, old.indptr[-1] + new.indptr[1:]),
            new.shape[0],
        )
        return new

    def cut(self, n_routes: int) -> None:
        """Forget all but the first routes."""
        if n_routes < self.matrix.shape[1]:
            starts = self.matrix.indptr[: n_routes + 1]
            end = starts[-1]
            data, rows = self.matrix.data[:end], self.matrix.indices[:end]
            self.matrix = _join(data, rows, starts, self.matrix.shape[0])

    def find_row(self, row: int) -> Floats:
        """What every route takes of one capacity."""
        mine = np.flatnonzero(self.matrix.indices == row)
        route = np.searchsorted(self.matrix.indptr, mine, side="right") - 1
        return bin_sums(route, self.matrix.data[mine], len(self.pool))

    def add_up(self, flows: Floats) -> Floats:
        """Use of every capacity row by flows on all routes."""
        return np.asarray(self.matrix @ flows)


def _join(data: Floats, rows: Ints, starts: Ints, n_rows: int) -> sparse.csc_array:
    return sparse.csc_array((data, rows, starts), (n_rows, len(starts) - 1))
