"""Bounds of the master programme that never bind.

They spare HiGHS the search for a dual feasible start: a column or row whose dual turned is set to
its other bound, and the simplex goes on from there.
"""

from __future__ import annotations

import numpy as np

from models.flow.arrays import Bools, Floats, Ints, Problem
from models.flow.pool import RoutePool

BELOW = -1.0  # kt: under rows that never go below 0
WIDE = 1.5  # times the room a route needs: similar problems then keep its bound
_ROOM = 1e-3  # of a route above its supply and market: relative, and kt


def find_room(problem: Problem, pool: RoutePool, start: int = 0) -> Floats:
    """A little more than the routes from `start` on can carry, kt."""
    s = pool.structure
    most = np.minimum(
        problem.supply[s.source_supply[pool.source[start:]]],
        problem.maximum[s.sink_market[pool.sink[start:]]],
    )
    return np.asarray((1 + _ROOM) * most + _ROOM)


def find_floors(problem: Problem, signed: Bools, rows: Ints) -> Floats:
    """A little less than the use of capacity rows can come to, kt.

    `signed`: rows of the problem of which some arc or sink takes less than nothing; these, and rows
    of other problems, have no floor.
    """
    floors = np.where(signed, -np.inf, BELOW)
    np.subtract.at(floors, problem.growth_row, problem.growth_max)
    own = rows < len(floors)
    return np.where(own, floors[np.where(own, rows, 0)], -np.inf)
