"""A data set as a folder of CSV files, with its description and its lines to draw."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from routes.exchange.datapackage import describe_package, write_json
from routes.network import REQUIRED_TABLES, Network, save_network
from routes.schema import TABLES

Line = Sequence[tuple[float, float]]


def write_csv(network: Network, folder: Path, *, lines: Mapping[str, Line] | None = None) -> None:
    """Fill `folder` with tables that load_network reads back as the same network."""
    save_network(network, folder)
    if lines:
        (folder / "geometry.geojson").write_text(write_lines(lines), encoding="utf-8")
    package = describe_package(
        name=network.name,
        version=network.version,
        tables=list_tables(network),
        geometry=bool(lines),
    )
    (folder / "datapackage.json").write_text(write_json(package), encoding="utf-8")


def list_tables(network: Network) -> list[str]:
    """Tables that have rows, and those that a data set cannot do without."""
    return [name for name in TABLES if len(network[name]) or name in REQUIRED_TABLES]


def write_lines(lines: Mapping[str, Line]) -> str:
    """Lines by geometry_id as GeoJSON, one feature a line of text."""
    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"geometry_id": name},
                "geometry": {"type": "LineString", "coordinates": [list(p) for p in points]},
            }
        )
        for name, points in lines.items()
    ]
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"
