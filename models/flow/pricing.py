"""Best routes under given prices: one shortest-path tree for every layer in a single call.

The graph is all layers side by side, turned round, hung from one super-node by arcs to every
market: the distance to a supply is then the least of cost less price over all its markets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from models.flow.arrays import Bools, Floats, Ints, Problem, Structure
from models.flow.chains import Shorts, shrink_graph
from models.flow.matrices import Folded
from models.flow.potentials import PotentialFinder
from routes.errors import InternalError

_ROUNDING = 1e-6  # USD/t


@dataclass(frozen=True)
class ChainPrices:
    """What each chain costs without duals, USD/t (infinite: closed), in the shrunk graph.

    Costs are shifted by the potentials of nodes, which make them non-negative.
    """

    potential: Floats
    cost: Floats


class Pricer:
    """Shortest-path trees on a structure, for changing arc weights and market values."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.chains, number, self.top = shrink_graph(structure)  # top: the super-node
        self.sources, self.sinks = number[structure.source_node], number[structure.sink_node]
        self.size = self.top + 1
        self.entry, self.key, starts = self._sort_entries()
        ends = (self.key % self.size).astype(np.int32)
        self._graph = sparse.csr_array(
            (np.zeros(len(self.key)), ends, starts), shape=(self.size,) * 2
        )
        layer = structure.arc_layer[self.chains.arcs[self.chains.starts[:-1]]]
        self.potentials = PotentialFinder(self.chains.tail, self.chains.head, layer, self.size)
        self._shut: tuple[Bools, Bools] | None = None  # open arcs, chains that are not
        self._last: tuple[Floats, ChainPrices] | None = None  # prices of arc costs, all arcs open
        self._sums: sparse.csr_array | None = None
        self._weights: sparse.csr_array | None = None
        self._folded: Folded | None = None

    def _sort_entries(self) -> tuple[Shorts, Ints, Shorts]:
        """Chain, or n_chains + sink, of each entry of the graph by rows; its key; row starts."""
        key = np.concatenate([self.chains.head, np.full(len(self.sinks), self.top)], dtype=np.int64)
        key *= self.size
        key += np.concatenate([self.chains.tail, self.sinks])
        entry = np.argsort(key, kind="stable").astype(np.int32)
        key = key[entry]
        if (np.diff(key) == 0).any():
            msg = "two arcs join the same nodes in one layer: parallel links reached the solver"
            raise InternalError(msg)
        starts = np.searchsorted(key, np.arange(self.size + 1) * self.size)
        return entry, key, starts.astype(np.int32)

    def chain_prices(self, problem: Problem, known: ChainPrices | None = None) -> ChainPrices:
        """Cost of each chain without duals; done once for problems of equal costs.

        `known`: what they are with all arcs open (`price_chains`).
        """
        if self._shut is None or self._shut[0] is not problem.arc_open:
            self._shut = problem.arc_open, self.chains.any_true(~problem.arc_open)
        shut = self._shut[1]
        if known is not None:
            self._last = problem.arc_cost, known
        if self._last is None or self._last[0] is not problem.arc_cost:
            cost = self.chains.sums(problem.arc_cost)
            try:
                self._last = problem.arc_cost, ChainPrices(*self.potentials.shift(cost))
            except InternalError:  # the circle may be closed
                return ChainPrices(*self.potentials.shift(np.where(shut, np.inf, cost)))
        prices = self._last[1]
        if not shut.any():
            return prices
        return replace(prices, cost=np.where(shut, np.inf, prices.cost))

    def price_chains(self, arc_cost: Floats) -> list[ChainPrices | None]:
        """What `chain_prices` gives for several problems with all arcs open, at less cost.

        `arc_cost` (arcs x problems). All are None when a circle of arcs would earn in any of them.
        """
        if self._sums is None:
            self._sums = self.chains.sum_matrix(len(self.structure.arc_link))
        costs = np.ascontiguousarray((self._sums @ arc_cost).T)
        try:
            heights, shifted = self.potentials.shift(costs)
        except InternalError:
            return [None] * len(costs)
        return [ChainPrices(*pair) for pair in zip(heights, shifted, strict=True)]

    def add_duals(self, prices: ChainPrices, problem: Problem, row_dual: Floats) -> Floats:
        """Cost of each chain with the duals of its capacities, USD/t."""
        weights = problem.weights
        if self._weights is not weights:
            if self._folded is None or not self._folded.fits(weights):
                owners = self.chains.find_owners(weights.shape[1])
                self._folded = Folded(weights, owners, len(self.chains.tail))
            self._weights, self._by_chain = weights, self._folded.fold(weights)
        costs = self._by_chain @ row_dual
        costs += prices.cost
        return np.asarray(costs)

    def tree(
        self, costs: Floats, value: Floats, potential: Floats, least: Floats | None = None
    ) -> tuple[Floats, Ints]:
        """Best value of a tonne at each source occurrence, USD/t, and the tree of best ways.

        `costs`: USD/t per chain, shifted by `potential` (inf: closed); `value`: USD/t at each sink;
        `least`: USD/t at each source, values below which need not be found.
        The value is -inf where no market can be reached; it may be where it is below `least`.
        """
        s = self.structure
        floor = np.zeros(len(s.layers))
        if least is not None:  # the search ends where no source of a layer would still gain
            floor[:] = np.inf
            np.minimum.at(floor, s.source_layer, least + potential[self.sources])
        value = value + potential[self.sinks] - floor[s.sink_layer]
        top = value.max(initial=0.0)
        n = len(costs)  # the arcs of the super-node stand in the last row
        data = self._graph.data
        np.take(costs, self.entry[:n], out=data[:n], mode="clip")
        data[n:] = (top - value)[self.entry[n:] - n]
        distance, before = csgraph.dijkstra(
            self._graph, indices=self.top, return_predecessors=True,
            limit=np.inf if least is None else top + _ROUNDING,
        )  # fmt: skip
        best = top - distance[self.sources] + floor[s.source_layer] - potential[self.sources]
        return best, before

    def reaches(self, is_open: Bools) -> Bools:
        """Whether each source occurrence has a way to some market over open arcs."""
        costs = np.where(self.chains.any_true(~is_open), np.inf, 1.0)
        nothing = np.zeros(len(self.sinks)), np.zeros(self.size)
        return np.isfinite(self.tree(costs, *nothing)[0])

    def walk(self, tree: Ints, sources: Ints) -> tuple[list[Ints], Ints]:
        """Arcs from each source occurrence to its best market, and the sink occurrences there."""
        ahead = tree.item  # no list of the whole tree: few of its nodes are passed
        top = self.top
        tails: list[int] = []
        heads: list[int] = []
        counts: list[int] = []
        for here in self.sources[sources].tolist():
            length = len(tails)
            node = here
            while node != top:
                following = ahead(node)
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
            np.concatenate([arcs[a:b] for a, b in spans[begin : end - 1]], dtype=np.int64)
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
