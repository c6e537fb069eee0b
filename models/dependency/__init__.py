"""Dependency: what transit countries, links and shared capacities are worth to the exporter.

Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.dependency.criticality import Criticality, rank_criticality
    from models.dependency.interdiction import Interdiction, find_worst_removals
    from models.dependency.limits import ExportLimit, explain_limit
    from models.dependency.measure import Dependency, measure_dependency
    from models.dependency.power import PowerShift, TransitPower, compare_power, transit_power
    from models.dependency.shapley import Shapley, shapley_values

_HOMES = {
    "Criticality": "criticality", "rank_criticality": "criticality",
    "Interdiction": "interdiction", "find_worst_removals": "interdiction",
    "ExportLimit": "limits", "explain_limit": "limits",
    "Dependency": "measure", "measure_dependency": "measure",
    "PowerShift": "power", "TransitPower": "power", "compare_power": "power",
    "transit_power": "power", "Shapley": "shapley", "shapley_values": "shapley",
}  # fmt: skip

__all__ = [
    "Criticality", "Dependency", "ExportLimit", "Interdiction", "PowerShift", "Shapley",
    "TransitPower", "compare_power", "explain_limit", "find_worst_removals", "measure_dependency",
    "rank_criticality", "shapley_values", "transit_power",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
