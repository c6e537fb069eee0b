"""What people wait for: `kazroutes run` from start to end, and a flow map of the whole network.

python -m benchmarks.commands
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
START = "import sys; from models.cli import main; sys.argv = ['kazroutes', *sys.argv[1:]]; main()"
LIBRARIES = "import click, highspy, pandas, pydantic, scipy.sparse.csgraph"


def time_python(code: str, *words: str) -> float:
    """Median processor seconds of a piece of Python in a process of its own."""
    spent = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(spent)


def time_map() -> float:
    """Median wall seconds to draw and save the flow map of the baseline, the first one left out."""
    from models.cli.figures import draw_run
    from models.run import run_scenario
    from routes.maps import save_figure

    run = run_scenario("baseline-2023", prices=False)
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(RUNS + 1):
            start = time.perf_counter()
            save_figure(draw_run(run, data=None), Path(folder) / "map.png")
            spent.append(time.perf_counter() - start)
    return statistics.median(spent[1:])


def main() -> None:
    """Print the figures."""
    cpu, libraries = time_python(START, "run", "baseline-2023", "--json"), time_python(LIBRARIES)
    print(f"kazroutes run baseline-2023 --json   {cpu:.2f} s of processor time (about 1 wanted)")
    print(f"of which loading libraries           {libraries:.2f} s")
    print(f"flow map of the whole network        {time_map():.2f} s (under 3 wanted)")


if __name__ == "__main__":
    main()
