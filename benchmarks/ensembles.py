"""An ensemble on two workers by the clock, each time in a new process, start included."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

_RUN = """
import sys, tempfile
from models.ensemble import run_ensemble
if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="kazroutes-bench-") as folder:
        run_ensemble("baseline-2023", n=int(sys.argv[1]), jobs=2, out=folder + "/run")
"""


def time_ensemble(samples: int) -> tuple[int, float, float]:
    """Samples, wall seconds, and the share of the processors' time that others had meanwhile.

    On a rented machine the host may give its processors to others ("steal"); 0 where the system
    does not tell.
    """
    before, start = _read_times(), time.monotonic()
    subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-c", _RUN, str(samples)], check=True, capture_output=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    wall, after = time.monotonic() - start, _read_times()
    spent = [b - a for a, b in zip(before, after, strict=True)]
    return samples, wall, spent[7] / sum(spent) if len(spent) > 7 and sum(spent) else 0.0


def _read_times() -> list[int]:
    """Ticks of all processors by use: user, nice, system, idle, iowait, irq, softirq, steal."""
    told = Path("/proc/stat")
    return [int(n) for n in told.read_text().split("\n")[0].split()[1:9]] if told.exists() else []
