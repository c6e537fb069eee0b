"""What a tonne is worth at every node of the optimum, and the best way on from there."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from models.flow.arrays import Floats
from models.flow.potentials import find_potentials
from models.flow.pricing import net_values
from models.flow.solver import Solution


class WorthTree:
    """Worth of a tonne at each node under the duals of a solution, USD/t.

    `worth` has -inf where no market can be reached; `loss` is what a tonne loses by taking each arc
    instead of the best way on, `sink_loss` by ending at each sink.
    """

    def __init__(self, solution: Solution) -> None:
        problem, s = solution.problem, solution.problem.structure
        price = problem.arc_cost + problem.weights.T @ solution.row_dual
        self.price = np.where(problem.arc_open, price, np.inf)
        self.value = net_values(problem, solution.market_dual, solution.row_dual)
        tail, head, n = s.arc_tail, s.arc_head, s.n_nodes
        cost = np.where(problem.arc_open, problem.arc_cost, np.inf)
        height = find_potentials(tail, head, s.arc_layer, cost, n)
        shifted = np.maximum(self.price + height[head] - height[tail], 0.0)
        lifted = self.value + height[s.sink_node]
        top = lifted.max(initial=0.0)
        is_open = np.isfinite(shifted)
        rows = np.concatenate([head[is_open], np.full(len(lifted), n)])
        cols = np.concatenate([tail[is_open], s.sink_node])
        data = np.concatenate([shifted[is_open], top - lifted])
        graph = sparse.csr_array((data, (rows, cols)), shape=(n + 1, n + 1))
        distance, before = csgraph.dijkstra(graph, indices=n, return_predecessors=True)
        self.worth: Floats = top - distance[:n] - height
        self.before = before
        self.top = n
        self.arc_of = {(int(a), int(b)): i for i, (a, b) in enumerate(zip(tail, head, strict=True))}
        self.sink_of = {int(node): i for i, node in enumerate(s.sink_node)}
        with np.errstate(invalid="ignore"):
            self.loss: Floats = self.worth[tail] - (self.worth[head] - self.price)
            self.sink_loss: Floats = self.worth[s.sink_node] - self.value

    def way_on(self, node: int) -> tuple[list[int], int] | None:
        """Arcs of the best way from a node to its market, and the sink; None without one."""
        arcs: list[int] = []
        while True:
            following = int(self.before[node])
            if following < 0:
                return None
            if following == self.top:
                return arcs, self.sink_of[node]
            arcs.append(self.arc_of[node, following])
            node = following
