"""Potentials of nodes that make costs non-negative: some arcs earn (a stream's premium)."""

from __future__ import annotations

import numpy as np

from models.flow.arrays import Floats, Ints
from routes.errors import InternalError


def find_potentials(tail: Ints, head: Ints, layer: Ints, cost: Floats, n_nodes: int) -> Floats:
    """Potential of each node, USD/t: cost + potential[head] - potential[tail] is nowhere below 0.

    Parameters
    ----------
    tail, head, layer, cost
        Of each arc; infinite cost for closed arcs. Layers without an arc that earns are left at 0.

    Raises
    ------
    InternalError
        When some circle of arcs earns money: the data would be wrong.
    """
    height = np.zeros(n_nodes)
    earning = cost < 0
    if not earning.any():
        return height
    touched = np.zeros(int(layer.max()) + 1, dtype=bool)
    touched[layer[earning]] = True
    mine = np.flatnonzero(touched[layer])
    mine = mine[np.argsort(tail[mine], kind="stable")]
    tail, head, cost = tail[mine], head[mine], cost[mine]
    starts = np.flatnonzero(np.r_[True, np.diff(tail) != 0])
    nodes = tail[starts]
    for _ in range(n_nodes + 1):
        best = np.minimum.reduceat(cost + height[head], starts)
        lower = np.minimum(height[nodes], best)
        if np.array_equal(lower, height[nodes]):
            return height
        height[nodes] = lower
    msg = "a circle of links costs less than nothing"
    raise InternalError(msg)
