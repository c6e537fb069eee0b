"""The same graph with fewer nodes: runs of arcs without a choice become one arc, dead ends go.

A best way never turns round, so a node with two neighbours is only passed through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.flow.arrays import Bools, Floats, Ints, Structure
from models.flow.matrices import bin_sums

Shorts = npt.NDArray[np.int32]
_NONE = -1
_BLOCK = 1 << 16  # chains added up at a time: their numbers take more room than the sums


@dataclass(frozen=True)
class Chains:
    """Chains of arcs: chain i runs from node `tail[i]` to `head[i]` over its arcs in order.

    `arcs[starts[i]:starts[i + 1]]` are the arcs of chain i. Numbers of four bytes: half the memory.
    """

    tail: Shorts
    head: Shorts
    arcs: Shorts
    starts: Shorts

    def sums(self, values: Floats) -> Floats:
        """Sum of an arc quantity over each chain."""
        total = np.empty(len(self.tail))
        for first in range(0, len(total), _BLOCK):  # in order, as the matrix does
            starts = self.starts[first : first + _BLOCK + 1]
            owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
            part = values[self.arcs[starts[0] : starts[-1]]]
            total[first : first + _BLOCK] = bin_sums(owner, part, len(starts) - 1)
        return total

    def sum_matrix(self, n_arcs: int) -> sparse.csr_array:
        """The sums as a matrix (chains x arcs): worth its memory when they are taken often."""
        ones = np.ones(len(self.arcs))
        return sparse.csr_array((ones, self.arcs, self.starts), (len(self.tail), n_arcs))

    def find_owners(self, n_arcs: int) -> Shorts:
        """Chain that each arc belongs to, -1 for none: no arc stands in two."""
        owner = np.full(n_arcs, _NONE, dtype=np.int32)
        numbers = np.arange(len(self.tail), dtype=np.int32)
        owner[self.arcs] = np.repeat(numbers, np.diff(self.starts))
        return owner

    def any_true(self, flags: Bools) -> Bools:
        """Whether an arc flag holds on some arc of each chain."""
        if len(self.tail) == 0:
            return np.zeros(0, dtype=bool)
        return np.asarray(np.logical_or.reduceat(flags[self.arcs], self.starts[:-1]))


def shrink_graph(structure: Structure) -> tuple[Chains, Ints, int]:
    """Chains between the nodes that are kept; the new number of each old node; how many are kept.

    Nodes of supplies and markets are kept. Numbers of nodes that are gone mean nothing.
    """
    keep = np.zeros(structure.n_nodes, dtype=bool)
    keep[structure.source_node] = keep[structure.sink_node] = True
    chains = join_chains(structure.arc_tail, structure.arc_head, keep)
    keep[chains.tail] = keep[chains.head] = True
    number = np.cumsum(keep, dtype=np.int32) - 1
    chains = replace(chains, tail=number[chains.tail], head=number[chains.head])
    return chains, number, int(keep.sum())


def join_chains(tail: Ints, head: Ints, keep: Bools) -> Chains:
    """Chains of a graph of single arcs between the nodes of `keep` and those with a choice."""
    size = len(keep)
    paired = _runs_back(tail, head, size)
    ends = tail.astype(np.int32), head.astype(np.int32)
    arcs = np.arange(len(tail), dtype=np.int32)
    while True:
        # of a node's neighbours: an arc and the one that runs back lead to the same
        halves = _count(ends, np.ones(len(arcs), dtype=bool), size) * 2 - _count(ends, paired, size)
        dead_end = (halves < 3) & ~keep
        live = ~(dead_end[ends[0]] | dead_end[ends[1]])
        if live.all():
            break
        arcs, paired, ends = arcs[live], paired[live], (ends[0][live], ends[1][live])
    del paired, live
    chains = _follow(*ends, keep | (halves > 4))
    return Chains(chains.tail, chains.head, arcs[chains.arcs], chains.starts)


def _count(ends: tuple[Shorts, Shorts], mask: Bools, size: int) -> Ints:
    """Number of the arcs of a mask that start or end at each node."""
    tail, head = ends
    return np.bincount(tail[mask], minlength=size) + np.bincount(head[mask], minlength=size)


def _runs_back(tail: Ints, head: Ints, size: int) -> Bools:
    """Whether another arc runs the other way."""
    key = tail.astype(np.int64) * size + head
    key.sort()
    back = head.astype(np.int64) * size + tail
    place = np.searchsorted(key, back)
    place[place == len(key)] = 0
    return np.asarray(key[place] == back) if len(key) else np.zeros(0, dtype=bool)


def _follow(tail: Shorts, head: Shorts, anchor: Bools) -> Chains:
    """Chains between anchors; every other node has two neighbours."""
    size = len(anchor)
    following = _find_following(tail, head, size)
    while True:
        chains = _walk(tail, head, anchor, following)
        # chains beside each other keep a node of their own: one arc for each pair of nodes
        twin = _has_twin(chains.tail.astype(np.int64) * size + chains.head)
        beside = twin & (np.diff(chains.starts) > 1)
        if not beside.any():
            return chains
        anchor[head[chains.arcs[chains.starts[:-1][beside]]]] = True
        del chains


def _find_following(tail: Shorts, head: Shorts, size: int) -> Shorts:
    """The arc after each arc, not back; it counts only where the arc ends between two others."""
    order = np.argsort(tail, kind="stable").astype(np.int32)
    count = np.bincount(tail, minlength=size)
    begin = np.cumsum(count) - count
    last = max(len(tail) - 1, 0)
    none = np.int32(_NONE)
    first = np.where(count > 0, order[np.minimum(begin, last)], none)
    second = np.where(count > 1, order[np.minimum(begin + 1, last)], none)
    back = (first[head] != _NONE) & (head[first[head]] == tail)
    return np.asarray(np.where(back, second[head], first[head]))


def _has_twin(keys: Ints) -> Bools:
    """Whether a key stands more than once."""
    order = np.argsort(keys, kind="stable")
    same = np.diff(keys[order]) == 0
    twin = np.zeros(len(keys), dtype=bool)
    twin[order[1:][same]] = twin[order[:-1][same]] = True
    return twin


def _walk(tail: Shorts, head: Shorts, anchor: Bools, following: Shorts) -> Chains:
    begin = np.flatnonzero(anchor[tail]).astype(np.int32)
    here, owner = begin, np.arange(len(begin), dtype=np.int32)
    end = np.full(len(begin), _NONE, dtype=np.int32)
    owners, steps = [], []
    while len(here):
        owners.append(owner)
        steps.append(here)
        arrived = anchor[head[here]]
        end[owner[arrived]] = head[here[arrived]]
        onward = ~arrived & (following[here] != _NONE)
        here, owner = following[here[onward]], owner[onward]
    good = (end != _NONE) & (end != tail[begin])
    member, step = np.concatenate([*owners, begin[:0]]), np.concatenate([*steps, begin[:0]])
    del owners, steps
    if not good.all():
        member, step = member[good[member]], step[good[member]]
    lengths = np.bincount(member, minlength=len(begin))[good]
    step = step[np.argsort(member, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return Chains(tail[begin[good]], end[good], step, starts)
