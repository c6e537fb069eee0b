"""What routes take of capacities: kept beside the pool, so that no route is looked up twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.flow.arrays import Bools, Floats, Ints, Problem
from models.flow.matrices import bin_sums, gather_columns, spread_runs
from models.flow.pool import RoutePool


class RouteLoads:
    """What a kt of each route of a pool takes of each capacity row, under one problem's weights.

    signed : rows of which some arc or sink takes less than nothing.
    """

    def __init__(self, pool: RoutePool) -> None:
        self.pool = pool
        self.by_arc = self.by_sink = sparse.csc_array((0, 0))
        self.signed: Bools = np.zeros(0, dtype=bool)
        self.size = 0
        # the entries of route i are those from _starts[i] to _starts[i + 1]; there is room for more
        self._starts: Ints = np.zeros(1, dtype=np.int64)
        self._rows: Ints = np.zeros(0, dtype=np.int32)
        self._data: Floats = np.zeros(0)

    @property
    def matrix(self) -> sparse.csc_array:
        """The loads (rows x routes); entries of one place are not added up."""
        end = self._starts[self.size]
        starts = self._starts[: self.size + 1]
        return _join(self._data[:end], self._rows[:end], starts, self.by_arc.shape[0])

    def set_weights(self, problem: Problem) -> None:
        """Find the loads of all routes anew."""
        self.by_arc = sparse.csc_array(problem.weights)
        self.by_sink = sparse.csc_array(problem.sink_weights)
        self.signed = np.zeros(self.by_arc.shape[0], dtype=bool)
        for weights in (self.by_arc, self.by_sink):
            self.signed[weights.indices[weights.data < 0]] = True
        self.size = 0
        self.add(0)

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
        new = self._find(start)
        begin = int(self._starts[start])
        end = begin + new.nnz
        self._rows = _make_room(self._rows, end)
        self._data = _make_room(self._data, end)
        self._starts = _make_room(self._starts, len(self.pool) + 1)
        self._rows[begin:end], self._data[begin:end] = new.indices, new.data
        self.size = len(self.pool)
        self._starts[start : self.size + 1] = begin + new.indptr
        return new

    def cut(self, n_routes: int) -> None:
        """Forget all but the first routes."""
        self.size = min(n_routes, self.size)

    def find_row(self, row: int) -> Floats:
        """What every route takes of one capacity."""
        starts = self._starts[: self.size + 1]
        mine = np.flatnonzero(self._rows[: starts[-1]] == row)
        route = np.searchsorted(starts, mine, side="right") - 1
        return bin_sums(route, self._data[mine], len(self.pool))

    def add_up(self, flows: Floats) -> Floats:
        """Use of every capacity row by flows on all routes."""
        used = np.flatnonzero(flows)  # a few of many
        begin = self._starts[used]
        count = self._starts[used + 1] - begin
        entry = spread_runs(begin, count)
        values = self._data[entry] * np.repeat(flows[used], count)
        return bin_sums(self._rows[entry], values, self.by_arc.shape[0])


def _make_room(values: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The values with room for `size` at least; the same array where there is enough."""
    if size <= len(values):
        return values
    return np.concatenate([values, np.zeros(max(size, 2 * len(values)), dtype=values.dtype)])


def _join(data: Floats, rows: Ints, starts: Ints, n_rows: int) -> sparse.csc_array:
    return sparse.csc_array((data, rows, starts), (n_rows, len(starts) - 1))
