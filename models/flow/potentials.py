"""Potentials of nodes that make costs non-negative: some arcs earn (a stream's premium)."""

from __future__ import annotations

import numpy as np

from models.flow.arrays import Bools, Floats, Ints
from routes.errors import InternalError


class PotentialFinder:
    """Potentials on a graph of which only the costs change.

    `tail`, `head`, `layer`: of each arc. The first potentials found are where all later searches
    begin: those of costs like the first are near, and no search depends on the one before. Costs
    of several problems, a row each, give the same as one by one.
    """

    def __init__(self, tail: Ints, head: Ints, layer: Ints, n_nodes: int) -> None:
        self.tail, self.head, self.layer, self.n_nodes = tail, head, layer, n_nodes
        self._arrange(np.zeros(int(layer.max(initial=-1)) + 1, dtype=bool))
        self._first: Floats | None = None
        self._always = self._touched  # layers in which the first potentials are not 0

    def _arrange(self, touched: Bools) -> None:
        """The arcs of the touched layers by their tails; often those of the last time."""
        self._touched = touched
        mine = np.flatnonzero(touched[self.layer])
        self._mine = mine[np.argsort(self.tail[mine], kind="stable")]
        tail = self.tail[self._mine]
        self._starts = np.flatnonzero(np.diff(tail, prepend=-1))
        self._nodes, self._ends = tail[self._starts], self.head[self._mine]

    def find(self, cost: Floats) -> Floats:
        """Potential of each node, USD/t: cost + potential[head] - potential[tail] is never below 0.

        Parameters
        ----------
        cost
            USD/t of each arc (or problems x arcs), infinite for closed ones. Where none of a layer
            earns it stays at 0.

        Raises
        ------
        InternalError
            When some circle of arcs earns money: the data would be wrong.
        """
        height = np.zeros((*cost.shape[:-1], self.n_nodes))
        if self._first is not None:
            height += self._first
        touched = self._always.copy()
        touched[self.layer[np.nonzero(cost < 0)[-1]]] = True
        if touched.any():
            self._lower(height, cost, touched)
        if self._first is None and cost.ndim == 1:
            self._first, self._always = height.copy(), touched
        return height

    def shift(self, cost: Floats) -> tuple[Floats, Floats]:
        """Potentials, and the costs of all arcs shifted by them: none below 0; see `find`."""
        height = self.find(cost)
        if not height.any():
            return height, cost
        mine = self._mine  # holds every layer with potentials
        shifted = cost.copy()
        shifted[..., mine] += height[..., self._ends] - height[..., self.tail[mine]]
        return height, np.maximum(shifted, 0.0, out=shifted)

    def _lower(self, height: Floats, cost: Floats, touched: Bools) -> None:
        """Lower the heights in the touched layers until no arc earns."""
        if not np.array_equal(touched, self._touched):
            self._arrange(touched)
        nodes = self._nodes
        height, cost = np.atleast_2d(height), np.atleast_2d(cost)[:, self._mine]
        moving, now = np.arange(len(height)), height.copy()  # problems still to be done
        for _ in range(self.n_nodes + 1):
            best = np.minimum.reduceat(cost + now[:, self._ends], self._starts, axis=1)
            before = now[:, nodes]
            falls = (best < before).any(axis=1)
            if not falls.all():
                height[moving[~falls]] = now[~falls]
                if not falls.any():
                    return
                moving, now, cost = moving[falls], now[falls], cost[falls]
                best, before = best[falls], before[falls]
            now[:, nodes] = np.minimum(before, best)
        msg = "a circle of links costs less than nothing"
        raise InternalError(msg)


def find_potentials(tail: Ints, head: Ints, layer: Ints, cost: Floats, n_nodes: int) -> Floats:
    """Potentials of a graph that is met once; see PotentialFinder."""
    return PotentialFinder(tail, head, layer, n_nodes).find(cost)
