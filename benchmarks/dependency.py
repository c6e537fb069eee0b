"""How fast dependency is measured on the shipped data, as ratios within one run.

Run `python -m benchmarks.dependency` (a minute), or with `--full` solve every coalition cold.
Times are processor seconds, so that other work on the machine matters less.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.timing import time_call
from models.demand import Case, select_case
from models.dependency.criticality import rank_criticality
from models.dependency.game import TransitGame
from models.dependency.interdiction import find_worst_removals
from models.dependency.power import choose_players
from models.dependency.shapley import shapley_values
from models.flow.arrays import Problem
from models.flow.programme import build_problem
from models.flow.solve import frozen_solver
from models.flow.solver import FlowSolver
from routes.network import load_network

PLAYERS = 10
TARGET = 8.0


class Remembering(TransitGame):
    """A transit game that keeps what it answered."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answers: dict[frozenset[str], float] = {}

    def __call__(self, coalition: frozenset[str]) -> float:
        """Z of a coalition, kept."""
        self.answers[coalition] = super().__call__(coalition)
        return self.answers[coalition]


def close(game: TransitGame, coalition: frozenset[str]) -> Problem:
    """The programme with transit of everybody outside the coalition closed."""
    shut = np.array([name not in coalition for name in game.players])
    return replace(game.problem, arc_open=game.problem.arc_open & ~game.arcs[shut].any(axis=0))


def race_coalitions(case: Case, *, full: bool) -> dict[str, float]:
    """All coalitions of ten countries: kept warm in Gray-code order against cold solves."""
    solver = frozen_solver(case)
    masks, _ = choose_players(case, "countries", apart=PLAYERS - 1, keep=(), solver=solver)
    game = Remembering(case, masks, solver)

    def play() -> None:
        with game.play():
            shapley_values(game, game.players)

    warm, _ = time_call(play)
    without, _ = time_call(lambda: _solve_each(game, solver, list(game.answers)))
    chosen = list(game.answers)[:: 1 if full else 32]
    cold, values = time_call(
        lambda: [FlowSolver(solver.structure).solve(close(game, c)).primal for c in chosen]
    )
    known = [game.answers[c] for c in chosen]
    assert np.allclose(np.array(values) / 1000, known, rtol=1e-9, atol=1e-6)
    cold *= len(game.answers) / len(chosen)
    return {
        "coalitions": len(game.answers), "solves": game.solves, "warm_s": warm,
        "every_one_warm_s": without, "cold_s": cold, "ratio": cold / warm,
        "ratio_every_one": cold / without,
    }  # fmt: skip


def _solve_each(game: TransitGame, solver: FlowSolver, coalitions: list[frozenset[str]]) -> None:
    """Solve every coalition in order, also those whose answer is known beforehand."""
    with solver.sweep():
        for coalition in coalitions:
            solver.solve(close(game, coalition))


def race_variants(case: Case, *, n: int) -> dict[str, float]:
    """Costs, prices, supplies and capacities all varied: in place against cold solves."""
    solver = frozen_solver(case)
    base = build_problem(case, solver.structure)

    def vary(seed: int) -> Problem:
        rng = np.random.default_rng(seed)
        link = rng.uniform(0.9, 1.1, len(solver.structure.link_ids))
        return replace(
            base,
            arc_cost=base.arc_cost * link[solver.structure.arc_link],
            price=base.price * rng.uniform(0.9, 1.1),
            supply=base.supply * rng.uniform(0.9, 1.1, len(base.supply)),
            capacity=base.capacity * rng.uniform(0.8, 1.1, len(base.capacity)),
        )

    problems = [vary(seed) for seed in range(n)]
    plain, values = time_call(lambda: [solver.solve(p).primal for p in problems])
    rich = frozen_solver(case)
    enrich, _ = time_call(
        lambda: rich.enrich(replace(vary(10_000 + i), structure=rich.structure) for i in range(25))
    )
    own = [replace(p, structure=rich.structure) for p in problems]
    enriched, same = time_call(lambda: [rich.solve(p).primal for p in own])
    few = problems[: max(5, n // 10)]
    cold, _ = time_call(lambda: [FlowSolver(solver.structure).solve(p).primal for p in few])
    assert np.allclose(values, same, rtol=1e-9)
    return {
        "variants": n, "in_place_ms": 1e3 * plain / n, "enriched_ms": 1e3 * enriched / n,
        "enriching_s": enrich, "cold_ms": 1e3 * cold / len(few),
        "ratio": cold / len(few) * n / plain, "ratio_enriched": cold / len(few) * n / enriched,
    }  # fmt: skip


def time_removals(case: Case) -> dict[str, float]:
    """N-1 over everything, and the worst two and three links."""
    solver = frozen_solver(case)
    ranking_s, ranking = time_call(lambda: rank_criticality(case, solver=solver))
    two_s, two = time_call(lambda: find_worst_removals(case, 2, solver=solver))
    three_s, three = time_call(lambda: find_worst_removals(case, 3, solver=solver))
    return {
        "n1_s": ranking_s, "n1_solves": ranking.solves, "worst_2_s": two_s,
        "worst_2_solves": two.solved, "worst_3_s": three_s, "worst_3_solves": three.solved,
    }  # fmt: skip


def main(*, full: bool = False) -> None:
    """Print every measurement; stop when the ratio of the coalitions is below its target."""
    case = select_case(load_network(), 2023)
    frozen_solver(case)  # imports and caches
    coalitions = race_coalitions(case, full=full)
    for title, row in (
        ("Shapley value, ten players", coalitions),
        ("Varied scenarios", race_variants(case, n=400 if full else 100)),
        ("Removals", time_removals(case)),
    ):
        print(title)
        for name, value in row.items():
            print(f"  {name:18} {value:10.4g}")
    assert coalitions["ratio_every_one"] >= TARGET, "coalitions are not 8 times faster than cold"


if __name__ == "__main__":
    main(full="--full" in sys.argv)
