"""Results as text: tables for people, CSV for spreadsheets, strict JSON for programs.

A table on a terminal is drawn by rich and, when wider than the window, continued below under its
first column, with sentences in cells wrapped; anywhere else it is plain text at full width. Nothing
is ever cut off. Units stand in the header: they are read from the end of a column's name
(`exported_mt` is in Mt/yr), as everywhere in this package.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

# End of a column's name -> unit in the header, decimals. The first that fits holds.
UNITS: tuple[tuple[str, str, int], ...] = (
    ("_usd_per_t_km", "USD/t-km", 4),
    ("_usd_per_unit", "USD/unit", 2),
    ("_usd_per_t", "USD/t", 2),
    ("_kg_per_t", "kg/t", 1),
    ("_g_per_t_km", "g/t-km", 1),
    ("_mt_per_year", "Mt/yr", 3),
    ("_musd", "M USD/yr", 1),
    ("_mt", "Mt/yr", 3),
    ("_km", "km", 0),
)
LARGE = 1e5
NARROWEST = 30  # that sentences in cells are wrapped to
# Names whose end does not tell.
WORDS: dict[str, tuple[str, int]] = {
    "mt": ("Mt/yr", 3),
    "co2_mt": ("Mt CO2e/yr", 3),
    "gain": ("", 2),
    "loss": ("", 2),
    "utilisation": ("0..1", 3),
    "exclusion_loss": ("ratio", 3),
    "bypass_coverage": ("0..1", 3),
    "bypass_coverage_paying": ("0..1", 3),
    "days": ("days", 1),
    "days_mean": ("days", 1),
    "days_p90": ("days", 1),
    "days_sd": ("days", 1),
    "days_without": ("days", 1),
    "added_days": ("days", 1),
    "cum_days": ("days", 1),
    "year": ("", 0),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, what stands above it, its unit and decimals."""

    name: str
    heading: str
    unit: str = ""
    decimals: int = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns, with a title; what every printed result is made of."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    name: str = "table"

    def __len__(self) -> int:
        return len(self.rows)


def make_column(name: str) -> Column:
    """The column of a name, with the unit that its end tells."""
    heading, unit, decimals = name, "", 3
    for ending, its_unit, its_decimals in UNITS:
        if name.endswith(ending):
            heading, unit, decimals = name.removesuffix(ending), its_unit, its_decimals
            break
    if "share" in re.split("[_ ]", name) or name.endswith("_hhi"):
        unit = "0..1"
    unit, decimals = WORDS.get(name, (unit, decimals))
    return Column(name, heading.replace("_", " "), unit, decimals)


def make_table(
    title: str,
    rows: Iterable[Mapping[str, Any]],
    names: Sequence[str] = (),
    *,
    name: str = "table",
) -> Table:
    """A table of records.

    Parameters
    ----------
    title
        Sentence above the table.
    rows
        Records; a key that is missing is shown as unknown.
    names
        Columns and their order; default: the keys of the first record.
    name
        What a file of the table is called.
    """
    records = list(rows)
    names = tuple(names) or (tuple(records[0]) if records else ())
    cells = tuple(tuple(record.get(key) for key in names) for record in records)
    return Table(title, tuple(make_column(str(key)) for key in names), cells, name)


def frame_table(title: str, frame: Any, names: Sequence[str] = (), *, name: str = "table") -> Table:
    """A table of a pandas frame, its named index levels first."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    names = tuple(names) or tuple(frame.columns)
    return make_table(title, frame.to_dict("records"), names, name=name)


def plain_value(value: Any) -> Any:
    """`value` in plain Python terms: numpy scalars unpacked, pandas' NA as None."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    return value


def format_value(value: Any, decimals: int = 3) -> str:
    """A cell for people: fixed decimals, `-` for unknown, `inf` for unlimited, yes and no.

    A number too small for the decimals of its column is shown with two digits of its own, one of
    100,000 or more as a whole number.
    """
    value = plain_value(value)
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isnan(value):
            return "-"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        if 1e-9 < abs(value) < 0.5 * 10.0**-decimals:
            return f"{value:.2g}"
        value = value if abs(value) > 1e-9 else 0.0
        return f"{value:.{decimals if abs(value) < LARGE else 0}f}"
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return " ".join(format_value(item, decimals) for item in items)
    return show_safely(str(value))


def show_safely(text: str) -> str:
    """`text` on one line without control characters: a name in a file must not steer a terminal."""
    return "".join(c if c.isprintable() else ("?" if c not in "\n\r\t" else " ") for c in text)


