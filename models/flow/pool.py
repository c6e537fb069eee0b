"""Routes found so far: their occurrences and arcs, never twice the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from models.flow.arrays import Bools, Floats, Ints, Structure
from models.flow.matrices import bin_sums


class RoutePool:
    """A growing list of routes that can be cut back, kept in flat arrays.

    Route i runs from source occurrence `source[i]` to sink occurrence `sink[i]` over the arcs
    `flat[starts[i]:starts[i + 1]]`.
    """

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.size = 0
        self._flat = np.zeros(1024, dtype=np.int64)
        self._starts = np.zeros(257, dtype=np.int64)
        self._ends = np.zeros((2, 256), dtype=np.int64)  # source and sink of each route
        self._known: set[bytes] = set()
        self.paths: list[Ints] = []  # arcs of each route, in order

    def __len__(self) -> int:
        return self.size

    @property
    def source(self) -> Ints:
        """Source occurrence of each route."""
        return self._ends[0, : self.size]

    @property
    def sink(self) -> Ints:
        """Sink occurrence of each route."""
        return self._ends[1, : self.size]

    def add(self, sources: Ints, sinks: Ints, arcs: Sequence[Ints]) -> int:
        """Append the routes that are new; returns how many were."""
        before = self.size
        for source, sink, path in zip(sources.tolist(), sinks.tolist(), arcs, strict=True):
            key = _key(source, sink, path)
            if key not in self._known:
                self._known.add(key)
                self._append(source, sink, path)
        return self.size - before

    def _append(self, source: int, sink: int, path: Ints) -> None:
        n, begin = self.size, int(self._starts[self.size])
        end = begin + len(path)
        while end > len(self._flat):
            self._flat = np.concatenate([self._flat, np.zeros_like(self._flat)])
        if n >= self._ends.shape[1]:
            self._ends = np.concatenate([self._ends, np.zeros_like(self._ends)], axis=1)
            self._starts = np.concatenate([self._starts, np.zeros(n, dtype=np.int64)])
        self._flat[begin:end] = path
        self._starts[n + 1] = end
        self._ends[:, n] = source, sink
        self.paths.append(path)
        self.size = n + 1

    def cut(self, size: int) -> None:
        """Forget all but the first `size` routes."""
        ends = self._ends[:, size : self.size].T.tolist()
        for (source, sink), path in zip(ends, self.paths[size:], strict=True):
            self._known.discard(_key(source, sink, path))
        del self.paths[size:]
        self.size = size

    def arcs(self, start: int = 0) -> Ints:
        """Arcs of the routes from `start` on, one after the other."""
        return self._flat[self._starts[start] : self._starts[self.size]]

    def lengths(self, start: int = 0) -> Ints:
        """Number of arcs of each route from `start` on."""
        return np.asarray(np.diff(self._starts[start : self.size + 1]))

    def _begins(self, start: int) -> Ints:
        return np.asarray(self._starts[start : self.size] - self._starts[start])

    def sums(self, values: Floats, start: int = 0) -> Floats:
        """Sum of an arc quantity over each route from `start` on."""
        if start == self.size:
            return np.zeros(0)
        owner = np.repeat(np.arange(self.size - start), self.lengths(start))
        return bin_sums(owner, values[self.arcs(start)], self.size - start)  # as `sum_rows` does

    def sum_rows(self, values: Floats) -> Floats:
        """Sums of several arc quantities over all routes, a row each: `values` (arcs x them)."""
        ends = self._starts[: self.size + 1]
        arcs = self._flat[: ends[-1]]
        ones = np.ones(len(arcs))
        matrix = sparse.csr_array((ones, arcs, ends), (self.size, len(self.structure.arc_link)))
        return np.ascontiguousarray((matrix @ values).T)

    def all_true(self, flags: Bools, start: int = 0) -> Bools:
        """Whether an arc flag holds on every arc of each route from `start` on."""
        if start == self.size:
            return np.zeros(0, dtype=bool)
        return np.asarray(np.logical_and.reduceat(flags[self.arcs(start)], self._begins(start)))


def _key(source: int, sink: int, path: Ints) -> bytes:
    return b"%d %d " % (source, sink) + path.tobytes()
