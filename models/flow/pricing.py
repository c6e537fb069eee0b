"""Best routes under given prices: one shortest-path tree for every layer in a single call.

The graph is all layers side by side, turned round, hung from one super-node by arcs to every
market: the distance to a supply is then the least of cost less price over all its markets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from models.flow.chains import Chains, join_chains
from models.flow.programme import Bools, Floats, Ints, Problem, Structure
from routes.errors import InternalError

_NONE = -1


@dataclass(frozen=True)
class ArcPrices:
    """Arc costs, node potentials that make them non-negative, and what each chain then costs."""

    cost: Floats
    potential: Floats
    chain_cost: Floats

    def with_open(self, problem: Problem, chains: Chains) -> ArcPrices:
        """The same with the chains of closed arcs at infinite cost."""
        shut = chains.any_true(~problem.arc_open)
        return replace(self, chain_cost=np.where(shut, np.inf, self.chain_cost))


class Pricer:
    """Shortest-path trees on a structure, for changing arc weights and market values."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        keep = np.zeros(structure.n_nodes, dtype=bool)
        keep[structure.source_node] = keep[structure.sink_node] = True
        self.chains = join_chains(structure.arc_tail, structure.arc_head, keep)
        keep[self.chains.tail] = keep[self.chains.head] = True
        self.nodes = np.flatnonzero(keep)  # node of each node of the shrunk graph
        number = np.cumsum(keep) - 1
        self.number = np.where(keep, number, _NONE)
        self.sinks = number[structure.sink_node]
        self.top = len(self.nodes)  # the super-node
        rows = np.concatenate([number[self.chains.head], np.full(len(self.sinks), self.top)])
        cols = np.concatenate([number[self.chains.tail], self.sinks])
        self.size = self.top + 1
        key = rows * self.size + cols
        self.entry = np.argsort(key, kind="stable")  # chain, or n_chains + sink, of each entry
        self.key = key[self.entry]
        if (np.diff(self.key) == 0).any():
            msg = "two arcs join the same nodes in one layer: parallel links reached the solver"
            raise InternalError(msg)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=self.size))])
        self._last: ArcPrices | None = None
        self._weights: sparse.csr_array | None = None
        self.indptr, self.indices = indptr.astype(np.int32), cols[self.entry].astype(np.int32)

    def arc_prices(self, problem: Problem) -> ArcPrices:
        """Cost of each chain without duals; the same for problems of equal costs."""
        last = self._last
        if last is None or last.cost is not problem.arc_cost:
            every = np.ones(len(problem.arc_cost), dtype=bool)
            try:
                potential = self._potential(problem.arc_cost, every)
            except InternalError:  # the circle may be closed
                potential = self._potential(problem.arc_cost, problem.arc_open)
                return self._shift(problem.arc_cost, potential).with_open(problem, self.chains)
            last = self._last = self._shift(problem.arc_cost, potential)
        return last.with_open(problem, self.chains)

    def _shift(self, cost: Floats, potential: Floats) -> ArcPrices:
        s = self.structure
        if not potential.any():
            return ArcPrices(cost, potential, self.chains.sums(cost))
        shifted = np.maximum(cost + potential[s.arc_head] - potential[s.arc_tail], 0.0)
        return ArcPrices(cost, potential, self.chains.sums(shifted))

    def _potential(self, cost: Floats, is_open: Bools) -> Floats:
        """Node potentials that make the cost of every open arc non-negative.

        Raises InternalError when some circle of arcs earns money (data would be wrong).
        """
        height = np.zeros(self.structure.n_nodes)
        cost = np.where(is_open, cost, np.inf)
        earning = cost < 0
        if not earning.any():
            return height
        layers = self.structure.arc_layer
        touched = np.zeros(len(self.structure.layers), dtype=bool)
        touched[layers[earning]] = True
        mine = np.flatnonzero(touched[layers])
        mine = mine[np.argsort(self.structure.arc_tail[mine], kind="stable")]
        tail, head = self.structure.arc_tail[mine], self.structure.arc_head[mine]
        cost = cost[mine]
        starts = np.flatnonzero(np.r_[True, np.diff(tail) != 0])
        nodes = tail[starts]
        for _ in range(self.structure.n_nodes + 1):
            best = np.minimum.reduceat(cost + height[head], starts)
            lower = np.minimum(height[nodes], best)
            if np.array_equal(lower, height[nodes]):
                return height
            height[nodes] = lower
        msg = "a circle of links costs less than nothing"
        raise InternalError(msg)

    def add_duals(self, prices: ArcPrices, problem: Problem, row_dual: Floats) -> Floats:
        """Cost of each chain with the duals of its capacities, USD/t."""
        if self._weights is not problem.weights:
            self._weights = problem.weights
            self._by_chain = sparse.csr_array(
                (problem.weights @ self.chains.incidence(problem.weights.shape[1])).T
            )
        return np.asarray(prices.chain_cost + self._by_chain @ row_dual)

    def tree(self, costs: Floats, value: Floats, potential: Floats) -> tuple[Floats, Ints]:
        """Best value of a tonne at each source occurrence, USD/t, and the tree of best ways.

        `costs`: USD/t per chain, shifted by `potential` (inf: closed); `value`: USD/t at each sink.
        The value is -inf where no market can be reached.
        """
        s = self.structure
        value = value + potential[s.sink_node]
        top = value.max(initial=0.0)
        data = np.concatenate([costs, top - value])[self.entry]
        graph = sparse.csr_array((data, self.indices, self.indptr), shape=(self.size,) * 2)
        distance, before = csgraph.dijkstra(graph, indices=self.top, return_predecessors=True)
        worth = top - distance[self.number[s.source_node]] - potential[s.source_node]
        return worth, before

    def reaches(self, is_open: Bools) -> Bools:
        """Whether each source occurrence has a way to some market over open arcs."""
        costs = np.where(self.chains.any_true(~is_open), np.inf, 1.0)
        nothing = np.zeros(len(self.sinks)), np.zeros(self.structure.n_nodes)
        return np.isfinite(self.tree(costs, *nothing)[0])

    def walk(self, tree: Ints, sources: Ints) -> tuple[list[Ints], Ints]:
        """Arcs from each source occurrence to its best market, and the sink occurrences there."""
        ahead = tree.tolist()
        top = self.top
        tails: list[int] = []
        heads: list[int] = []
        counts: list[int] = []
        for here in self.number[self.structure.source_node[sources]].tolist():
            length = len(tails)
            node = here
            while node != top:
                following = ahead[node]
                if following < 0:
                    msg = "a route was asked for from a source without one"
                    raise InternalError(msg)
                tails.append(node)
                heads.append(following)
                node = following
            counts.append(len(tails) - length)
        keys = np.array(heads, dtype=np.int64) * self.size + np.array(tails, dtype=np.int64)
        entries = self.entry[np.searchsorted(self.key, keys)]
        ends = np.cumsum(counts)
        arcs, starts = self.chains.arcs, self.chains.starts
        chains = np.minimum(entries, len(self.chains.tail) - 1)  # the last of a route is a sink
        spans = list(zip(starts[chains].tolist(), starts[chains + 1].tolist(), strict=True))
        paths = [
            np.concatenate([arcs[first:last] for first, last in spans[begin : end - 1]])
            for begin, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)
        ]
        return paths, entries[ends - 1] - len(self.chains.tail)


def net_values(problem: Problem, market_dual: Floats, row_dual: Floats) -> Floats:
    """Value of a tonne at each sink occurrence less the duals of market and limits, USD/t."""
    sinks = problem.structure.sink_market
    value = (problem.price - market_dual)[sinks]
    if problem.sink_weights.nnz:
        value = value - problem.sink_weights.T @ row_dual
    return np.asarray(value)
