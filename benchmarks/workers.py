"""Varied scenarios on two worker processes by the clock, start included.

`python -m benchmarks.workers TOOL FIRST STOP` is a worker: it solves a share of the scenarios and
prints one JSON object.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.networks import SIZES, make_problem, vary
from benchmarks.races import LAPS, OURS, PILOTS, Results, Row, check
from models.flow.arrays import Problem
from models.flow.solver import FlowSolver

_WORKERS = 2


def race_workers(results: Results, *, full: bool) -> None:
    """Two workers of each tool over as many scenarios; linopy solves a few, the rest by its pace.

    Its few are solved by both workers at once too, so that its pace is that of a busy machine.
    """
    n, few = (10_000, 16) if full else (200, 4)
    walls: dict[str, list[float]] = {OURS: [], "linopy": []}
    for lap in range(LAPS if full else 1):
        ours, answers = time_workers(OURS, lap * n, n, of=n)
        theirs, others = time_workers("linopy", lap * n, few, of=n)
        for mine, other in zip(answers, others, strict=True):
            assert np.allclose(mine[: len(other)], other, rtol=1e-7)
        walls[OURS].append(ours)
        walls["linopy"].append(theirs)
    name = f"S, {n:,} varied scenarios, two workers"
    ratio = statistics.median(b / a for a, b in zip(walls[OURS], walls["linopy"], strict=True))
    pace = f"{few} solved, the rest by their pace"
    for tool, times, note in ((OURS, 1.0, "wall, start included"), ("linopy", ratio, pace)):
        results.rows.append(Row(name, tool, statistics.median(walls[tool]) / n, times, None, note))
    if full:
        results.aim("S varied on two workers, against two of linopy", ratio, 80)


def time_workers(tool: str, first: int, count: int, *, of: int) -> tuple[float, list[list[float]]]:
    """Wall seconds for `of` scenarios, of which `count` are solved, and each worker's optima."""
    start = time.monotonic()
    share, mine = of // _WORKERS, count // _WORKERS  # every tool begins with the same scenarios
    workers = [
        subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "benchmarks.workers", tool, str(begin), str(begin + mine)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
        )
        for begin in range(first, first + of, share)
    ]  # fmt: skip
    told = [worker.communicate()[0] for worker in workers]
    wall = time.monotonic() - start
    assert all(worker.returncode == 0 for worker in workers), tool
    facts = [json.loads(text.splitlines()[-1]) for text in told]
    pace = max(fact["seconds"] / len(fact["values"]) for fact in facts)
    return wall + pace * (of - count) / _WORKERS, [fact["values"] for fact in facts]


def solve_share(tool: str, first: int, stop: int) -> dict[str, Any]:
    """Optima of some scenarios, and the wall seconds that they took after the start."""
    base = make_problem(SIZES["S"])
    solve = _start(tool, base)
    start = time.monotonic()
    values = [solve(vary(base, i)) for i in range(first, stop)]
    return {"seconds": time.monotonic() - start, "values": values}


def _start(tool: str, base: Problem) -> Callable[[Problem], float]:
    """What a worker does once."""
    if tool == "linopy":
        warnings.simplefilter("ignore")
        import linopy  # noqa: F401 (takes seconds)

        from benchmarks.rivals import solve_linopy

        return solve_linopy
    solver = FlowSolver(base.structure)
    solver.solve(base)
    solver.freeze()
    solver.enrich(vary(base, 10**6 + i) for i in range(PILOTS))
    return lambda problem: check(solver.solve(problem))


if __name__ == "__main__":
    print(json.dumps(solve_share(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
