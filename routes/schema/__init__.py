"""What a row of each table means: one strict record per table.

A field's type, bounds and docstring are the whole truth about its column: the loader checks rows
against them, `kazroutes data dictionary` prints them. Blank means unknown or not applicable,
`inf` unlimited, 0 zero. Every table of numbers carries `source_id` (several joined by `;`),
`grade` and `note`. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from routes.schema.capacities import Capacity, SharedCapacity
    from routes.schema.carriage import CASH_KINDS, CHARGE_KINDS, Emission, Tariff, ThroughRoute
    from routes.schema.dictionary import data_dictionary, field_meanings
    from routes.schema.history import Event, Observed
    from routes.schema.network import Link, Place
    from routes.schema.projects import Project, ProjectEffect
    from routes.schema.provenance import Gap, Rival, Source
    from routes.schema.rows import HANDLING_CLASSES, MODES, Record, Sourced
    from routes.schema.tables import TABLES, columns
    from routes.schema.trade import Commodity, Market, Stream, Supply

_HOMES = {
    "Capacity": "capacities", "SharedCapacity": "capacities",
    "CASH_KINDS": "carriage", "CHARGE_KINDS": "carriage", "Emission": "carriage",
    "Tariff": "carriage", "ThroughRoute": "carriage",
    "data_dictionary": "dictionary", "field_meanings": "dictionary",
    "Event": "history", "Observed": "history", "Link": "network", "Place": "network",
    "Project": "projects", "ProjectEffect": "projects",
    "Gap": "provenance", "Rival": "provenance", "Source": "provenance",
    "HANDLING_CLASSES": "rows", "MODES": "rows", "Record": "rows", "Sourced": "rows",
    "TABLES": "tables", "columns": "tables",
    "Commodity": "trade", "Market": "trade", "Stream": "trade", "Supply": "trade",
}  # fmt: skip

__all__ = [
    "CASH_KINDS", "CHARGE_KINDS", "HANDLING_CLASSES", "MODES", "TABLES", "Capacity", "Commodity",
    "Emission", "Event", "Gap", "Link", "Market", "Observed", "Place", "Project", "ProjectEffect",
    "Record", "Rival", "SharedCapacity", "Source", "Sourced", "Stream", "Supply", "Tariff",
    "ThroughRoute", "columns", "data_dictionary", "field_meanings",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
