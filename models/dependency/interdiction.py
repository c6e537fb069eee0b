"""Interdiction: the k removals that together cost most, found exactly and with their proof.

Bounded enumeration. Let x be an optimum without the set R, and let T be more to remove.

1. If T meets nothing that carries flow in x, then x still stands and Z(R + T) = Z(R). So some
   member of a harmful T carries flow: branch on the first of T, in a fixed order of those that do;
   the ones before it are then known not to be in T.
2. Dropping the routes of x that meet T leaves a plan that is still allowed: every capacity is used
   less, and what a market misses is bounded by what was dropped. So
       Z(R + T) >= Z(R) - sum over j in T of D_j,
   where D_j adds up, over the routes of x that meet j, what the route earns and the shortfall price
   of a market with an obligation. A branch whose least possible Z is no lower than the best found
   is cut. (A share limit can be broken by dropping routes: with one in force nothing is cut.)

Every k-set is in a branch explored or cut, so the best found is the worst there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.demand import Case
from models.dependency.facts import Accountant
from models.dependency.subjects import Incidence, Subject, close_subjects, list_subjects
from models.flow.arrays import KT
from models.flow.laws import route_worth
from models.flow.programme import build_problem
from models.flow.solve import solver_for
from models.flow.solver import FlowSolver, Solution
from routes.errors import UsageError

LARGEST = 4
_SAME = 1e-9
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Interdiction:
    """The worst removals of up to k subjects.

    removed : what falls out, in the order found; equivalents : for each, others that would do as
    well (links in series with it). before_musd, after_musd : Z. solved : programmes solved of
    `possible` sets; cut : branches that the bound ruled out. `proof` says in words why it is worst.
    """

    removed: tuple[Subject, ...]
    equivalents: tuple[tuple[str, ...], ...] = field(repr=False)
    before_musd: float
    after_musd: float
    k: int
    candidates: int
    solved: int
    cut: int

    @property
    def lost_musd(self) -> float:
        """What the removals cost, million USD a year."""
        return self.before_musd - self.after_musd

    @property
    def proof(self) -> str:
        """Why no other choice is worse."""
        return (
            f"Exact: of all sets of up to {self.k} among {self.candidates} (counting those that "
            f"close the same ways once), {self.solved} were solved and {self.cut} branches cut, "
            "because even without every route that meets them the surplus would stay above the "
            "one found. A set that meets no flow loses nothing."
        )


def find_worst_removals(
    case: Case,
    k: int,
    *,
    kinds: Sequence[str] = ("link",),
    solver: FlowSolver | None = None,
    progress: Progress | None = None,
) -> Interdiction:
    """The set of up to `k` subjects whose removal lowers the surplus Z most.

    Parameters
    ----------
    k : how many fall out together, 1 to 4.
    kinds : what may fall out: kinds of models.dependency.subjects.KINDS.
    solver : a frozen solver that fits the case; the base solver by default.
    progress : called with the number of programmes solved so far.

    Raises
    ------
    UsageError
        When k is not 1 to 4.
    """
    if not 1 <= k <= LARGEST:
        raise UsageError(f"How many fall out together must be 1 to {LARGEST}. Got {k}.")
    solver = solver_for(case) if solver is None else solver
    subjects = list_subjects(case, solver, kinds)
    groups = Incidence(subjects, solver).twins()
    search = _Search(case, solver, [subjects[group[0]] for group in groups], progress)
    with solver.sweep():
        search.start(k)
    alike = {
        subjects[group[0]].subject_id: tuple(subjects[i].subject_id for i in group[1:])
        for group in groups
    }
    return Interdiction(
        removed=search.best,
        equivalents=tuple(alike[subject.subject_id] for subject in search.best),
        before_musd=search.before,
        after_musd=search.least,
        k=k,
        candidates=len(groups),
        solved=search.solved,
        cut=search.cut,
    )


class _Search:
    """Depth-first search over removals; keeps the worst set found so far."""

    def __init__(
        self,
        case: Case,
        solver: FlowSolver,
        subjects: Sequence[Subject],
        progress: Progress | None,
    ) -> None:
        self.solver, self.subjects, self.progress = solver, subjects, progress
        self.problem = build_problem(case, solver.structure)
        self.incidence = Incidence(subjects, solver)
        self.accountant = Accountant(case, solver.structure)
        self.bounded = self.problem.sink_weights.nnz == 0
        self.solved = self.cut = 0
        self.best: tuple[Subject, ...] = ()
        self.before = self.least = np.inf

    def start(self, k: int) -> None:
        """Search all sets of up to k."""
        solution, self.before = self._solve(())
        self.least = self.before
        self._branch((), solution, self.before, np.ones(len(self.subjects), dtype=bool), k)

    def _solve(self, removed: tuple[int, ...]) -> tuple[Solution, float]:
        gone = [self.subjects[i] for i in removed]
        solution = self.solver.solve(close_subjects(self.problem, gone))
        self.solved += 1
        if self.progress is not None:
            self.progress(self.solved)
        return solution, self.accountant.prove(solution)

    def _branch(
        self,
        removed: tuple[int, ...],
        solution: Solution,
        surplus: float,
        allowed: npt.NDArray[np.bool_],
        left: int,
    ) -> None:
        """Try every further removal, most promising first, that may still be the worst."""
        used, harm = self._harm(solution)
        order = np.flatnonzero(used & allowed)
        order = order[np.argsort(-harm[order], kind="stable")]
        allowed = allowed.copy()
        slack = _SAME * max(1.0, abs(self.before))
        for place, i in enumerate(order.tolist()):
            most = float(harm[order[place : place + left]].sum())
            if self.bounded and surplus - most >= self.least - slack:
                self.cut += len(order) - place
                return  # the rest of the order promises even less
            allowed[i] = False
            here = (*removed, i)
            after, worth = self._solve(here)
            if worth < self.least - slack:
                self.least, self.best = worth, tuple(self.subjects[j] for j in here)
            if left > 1:
                self._branch(here, after, worth, allowed, left - 1)

    def _harm(self, solution: Solution) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        """Which subjects carry flow, and the most that dropping the routes of each can cost."""
        p = self.problem
        market = p.structure.sink_market[solution.sink]
        owed = np.where(p.minimum[market] > 0, p.shortfall[market], 0.0)
        worth = np.maximum(route_worth(solution) + owed, 0.0) * solution.flow / KT
        met = self.incidence.meets(solution)
        return np.diff(met.indptr) > 0, np.asarray(met @ worth)
