"""One chunk of samples under every scenario: what a worker does.

A worker keeps the solvers of the plan at hand. Each is frozen on the mean of a fixed set of pilot
samples, with the routes that they need; every sample starts from there, so a chunk's numbers are
the same whoever solves it, and when.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from models.ensemble.design import SobolDesign
from models.ensemble.measures import OUTCOMES, Meter, name_columns
from models.ensemble.plan import Plan, draw_inputs
from models.ensemble.shrink import shrink_plan
from models.ensemble.world import Drawn, draw_world
from models.flow.arrays import Floats, Ints, Problem
from models.flow.laws import check_solution, check_solutions, require_gap
from models.flow.solver import FlowSolver, Found, Solution
from routes.errors import InternalError

_MOST_PILOTS = 256
_FEWEST_PILOTS = 8
_PART = 32  # pilots solved one after the other
_PILOT_SEED = 20231231
_BLOCK = 16  # samples: their arrays stay near the processor
_GAP = OUTCOMES.index("relative_gap")
_busy = threading.Lock()

Part = tuple[int, int]  # of the pilots: world, first pilot


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

    `plan` is the one given on shrunk graphs (models.ensemble.shrink).
    `pilots`: pilot samples that each solver is made ready with; results of equal worth may hang
    on it, so that one run uses one number. They are solved in parts, each from the same start:
    `found` holds what parts found, wherever they were solved, by world and first pilot.
    """

    def __init__(self, plan: Plan, *, pilots: int) -> None:
        self.plan, self.pilots = shrink_plan(plan), pilots
        self.points = SobolDesign(pilots, _PILOT_SEED, len(plan.drivers)).rows(0, pilots)
        self.found: dict[Part, Found] = {}
        self.tools: dict[int, tuple[FlowSolver, Meter]] = {}
        self._centred: dict[int, FlowSolver] = {}  # solvers that have scouted

    @property
    def key(self) -> str:
        """Digest of all that its numbers depend on."""
        return f"{self.plan.digest}-{self.pilots}"

    def list_parts(self) -> list[Part]:
        """World and first pilot of each part."""
        worlds = range(len(self.plan.worlds)) if len(self.plan.term_mode) else ()
        return [(world, start) for world in worlds for start in range(0, self.pilots, _PART)]

    def scout(self, parts: Sequence[Part]) -> dict[Part, Found]:
        """What the pilots of some parts find."""
        found: dict[Part, Found] = {}
        for world in sorted({world for world, _ in parts}):
            mine = [part for part in parts if part[0] == world]
            if world not in self._centred:
                self._centred[world] = self._centre(world)
            found |= self._solve_parts(self._centred[world], mine)
        return found

    def _solve_parts(self, solver: FlowSolver, parts: Sequence[Part]) -> dict[Part, Found]:
        return {
            (world, start): solver.scout(
                draw_problems(self.plan, world, self.points[start : start + _PART])
            )
            for world, start in parts
        }

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
        solver = self._centred.pop(world, None) or self._centre(world)
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
            mean = deviation.mean(axis=0, keepdims=True)
            (problem,) = draw_world(plan.worlds[world], mean).problems
        solver.solve(problem)
        solver.freeze()
        return solver


def draw_block(plan: Plan, world: int, points: Floats, deviation: Floats) -> Drawn:
    """The programmes of some samples of a plan under one of its scenarios."""
    closed = None
    if plan.closures:
        shut = [[c for c in plan.closures if point[c.driver] < c.probability] for point in points]
        closed = [
            (_join([c.arcs[world] for c in mine]), _join([c.rows[world] for c in mine]))
            for mine in shut
        ]
    return draw_world(plan.worlds[world], deviation, closed)


def draw_problems(plan: Plan, world: int, points: Floats) -> Iterator[Problem]:
    """The programmes of samples one by one; a few at a time are held."""
    deviation, _ = draw_inputs(plan, points)
    for block in _blocks(len(points)):
        yield from draw_block(plan, world, points[block], deviation[block]).problems


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
            for block in _blocks(len(points)):
                drawn = draw_block(plan, world, points[block], deviation[block])
                solutions, solving = [], solver.solve_all(drawn.problems, drawn.arc_cost)
                for i in range(start + block.start, start + block.stop):
                    with _naming(f"sample {i} of {scenario}"):
                        solutions.append(next(solving))
                _check(solutions, start + block.start, scenario)
                outcomes[block, world] = meter.measure(drawn, solutions)
            for i, gap in enumerate(outcomes[:, world, _GAP], start):
                with _naming(f"sample {i} of {scenario}"):
                    require_gap(gap)
    return Chunk(number, start, inputs, outcomes)


def _blocks(samples: int) -> Iterator[slice]:
    """Samples that are drawn and measured together."""
    return (slice(i, min(i + _BLOCK, samples)) for i in range(0, samples, _BLOCK))


def _check(solutions: Sequence[Solution], start: int, scenario: str) -> None:
    """Check the laws of samples from `start` on."""
    try:
        check_solutions(solutions)
    except InternalError:
        for i, solution in enumerate(solutions, start):
            with _naming(f"sample {i} of {scenario}"):
                check_solution(solution)
        raise


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say which sample an error is of."""
    try:
        yield
    except InternalError as error:
        msg = f"{what}: {error}"
        raise InternalError(msg) from error


def _join(parts: list[Ints]) -> Ints:
    return np.concatenate([*parts, np.zeros(0, dtype=np.int64)])
