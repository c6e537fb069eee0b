"""The tables of a network: read, overlay, check and save them all; select a year."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from routes.checks import check_tables, check_texts
from routes.errors import DataError, Problem, UsageError
from routes.files import MAX_FILE_BYTES, MAX_NOTE_BYTES, read_input, read_json
from routes.lines import read_features
from routes.schema import TABLES, columns
from routes.tables import RawRow, RawTable, duplicate_keys, read_raw, row_keys, validate_rows

REQUIRED_TABLES = ("places", "links", "tariffs", "commodities", "supplies", "markets", "sources")
UNVERSIONED = "unversioned"
LONGEST_VERSION = 60


@dataclass(frozen=True, eq=False)
class Network:
    """All the tables of a data set, checked.

    `tables` maps a table's name (see routes.schema.TABLES) to a frame with the schema's columns;
    numbers are float with NaN for blank, text is str with "" for blank. `lines` gives for each
    table the (file, line) a row came from. `changes` lists what overlays changed. Frames are
    shared: treat them as read-only. A network equals nothing but itself.
    """

    name: str
    version: str
    digest: str
    tables: Mapping[str, pd.DataFrame]
    lines: Mapping[str, Sequence[tuple[str, int]]] = field(repr=False)
    changes: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def __repr__(self) -> str:
        size = ", ".join(
            f"{len(self.tables[name]):,} {name}"
            for name in ("places", "links", "supplies", "markets")
        )
        return f"<Network {self.name} {self.version}: {size}>"


def shipped_folder() -> Path:
    """Folder of the data set that comes with the package."""
    return Path(str(resources.files("routes"))) / "data" / "kazakhstan"


def load_network(data: str | Path | None = None, *, overlays: Sequence[str | Path] = ()) -> Network:
    """Read a folder of tables (the shipped one without `data`), lay overlays on it, check it all.

    An overlay is a folder with some of the tables: a row whose key exists changes the columns that
    the overlay has, any other row is added. Later overlays win. Every change is logged.

    Raises
    ------
    DataError
        With every problem of every table: file, line, column, rule and remedy.
    UsageError
        When a folder does not exist.
    """
    folders = [Path(data) if data is not None else shipped_folder(), *map(Path, overlays)]
    for folder in folders:
        if not folder.is_dir():
            msg = f"The folder {folder} does not exist."
            raise UsageError(msg)
    stamp = tuple(
        (str(path), path.stat().st_mtime_ns, path.stat().st_size)
        for folder in folders
        for path in sorted(folder.glob("*.csv"))
        if path.exists()
    )
    return _load(tuple(str(folder) for folder in folders), stamp)


@lru_cache(maxsize=4)
def _load(folders: tuple[str, ...], stamp: object) -> Network:
    del stamp  # part of the cache's key only
    base, *overlays = map(Path, folders)
    return build_network(read_folder(base), overlays=overlays)


@dataclass(frozen=True)
class RawNetwork:
    """The tables of a data set as written, wherever they were read from.

    `tables` maps a table's name to its rows; `problems` tells what is wrong outside of them,
    `warnings` what is odd; `digest` is that of the bytes read.
    """

    name: str
    version: str
    digest: str
    tables: Mapping[str, RawTable] = field(repr=False)
    problems: Sequence[Problem] = ()
    warnings: Sequence[Problem] = ()


def read_folder(folder: Path) -> RawNetwork:
    """The rows of a folder of CSV files, one a table. Nothing is raised."""
    digest = hashlib.sha256()
    tables: dict[str, RawTable] = {}
    for name, record in TABLES.items():
        path = folder / record.file
        if path.exists():
            tables[name] = read_raw(path, record, digest.update)
    version, odd = read_version(folder)
    return RawNetwork(
        name=folder.resolve().name,
        version=version,
        digest=digest.hexdigest(),
        tables=tables,
        problems=[*_check_files(folder), *odd],
    )


def build_network(raw: RawNetwork, *, overlays: Sequence[str | Path] = ()) -> Network:
    """The checked network of rows as written, with overlays laid on them.

    Raises DataError with every problem of every table.
    """
    folders = [Path(overlay) for overlay in overlays]
    digest = hashlib.sha256(raw.digest.encode())
    tables: dict[str, pd.DataFrame] = {}
    cells: dict[str, list[Mapping[str, str]]] = {}
    lines: dict[str, list[tuple[str, int]]] = {}
    wrong_cells: list[Problem] = []
    problems: list[Problem] = list(raw.problems)
    for overlay in folders:
        problems += _check_files(overlay, overlay=True)
    changes: list[str] = []
    for name, record in TABLES.items():
        table = raw.tables.get(name)
        rows = list(table.rows) if table is not None else []
        if table is not None:
            problems += table.problems
        elif name in REQUIRED_TABLES:
            problems.append(Problem(record.file, "the file is missing", f"Add it to {raw.name}."))
        for overlay in folders:
            path = overlay / record.file
            if path.exists():
                over = read_raw(path, record, digest.update, partial=True)
                own = [r._replace(file=f"{overlay.name}/{r.file}") for r in over.rows]
                problems += [*over.problems, *duplicate_keys(own, record)]
                rows = _lay_over(rows, own, over.columns, name, changes)
        frame, found = validate_rows(rows, record)
        wrong_cells += found
        cells[name] = [row.cells for row in rows]
        tables[name] = frame if not found else _empty(name)
        lines[name] = [(row.file, row.line) for row in rows]
    if problems or wrong_cells:
        # a wrong cell hides no wrong name; a missing file or column would seem to make many
        names = [] if problems else check_texts(_read_texts(cells), lines)
        raise DataError([*problems, *wrong_cells, *names])
    errors, warnings = check_tables(tables, lines)
    if errors:
        raise DataError(errors)
    return Network(
        name=raw.name,
        version=raw.version + ("+overlay" if changes else ""),
        digest=digest.hexdigest() if folders else raw.digest,
        tables=tables,
        lines=lines,
        changes=tuple(changes),
        warnings=(*raw.warnings, *warnings),
    )


def _check_files(folder: Path, *, overlay: bool = False) -> list[Problem]:
    known = {record.file for record in TABLES.values()}
    problems = []
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            rule = "no table has this file name"
            problems.append(Problem(path.name, rule, f"Tables are {', '.join(sorted(known))}."))
        elif not path.exists():
            problems.append(Problem(path.name, "the file is a link to nothing", "Delete it."))
    if overlay and not any(path.name in known for path in folder.glob("*.csv")):
        problems.append(Problem(folder.name, "the overlay holds no table"))
    return problems


def _lay_over(
    rows: list[RawRow],
    over: Sequence[RawRow],
    columns: Sequence[str],
    table: str,
    changes: list[str],
) -> list[RawRow]:
    record = TABLES[table]
    position = {key: i for i, key in enumerate(row_keys(rows, record))}
    merged = list(rows)
    for row, where in zip(over, row_keys(over, record), strict=True):
        what = "|".join(part for part in where if part)
        if where not in position:
            position[where] = len(merged)
            merged.append(row)
            changes.append(f"{table} {what}: added")
            continue
        old = merged[position[where]]
        cells = {k: v for k, v in old.cells.items() if k not in columns} | dict(row.cells)
        for column in columns:
            if column in record.key:
                continue
            before, after = old.cells.get(column, ""), row.cells.get(column, "")
            if before != after:
                changes.append(
                    f"{table} {what} {column}: {before or 'blank'} -> {after or 'blank'}"
                )
        merged[position[where]] = row._replace(cells=cells)
    return merged


def _read_texts(cells: Mapping[str, list[Mapping[str, str]]]) -> dict[str, pd.DataFrame]:
    """The tables as written, without a look at what stands in them."""
    return {
        name: pd.DataFrame(
            {column: [row.get(column, "") for row in rows] for column in columns(TABLES[name])},
            dtype=object,
        )
        for name, rows in cells.items()
    }


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=columns(TABLES[name]))


def read_version(folder: Path) -> tuple[str, list[Problem]]:
    """Version that the datapackage.json of a folder states, and what is wrong with it."""
    path = folder / "datapackage.json"
    if not path.exists():
        return UNVERSIONED, []
    try:
        package = read_json(read_input(path, MAX_NOTE_BYTES, linked=False), path.name)
    except DataError as error:
        return UNVERSIONED, list(error.problems)
    if not isinstance(package, dict):
        return UNVERSIONED, [Problem(path.name, "is no data package", "Write it anew.")]
    return check_version(package.get("version", UNVERSIONED), path.name)


def check_version(version: object, label: str) -> tuple[str, list[Problem]]:
    """A version as every result prints it: a word or a number, nothing that steers a terminal."""
    text = str(version) if isinstance(version, str | int | float) else ""
    if 0 < len(text) <= LONGEST_VERSION and text.isprintable():
        return text, []
    rule = f"the version is not a text of 1 to {LONGEST_VERSION} printable characters"
    return UNVERSIONED, [Problem(label, rule, "Write one such as 2026.11.0.")]


def read_geometries(data: str | Path | None = None) -> dict[str, list[tuple[float, float]]]:
    """Lines to draw, by geometry_id: (lon, lat) points; empty without a geometry.geojson.

    Raises DataError with every feature that is no line.
    """
    path = (Path(data) if data is not None else shipped_folder()) / "geometry.geojson"
    if not path.exists():
        return {}
    content = read_input(path, MAX_FILE_BYTES, linked=False)
    return read_features(read_json(content, path.name), path.name)


def save_network(network: Network, folder: Path) -> None:
    """Write every table that has rows to `folder` as CSV, numbers at full precision."""
    for name, record in TABLES.items():
        frame = network.tables[name]
        if len(frame) == 0 and name not in REQUIRED_TABLES:
            continue
        with (folder / record.file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            names = columns(record)
            writer.writerow(names)
            for row in frame[names].itertuples(index=False):
                writer.writerow([format_cell(value) for value in row])


def format_cell(value: object) -> str:
    """A cell as the tables write it: yes/no, shortest exact number, blank for NaN."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
    return str(value)


