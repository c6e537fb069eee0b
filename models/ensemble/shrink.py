"""A world on the shrunk graph, in which a run of links without a choice is one arc.

Its programme has the same optimum; there is half as much to draw and to add up for each sample.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from models.ensemble.plan import Plan
from models.ensemble.world import Pools, World
from models.flow.arrays import Floats, Ints, Structure
from models.flow.chains import Chains, shrink_graph
from models.flow.matrices import bin_sums, gather_columns


def shrink_plan(plan: Plan) -> Plan:
    """The same ensemble on shrunk graphs: every sample has the same optimum and indicators."""
    found: dict[int, tuple[Structure, Chains]] = {}
    worlds, owners = [], []
    for world in plan.worlds:
        old = world.problem.structure
        if id(old) not in found:
            found[id(old)] = shrink_structure(old)
        structure, chains = found[id(old)]
        worlds.append(_shrink_world(world, structure, chains))
        owners.append(chains.find_owners(len(old.arc_link)))
    closures = tuple(
        replace(
            closure,
            arcs=tuple(
                _live(owner[arcs]) for owner, arcs in zip(owners, closure.arcs, strict=True)
            ),
        )
        for closure in plan.closures
    )
    return replace(plan, worlds=tuple(worlds), closures=closures)


def shrink_structure(s: Structure) -> tuple[Structure, Chains]:
    """A structure with chains for arcs, and the chains; arcs of no use are gone.

    It serves to solve and measure. What programmes are built from is gone too: no arc has a link
    (its number is none, so that to look it up fails), and capacities have no members.
    """
    chains, number, n_nodes = shrink_graph(s)
    none = np.zeros(0, dtype=np.int64)
    structure = replace(
        s,
        n_nodes=n_nodes,
        arc_link=np.full(len(chains.tail), len(s.link_ids)),
        arc_layer=s.arc_layer[chains.arcs[chains.starts[:-1]]],
        arc_tail=chains.tail.astype(np.int64),
        arc_head=chains.head.astype(np.int64),
        arc_allowed=~chains.any_true(~s.arc_allowed),
        source_node=number[s.source_node],
        sink_node=number[s.sink_node],
        member_row=none,
        member_arc=none,
        member_shared=none,
    )
    return structure, chains


def _shrink_world(world: World, structure: Structure, chains: Chains) -> World:
    old = world.problem
    sums = chains.sum_matrix(len(old.arc_cost))
    weights, place = _fold(old.weights, chains)
    pools: Pools = replace(
        world.pools,
        entries=sparse.csr_array(place @ world.pools.entries),
        fixed=np.asarray(place @ world.pools.fixed),
    )
    problem = replace(
        old,
        structure=structure,
        arc_cost=chains.sums(old.arc_cost),
        arc_open=~chains.any_true(~old.arc_open),
        weights=weights,
    )
    return replace(
        world,
        problem=problem,
        cash=sparse.csr_array(sums @ world.cash),
        risk=sparse.csr_array(sums @ world.risk),
        outlets=sparse.csr_array(sums @ world.outlets),
        links=_take_rows(world.links, chains),
        pools=pools,
    )


def _fold(weights: sparse.csr_array, chains: Chains) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Weights (rows x chains), and the matrix (their entries x old ones) that adds up the old."""
    n_rows, size = weights.shape[0], len(chains.tail)
    owner = chains.find_owners(weights.shape[1])[weights.indices].astype(np.int64)
    kept = np.flatnonzero(owner >= 0)
    row = np.repeat(np.arange(n_rows), np.diff(weights.indptr))[kept]
    keys, entry = np.unique(row * size + owner[kept], return_inverse=True)
    data: Floats = bin_sums(entry, weights.data[kept], len(keys))
    starts = np.searchsorted(keys, np.arange(n_rows + 1) * size)
    place = sparse.csr_array(
        (np.ones(len(kept)), (entry, kept)), shape=(len(keys), len(weights.data))
    )
    return sparse.csr_array((data, keys % size, starts), shape=(n_rows, size)), place


def _take_rows(links: sparse.csr_array, chains: Chains) -> sparse.csr_array:
    """Links of each chain in the order of its arcs: no product of matrices keeps that."""
    _, crossed, _ = gather_columns(links.T, chains.arcs)
    ends = np.cumsum(np.diff(links.indptr)[chains.arcs])
    starts = np.concatenate([[0], ends])[chains.starts]
    return sparse.csr_array(
        (np.ones(len(crossed)), crossed, starts), shape=(len(chains.tail), links.shape[1])
    )


def _live(arcs: Ints) -> Ints:
    return np.unique(arcs[arcs >= 0])
