"""Read tables from CSV files: every cell checked, every problem told with file, line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from routes.errors import DataError, Problem, nearest_names, suggest
from routes.files import MAX_FILE_BYTES, read_input
from routes.schema import columns

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from routes.schema import Record

MAX_ROWS = 500_000


class RawRow(NamedTuple):
    """One row as written: its file, its line, and its cells that are not blank."""

    file: str
    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of one CSV file, before their meaning is checked."""

    columns: tuple[str, ...] = ()
    rows: Sequence[RawRow] = ()
    problems: Sequence[Problem] = field(default_factory=tuple)


_Digest = Callable[[bytes], None]  # is given the name and the bytes of a file that is read


def read_raw(
    path: Path, record: type[Record], digest: _Digest, *, partial: bool = False
) -> RawTable:
    """Rows of a CSV file with the columns of `record`.

    With `partial` only the key columns are needed (an overlay changes the columns that it has).
    Nothing is raised: `problems` tells what is wrong.
    """
    return read_rows(
        path, lambda header: check_header(header, path.name, record, partial=partial), digest
    )


def read_rows(
    path: Path,
    check: Callable[[Sequence[str]], list[Problem]],
    digest: _Digest = lambda _: None,
) -> RawTable:
    """Rows of a CSV file whose header `check` finds no problem with."""
    label = path.name
    try:
        content = read_input(path, MAX_FILE_BYTES, linked=False)
        digest(label.encode() + content)
        text = content.decode("utf-8-sig")
    except DataError as error:
        return RawTable(problems=error.problems)
    except UnicodeDecodeError as error:
        rule = f"byte {error.start} is not UTF-8 text"
        return RawTable(problems=[Problem(label, rule, "Save the file as UTF-8.")])
    return _parse_rows(text, label, check)


def _parse_rows(text: str, label: str, check: Callable[[Sequence[str]], list[Problem]]) -> RawTable:
    """The rows of a text; a quote that does not close is told where its row begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = next(reader, [])
        problems = check(header)
        if problems:
            return RawTable(tuple(header), (), problems)
        width = len(header)
        rows: list[RawRow] = []
        line = reader.line_num + 1
        for cells in reader:
            first, line = line, reader.line_num + 1
            if not cells:
                continue
            if len(cells) != width:
                rule = f"the row has {len(cells)} cells, the header {width}"
                problems.append(Problem(label, rule, "Quote cells that hold commas.", first))
                continue
            if len(rows) >= MAX_ROWS:
                problems.append(Problem(label, f"more than {MAX_ROWS:,} rows", line=first))
                break
            kept = {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
            rows.append(RawRow(label, first, kept))
    except csv.Error as error:
        remedy = "Close every quote, and write a quote inside of quotes twice."
        return RawTable(problems=[Problem(label, f"not a CSV file ({error})", remedy, line)])
    return RawTable(tuple(header), rows, problems)


def check_header(
    header: Sequence[str], label: str, record: type[Record], *, partial: bool = False
) -> list[Problem]:
    """Problems of a header row: unknown, repeated and missing columns."""
    known = record.model_fields
    problems = [
        Problem(
            label,
            f"unknown column '{name}'",
            suggest(nearest_names(name, known)).strip() or f"Columns are {', '.join(known)}.",
            1,
            name,
        )
        for name in header
        if name not in known
    ]
    problems += [
        Problem(label, f"column '{name}' stands twice", "Keep one of them.", 1, name)
        for name in sorted({name for name in header if list(header).count(name) > 1})
    ]
    needed = record.key if partial else [n for n, f in known.items() if f.is_required()]
    problems += [
        Problem(label, f"column '{name}' is missing", "Add it.", 1, name)
        for name in needed
        if known[name].is_required() and name not in header
    ]
    return problems


def validate_rows(
    rows: Sequence[RawRow], record: type[Record]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows as a typed frame in the order of the record's columns, and what is wrong with them.

    Numbers become float (blank: NaN) or, for years, Int64-like float; text stays text (blank: "").
    """
    cells = [row.cells for row in rows]
    try:
        records = _adapter(record).validate_python(cells)
    except ValidationError as error:
        return pd.DataFrame(), [
            _explain(detail, rows) for detail in error.errors(include_url=False)
        ]
    return _to_frame(records, record), duplicate_keys(rows, record)


