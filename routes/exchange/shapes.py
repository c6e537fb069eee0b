"""Places and links as shapes: GeoJSON for anything that draws, GeoPackage for a GIS."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from routes.exchange.folder import Line, list_tables
from routes.network import Network, format_cell
from routes.schema import TABLES, columns


def write_geojson(network: Network, path: Path, *, lines: Mapping[str, Line] | None = None) -> None:
    """Write places as points and links as lines, one feature a line of text (RFC 7946).

    A property `table` says which of the two a feature is; blank cells are null. An operation at a
    place (a border, a transfer) is a point.
    """
    features = [
        {"type": "Feature", "geometry": geometry, "properties": properties}
        for table, frame, shapes in (
            ("places", network["places"], place_points(network)),
            ("links", network["links"], link_lines(network, lines or {})),
        )
        for geometry, properties in zip(map(_geometry, shapes), _records(table, frame), strict=True)
    ]
    text = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    path.write_text(
        f'{{"type": "FeatureCollection", "features": [\n{text}\n]}}\n', encoding="utf-8"
    )


def write_gpkg(network: Network, path: Path, *, lines: Mapping[str, Line] | None = None) -> None:
    """Write a GeoPackage: the layers places and links with shapes, every other table without."""
    import shapely
    from pyogrio import raw

    for name in list_tables(network):
        geometry = None
        kind = None
        if name == "places":
            points = [shapely.Point(*shape[0]) for shape in place_points(network)]
            geometry, kind = shapely.to_wkb(points), "Point"
        elif name == "links":
            drawn = [
                shapely.LineString(shape) if len(shape) > 1 else None
                for shape in link_lines(network, lines or {})
            ]
            geometry, kind = shapely.to_wkb(drawn), "LineString"
        names = columns(TABLES[name])
        raw.write(
            str(path), geometry, [_field(network[name][column]) for column in names], names,
            layer=name, driver="GPKG", geometry_type=kind, crs="EPSG:4326" if kind else None,
            append=path.exists(),
        )  # fmt: skip


def place_points(network: Network) -> list[Line]:
    """The point (lon, lat) of each place, as a line of one point."""
    places = network["places"]
    return [[point] for point in zip(places["lon"], places["lat"], strict=True)]


def link_lines(network: Network, lines: Mapping[str, Line]) -> list[Line]:
    """The line of each link in the direction of travel; one point for an operation at a place."""
    places = network["places"]
    where = dict(
        zip(places["place_id"], zip(places["lon"], places["lat"], strict=True), strict=True)
    )
    shapes: list[Line] = []
    names = ["from_node_id", "to_node_id", "geometry_id"]
    for start, end, geometry in network["links"][names].itertuples(index=False, name=None):
        ends = [where[node.rsplit(".", 1)[0]] for node in (start, end)]
        line = list(lines.get(geometry, ()))
        if len(line) > 1:
            ahead = math.dist(line[0], ends[0]) <= math.dist(line[-1], ends[0])
            shapes.append(line if ahead else line[::-1])
        else:
            shapes.append(ends if ends[0] != ends[1] else ends[:1])
    return shapes


def _geometry(shape: Line) -> dict[str, Any]:
    points = [list(point) for point in shape]
    if len(points) == 1:
        return {"type": "Point", "coordinates": points[0]}
    return {"type": "LineString", "coordinates": points}


def _records(table: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = columns(TABLES[table])
    return [
        {"table": table} | {name: _value(v) for name, v in zip(names, row, strict=True)}
        for row in frame[names].itertuples(index=False, name=None)
    ]


def _value(value: Any) -> Any:
    """A value as strict JSON knows it: None for blank, text for unlimited."""
    if isinstance(value, float):
        return None if math.isnan(value) else "inf" if math.isinf(value) else value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return str(value) or None


def _field(column: pd.Series) -> np.ndarray:
    if column.dtype == object:
        return np.array([text or None for text in column], dtype=object)
    if column.dtype == bool:
        return np.array([format_cell(value) for value in column], dtype=object)
    return np.asarray(column, dtype=float)