def write_csv(table: Table) -> str:
    """A table as CSV: names as header, full precision, `inf`, blank for unknown, yes and no."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(column.name for column in table.columns)
    writer.writerows([_csv_cell(value) for value in row] for row in table.rows)
    return stream.getvalue()


def write_json(document: Any) -> str:
    """One strict JSON document; numbers that are not finite become null."""
    return json.dumps(strict_value(document), allow_nan=False, indent=2)


def strict_value(value: Any) -> Any:
    """`value` in JSON's own terms: unlimited and undefined are None, keys are text.

    A frame becomes a list with a mapping for each row.
    """
    if hasattr(value, "itertuples"):
        rows = value.itertuples(index=False, name=None)
        return [strict_value(dict(zip(value.columns, row, strict=True))) for row in rows]
    value = plain_value(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): strict_value(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [strict_value(item) for item in sorted(value)]
    if isinstance(value, Iterable):
        return [strict_value(item) for item in value]
    return str(value)


def print_tables(tables: Sequence[Table], *, footer: str = "", stream: IO[str]) -> None:
    """Print tables for a person: by rich on a terminal, as plain text anywhere else."""
    if stream.isatty():
        _print_rich(tables, footer, stream)
        return
    texts = [render_plain(table) for table in tables]
    stream.write("\n".join([*texts, footer + "\n"] if footer else texts))


def render_plain(table: Table) -> str:
    """A table as plain text at full width: title, header, units, rule, rows."""
    if not table.rows:
        return f"{table.title}\n(none)\n"
    header = [column.heading for column in table.columns]
    units = [column.unit for column in table.columns]
    body = _cells(table)
    lines = [header, *([units] if any(units) else []), *body]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    right = [_is_numeric(table, i) for i in range(len(header))]

    def join(line: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    top = [join(line) for line in lines[: len(lines) - len(body)]]
    return "\n".join([table.title, *top, rule, *map(join, body)]) + "\n"


def split_columns(table: Table, width: int) -> list[Table]:
    """The table in parts that fit `width` characters, each with the first column again."""
    body = _wrapped(table, width)
    widths = [
        max(len(column.heading), len(column.unit), *(_width(row[i]) for row in body)) + 2
        for i, column in enumerate(table.columns)
    ]
    parts: list[list[int]] = [[0]]
    used = widths[0]
    for i in range(1, len(widths)):
        if used + widths[i] > width and len(parts[-1]) > 1:
            parts.append([0])
            used = widths[0]
        parts[-1].append(i)
        used += widths[i]
    return [
        Table(
            table.title if number == 0 else f"{table.title} (continued)",
            tuple(table.columns[i] for i in part),
            tuple(tuple(row[i] for i in part) for row in table.rows),
            table.name,
        )
        for number, part in enumerate(parts)
    ]


def _print_rich(tables: Sequence[Table], footer: str, stream: IO[str]) -> None:
    from rich.console import Console

    console = Console(
        file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )  # fmt: skip
    for table in tables:
        if not table.rows:
            console.print(f"{table.title}\n(none)\n")
            continue
        for part in split_columns(table, console.width - 1):
            console.print(_rich_table(part, console.width - 1), crop=False, no_wrap=True)
    if footer:
        console.print(footer, style="dim")


def _rich_table(table: Table, width: int) -> Any:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        title=Text(table.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD,
        padding=(0, 1), pad_edge=False, collapse_padding=True,
    )  # fmt: skip
    with_units = any(column.unit for column in table.columns)
    body = _wrapped(table, width)
    for i, column in enumerate(table.columns):
        header = f"{column.heading}\n{column.unit}" if with_units else column.heading
        drawn.add_column(
            Text(header), justify="right" if _is_numeric(table, i) else "left", no_wrap=True,
            min_width=max(map(_width, [header, *(row[i] for row in body)])),
        )  # fmt: skip
    for row in body:
        drawn.add_row(*map(Text, row))
    return drawn


def _wrapped(table: Table, width: int) -> list[list[str]]:
    """Cells with sentences in lines that fit `width` beside the first column; names stay whole."""
    body = _cells(table)
    room = max(width - 4 - max((len(row[0]) for row in body), default=0), NARROWEST)
    return [[row[0], *("\n".join(_wrap(cell, room)) for cell in row[1:])] for row in body]


def _wrap(cell: str, room: int) -> list[str]:
    if len(cell) <= room:
        return [cell]
    return textwrap.wrap(cell, room, break_long_words=False, break_on_hyphens=False)


def _width(cell: str) -> int:
    return max(map(len, cell.split("\n")))


def _cells(table: Table) -> list[list[str]]:
    return [
        [
            format_value(value, column.decimals)
            for value, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows
    ]


def _is_numeric(table: Table, i: int) -> bool:
    values = [plain_value(row[i]) for row in table.rows]
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in values]
    return any(numbers) and all(
        number or value is None for number, value in zip(numbers, values, strict=True)
    )


def _csv_cell(value: Any) -> str:
    value = plain_value(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list | tuple):
        return ";".join(_csv_cell(item) for item in value)
    return str(value)