def row_keys(rows: Sequence[RawRow], record: type[Record]) -> list[tuple[str, ...]]:
    """The key of each row as it is meant: 2023.0 is 2023, and blanks around a word are nothing."""
    parts = []
    for name in record.key:
        texts = [row.cells.get(name, "").strip() for row in rows]
        number = _is_number(record.model_fields[name].annotation)
        parts.append([_read_number(text) for text in texts] if number else texts)
    return list(zip(*parts, strict=True))


def _read_number(text: str) -> str:
    try:
        return f"{float(text):.15g}"
    except ValueError:
        return text


def duplicate_keys(rows: Sequence[RawRow], record: type[Record]) -> list[Problem]:
    """Problems for rows whose key stands in the table already."""
    names = record.key
    keys = row_keys(rows, record)
    if len(set(keys)) == len(keys):
        return []
    seen: dict[tuple[str, ...], RawRow] = {}
    problems = []
    for key, row in zip(keys, rows, strict=True):
        first = seen.setdefault(key, row)
        if first is not row:
            what = ", ".join(f"{n}={v or 'blank'}" for n, v in zip(names, key, strict=True))
            rule = f"{what} stands already on line {first.line}"
            problems.append(
                Problem(row.file, rule, "Give each row its own key.", row.line, names[0])
            )
    return problems


@cache
def _adapter(record: type[Record]) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[record])  # type: ignore[valid-type]


def _to_frame(records: Iterable[Record], record: type[Record]) -> pd.DataFrame:
    """A frame of three blocks, text, numbers and truths: pandas is slow at one column at a time."""
    rows = [r.__dict__ for r in records]
    names = columns(record)
    kinds = {name: _kind_of(record.model_fields[name].annotation) for name in names}
    blocks = []
    for kind in dict.fromkeys(kinds.values()):
        mine = [name for name in names if kinds[name] is kind]
        values: npt.NDArray[Any] = np.empty((len(mine), len(rows)), dtype=kind)
        for i, name in enumerate(mine):
            values[i] = [row[name] for row in rows]  # None becomes NaN among numbers
        blocks.append(pd.DataFrame(values.T, columns=mine, dtype=kind))
    return pd.concat(blocks, axis=1)[list(names)]


def _kind_of(annotation: Any) -> type:
    if annotation is bool:
        return bool
    return float if _is_number(annotation) else object


def _is_number(annotation: Any) -> bool:
    kinds = (annotation, *get_args(annotation))
    return any(kind in (int, float) or _is_number_alias(kind) for kind in kinds)


def _is_number_alias(kind: Any) -> bool:
    return any(inner in (int, float) for inner in get_args(kind))


_RULES = {
    "missing": ("is blank but needed", "Give a value; unknown is not allowed here."),
    "finite_number": ("must be a finite number", "Give a number, or leave it blank if unknown."),
    "float_parsing": ("is not a number", "Give a number like 12.5."),
    "int_parsing": ("is not a whole number", "Give a whole number."),
    "bool_parsing": ("is neither yes nor no", "Write yes or no."),
}


def _explain(detail: ErrorDetails, rows: Sequence[RawRow]) -> Problem:
    index, *rest = detail["loc"]
    row = rows[int(index)]
    column = str(rest[0]) if rest else None
    value = row.cells.get(column or "", "")
    context = detail.get("ctx") or {}
    kind = detail["type"]
    remedy = ""
    if kind in _RULES:
        rule, remedy = _RULES[kind]
        rule = rule if kind == "missing" else f"'{value}' {rule}"
    elif kind == "greater_than_equal":
        rule = (
            f"{value} is below {context['ge']:g}" if value.lower() != "nan" else "NaN is no value"
        )
        remedy = f"It must be at least {context['ge']:g}."
    elif kind == "less_than_equal":
        rule, remedy = f"{value} is above {context['le']:g}", f"At most {context['le']:g}."
    elif kind == "beyond_bound":
        rule, remedy = f"{value} is not plausible", context["remedy"]
    elif kind == "literal_error":
        allowed = [
            word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")
        ]
        near = nearest_names(value, allowed)
        rule = f"'{value}' is not one of the words allowed"
        remedy = suggest(near).strip() or f"Use {', '.join(allowed)}."
    elif kind == "string_pattern_mismatch":
        rule = f"'{value}' does not have the form needed"
        remedy = f"It must match {context['pattern']}"
    else:
        rule = f"'{value}': {detail['msg']}"
    return Problem(row.file, rule, remedy, row.line, column)
