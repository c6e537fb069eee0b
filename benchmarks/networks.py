"""Synthetic networks of the right shape, from a seed: points, a planar net between them, goods.

A programme is made straight from arrays, so that what is timed and weighed is the solver and not
the reading of tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay

from models.flow.arrays import Floats, Ints, Layer, Problem, Structure


@dataclass(frozen=True)
class Size:
    """How large a network is; pairs = commodities x supplies x markets."""

    name: str
    nodes: int
    links: int
    commodities: int
    supplies: int
    markets: int

    @property
    def pairs(self) -> int:
        """Pairs of a supply and a market of its commodity."""
        return self.commodities * self.supplies * self.markets


SIZES = {
    size.name: size
    for size in (
        Size("S", 150, 450, 10, 5, 10),
        Size("M", 5_000, 15_000, 100, 10, 5),
        Size("L", 100_000, 300_000, 1, 50, 100),
    )
}


def growing_sizes(*, full: bool) -> list[Size]:
    """Sizes for growth curves: ten commodities on ever larger networks."""
    nodes = [150, 500, 1_500, *([5_000, 15_000] if full else [])]
    return [Size(f"{n:,}", n, 3 * n, 10, 5, 10) for n in nodes]


def make_problem(size: Size, *, seed: int = 1) -> Problem:
    """A programme on a random planar network.

    Every link runs both ways. One link in three has a capacity of its own, drawn so that some bind;
    some links share one more. Money is USD/t, mass kt.
    """
    rng = np.random.default_rng(seed)
    tail, head, length = _draw_net(size.nodes, size.links // 2, rng)
    n_links, n_layers = len(tail), size.commodities
    arc_link = np.tile(np.arange(n_links, dtype=np.int32), n_layers)
    arc_layer = np.repeat(np.arange(n_layers, dtype=np.int32), n_links)
    first_node = arc_layer * np.int32(size.nodes)
    rate = rng.uniform(0.8, 1.2, n_links) * length
    toll = rng.uniform(0.9, 1.1, n_layers)
    ends = size.supplies + size.markets
    chosen = np.array([rng.choice(size.nodes, ends, replace=False) for _ in range(n_layers)])
    source, sink = chosen[:, : size.supplies], chosen[:, size.supplies :]
    supply = rng.uniform(500.0, 1500.0, source.size)
    rows, arcs, weights, capacity = _draw_capacities(size, n_links, rng, supply)
    layers = np.arange(n_layers)
    structure = Structure(
        layers=tuple(Layer(f"c{k}", "general", "export", "") for k in range(n_layers)),
        link_ids=np.array([f"l{i}" for i in range(n_links)], dtype=object),
        subjects=np.array([f"g{i}" for i in range(len(capacity))], dtype=object),
        n_nodes=size.nodes * n_layers,
        arc_link=arc_link,
        arc_layer=arc_layer,
        arc_tail=(first_node + tail[arc_link]).astype(np.int32),
        arc_head=(first_node + head[arc_link]).astype(np.int32),
        arc_allowed=np.ones(len(arc_link), dtype=bool),
        source_supply=np.arange(source.size),
        source_layer=np.repeat(layers, size.supplies),
        source_node=(source + layers[:, None] * size.nodes).ravel(),
        sink_market=np.arange(sink.size),
        sink_layer=np.repeat(layers, size.markets),
        sink_node=(sink + layers[:, None] * size.nodes).ravel(),
        member_row=rows,
        member_arc=arcs,
        member_shared=np.full(len(rows), -1, dtype=np.int32),
        keys=(size.name, seed),
    )
    none = np.zeros(0)
    return Problem(
        structure=structure,
        arc_cost=rate[arc_link] * toll[arc_layer],
        arc_open=np.ones(len(arc_link), dtype=bool),
        supply=supply,
        lifting=rng.uniform(5.0, 15.0, source.size),
        price=rng.uniform(240.0, 300.0, sink.size),
        maximum=np.full(sink.size, 2.0 * supply.sum() / sink.size),
        minimum=np.zeros(sink.size),
        shortfall=np.zeros(sink.size),
        capacity=capacity,
        weights=sparse.csr_array((weights, (rows, arcs)), shape=(len(capacity), len(arc_link))),
        sink_weights=sparse.csr_array((len(capacity), sink.size)),
        scale=np.ones(len(capacity)),
        row_names=structure.subjects,
        growth_row=np.zeros(0, dtype=np.int64),
        growth_max=none,
        growth_cost=none,
    )


def _draw_net(nodes: int, edges: int, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Both directions of a connected planar net: tails, heads, lengths (the square is 100 wide)."""
    points = rng.random((nodes, 2)) * 100.0
    corners = Delaunay(points).simplices
    pairs = np.unique(
        np.sort(
            np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1
        ),
        axis=0,
    )
    length = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    graph = sparse.csr_array((length, pairs.T), shape=(nodes, nodes))
    tree = csgraph.minimum_spanning_tree(graph).tocoo()
    needed = np.isin(pairs @ [nodes, 1], tree.coords[0] * nodes + tree.coords[1])
    spare = np.flatnonzero(~needed)
    more = rng.choice(spare, max(0, min(edges - needed.sum(), len(spare))), replace=False)
    chosen = np.sort(np.concatenate([np.flatnonzero(needed), more]))
    a, b = pairs[chosen].T
    return np.append(a, b), np.append(b, a), np.tile(length[chosen], 2)


def _draw_capacities(
    size: Size, n_links: int, rng: np.random.Generator, supply: Floats
) -> tuple[Ints, Ints, Floats, Floats]:
    """Rows, arcs and weights of the memberships, and the capacities."""
    own = np.sort(rng.choice(n_links, n_links // 3, replace=False))
    groups = max(3, n_links // 100)
    members = np.array([rng.choice(n_links, 4, replace=False) for _ in range(groups)])
    row_of = np.concatenate([np.arange(len(own)), len(own) + np.repeat(np.arange(groups), 4)])
    link_of = np.concatenate([own, members.ravel()])
    weight_of = np.concatenate([np.ones(len(own)), rng.uniform(1.0, 2.0, members.size)])
    shift = np.arange(size.commodities) * n_links
    rows = np.tile(row_of, size.commodities).astype(np.int32)
    arcs = (link_of + shift[:, None]).ravel().astype(np.int32)
    weights = np.tile(weight_of, size.commodities)
    typical = supply.mean() * np.sqrt(size.commodities * size.supplies)
    capacity = typical * rng.uniform(0.1, 1.5, len(own) + groups)
    return rows, arcs, weights, capacity


def vary(problem: Problem, seed: int) -> Problem:
    """The programme with all costs, prices, supplies and capacities moved, each by itself."""
    rng = np.random.default_rng(seed)
    s = problem.structure
    return replace(
        problem,
        arc_cost=problem.arc_cost * rng.uniform(0.8, 1.2, len(s.link_ids))[s.arc_link],
        price=problem.price * rng.uniform(0.9, 1.1, len(problem.price)),
        lifting=problem.lifting * rng.uniform(0.8, 1.2, len(problem.lifting)),
        supply=problem.supply * rng.uniform(0.8, 1.2, len(problem.supply)),
        maximum=problem.maximum * rng.uniform(0.8, 1.2, len(problem.maximum)),
        capacity=problem.capacity * rng.uniform(0.7, 1.2, len(problem.capacity)),
    )
