"""What an ensemble varies, and its scenarios made ready: everything that a worker needs.

A plan holds arrays only: no frames, no network. It is made once (models.ensemble.planner) and sent
to every worker, which need not load what it was made with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from scipy import sparse

from models.ensemble.spread import find_deviations
from models.ensemble.world import World
from models.flow.arrays import Floats, Ints


@dataclass(frozen=True)
class Driver:
    """Something uncertain that one draw decides.

    `name` is its column in the tables; `kind` one of models.ensemble.inputs.KINDS; `unit` that of
    the recorded value ("x": a factor on the best estimate, "level": the probability drawn);
    `numbers` how many numbers of the data it moves; `low`, `best`, `high` recorded values. It is
    `idle` when nothing can come of it: it is of a commodity that no scenario ever supplies.
    """

    name: str
    kind: str
    words: str
    unit: str
    numbers: int
    low: float
    best: float
    high: float
    idle: bool = False


@dataclass(frozen=True)
class Closure:
    """A link or shared capacity that is closed with a probability, by itself.

    `arcs`, `rows`: what closes in each world.
    """

    subject: str
    probability: float
    driver: int
    arcs: tuple[Ints, ...] = field(repr=False)
    rows: tuple[Ints, ...] = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """An ensemble ready to run.

    `offset` and `record` turn deviations of terms into recorded values of drivers; `levels` are
    the drivers recorded as drawn.
    """

    worlds: tuple[World, ...] = field(repr=False)
    drivers: tuple[Driver, ...] = field(repr=False)
    closures: tuple[Closure, ...]
    term_driver: Ints = field(repr=False)
    term_weight: Floats = field(repr=False)
    term_mode: Floats = field(repr=False)
    offset: Floats = field(repr=False)
    record: sparse.csr_array = field(repr=False)
    levels: Ints = field(repr=False)
    year: int
    country: str
    links: bool
    facts: Mapping[str, Any] = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of data, scenarios and settings."""
        text = json.dumps(dict(self.facts), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, in the order they were asked for."""
        return tuple(world.name for world in self.worlds)

    def describe(self) -> dict[str, Any]:
        """The plan in plain values, for the manifest."""
        return dict(self.facts) | {"drivers": [asdict(driver) for driver in self.drivers]}


def draw_inputs(plan: Plan, points: Floats) -> tuple[Floats, Floats]:
    """Deviations of all terms and recorded values of all drivers, a row a sample.

    `points` (samples x drivers): levels drawn, 0 to 1.
    """
    deviation = find_deviations(plan.term_driver, plan.term_weight, plan.term_mode, points)
    recorded = plan.offset + (plan.record @ deviation.T).T
    recorded[:, plan.levels] = points[:, plan.levels]
    for closure in plan.closures:
        recorded[:, closure.driver] = points[:, closure.driver] < closure.probability
    return deviation, recorded
