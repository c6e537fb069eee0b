"""The tables of a data set: which there are, and the order of their columns."""

from __future__ import annotations

from routes.schema.capacities import Capacity, SharedCapacity
from routes.schema.carriage import Emission, Tariff, ThroughRoute
from routes.schema.history import Event, Observed
from routes.schema.network import Link, Place
from routes.schema.projects import Project, ProjectEffect
from routes.schema.provenance import Gap, Rival, Source
from routes.schema.rows import Record
from routes.schema.trade import Commodity, Market, Stream, Supply

TABLES: dict[str, type[Record]] = {
    "places": Place, "links": Link, "capacities": Capacity, "shared_capacities": SharedCapacity,
    "tariffs": Tariff, "through_routes": ThroughRoute, "commodities": Commodity,
    "streams": Stream, "supplies": Supply, "markets": Market, "observed": Observed,
    "emissions": Emission, "projects": Project, "project_effects": ProjectEffect,
    "events": Event, "rivals": Rival, "gaps": Gap, "sources": Source,
}  # fmt: skip


def columns(record: type[Record]) -> list[str]:
    """Columns of a table in the order of its file: where a number comes from stands last."""
    ends = ("source_id", "grade", "note")
    last = [name for name in ends if name in record.model_fields and name not in record.key]
    return [name for name in record.model_fields if name not in last] + last
