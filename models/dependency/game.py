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
        self._bits = np.zeros((2, 64), dtype=np.int64)  # players used, coalition: of each solve
        self._worth: list[float] = []

    @contextmanager
    def play(self) -> Iterator[TransitGame]:
        """Keep routes between coalitions until the end of the block."""
        with self.solver.sweep():
            yield self

    def __call__(self, coalition: frozenset[str]) -> float:
        """Z when only `coalition` lets goods through, million USD a year."""
        mask = sum(self._bit[name] for name in coalition)
        used, whole = self._bits[:, : len(self._worth)]
        hits = np.flatnonzero(((used & ~mask) == 0) & ((mask & ~whole) == 0))
        if len(hits):
            return self._worth[int(hits[0])]
        shut = np.array([name not in coalition for name in self.players], dtype=bool)
        closed = self.arcs[shut].any(axis=0)
        is_open = self.problem.arc_open & ~closed
        solution = self.solver.solve(replace(self.problem, arc_open=is_open))
        worth = self.accountant.prove(solution)
        carries = arc_flow(solution) > 0
        used_by = (self.arcs & carries).any(axis=1)
        self._remember(sum(1 << i for i in np.flatnonzero(used_by).tolist()), mask, worth)
        return worth

    def _remember(self, used: int, coalition: int, worth: float) -> None:
        if len(self._worth) == self._bits.shape[1]:
            self._bits = np.concatenate([self._bits, np.zeros_like(self._bits)], axis=1)
        self._bits[:, len(self._worth)] = used, coalition
        self._worth.append(worth)

    @property
    def solves(self) -> int:
        """Programmes solved so far."""
        return len(self._worth)