def select_year(network: Network, year: int) -> Network:
    """The network as it is in `year`.

    Keeps the rows that hold in the year. Links get a column `open`: True for those that exist then
    and are operating or idle. A link that does not exist yet keeps the capacity, tariff and shared
    rows of its own first year, so that a project can open it.
    """
    links = network["links"]
    holds = _holds(links, year)
    future = links["from_year"].to_numpy() > year
    usable = holds & links["status"].isin(("operating", "idle")).to_numpy()
    kept = links[holds | future].assign(open=usable[holds | future])
    first = dict(zip(links["link_id"][future], links["from_year"][future], strict=True))
    tables = dict(network.tables)
    tables["links"] = kept
    shared = network["shared_capacities"]
    starts: dict[str, list[float]] = {}
    for pool, link in zip(shared["shared_id"], shared["link_id"], strict=True):
        starts.setdefault(pool, []).append(first.get(link, -math.inf))
    closed_shared = {pool: min(years) for pool, years in starts.items() if -math.inf not in years}
    tables["shared_capacities"] = _select(shared, year, shared["link_id"].map(first))
    capacities = network["capacities"]
    tables["capacities"] = _select(
        capacities, year, capacities["subject_id"].map(first | closed_shared)
    )
    tariffs = network["tariffs"]
    own = tariffs["scope"].str.removeprefix("link:").map(first)
    tables["tariffs"] = _select(tariffs, year, own)
    tables["streams"] = _select(network["streams"], year, None)
    for name in ("supplies", "markets"):
        frame = network[name]
        tables[name] = frame[frame["year"] == year]
    return replace(network, tables=tables)


def _holds(frame: pd.DataFrame, year: float | np.ndarray) -> np.ndarray:
    start = frame["from_year"].fillna(-math.inf).to_numpy(dtype=float)
    end = frame["to_year"].fillna(math.inf).to_numpy(dtype=float)
    held: np.ndarray = (start <= year) & (year <= end)
    return held


def _select(frame: pd.DataFrame, year: int, first: pd.Series | None) -> pd.DataFrame:
    if len(frame) == 0:
        return frame
    when: float | np.ndarray = year
    if first is not None:
        when = np.fmax(year, first.to_numpy(dtype=float))
    return frame[_holds(frame, when)]
