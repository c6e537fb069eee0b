"""The command line: parse, call the library, print, translate errors to exit codes.

`COMMANDS` is the whole table of commands: name, `module:object` that holds it, one line of help.
A command's module is imported when the command is used or its own help is asked for, never for
`kazroutes --help`. To add a command: write `models/cli/NAME.py` with `@command(...)` of
`models.cli.shell` on one function, and add a row here.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("models.cli.run:run_scenarios", "Solve one scenario, or several composed."),
    "compare": ("models.cli.compare:compare_scenarios", "Set scenarios side by side."),
    "dependency": (
        "models.cli.dependency:measure_transit",
        "Measure how much hangs on one transit country.",
    ),
    "chokepoints": (
        "models.cli.chokepoints:rank_chokepoints",
        "Rank what costs most when it falls out.",
    ),
    "ensemble": (
        "models.cli.ensemble:sample_ensemble",
        "Sample what is uncertain and say what matters.",
    ),
    "calibrate": (
        "models.cli.calibrate:fit_split",
        "Fit the likely split on the observed base year.",
    ),
    "backcast": (
        "models.cli.backcast:check_split",
        "Check the likely split against observed flows.",
    ),
    "explain": ("models.cli.explain:explain_flows", "Say why flows are what they are."),
    "routes": ("models.cli.routes:list_routes", "Find ways from one place to another, leg by leg."),
    "map": ("models.cli.map:draw_map", "Draw a map of flows."),
    "chart": ("models.cli.chart:draw_chart", "Draw a chart of scenarios or routes."),
    "report": ("models.cli.report:write_page", "Write one HTML file to send round."),
    "scenario": ("models.cli.scenario:scenario", "List, show, write and check scenarios."),
    "data": ("models.cli.data:data", "Check the data set and look into it."),
}


def main() -> None:
    """Run the command line of this process and exit with its code."""
    complaint = find_mixed_packages()
    if complaint:
        sys.stderr.write(complaint + "\n")
        sys.exit(1)
    # before the libraries load: their further threads only spin at matrices as small as ours, and
    # looking through all installed packages for plug-ins of pydantic takes time
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(50_000, 20, 50)  # loading libraries makes much that stays: look less often
    from models.cli.shell import LazyGroup, run_group

    code = run_group(LazyGroup("kazroutes", COMMANDS), sys.argv[1:])
    gc.freeze()  # nothing to be tidied at the end of a process
    sys.exit(code)


def find_mixed_packages() -> str:
    """What is wrong when `routes` and `models` do not come from one place; blank when they do.

    Both names are common: another distribution may have put its own `routes` in the way.
    """
    home = {name: _find_home(name) for name in ("routes", "models")}
    if home["routes"] == home["models"] is not None:
        return ""
    places = ", ".join(f"{name} from {place or 'nowhere'}" for name, place in home.items())
    return (
        f"kazroutes found its packages in different places ({places}): another distribution has "
        "a package of the same name. Install kazroutes alone in a fresh environment."
    )


def _find_home(package: str) -> Path | None:
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve().parent if places else None
