"""Every number of the tables with its range, unit, grade and source: one row a number."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from routes.errors import UnknownNameError, UsageError
from routes.network import Network
from routes.schema import TABLES


@dataclass(frozen=True, slots=True)
class Number:
    """A column that holds numbers, and the columns that speak of them."""

    column: str
    unit: str = ""  # blank: the row's own column `unit`
    low: str = ""
    high: str = ""
    grade: str = "grade"
    source: str = "source_id"


NUMBERS: dict[str, tuple[Number, ...]] = {
    "places": (Number("lat", "degrees"), Number("lon", "degrees")),
    "links": (
        Number("length_km", "km", "length_low", "length_high"),
        Number("days", "days", "days_low", "days_high", "days_grade", "days_source_id"),
        Number("days_sd", "days", grade="days_grade", source="days_source_id"),
    ),
    "capacities": (Number("capacity", "", "low", "high"), Number("background")),
    "shared_capacities": (Number("coefficient", "", "low", "high"),),
    "tariffs": (
        Number("usd_per_t", "USD/t", "low", "high"),
        Number("usd_per_t_km", "USD/t-km", "low", "high"),
    ),
    "commodities": (
        Number("unit_value_usd_per_t", "USD/t", "low", "high"),
        Number("interest_per_year", "1/yr", "interest_low", "interest_high"),
        Number("t_per_teu", "t/TEU"),
    ),
    "streams": (
        Number("price_differential_usd_per_t", "USD/t", "price_low", "price_high"),
        Number("quality_usd_per_t", "USD/t", "quality_low", "quality_high"),
    ),
    "supplies": (
        Number("mt_per_year", "Mt/yr", "low", "high"),
        Number("lifting_cost_usd_per_t", "USD/t", "lifting_low", "lifting_high"),
    ),
    "markets": (
        Number("max_mt_per_year", "Mt/yr", "low", "high"),
        Number("min_mt_per_year", "Mt/yr"),
        Number("price_usd_per_t", "USD/t", "price_low", "price_high", "price_grade"),
        Number("shortfall_price_usd_per_t", "USD/t"),
    ),
    "observed": (Number("mt_per_year", "Mt/yr", "low", "high"),),
    "emissions": (
        Number("direct_g_per_t_km", "g/t-km"),
        Number("upstream_g_per_t_km", "g/t-km"),
    ),
    "projects": (Number("cost_musd", "M USD", "low", "high"),),
    "project_effects": (Number("value", "", "low", "high"),),
    "events": (Number("capacity_left", "0..1", "low", "high"),),
}
COLUMNS = (
    "table", "row", "number", "value", "low", "high", "unit", "grade", "source_id", "note",
)  # fmt: skip


def find_number(table: str, column: str = "") -> Number:
    """The number of a table in `column`, or its first. Raises UnknownNameError or UsageError."""
    if table not in NUMBERS:
        raise UnknownNameError("table of numbers", table, NUMBERS)
    numbers = {number.column: number for number in NUMBERS[table]}
    if column and column not in numbers:
        msg = f"The table '{table}' has no number '{column}'; it has {', '.join(numbers)}."
        raise UsageError(msg)
    return numbers[column] if column else NUMBERS[table][0]


def row_keys(network: Network, table: str) -> pd.Series:
    """The key of each row, parts joined by `|`; blank parts at the end are left out."""
    frame = network[table]
    parts = [_as_text(frame[name]) for name in TABLES[table].key]
    if not len(frame):
        return pd.Series([], dtype=object)
    keys = parts[0].str.cat(parts[1:], sep="|") if len(parts) > 1 else parts[0]
    return keys.str.replace(r"\|+$", "", regex=True)


def _as_text(column: pd.Series) -> pd.Series:
    if column.dtype == object or str(column.dtype) == "str":
        return column.astype(object)
    return column.map(lambda value: "" if np.isnan(value) else f"{value:.12g}").astype(object)


def list_numbers(
    network: Network, table: str, rows: Sequence[int] | None = None, *, source: str = ""
) -> pd.DataFrame:
    """Numbers of a table, one row each: COLUMNS.

    Parameters
    ----------
    network
        The tables.
    table
        A table of NUMBERS.
    rows
        Row labels; all rows without it.
    source
        Only numbers that rest on this source.
    """
    frame = network[table]
    keys = row_keys(network, table)
    if rows is not None:
        frame = frame.loc[list(rows)]
    parts = []
    for number in NUMBERS[table]:
        chosen = frame
        if source:
            chosen = frame[_names(frame[number.source], source)]
        part = pd.DataFrame({
            "table": table,
            "row": keys.reindex(chosen.index),
            "number": number.column,
            "value": chosen[number.column].astype(float),
            "low": chosen[number.low].astype(float) if number.low else np.nan,
            "high": chosen[number.high].astype(float) if number.high else np.nan,
            "unit": number.unit or chosen.get("unit", pd.Series("", index=chosen.index)),
            "grade": chosen[number.grade],
            "source_id": chosen[number.source],
            "note": chosen["note"],
        })  # fmt: skip
        parts.append(part[part["value"].notna() & ~_idle(table, number, chosen)])
    joined = pd.concat(parts).sort_index(kind="stable")
    return joined.reset_index(drop=True)[list(COLUMNS)]


def _idle(table: str, number: Number, frame: pd.DataFrame) -> pd.Series:
    """Numbers that are zero because another column of the row holds the figure."""
    zero = frame[number.column] == 0
    if table == "tariffs":
        other = "usd_per_t" if number.column == "usd_per_t_km" else "usd_per_t_km"
        return zero & ((frame[other] != 0) | (number.column == "usd_per_t_km"))
    if number.column in ("background", "min_mt_per_year", "quality_usd_per_t", "days_sd"):
        return zero
    return pd.Series(data=False, index=frame.index)


def _names(cells: pd.Series, source: str) -> np.ndarray:
    """Mask of the cells that name a source among others."""
    pattern = rf"(?:^|;){re.escape(source)}(?:;|$)"
    return np.asarray(cells.str.contains(pattern, regex=True), dtype=bool)


def list_keys(network: Network) -> dict[str, pd.Series]:
    """The keys of all tables of numbers (see row_keys), for many calls of match_rows."""
    return {table: row_keys(network, table) for table in NUMBERS}


def match_rows(
    network: Network, reference: str, *, keys: Mapping[str, pd.Series] | None = None
) -> tuple[str, Number, list[int]]:
    """Table, number and row labels of a reference such as `tariffs:link:btc-georgia|*`.

    `*` stands for any text within the key (whose blank parts at the end are left out), and
    `@column` names another number than the first.

    Raises UnknownNameError or UsageError for a table or number that does not exist.
    """
    table, _, rest = reference.partition(":")
    pattern, _, column = rest.partition("@")
    number = find_number(table, column)
    test = re.compile(fnmatch.translate(pattern))
    own = row_keys(network, table) if keys is None else keys[table]
    return table, number, [int(label) for label, key in own.items() if test.match(key)]


def names_key(pattern: str, key: str) -> bool:
    """Whether a pattern (`*` for any text) names a key or the start of it, part by part."""
    wanted, parts = pattern.rstrip("|").split("|"), key.split("|")
    return len(wanted) <= len(parts) and all(
        word == part or ("*" in word and fnmatch.fnmatchcase(part, word))
        for word, part in zip(wanted, parts, strict=False)
    )


def split_sources(cells: Iterable[str]) -> list[str]:
    """Source ids of cells, each once, in order."""
    return list(dict.fromkeys(name for cell in cells for name in cell.split(";") if name))
