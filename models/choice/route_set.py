"""Which routes the likely split chooses from: the best of each pair and diverse ones beside it.

A pair is a supply and a market of one layer. Its routes are found on copies of the layer, one for
each market, all in one graph hung from a super-node, so that one Dijkstra call serves every pair:
best routes; routes whose borders and sea legs others have used less; routes that share less of the
way; routes around each country that earlier ones transit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from models.demand import Case
from models.flow.arrays import Bools, Floats, Ints, Problem, Structure
from models.flow.potentials import find_potentials
from routes.corridors import exit_links

GATE_ROUNDS, WAY_ROUNDS, MAX_COUNTRIES = 5, 3, 12
_NONE = -9999  # scipy's mark for "no predecessor"


@dataclass(frozen=True)
class RouteSet:
    """Routes of one structure: occurrences of source and sink, arcs in order, path size."""

    structure: Structure = field(repr=False)
    source: Ints
    sink: Ints
    arcs: tuple[Ints, ...] = field(repr=False)
    size: Floats

    def __len__(self) -> int:
        return len(self.arcs)

    @cached_property
    def incidence(self) -> sparse.csc_array:
        """(arcs x routes) counts; do not write to it."""
        lengths = np.array([len(a) for a in self.arcs], dtype=np.int64)
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        indices = np.concatenate(self.arcs) if len(self.arcs) else np.zeros(0, dtype=np.int64)
        shape = (len(self.structure.arc_link), len(self.arcs))
        return sparse.csc_array((np.ones(len(indices)), indices, indptr), shape=shape)

    def keep(self, mask: Bools) -> RouteSet:
        """The routes in `mask`, with the sizes they have."""
        kept = np.flatnonzero(mask)
        return RouteSet(
            self.structure, self.source[kept], self.sink[kept],
            tuple(self.arcs[i] for i in kept), self.size[kept],
        )  # fmt: skip


Found = tuple[int, int, Ints]


def build_routes(case: Case, problem: Problem, optimal: Iterable[Found] = ()) -> RouteSet:
    """The route set of a case: its optimal routes and diverse ones of every pair."""
    found = find_diverse(case, problem)
    return collect_routes(problem.structure, case, [*optimal, *found])


def collect_routes(structure: Structure, case: Case, found: Sequence[Found]) -> RouteSet:
    """A route set of `found`, each once, sorted, with its path sizes."""
    known = {(i, j, a.tobytes()): (i, j, a) for i, j, a in found}
    rows = [known[key] for key in sorted(known)]
    source = np.array([row[0] for row in rows], dtype=np.int64)
    sink = np.array([row[1] for row in rows], dtype=np.int64)
    arcs = tuple(row[2] for row in rows)
    blank = RouteSet(structure, source, sink, arcs, np.ones(len(rows)))
    return RouteSet(structure, source, sink, arcs, path_sizes(blank, case))


def add_routes(base: RouteSet, case: Case, found: Sequence[Found]) -> RouteSet:
    """`base` and the routes of `found` that it lacks.

    Routes of `base` keep their sizes, so that more to choose from never lowers the log-sum.
    """
    known = {
        (int(i), int(j), a.tobytes())
        for i, j, a in zip(base.source, base.sink, base.arcs, strict=True)
    }
    fresh = {(i, j, a.tobytes()): (i, j, a) for i, j, a in found}
    rows = [fresh[key] for key in sorted(fresh) if key not in known]
    if not rows:
        return base
    joined = RouteSet(
        base.structure,
        np.concatenate([base.source, [row[0] for row in rows]]).astype(np.int64),
        np.concatenate([base.sink, [row[1] for row in rows]]).astype(np.int64),
        (*base.arcs, *(row[2] for row in rows)),
        np.ones(len(base) + len(rows)),
    )
    size = path_sizes(joined, case)
    size[: len(base)] = base.size
    return RouteSet(joined.structure, joined.source, joined.sink, joined.arcs, size)


def join_routes(base: RouteSet, other: RouteSet) -> RouteSet:
    """`base` and the routes of `other` that it lacks, each with the size it has."""
    known = {
        (int(i), int(j), a.tobytes())
        for i, j, a in zip(base.source, base.sink, base.arcs, strict=True)
    }
    rows = zip(other.source, other.sink, other.arcs, strict=True)
    fresh = other.keep(
        np.array([(int(i), int(j), a.tobytes()) not in known for i, j, a in rows], dtype=bool)
    )
    return RouteSet(
        base.structure,
        np.concatenate([base.source, fresh.source]),
        np.concatenate([base.sink, fresh.sink]),
        (*base.arcs, *fresh.arcs),
        np.concatenate([base.size, fresh.size]),
    )


def path_sizes(routes: RouteSet, case: Case) -> Floats:
    """Path size of each route within its pair: sum over links of (length / L) / routes that use it.

    1 for a route that shares no kilometre with another of its pair, 1/n for n that share them all.
    After Ben-Akiva and Bierlaire (1999).
    """
    length = case.links["length_km"].to_numpy(dtype=float)[routes.structure.arc_link]
    n_sinks = max(1, len(routes.structure.sink_market))
    _, pair = np.unique(routes.source * n_sinks + routes.sink, return_inverse=True)
    counts = np.array([len(a) for a in routes.arcs], dtype=np.int64)
    route = np.repeat(np.arange(len(routes)), counts)
    arc = np.concatenate(routes.arcs) if len(routes) else np.zeros(0, dtype=np.int64)
    _, place, users = np.unique(
        pair[route] * len(length) + arc, return_inverse=True, return_counts=True
    )
    total = np.bincount(route, length[arc], minlength=len(routes))
    shared = np.bincount(route, length[arc] / users[place], minlength=len(routes))
    return np.where(total > 0, shared / np.where(total > 0, total, 1.0), 1.0)


def usable_arcs(problem: Problem) -> Bools:
    """Arcs that are open and draw on no capacity of 0."""
    empty = (problem.capacity <= 0) & _only_positive(problem)
    empty[problem.growth_row[problem.growth_max > 0]] = False
    blocked = np.zeros(len(problem.arc_open), dtype=bool)
    if empty.any():
        users = (problem.weights[np.flatnonzero(empty)] > 0).sum(axis=0)
        blocked = np.asarray(users).ravel() > 0
    return problem.arc_open & ~blocked


def _only_positive(problem: Problem) -> Bools:
    """Rows that no sale relieves (a share limit has a row that third-country sales relieve)."""
    relieved = np.asarray((problem.sink_weights < 0).sum(axis=1)).ravel() > 0
    return ~relieved


def find_diverse(case: Case, problem: Problem) -> list[Found]:
    """Best and diverse routes of every pair, over usable arcs."""
    structure = problem.structure
    copies = _Copies(problem)
    found = copies.search() if len(copies.pairs) else []
    if not found:
        return []
    links = case.links
    crossing = (links["from_country"] != links["to_country"]).to_numpy()[structure.arc_link]
    unit = copies.typical_cost(found)
    used = copies.count_uses(found)
    routes = list(found)
    for number in range(GATE_ROUNDS):
        penalty = (0.15 * 2**number) * unit * used * crossing[copies.arc]
        found = copies.search(penalty)
        used = used + copies.count_uses(found)
        routes += found
    own = np.maximum(problem.arc_cost, 0.0)[copies.arc]
    for _ in range(WAY_ROUNDS):
        found = copies.search(0.25 * used * own)
        used = used + copies.count_uses(found)
        routes += found
    for country in _transited(case, structure, routes):
        shut = exit_links(links, country)[structure.arc_link]
        routes += copies.search(np.where(shut[copies.arc], np.inf, 0.0))
    return routes


def _transited(case: Case, structure: Structure, routes: Sequence[Found]) -> list[str]:
    """Countries other than the home one that routes leave again, most often left first."""
    links = case.links
    start = links["from_country"].to_numpy(dtype=object)[structure.arc_link]
    end = links["to_country"].to_numpy(dtype=object)[structure.arc_link]
    leaves = (start != end) & (start != "KZ") & (start != "XZ")
    arcs = np.concatenate([a for _, _, a in routes]) if routes else np.zeros(0, dtype=np.int64)
    names, counts = np.unique(start[arcs[leaves[arcs]]].astype(str), return_counts=True)
    order = np.lexsort((names, -counts))
    return [str(names[i]) for i in order[:MAX_COUNTRIES]]


class _Copies:
    """A copy of its layer for each market, in one graph turned round and hung from a super-node."""

    def __init__(self, problem: Problem) -> None:
        structure = problem.structure
        self.structure = structure
        cost = np.where(usable_arcs(problem), problem.arc_cost, np.inf)
        tail, head = structure.arc_tail, structure.arc_head
        height = find_potentials(tail, head, structure.arc_layer, cost, structure.n_nodes)
        shift = height[head] - height[tail]
        weight = np.where(np.isfinite(cost), np.maximum(cost + shift, 0.0), np.inf)
        self._copy_layers()
        self.weight = weight[self.arc]
        self.cost = np.maximum(problem.arc_cost, 0.0)
        self._lay_out()

    def _copy_layers(self) -> None:
        """Arcs of every copy, their nodes in the joint graph, and the pairs to be served."""
        s = self.structure
        node_layer = np.zeros(s.n_nodes, dtype=np.int64)
        node_layer[s.arc_tail] = s.arc_layer
        node_layer[s.arc_head] = s.arc_layer
        order = np.argsort(s.arc_layer, kind="stable")
        arc_start = np.searchsorted(s.arc_layer[order], np.arange(len(s.layers) + 1))
        arcs, copy, tails, heads, roots, pairs = [], [], [], [], [], []
        offset = 0
        for sink, layer in enumerate(s.sink_layer):
            mine = order[arc_start[layer] : arc_start[layer + 1]]
            sources = np.flatnonzero(s.source_layer == layer)
            if not len(mine) or not len(sources):
                continue
            nodes = np.unique(np.concatenate([s.arc_tail[mine], s.arc_head[mine]]))
            local = {int(node): i for i, node in enumerate(nodes)}
            arcs.append(mine)
            copy.append(np.full(len(mine), sink))
            tails.append(offset + np.searchsorted(nodes, s.arc_tail[mine]))
            heads.append(offset + np.searchsorted(nodes, s.arc_head[mine]))
            if int(s.sink_node[sink]) in local:
                roots.append(offset + local[int(s.sink_node[sink])])
            pairs += [
                (int(i), sink, offset + local[int(s.source_node[i])])
                for i in sources
                if int(s.source_node[i]) in local
            ]
            offset += len(nodes)
        none = [np.zeros(0, dtype=np.int64)]
        self.arc, self.copy = np.concatenate(arcs or none), np.concatenate(copy or none)
        self.tail, self.head = np.concatenate(tails or none), np.concatenate(heads or none)
        self.roots = np.array(roots, dtype=np.int64)
        self.pairs = np.array(pairs, dtype=np.int64).reshape(-1, 3)
        self.n_nodes = offset

    def _lay_out(self) -> None:
        """The joint graph in CSR order: from the super-node to markets, from heads to tails."""
        size = self.n_nodes + 1
        rows = np.concatenate([self.head, np.full(len(self.roots), self.n_nodes)])
        cols = np.concatenate([self.tail, self.roots])
        self.order = np.lexsort((cols, rows))
        self.entry = (rows * size + cols)[self.order]
        counts = np.bincount(rows, minlength=size)
        self.indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self.indices = cols[self.order].astype(np.int32)

    def search(self, penalty: Floats | float = 0.0) -> list[Found]:
        """The best route of every pair that has one, with `penalty` on each copy's arcs."""
        size = self.n_nodes + 1
        data = np.concatenate([self.weight + penalty, np.zeros(len(self.roots))])[self.order]
        graph = sparse.csr_array((data, self.indices, self.indptr), shape=(size, size))
        distance, before = csgraph.dijkstra(graph, indices=size - 1, return_predecessors=True)
        alive = np.flatnonzero(np.isfinite(distance[self.pairs[:, 2]]))
        node = self.pairs[alive, 2]
        steps = []
        while True:
            following = before[node]
            moving = (following != _NONE) & (following != size - 1)
            if not moving.any():
                break
            key = following.astype(np.int64) * size + node
            entry = self.order[np.searchsorted(self.entry, np.where(moving, key, 0))]
            steps.append(np.where(moving, entry, -1))
            node = np.where(moving, following, node)
        taken = np.array(steps, dtype=np.int64).T.reshape(len(alive), len(steps))
        routes = []
        for row, (source, sink, _) in zip(taken, self.pairs[alive], strict=True):
            routes.append((int(source), int(sink), self.arc[row[row >= 0]]))
        return routes

    def count_uses(self, found: Sequence[Found]) -> Floats:
        """How many of the routes found use each arc of each copy, 0 or 1."""
        n_arcs = len(self.structure.arc_link)
        used = np.unique(np.concatenate([sink * n_arcs + arcs for _, sink, arcs in found]))
        return np.isin(self.copy * n_arcs + self.arc, used).astype(float)

    def typical_cost(self, found: Sequence[Found]) -> Floats:
        """Mean cost of the routes to each copy's market, USD/t, over the copy's arcs."""
        total, count = np.zeros((2, len(self.structure.sink_market)))
        for _, sink, arcs in found:
            total[sink] += self.cost[arcs].sum()
            count[sink] += 1
        mean = total / np.maximum(count, 1)
        return np.asarray(mean[self.copy])
