"""Write a data set in the General Modeling Network Specification (see routes.exchange.gmns)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from routes.exchange.datapackage import LICENCE, clean_name, describe_table, write_json
from routes.exchange.folder import Line, list_tables
from routes.exchange.gmns import FURTHER_NAMES, LINK_NAMES, PLACE_NAMES, SPEC_VERSION
from routes.network import Network, format_cell
from routes.schema import TABLES, columns

_CONFIG = {
    "dataset_name": "", "long_length": "km", "crs": "EPSG:4326", "geometry_field_format": "WKT",
    "currency": "USD", "version_number": SPEC_VERSION, "id_type": "string",
}  # fmt: skip


def write_gmns(network: Network, folder: Path, *, lines: Mapping[str, Line] | None = None) -> None:
    """Fill `folder` with node.csv, link.csv, config.csv, geometry.csv and our further tables."""
    lines = lines or {}
    config = _CONFIG | {"dataset_name": network.name}
    _write(folder / "config.csv", list(config), [list(config.values())])
    _write_nodes(network, folder / "node.csv")
    _write_links(network, folder / "link.csv", lines)
    used = dict.fromkeys(name for name in network["links"]["geometry_id"] if name)
    known = [(name, to_wkt(lines.get(name, ()))) for name in dict.fromkeys([*used, *lines])]
    _write(folder / "geometry.csv", ("geometry_id", "geometry"), known)
    further = [name for name in list_tables(network) if name not in ("places", "links")]
    for name in further:
        names = columns(TABLES[name])
        renamed = FURTHER_NAMES.get(name, {})
        rows = network[name][names].itertuples(index=False, name=None)
        _write(folder / TABLES[name].file, [renamed.get(n, n) for n in names], rows)
    package = _describe(network, further)
    (folder / "datapackage.json").write_text(write_json(package), encoding="utf-8")


def _write_nodes(network: Network, path: Path) -> None:
    places, links = network["places"], network["links"]
    names = [name for name in columns(TABLES["places"]) if name != "place_id"]
    where = dict(zip(places["place_id"], zip(places["lat"], places["lon"], strict=True),
                     strict=True))  # fmt: skip
    header = ["node_id", *(PLACE_NAMES.get(name, name) for name in names), "parent_node_id"]
    rows: list[Sequence[Any]] = [
        (place, *row, "")
        for place, row in zip(
            places["place_id"], places[names].itertuples(index=False, name=None), strict=True
        )
    ]
    nodes = dict.fromkeys([*links["from_node_id"], *links["to_node_id"]])
    for node in nodes:
        place, mode = node.rsplit(".", 1)
        given = {"lat": where[place][0], "lon": where[place][1], "kind": mode}
        rows.append((node, *(given.get(name, "") for name in names), place))
    _write(path, header, rows)


def _write_links(network: Network, path: Path, lines: Mapping[str, Line]) -> None:
    names = columns(TABLES["links"])
    places = network["places"]
    where = dict(zip(places["place_id"], zip(places["lon"], places["lat"], strict=True),
                     strict=True))  # fmt: skip
    links = network["links"][names]
    starts = [where[node.rsplit(".", 1)[0]] for node in links["from_node_id"]]
    header = [LINK_NAMES.get(name, name) for name in names]
    rows = (
        (*row, True, find_direction(lines.get(line, ()), start))
        for row, line, start in zip(
            links.itertuples(index=False, name=None), links["geometry_id"], starts, strict=True
        )
    )
    text = ((*row[:-2], "true", row[-1]) for row in rows)
    _write(path, [*header, "directed", "dir_flag"], text)


def find_direction(line: Line, start: tuple[float, float]) -> int:
    """1 when a line begins nearer to `start` than it ends, -1 when it ends nearer, 0 without it."""
    if len(line) < 2:
        return 0
    first, last = (
        (point[0] - start[0]) ** 2 + (point[1] - start[1]) ** 2 for point in (line[0], line[-1])
    )
    return 1 if first <= last else -1


def to_wkt(line: Line) -> str:
    """A line as well-known text, blank without points."""
    points = ", ".join(f"{float(lon)!r} {float(lat)!r}" for lon, lat in line)
    return f"LINESTRING ({points})" if points else ""


def _write(path: Path, header: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([format_cell(value) for value in row] for row in rows)


def _describe(network: Network, further: Sequence[str]) -> dict[str, Any]:
    """The data package of the folder, every table under the names it has there."""
    text = ("config", list(_CONFIG)), ("geometry", ["geometry_id", "geometry"])
    return {
        "profile": "data-package",
        "name": clean_name(network.name),
        "title": "Export routes in the General Modeling Network Specification",
        "version": network.version,
        "licenses": [LICENCE],
        "resources": [
            *(_file(name, [{"name": c, "type": "string"} for c in names]) for name, names in text),
            _file("node", [*_rename_fields("places", PLACE_NAMES),
                  {"name": "parent_node_id", "type": "string"}], key="node_id"),
            _file("link", [*_rename_fields("links", LINK_NAMES),
                  {"name": "directed", "type": "boolean", "trueValues": ["true"]},
                  {"name": "dir_flag", "type": "integer"}], key="link_id"),
            *(describe_table(name, among=further) | {"schema": {
                "fields": _rename_fields(name, FURTHER_NAMES.get(name, {})), "missingValues": [""],
            }} for name in further),
        ],
    }  # fmt: skip


def _file(name: str, fields: list[dict[str, Any]], *, key: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if key:
        schema["primaryKey"] = [key]
    return {
        "name": name, "path": f"{name}.csv", "profile": "tabular-data-resource", "format": "csv",
        "encoding": "utf-8", "schema": schema,
    }  # fmt: skip


def _rename_fields(table: str, renamed: Mapping[str, str]) -> list[dict[str, Any]]:
    """Fields of a table under their names here; a node of a place leaves its columns blank."""
    fields = []
    for field in describe_table(table)["schema"]["fields"]:
        kept = dict(field)
        if table == "places":
            kept.pop("constraints", None)
        fields.append(kept | {"name": renamed.get(field["name"], field["name"])})
    return fields
