"""What problems say of the routes of a pool: several problems at once cost little more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.flow.arrays import Floats, Ints, Problem
from models.flow.pool import RoutePool

WIDE = 1.5  # times the room a route needs: similar problems then keep its bound
_ROOM = 1e-3  # of a route above its supply and market: relative, and kt


@dataclass(frozen=True)
class Terms:
    """A problem's terms for the routes of a pool.

    worth : USD/t, what a tonne earns. room : kt, a little more than can flow.
    """

    worth: Floats
    room: Floats


def find_terms(problems: Sequence[Problem], pool: RoutePool, paid: Floats) -> list[Terms]:
    """The terms of each problem; `paid` (problems x routes): arc costs added up, USD/t."""
    return list(map(Terms, find_worth(problems, pool, paid), find_room(problems, pool)))


def find_worth(
    problems: Sequence[Problem], pool: RoutePool, paid: Floats, start: int = 0
) -> Floats:
    """What a tonne earns on the routes from `start` on, USD/t: (problems x routes)."""
    market, supply = _find_ends(pool, start)
    worth = _gather([p.price for p in problems], market)
    worth -= _gather([p.lifting for p in problems], supply)
    worth -= paid
    return worth


def find_room(problems: Sequence[Problem], pool: RoutePool, start: int = 0) -> Floats:
    """A little more than the routes from `start` on can carry, kt: (problems x routes)."""
    market, supply = _find_ends(pool, start)
    room = np.minimum(
        _gather([p.supply for p in problems], supply),
        _gather([p.maximum for p in problems], market),
    )
    room *= 1 + _ROOM
    room += _ROOM
    return room


def _find_ends(pool: RoutePool, start: int) -> tuple[Ints, Ints]:
    """Market and supply of the routes from `start` on."""
    s = pool.structure
    return s.sink_market[pool.sink[start:]], s.source_supply[pool.source[start:]]


def _gather(rows: Sequence[Floats], places: Ints) -> Floats:
    return np.stack(rows).take(places, axis=1)
