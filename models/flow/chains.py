"""The same graph with fewer nodes: runs of arcs without a choice become one arc, dead ends go.

A best way never turns round, so a node with two neighbours is only passed through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.flow.programme import Bools, Floats, Ints

_NONE = -1


@dataclass(frozen=True)
class Chains:
    """Chains of arcs: chain i runs from node `tail[i]` to `head[i]` over its arcs in order.

    `arcs[starts[i]:starts[i + 1]]` are the arcs of chain i.
    """

    tail: Ints
    head: Ints
    arcs: Ints
    starts: Ints

    def sums(self, values: Floats) -> Floats:
        """Sum of an arc quantity over each chain."""
        if len(self.tail) == 0:
            return np.zeros(0)
        return np.asarray(np.add.reduceat(values[self.arcs], self.starts[:-1]))

    def incidence(self, n_arcs: int) -> sparse.csc_array:
        """(arcs x chains) matrix of which chain an arc belongs to."""
        shape = (n_arcs, len(self.tail))
        return sparse.csc_array((np.ones(len(self.arcs)), self.arcs, self.starts), shape=shape)

    def any_true(self, flags: Bools) -> Bools:
        """Whether an arc flag holds on some arc of each chain."""
        if len(self.tail) == 0:
            return np.zeros(0, dtype=bool)
        return np.asarray(np.logical_or.reduceat(flags[self.arcs], self.starts[:-1]))


def join_chains(tail: Ints, head: Ints, keep: Bools) -> Chains:
    """Chains of a graph of single arcs between the nodes of `keep` and those with a choice."""
    size = len(keep)
    weight = np.where(_runs_back(tail, head, size), 0.5, 1.0)  # half where another runs back
    arcs = np.arange(len(tail))
    while True:
        neighbours = np.bincount(tail[arcs], weight[arcs], minlength=size)
        neighbours += np.bincount(head[arcs], weight[arcs], minlength=size)
        ends = (neighbours < 1.5) & ~keep
        dead = ends[tail[arcs]] | ends[head[arcs]]
        if not dead.any():
            break
        arcs = arcs[~dead]
    anchor = keep | (neighbours > 2.25)
    chains = _follow(tail[arcs], head[arcs], anchor)
    return Chains(chains.tail, chains.head, arcs[chains.arcs], chains.starts)


def _runs_back(tail: Ints, head: Ints, size: int) -> Bools:
    """Whether another arc runs the other way."""
    key = tail * size + head
    key.sort()
    back = head * size + tail
    place = np.searchsorted(key, back)
    place[place == len(key)] = 0
    return np.asarray(key[place] == back) if len(key) else np.zeros(0, dtype=bool)


def _follow(tail: Ints, head: Ints, anchor: Bools) -> Chains:
    """Chains between anchors; every other node has two neighbours."""
    size = len(anchor)
    order = np.argsort(tail, kind="stable")
    count = np.bincount(tail, minlength=size)
    begin = np.cumsum(count) - count
    last = max(len(tail) - 1, 0)
    first = np.where(count > 0, order[np.minimum(begin, last)], _NONE)
    second = np.where(count > 1, order[np.minimum(begin + 1, last)], _NONE)
    back = (first[head] != _NONE) & (head[first[head]] == tail)
    following = np.where(back, second[head], first[head])
    while True:
        chains = _walk(tail, head, anchor, following)
        # chains beside each other keep a node of their own: one arc for each pair of nodes
        beside = _has_twin(chains.tail * size + chains.head) & (np.diff(chains.starts) > 1)
        if not beside.any():
            return chains
        anchor[head[chains.arcs[chains.starts[:-1][beside]]]] = True


def _has_twin(keys: Ints) -> Bools:
    """Whether a key stands more than once."""
    order = np.argsort(keys, kind="stable")
    same = np.diff(keys[order]) == 0
    twin = np.zeros(len(keys), dtype=bool)
    twin[order[1:][same]] = twin[order[:-1][same]] = True
    return twin


def _walk(tail: Ints, head: Ints, anchor: Bools, following: Ints) -> Chains:
    begin = np.flatnonzero(anchor[tail])
    here, owner = begin, np.arange(len(begin))
    end = np.full(len(begin), _NONE)
    owners, steps = [], []
    while len(here):
        owners.append(owner)
        steps.append(here)
        arrived = anchor[head[here]]
        end[owner[arrived]] = head[here[arrived]]
        onward = ~arrived & (following[here] != _NONE)
        here, owner = following[here[onward]], owner[onward]
    member, step = np.concatenate([*owners, begin[:0]]), np.concatenate([*steps, begin[:0]])
    good = (end != _NONE) & (end != tail[begin])
    order = np.argsort(member, kind="stable")
    order = order[good[member[order]]]
    lengths = np.bincount(member[order], minlength=len(begin))[good]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Chains(tail[begin[good]], end[good], step[order], starts)
