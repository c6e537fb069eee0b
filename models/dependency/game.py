"""The transit game: the surplus when all but a coalition of players close their links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from models.demand import Case
from models.dependency.facts import Accountant
from models.dependency.players import Mask
from models.flow.laws import arc_flow
from models.flow.programme import build_problem
from models.flow.solver import FlowSolver


class TransitGame:
    """Z of a case as a function of who lets goods through, million USD a year.

    Called with a frozenset of players; everybody else's links are closed. Routes found for one
    coalition serve the next (`sweep`). A coalition is not solved again when the answer is known: an
    optimum for S that uses only the links of U holds for every coalition between U and S, since
    closing links that carry nothing changes nothing and closing never helps.
    """

    def __init__(self, case: Case, masks: Mapping[str, Mask], solver: FlowSolver) -> None:
        self.solver = solver
        self.problem = build_problem(case, solver.structure)
        self.accountant = Accountant(case, solver.structure)
        arc_link = solver.structure.arc_link
        self.players = tuple(masks)
        masked = [masks[name][arc_link] for name in self.players]
        self.arcs = np.array(masked, dtype=bool).reshape(len(masked), len(arc_link))
        self._bit = {name: 1 << i for i, name in enumerate(self.players)}
        self._known: list[tuple[int, int, float]] = []  # used, coalition, Z
        self._bits = np.zeros((0, 2), dtype=np.int64)
        self.solves = 0

    @contextmanager
    def play(self) -> Iterator[TransitGame]:
        """Keep routes between coalitions until the end of the block."""
        with self.solver.sweep():
            yield self

    def __call__(self, coalition: frozenset[str]) -> float:
        """Z when only `coalition` lets goods through, million USD a year."""
        mask = sum(self._bit[name] for name in coalition)
        if self._known:
            if len(self._bits) < len(self._known):
                self._bits = np.array([row[:2] for row in self._known], dtype=np.int64)
            used, whole = self._bits[:, 0], self._bits[:, 1]
            hits = np.flatnonzero(((used & ~mask) == 0) & ((mask & ~whole) == 0))
            if len(hits):
                return self._known[int(hits[0])][2]
        shut = np.array([name not in coalition for name in self.players], dtype=bool)
        closed = self.arcs[shut].any(axis=0)
        is_open = self.problem.arc_open & ~closed
        solution = self.solver.solve(replace(self.problem, arc_open=is_open))
        worth = self.accountant.prove(solution)
        carries = arc_flow(solution) > 0
        used_by = (self.arcs & carries).any(axis=1)
        used_mask = sum(1 << i for i in np.flatnonzero(used_by).tolist())
        self._known.append((used_mask, mask, worth))
        self.solves += 1
        return worth
