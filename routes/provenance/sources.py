"""Which numbers rest on which source."""

from __future__ import annotations

import numpy as np
import pandas as pd

from routes.errors import UnknownNameError
from routes.network import Network
from routes.provenance.numbers import (
    NUMBERS,
    list_numbers,
    names_key,
    row_keys,
    split_sources,
)

SOURCE_COLUMNS = ("source_id", "publisher", "title", "url", "published", "accessed", "licence")


def list_sources(network: Network) -> pd.DataFrame:
    """Every source with the rows, rivals and days that rest on it, most used first.

    Columns: source_id, rows (table rows whose numbers rest on it), rivals, publisher, title, url,
    published, accessed, licence.
    """
    rows: dict[str, int] = {}
    for table in NUMBERS:
        frame = network[table]
        cells = frame["source_id"]
        if "days_source_id" in frame:
            cells = cells + ";" + frame["days_source_id"]
        for cell in cells:
            for name in set(cell.split(";")) - {""}:
                rows[name] = rows.get(name, 0) + 1
    rivals: dict[str, int] = {}
    for cell in network["rivals"]["source_id"]:
        for name in set(cell.split(";")):
            rivals[name] = rivals.get(name, 0) + 1
    table = network["sources"][list(SOURCE_COLUMNS)]
    counts = table["source_id"].map(rows).fillna(0).astype(int)
    table.insert(1, "rows", counts)
    table.insert(2, "rivals", table["source_id"].map(rivals).fillna(0).astype(int))
    return table.sort_values(["rows", "source_id"], ascending=[False, True], ignore_index=True)


def cite_source(network: Network, source_id: str) -> dict[str, pd.DataFrame]:
    """What a source says here: `source` (its row), `numbers`, `rivals` (values not chosen).

    Raises UnknownNameError for a source that is not in sources.csv.
    """
    sources = network["sources"]
    if source_id not in set(sources["source_id"]):
        raise UnknownNameError("source", source_id, sources["source_id"])
    parts = [list_numbers(network, table, source=source_id) for table in NUMBERS]
    rivals = network["rivals"]
    mine = rivals["source_id"].map(lambda cell: source_id in cell.split(";")).astype(bool)
    return {
        "source": sources.loc[sources["source_id"] == source_id, list(SOURCE_COLUMNS)],
        "numbers": pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True),
        "rivals": rivals[mine].reset_index(drop=True),
    }


def describe_sources(network: Network, cells: pd.Series) -> pd.DataFrame:
    """The sources that these cells name, in order: publisher, title, address, date."""
    names = split_sources(cells)
    table = network["sources"].set_index("source_id", drop=False)
    known = [name for name in names if name in table.index]
    return table.loc[known, list(SOURCE_COLUMNS)[:6]].reset_index(drop=True)


def find_rivals(network: Network, table: str, rows: list[int]) -> pd.DataFrame:
    """Values not chosen for rows of a table, named by their key or by the start of it.

    `*` in a rival's key stands for any text: `grain|*|2023` is a rival of a sum of rows.
    """
    rivals = network["rivals"]
    keys = row_keys(network, table).reindex(rows)
    mine = [
        other == table and any(names_key(pattern, key) for key in keys)
        for other, pattern in zip(rivals["table"], rivals["row"], strict=True)
    ]
    return rivals[np.array(mine, dtype=bool)].reset_index(drop=True)
