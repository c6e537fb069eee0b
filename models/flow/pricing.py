"""Best routes under given prices: one shortest-path tree for every layer in a single call.

The graph is all layers side by side, turned round, hung from one super-node by arcs to every
market: the distance to a supply is then the least of cost less price over all its markets.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from models.flow.programme import Bools, Floats, Ints, Problem, Structure
from routes.errors import InternalError

_NONE = -9999  # scipy's mark for "no predecessor"


class Pricer:
    """Shortest-path trees on a structure, for changing arc weights and market values."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        n_nodes, n_arcs = structure.n_nodes, len(structure.arc_link)
        rows = np.concatenate([structure.arc_head, np.full(len(structure.sink_node), n_nodes)])
        cols = np.concatenate([structure.arc_tail, structure.sink_node])
        order = np.lexsort((cols, rows))
        same = (np.diff(rows[order]) == 0) & (np.diff(cols[order]) == 0)
        if same.any():
            msg = "two arcs join the same nodes in one layer: parallel links reached the solver"
            raise InternalError(msg)
        self.order = order
        self.n_arcs = n_arcs
        self.size = n_nodes + 1
        indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self.size))])
        self.indptr = indptr.astype(np.int32)
        self.indices = cols[order].astype(np.int32)
        self.rows, self.cols = rows, cols
        self.entry = np.sort(rows * self.size + cols)
        self.entry_arc = order  # arc (or n_arcs + sink) of each sorted entry

    def potentials(self, problem: Problem) -> Floats | None:
        """Node potentials that make every arc cost non-negative; None when they are already.

        Raises InternalError when some circle of arcs earns money (data would be wrong).
        """
        cost = np.where(problem.arc_open, problem.arc_cost, np.inf)
        if cost.size == 0 or cost.min(initial=0.0) >= 0:
            return None
        tail, head = self.structure.arc_tail, self.structure.arc_head
        open_arcs = np.isfinite(cost)
        tail, head, cost = tail[open_arcs], head[open_arcs], cost[open_arcs]
        order = np.argsort(tail, kind="stable")
        tail, head, cost = tail[order], head[order], cost[order]
        starts = np.flatnonzero(np.r_[True, np.diff(tail) != 0])
        nodes = tail[starts]
        height = np.zeros(self.structure.n_nodes)
        for _ in range(self.structure.n_nodes + 1):
            best = np.minimum.reduceat(cost + height[head], starts)
            lower = np.minimum(height[nodes], best)
            if np.array_equal(lower, height[nodes]):
                return height
            height[nodes] = lower
        msg = "a circle of links costs less than nothing"
        raise InternalError(msg)

    def tree(self, weights: Floats, value: Floats, potential: Floats | None) -> tuple[Floats, Ints]:
        """Best value of a tonne at each node, USD/t, and the next entry on its way.

        `weights`: USD/t per arc (inf: closed); `value`: USD/t at each sink. Returns (net value at
        each node, -inf where no market can be reached; predecessor node of the turned graph).
        """
        sinks = self.structure.sink_node
        if potential is not None:
            tail, head = self.structure.arc_tail, self.structure.arc_head
            weights = np.maximum(weights + potential[head] - potential[tail], 0.0)
            value = value + potential[sinks]
        top = value.max(initial=0.0)
        data = np.concatenate([weights, top - value])[self.order]
        graph = sparse.csr_array((data, self.indices, self.indptr), shape=(self.size,) * 2)
        distance, before = csgraph.dijkstra(graph, indices=self.size - 1, return_predecessors=True)
        worth = top - distance[:-1]
        if potential is not None:
            worth = worth - potential
        return worth, before

    def walk(self, before: Ints, node: int) -> tuple[list[int], int]:
        """Arcs from `node` to its market along a tree, and the sink occurrence it ends at."""
        arcs: list[int] = []
        while True:
            following = before[node]
            if following == _NONE:
                msg = "a route was asked for from a node without one"
                raise InternalError(msg)
            key = following * self.size + node
            entry = int(self.entry_arc[np.searchsorted(self.entry, key)])
            if entry >= self.n_arcs:
                return arcs, entry - self.n_arcs
            arcs.append(entry)
            node = int(following)


def net_values(problem: Problem, market_dual: Floats, row_dual: Floats) -> Floats:
    """Value of a tonne at each sink occurrence less the duals of market and limits, USD/t."""
    sinks = problem.structure.sink_market
    value = (problem.price - market_dual)[sinks]
    if problem.sink_weights.nnz:
        value = value - problem.sink_weights.T @ row_dual
    return np.asarray(value)


def open_weights(problem: Problem, row_dual: Floats) -> Floats:
    """Cost of each arc with the duals of its capacities, USD/t; inf where it is closed."""
    cost = problem.arc_cost + problem.weights.T @ row_dual
    return np.where(problem.arc_open, cost, np.inf)


def usable(problem: Problem, arcs: Ints) -> bool:
    """Whether every arc of a route is open."""
    flags: Bools = problem.arc_open[arcs]
    return bool(flags.all())
