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
from models.flow.matrices import bin_sums


def shrink_plan(plan: Plan) -> Plan:
    """The same ensemble on shrunk graphs; arcs get other numbers, nothing else changes."""
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
    """A structure with chains for arcs, and the chains; arcs of no use are gone."""
    chains, number = shrink_graph(s)
    first = chains.arcs[chains.starts[:-1]]
    owner = chains.find_owners(len(s.arc_link))[s.member_arc]
    structure = replace(
        s,
        n_nodes=int(number[-1]) + 1,
        arc_link=np.where(np.diff(chains.starts) == 1, s.arc_link[first], -1),
        arc_layer=s.arc_layer[first],
        arc_tail=chains.tail.astype(np.int64),
        arc_head=chains.head.astype(np.int64),
        arc_allowed=~chains.any_true(~s.arc_allowed),
        source_node=number[s.source_node],
        sink_node=number[s.sink_node],
        member_row=s.member_row[owner >= 0],
        member_arc=owner[owner >= 0],
        member_shared=s.member_shared[owner >= 0],
    )
    return structure, chains


def _shrink_world(world: World, structure: Structure, chains: Chains) -> World:
    old = world.problem
    sums = chains.sum_matrix(len(old.arc_cost))
    weights, place = _fold(old.weights, chains)
    entries = sparse.csr_array(place @ world.pools.entries)
    pools: Pools = replace(
        world.pools, entries=entries, fixed=weights.data - np.asarray(entries.sum(axis=1))
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
    """Weights (rows x chains), and which entries of the old ones each of theirs adds up."""
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
    counts = np.diff(links.indptr)[chains.arcs]
    begin = np.repeat(links.indptr[chains.arcs] - (np.cumsum(counts) - counts), counts)
    crossed = links.indices[begin + np.arange(counts.sum())]
    starts = np.concatenate([[0], np.cumsum(counts)])[chains.starts]
    return sparse.csr_array(
        (np.ones(len(crossed)), crossed, starts), shape=(len(chains.tail), links.shape[1])
    )


def _live(arcs: Ints) -> Ints:
    return np.unique(arcs[arcs >= 0])
