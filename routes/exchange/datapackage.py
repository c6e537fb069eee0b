"""The description of a data folder for other programs: a Frictionless data package.

Everything in it is read from routes.schema, so it never says anything that the loader does not
check. One command renews the shipped one: `kazroutes data package`.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from routes.schema import TABLES, Record, columns, field_meanings

SHIPPED_VERSION = "2026.11.0"
LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
GEOMETRY = {
    "name": "geometry",
    "path": "geometry.geojson",
    "description": "Lines to draw, by geometry_id. No length comes from them.",
    "mediatype": "application/geo+json",
    "encoding": "utf-8",
}
# table, column, the table and column it names; only where every cell holds one name
_FOREIGN = (
    ("shared_capacities", "link_id", "links", "link_id"),
    ("through_routes", "link_id", "links", "link_id"),
    ("streams", "commodity_id", "commodities", "commodity_id"),
    ("streams", "outlet_link_id", "links", "link_id"),
    ("streams", "supply_place_id", "places", "place_id"),
    ("supplies", "commodity_id", "commodities", "commodity_id"),
    ("supplies", "place_id", "places", "place_id"),
    ("markets", "commodity_id", "commodities", "commodity_id"),
    ("markets", "place_id", "places", "place_id"),
    ("markets", "basis_place_id", "places", "place_id"),
    ("observed", "commodity_id", "commodities", "commodity_id"),
    ("project_effects", "project_id", "projects", "project_id"),
)


def describe_package(
    *, name: str, version: str, tables: Iterable[str] = tuple(TABLES), geometry: bool = False
) -> dict[str, Any]:
    """The data package of a folder that holds these tables as CSV.

    Parameters
    ----------
    name
        Name of the data set.
    version
        Its version; printed with every result.
    tables
        Tables that the folder holds.
    geometry
        Whether it holds geometry.geojson too.
    """
    kept = [table for table in TABLES if table in set(tables)]
    resources = [describe_table(table, among=kept) for table in kept]
    return {
        "profile": "data-package",
        "name": clean_name(name),
        "title": "Export routes: places, links, capacities, tariffs, demand and their sources",
        "description": "Every number has a source and a grade: A measured or official, B press or "
        "secondary, C derived (the note holds the formula), D judged. Blank is unknown, inf is "
        "unlimited. Money is in US dollars, mass in tonnes.",
        "version": version,
        "licenses": [LICENCE],
        "resources": [*resources, *([GEOMETRY] if geometry else [])],
    }


def clean_name(name: str) -> str:
    """A name as a data package allows it: lower case, no blanks."""
    return re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-") or "data"


def describe_table(table: str, *, among: Iterable[str] = tuple(TABLES)) -> dict[str, Any]:
    """One table as a tabular data resource: its file, its columns, its key, what it names."""
    record = TABLES[table]
    known = set(among)
    foreign = [
        {"fields": [column], "reference": {"resource": other, "fields": [named]}}
        for home, column, other, named in _FOREIGN
        if home == table and other in known
    ]
    schema: dict[str, Any] = {
        "fields": [describe_field(record, column) for column in columns(record)],
        "missingValues": [""],
        "primaryKey": list(record.key),
    }
    if foreign:
        schema["foreignKeys"] = foreign
    return {
        "name": table,
        "path": record.file,
        "profile": "tabular-data-resource",
        "description": " ".join((record.__doc__ or "").split()),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def describe_field(record: type[Record], column: str) -> dict[str, Any]:
    """One column: its type, meaning and the bounds that the loader checks."""
    info = record.model_fields[column]
    kind, limits = _resolve(info.annotation, list(info.metadata))
    field: dict[str, Any] = {
        "name": column,
        "type": kind,
        "description": field_meanings()[record.__name__, column],
    }
    if kind == "boolean":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    if info.is_required():
        limits["required"] = True
    if limits:
        field["constraints"] = dict(sorted(limits.items()))
    return field


def write_json(document: dict[str, Any]) -> str:
    """A data package as it stands in its file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


_TYPES = {str: "string", float: "number", int: "integer", bool: "boolean"}


def _resolve(annotation: Any, extra: list[Any]) -> tuple[str, dict[str, Any]]:
    """Table Schema type and constraints of an annotation."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return _resolve(inner, [*metadata, *extra])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = next(kind for kind in get_args(annotation) if kind is not type(None))
        return _resolve(inner, extra)
    if get_origin(annotation) is Literal:
        return "string", {"enum": list(get_args(annotation))}
    limits: dict[str, Any] = {}
    for item in extra:
        for part in (item, *getattr(item, "metadata", ())):
            limits |= _limits(part)
    return _TYPES[annotation], limits


def _limits(item: Any) -> dict[str, Any]:
    found = {
        "minimum": getattr(item, "ge", getattr(item, "gt", None)),
        "maximum": getattr(item, "le", None),
        "pattern": getattr(item, "pattern", None),
        "maxLength": getattr(item, "max_length", None),
    }
    return {name: value for name, value in found.items() if value is not None}
