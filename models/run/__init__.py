"""Running scenarios: the run itself, what it says, and frames of its flows and capacities.

Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.run.capacities import bottlenecks
    from models.run.manifest import package_version
    from models.run.result import Run
    from models.run.runner import run_scenario
    from models.run.tables import corridor_table, link_flows

_HOMES = {
    "bottlenecks": "capacities", "package_version": "manifest", "Run": "result",
    "run_scenario": "runner", "corridor_table": "tables",
    "link_flows": "tables",
}  # fmt: skip

__all__ = [
    "Run", "bottlenecks", "corridor_table", "link_flows", "package_version",
    "run_scenario",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
