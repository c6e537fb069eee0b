"""One chunk of samples under every scenario: what a worker does.

A worker keeps the solvers of the plan at hand. Each is frozen on the mean of a fixed set of pilot
samples, with the routes that they need; every sample starts from there, so a chunk's numbers are
the same whoever solves it, and when.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.ensemble.design import SobolDesign
from models.ensemble.measures import Meter, name_columns
from models.ensemble.plan import Plan, draw_inputs
from models.ensemble.world import Drawn, draw_world
from models.flow.arrays import Floats, Ints, Problem
from models.flow.solver import FlowSolver, Found
from routes.errors import InternalError

_MOST_PILOTS = 256
_FEWEST_PILOTS = 8
_PART = 32  # pilots solved one after the other
_PILOT_SEED = 20231231
_busy = threading.Lock()


@dataclass(frozen=True)
class Chunk:
    """Results of consecutive samples.

    `inputs` (samples x drivers); `outcomes` (samples x scenarios x columns).
    """

    number: int
    start: int
    inputs: Floats
    outcomes: Floats


def count_pilots(samples: int) -> int:
    """Pilot samples that fill a solver's pool of routes before so many samples: a power of two.

    Each costs about as much as a sample, and spares later ones the search for a route or two.
    """
    count = 1 << max(0, (samples // 8).bit_length() - 1)
    return min(max(count, _FEWEST_PILOTS), _MOST_PILOTS)


class Bench:
    """The solvers and meters of a plan, made when they are first needed.

    `pilots`: pilot samples that each solver is made ready with; results of equal worth may hang
    on it, so that one run uses one number. They are solved in parts, each from the same start:
    `found` holds what parts found, wherever they were solved, by world and first pilot.
    """

    def __init__(self, plan: Plan, *, pilots: int) -> None:
        self.plan, self.pilots = plan, pilots
        self.points = SobolDesign(pilots, _PILOT_SEED, len(plan.drivers)).rows(0, pilots)
        self.found: dict[tuple[int, int], Found] = {}
        self.tools: dict[int, tuple[FlowSolver, Meter]] = {}

    @property
    def key(self) -> str:
        """Digest of all that its numbers depend on."""
        return f"{self.plan.digest}-{self.pilots}-{len(self.found)}"

    def list_parts(self) -> list[tuple[int, int]]:
        """World and first pilot of each part."""
        worlds = range(len(self.plan.worlds)) if len(self.plan.term_mode) else ()
        return [(world, start) for world in worlds for start in range(0, self.pilots, _PART)]

    def scout(self, parts: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Found]:
        """What the pilots of some parts find."""
        found: dict[tuple[int, int], Found] = {}
        for world in sorted({world for world, _ in parts}):
            mine = [part for part in parts if part[0] == world]
            found |= self._solve_parts(self._centre(world), mine)
        return found

    def _solve_parts(
        self, solver: FlowSolver, parts: Sequence[tuple[int, int]]
    ) -> dict[tuple[int, int], Found]:
        return {part: solver.scout(self._draw_part(*part)) for part in parts}

    def _draw_part(self, world: int, start: int) -> Iterator[Problem]:
        points = self.points[start : start + _PART]
        deviation, _ = draw_inputs(self.plan, points)
        for point, row in zip(points, deviation, strict=True):
            yield draw_sample(self.plan, world, point, row).problem

    def find_tools(self, world: int) -> tuple[FlowSolver, Meter]:
        """Solver and meter of a world."""
        if world not in self.tools:
            self.tools[world] = (self._freeze(world), self._make_meter(world))
        return self.tools[world]

    def _make_meter(self, world: int) -> Meter:
        plan = self.plan
        return Meter(plan.worlds[world], country=plan.country, links=plan.links)

    def _freeze(self, world: int) -> FlowSolver:
        """A solver frozen with all that the pilots need."""
        solver = self._centre(world)
        parts = [part for part in self.list_parts() if part[0] == world]
        missing = [part for part in parts if part not in self.found]
        self.found |= self._solve_parts(solver, missing)
        if parts:
            solver.adopt(self.found[part] for part in parts)
        return solver

    def _centre(self, world: int) -> FlowSolver:
        """A solver frozen on the mean of the pilots: nearer to most than the best estimate.

        Ranges are often lopsided, so the best estimate lies at the edge of what is drawn.
        """
        plan = self.plan
        problem = plan.worlds[world].problem
        solver = FlowSolver(problem.structure)
        if len(plan.term_mode):
            deviation, _ = draw_inputs(plan, self.points)
            none = np.zeros(0, dtype=np.int64)
            drawn = draw_world(
                plan.worlds[world], deviation.mean(axis=0), closed_arcs=none, closed_rows=none
            )
            problem = drawn.problem
        solver.solve(problem)
        solver.freeze()
        return solver


def draw_sample(plan: Plan, world: int, point: Floats, deviation: Floats) -> Drawn:
    """The programme of one sample of a plan under one of its scenarios."""
    shut = [closure for closure in plan.closures if point[closure.driver] < closure.probability]
    return draw_world(
        plan.worlds[world],
        deviation,
        closed_arcs=_join([closure.arcs[world] for closure in shut]),
        closed_rows=_join([closure.rows[world] for closure in shut]),
    )


def run_chunk(bench: Bench, number: int, start: int, points: Floats) -> Chunk:
    """Solve and measure consecutive samples under every scenario.

    Raises InternalError, with sample and scenario, when a law is broken or an optimum not proven.
    """
    plan = bench.plan
    deviation, inputs = draw_inputs(plan, points)
    n_columns = len(name_columns(plan.worlds[0], links=plan.links))
    outcomes = np.empty((len(points), len(plan.worlds), n_columns))
    with _busy:  # HiGHS and the solvers' pools are for one thread at a time
        for world, scenario in enumerate(plan.scenarios):
            solver, meter = bench.find_tools(world)
            for i, point in enumerate(points):
                drawn = draw_sample(plan, world, point, deviation[i])
                try:
                    outcomes[i, world] = meter.measure(drawn, solver.solve(drawn.problem))
                except InternalError as error:
                    msg = f"sample {start + i} of {scenario}: {error}"
                    raise InternalError(msg) from error
    return Chunk(number, start, inputs, outcomes)


def _join(parts: list[Ints]) -> Ints:
    return np.concatenate([*parts, np.zeros(0, dtype=np.int64)])
