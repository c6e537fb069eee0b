"""Charts of results: functions that draw on the axes given, or on a figure of their own.

Every function takes results (a `Run`, a `Comparison`, routes, or a tidy frame), returns the axes
and touches nothing of pyplot. Save with `routes.maps.save_figure(ax.figure, path)`. Names are
imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.charts.bars import criticality, dependency, transit_power, utilisation
    from models.charts.grid import heatmap
    from models.charts.pictures import show
    from models.charts.points import scatter
    from models.charts.ribbons import alluvial
    from models.charts.spread import exceedance, fan, tornado, violin
    from models.charts.tables import (
        capacity_table,
        change_table,
        flow_table,
        step_table,
        transit_table,
    )
    from models.charts.used import used_routes
    from models.charts.ways import profile, waterfall

_HOMES = {
    "alluvial": "ribbons", "capacity_table": "tables", "change_table": "tables",
    "criticality": "bars", "dependency": "bars", "exceedance": "spread", "fan": "spread",
    "flow_table": "tables", "heatmap": "grid", "profile": "ways", "scatter": "points",
    "show": "pictures", "step_table": "tables", "tornado": "spread", "transit_power": "bars",
    "transit_table": "tables", "used_routes": "used", "utilisation": "bars", "violin": "spread",
    "waterfall": "ways",
}  # fmt: skip

__all__ = [
    "alluvial", "capacity_table", "change_table", "criticality", "dependency", "exceedance", "fan",
    "flow_table", "heatmap", "profile", "scatter", "show", "step_table", "tornado", "transit_power",
    "transit_table", "used_routes", "utilisation", "violin", "waterfall",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
