"""A data set in the General Modeling Network Specification, our further tables beside it.

GMNS knows nodes and links. `node.csv` has a row for each place and one for each node of it
(`aktau.rail1520`, whose parent_node_id is `aktau`); `link.csv` a row for each link. Names are those
of GMNS where the two mean the same. They do not for `capacity` (vehicles an hour) and `grade` (the
slope): ours are called `capacity_in_unit` and `data_grade`, and a GMNS capacity is never read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from routes.errors import DataError, Problem, UsageError
from routes.lines import read_points
from routes.network import RawNetwork, read_version
from routes.schema import TABLES, Record
from routes.tables import RawRow, RawTable, check_header, read_rows

SPEC_VERSION = "0.96"
# our column -> its name in a GMNS folder
PLACE_NAMES = {
    "place_id": "node_id", "lat": "y_coord", "lon": "x_coord", "kind": "node_type",
    "grade": "data_grade",
}  # fmt: skip
LINK_NAMES = {"length_km": "length", "grade": "data_grade"}
FURTHER_NAMES = {"capacities": {"capacity": "capacity_in_unit"}}
# columns of GMNS that say nothing about our links; a file may have them, they are not read
_NODE_UNREAD = ("z_coord", "ctrl_type", "zone_id")
_LINK_UNREAD = (
    "name", "geometry", "parent_link_id", "dir_flag", "grade", "facility_type", "capacity",
    "free_speed", "lanes", "bike_facility", "ped_facility", "parking", "allowed_uses", "toll",
    "jurisdiction", "row_width",
)  # fmt: skip


def from_wkt(text: str) -> list[tuple[float, float]]:
    """Points (lon, lat) of a LINESTRING. Raises UsageError for anything else."""
    head, _, rest = text.strip().partition("(")
    rest = rest.removesuffix(")") if head.strip().upper() == "LINESTRING" else ""
    try:
        points = read_points([tuple(map(float, pair.split())) for pair in rest.split(",")])
    except ValueError:
        points = None
    if points is None:
        msg = f"A line must be written LINESTRING (lon lat, lon lat). Got '{text[:60]}' instead."
        raise UsageError(msg)
    return points


def read_gmns(folder: Path) -> RawNetwork:
    """The rows of a GMNS folder; `routes.network.build_network` checks them.

    Columns of GMNS that say nothing about our links are left out with a warning when they hold
    anything, a `capacity` in vehicles an hour first of all.
    """
    known = {"config.csv", "node.csv", "link.csv", "geometry.csv"}
    known |= {record.file for name, record in TABLES.items() if name not in ("places", "links")}
    digest = hashlib.sha256()
    paths = sorted(folder.glob("*.csv"))
    raws = {path.name: read_rows(path, _accept, digest.update)
            for path in paths if path.name in known}  # fmt: skip
    warnings: list[Problem] = []
    places, nodes = _read_nodes(_pick(raws, "node.csv"), warnings)
    tables = {"places": places, "links": _read_links(_pick(raws, "link.csv"), nodes, warnings)}
    for name, record in TABLES.items():
        if name not in tables and record.file in raws:
            tables[name] = _rename(raws[record.file], record, FURTHER_NAMES.get(name, {}))
    strange = [path.name for path in paths if path.name not in known]
    remedy = f"Files are {', '.join(sorted(known))}."
    version, odd = read_version(folder)
    return RawNetwork(
        name=folder.resolve().name,
        version=version,
        digest=digest.hexdigest(),
        tables=tables,
        problems=[
            *odd,
            *(Problem(name, "no table has this file name", remedy) for name in strange),
        ],
        warnings=warnings,
    )


def read_gmns_lines(folder: Path) -> dict[str, list[tuple[float, float]]]:
    """Lines to draw of a GMNS folder, by geometry_id: (lon, lat) points.

    Raises DataError for a geometry that is no LINESTRING.
    """
    path = folder / "geometry.csv"
    lines: dict[str, list[tuple[float, float]]] = {}
    raw = read_rows(path, _accept) if path.exists() else RawTable()
    problems = list(raw.problems)
    for row in raw.rows:
        text = row.cells.get("geometry", "")
        try:
            if text:
                lines[row.cells.get("geometry_id", "")] = from_wkt(text)
        except UsageError as error:
            problems.append(Problem(row.file, str(error).rstrip("."), "", row.line, "geometry"))
    if problems:
        raise DataError(problems)
    return lines


def _accept(header: Sequence[str]) -> list[Problem]:
    """Headers are checked when their columns have our names."""
    del header
    return []


def _pick(raws: Mapping[str, RawTable], name: str) -> RawTable:
    missing = Problem(name, "the file is missing", "GMNS needs it.")
    return raws.get(name, RawTable(problems=[missing]))


def _rename(
    table: RawTable, record: type[Record], renamed: Mapping[str, str], *, drop: Sequence[str] = ()
) -> RawTable:
    """The table under our column names, without the columns to `drop`."""
    ours = {theirs: mine for mine, theirs in renamed.items()}
    header = [ours.get(name, name) for name in table.columns if name not in drop]
    if table.problems:
        return RawTable(tuple(header), table.rows, table.problems)
    problems = check_header(header, next((r.file for r in table.rows), record.file), record)
    rows = [
        RawRow(row.file, row.line,
               {ours.get(k, k): cell for k, cell in row.cells.items() if k not in drop})
        for row in table.rows
    ]  # fmt: skip
    return RawTable(tuple(header), () if problems else rows, problems)


def _read_nodes(raw: RawTable, warnings: list[Problem]) -> tuple[RawTable, set[str]]:
    """The places of a node table, and the names of its nodes."""
    own = [row for row in raw.rows if not row.cells.get("parent_node_id")]
    places = {row.cells.get("node_id", ""): row for row in own}
    problems = list(raw.problems)
    nodes = set()
    for row in raw.rows:
        parent = row.cells.get("parent_node_id")
        if parent:
            problems += _check_node(row, places.get(parent), parent)
            nodes.add(row.cells.get("node_id", ""))
    _warn_unread(raw, _NODE_UNREAD, warnings)
    table = RawTable(raw.columns, own, problems)
    return _rename(
        table, TABLES["places"], PLACE_NAMES, drop=("parent_node_id", *_NODE_UNREAD)
    ), nodes


def _check_node(row: RawRow, place: RawRow | None, parent: str) -> list[Problem]:
    """A node belongs to its place and lies where it lies."""
    name = row.cells.get("node_id", "")
    if place is None:
        rule = f"no row of this table is the place '{parent}'"
        return [Problem(row.file, rule, "Add it, without a parent.", row.line, "parent_node_id")]
    if name.rpartition(".")[0] != parent:
        rule = f"the node '{name}' does not belong to '{parent}'"
        remedy = f"Call it {parent}.MODE, such as {parent}.rail1520."
        return [Problem(row.file, rule, remedy, row.line, "node_id")]
    return [
        Problem(row.file, f"the node lies elsewhere than its place ({place.cells.get(column, '')})",
                "Move the place and all its nodes together.", row.line, column)
        for column in ("x_coord", "y_coord")
        if row.cells.get(column, "") != place.cells.get(column, "")
    ]  # fmt: skip


def _read_links(raw: RawTable, nodes: set[str], warnings: list[Problem]) -> RawTable:
    problems = list(raw.problems)
    for row in raw.rows:
        if row.cells.get("directed", "").lower() not in ("true", "1"):
            rule = "every link has one direction"
            remedy = "Write true, and a link of its own for the way back."
            problems.append(Problem(row.file, rule, remedy, row.line, "directed"))
        for column in ("from_node_id", "to_node_id"):
            if row.cells.get(column, "") not in nodes:
                rule = f"no node is called '{row.cells.get(column, '')}'"
                problems.append(Problem(row.file, rule, "Add it to node.csv.", row.line, column))
    _warn_unread(raw, _LINK_UNREAD, warnings)
    table = RawTable(raw.columns, raw.rows, problems)
    return _rename(table, TABLES["links"], LINK_NAMES, drop=("directed", *_LINK_UNREAD))


def _warn_unread(raw: RawTable, unread: Sequence[str], warnings: list[Problem]) -> None:
    for name in unread:
        held = next((row for row in raw.rows if name != "dir_flag" and name in row.cells), None)
        if held is None:
            continue
        rule = f"the GMNS column '{name}' is not read"
        remedy = ""
        if name == "capacity":
            rule += ": it counts vehicles an hour"
            remedy = "Write capacities with their unit into capacities.csv."
        warnings.append(Problem(held.file, rule, remedy, held.line, name))
