"""Run the benchmarks: `python -m benchmarks` (short), `--full` (all sizes), `--write` (renew docs).

`--pypsa` adds PyPSA where it is installed; `--only WORD` runs the races whose name holds the word.
"""

from __future__ import annotations

import argparse
import time
import warnings

from benchmarks import races
from benchmarks.ensembles import time_ensemble
from benchmarks.paper import print_results, write_results
from benchmarks.workers import race_workers


def main() -> None:
    """Parse, race, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all sizes, to the largest")
    parser.add_argument("--write", action="store_true", help="renew docs/benchmarks.md")
    parser.add_argument("--pypsa", action="store_true", help="race PyPSA too")
    parser.add_argument("--only", default="", metavar="WORD", help="only races with this word")
    options = parser.parse_args()
    full, pypsa = options.full, options.pypsa
    warnings.simplefilter("ignore")  # of other tools
    results = races.Results()

    def time_again() -> None:
        results.ensembles.append(time_ensemble(10_000 if full else 512))

    todo = [
        ("cold", lambda: races.race_cold(results, pypsa=pypsa)),
        ("varied", lambda: races.race_varied(results, full=full, pypsa=pypsa)),
        ("workers", lambda: race_workers(results, full=full)),
        ("shipped", lambda: races.race_shipped(results, full=full, pypsa=pypsa)),
        ("large", lambda: races.race_large(results, full=full)),
        ("growth", lambda: races.race_growth(results, full=full)),
        ("likely", lambda: races.race_likely(results, full=full)),
        ("dependency", lambda: races.race_dependency(results, full=full)),
    ]
    # by the clock, so at times apart: other work on the machine comes and goes
    for place in (8, 6, 5, 4, 0) if full else (4,):
        todo.insert(place, ("ensemble", time_again))
    start = time.monotonic()
    for name, run in todo:
        if options.only in name:
            print(f"{time.monotonic() - start:6.1f} s  {name}", flush=True)
            run()
    if results.ensembles:
        races.sum_up_ensembles(results, full=full)
    print_results(results)
    if options.write:
        write_results(results, full=full)


if __name__ == "__main__":
    main()
