"""The routes of several solutions one after another, in flat arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.flow.arrays import Floats, Ints
from models.flow.solver import Solution


class JoinedRoutes:
    """Routes of solutions on one structure, in order.

    Over routes: sample (which solution), flow (kt), source, sink, lengths (arcs of each), starts
    and ends (among the arcs). Over their arcs: arcs, at (which solution), arc_flow (kt).
    """

    def __init__(self, solutions: Sequence[Solution]) -> None:
        self.n = len(solutions)
        self.flow = np.concatenate([solution.flow for solution in solutions])
        self.source = np.concatenate([solution.source for solution in solutions])
        self.sink = np.concatenate([solution.sink for solution in solutions])
        self.sample = np.repeat(np.arange(self.n), [len(solution.flow) for solution in solutions])
        self.arcs = np.concatenate([solution.joined_arcs[0] for solution in solutions])
        self.lengths = np.concatenate([solution.lengths for solution in solutions])
        self.ends = np.cumsum(self.lengths)
        self.starts = self.ends - self.lengths
        self.at = np.repeat(self.sample, self.lengths)
        self.arc_flow = np.repeat(self.flow, self.lengths)

    def add_up(self, values: Floats) -> Floats:
        """Sum of a route quantity in each solution."""
        return np.asarray(np.bincount(self.sample, values, minlength=self.n), dtype=float)

    def group_routes(self, group: Ints, values: Floats, size: int) -> Floats:
        """Sum of a route quantity in each solution by group 0..size-1: (solutions x size)."""
        return self._group(self.sample, group, values, size)

    def sum_arcs(self, n_arcs: int) -> Floats:
        """Flow over each arc in each solution, kt: (solutions x arcs)."""
        return self._group(self.at, self.arcs, self.arc_flow, n_arcs)

    def _group(self, sample: Ints, group: Ints, values: Floats, size: int) -> Floats:
        total = np.bincount(sample * size + group, values, minlength=self.n * size)
        return np.asarray(total, dtype=float).reshape(self.n, size)
