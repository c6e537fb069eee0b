"""Bounds of the master programme that never bind.

They spare HiGHS the search for a dual feasible start: a column or row whose dual turned is set to
its other bound, and the simplex goes on from there.
"""

from __future__ import annotations

import numpy as np

from models.flow.arrays import Bools, Floats, Ints, Problem

BELOW = -1.0  # kt: under rows that never go below 0


def find_floors(problem: Problem, signed: Bools, rows: Ints) -> Floats:
    """A little less than the use of capacity rows can come to, kt.

    `signed`: rows of the problem of which some arc or sink takes less than nothing; these, and rows
    of other problems, have no floor.
    """
    floors = np.where(signed, -np.inf, BELOW)
    np.subtract.at(floors, problem.growth_row, problem.growth_max)
    own = rows < len(floors)
    return np.where(own, floors[np.where(own, rows, 0)], -np.inf)
