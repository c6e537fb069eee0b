"""One solve in a process of its own, for its time and its peak memory.

`python -m benchmarks.weigh SIZE TOOL` prints one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.networks import SIZES, make_problem

PATIENCE = 400.0  # seconds on the clock after which the link LP of M is given up


def read_peak() -> float:
    """Most memory that this process has held, MB."""
    status = Path("/proc/self/status")  # getrusage counts what the parent held before
    if status.exists():
        line = next(s for s in status.read_text().splitlines() if s.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    import resource

    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def weigh_here(size: str, tool: str) -> dict[str, Any]:
    """Solve a size with a tool; seconds are processor time without making the network."""
    problem = make_problem(SIZES[size])
    made = read_peak()
    start = time.process_time()
    facts: dict[str, Any] = {}
    if tool == "kazroutes":
        from models.flow.laws import check_solution
        from models.flow.solver import FlowSolver

        solution = FlowSolver(problem.structure).solve(problem)
        check_solution(solution)
        value = solution.primal
        facts = {"rounds": solution.rounds, "gap": solution.gap / max(abs(value), 1.0)}
    elif tool == "link LP":
        from benchmarks.rivals import try_rebuilt

        found = try_rebuilt(problem, PATIENCE)
        value, facts = found or 0.0, {"given_up": found is None}
    elif tool == "networkx trees":
        from benchmarks.rivals import Trees

        trees = Trees(problem)
        start = time.process_time()
        value = float(trees.grow())
    else:
        raise ValueError(tool)
    seconds = time.process_time() - start
    return {"seconds": seconds, "peak_mb": read_peak(), "made_mb": made, "value": value, **facts}


def weigh_apart(size: str, tool: str) -> dict[str, Any]:
    """The same in a new process."""
    done = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", "benchmarks.weigh", size, tool],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


if __name__ == "__main__":
    print(json.dumps(weigh_here(*sys.argv[1:])))
