"""A data set as an Excel workbook: a sheet a table, numbers as numbers, `inf` as text.

Text that a spreadsheet would take for a formula (it starts with = + - or @) is written as text with
a quote prefix. Values are read, never formulas.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from routes.errors import DataError, Problem, nearest_names, suggest
from routes.exchange.folder import list_tables
from routes.exchange.workbook_guard import find_unsaved_formulas, read_workbook
from routes.network import (
    REQUIRED_TABLES,
    UNVERSIONED,
    Network,
    RawNetwork,
    check_version,
    format_cell,
)
from routes.schema import TABLES, Record, columns
from routes.tables import MAX_ROWS, RawRow, RawTable, check_header

ABOUT = "about"
MAX_TEXT = 32_767  # characters that a cell can hold
MAX_COLUMNS = 60
_FORMULA = ("=", "+", "-", "@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"))


def write_xlsx(network: Network, path: Path) -> None:
    """Write the tables of a network to a workbook that read_xlsx reads back.

    Raises DataError when a text is longer than a cell or holds characters that no cell can hold.
    """
    from openpyxl import Workbook

    problems = [problem for name in list_tables(network) for problem in _unfit(network, name)]
    if problems:
        raise DataError(problems)
    book = Workbook(write_only=True)
    about = book.create_sheet(ABOUT)
    for row in (
        ("name", network.name),
        ("version", network.version),
        ("blank", "unknown or not applicable"),
        ("inf", "unlimited"),
        ("grade", "A measured or official, B press or secondary, C derived, D judged"),
    ):
        about.append([_cell(about, value) for value in row])
    for name in list_tables(network):
        _write_sheet(book, network, name)
    book.save(path)


def _write_sheet(book: Any, network: Network, name: str) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "B2"
    names = columns(TABLES[name])
    sheet.append([_cell(sheet, column, bold=True) for column in names])
    for row in network[name][names].itertuples(index=False, name=None):
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    """What a sheet is given for a value: a number, None for blank, a cell for risky text."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return None if math.isnan(value) else format_cell(value) if math.isinf(value) else value
    text = str(value)
    if not text:
        return None
    risky = text.startswith(_FORMULA) or text in _ERRORS
    if not risky and not bold:
        return text
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, value=text)
    if bold:
        cell.font = Font(bold=True)
    if risky:
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


def _unfit(network: Network, name: str) -> Iterator[Problem]:
    for column in columns(TABLES[name]):
        values = network[name][column]
        if values.dtype != object:
            continue
        for position, text in enumerate(values):
            file, line = network.lines[name][position]
            if len(text) > MAX_TEXT:
                rule = f"the text has more than {MAX_TEXT:,} characters, a cell holds no more"
                yield Problem(file, rule, "Shorten it.", line, column)
            elif _CONTROL.search(text):
                rule = "the text holds a control character that no cell can hold"
                yield Problem(file, rule, "Delete it.", line, column)


def read_xlsx(path: Path) -> RawNetwork:
    """The rows of a workbook, a sheet a table; `routes.network.build_network` checks them.

    Only saved values are read. A cell that a program turned into a date or TRUE is taken as the
    text that a table would hold (2023-02-14, yes).

    Raises
    ------
    DataError
        When the file is no workbook, is too large unpacked, holds macros, links to other files or
        entities of its own.
    """
    content = read_workbook(path)
    try:
        return _read_book(path, content)
    except (DataError, ImportError, MemoryError):
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part makes it stumble over
        rule = f"the workbook cannot be read ({type(error).__name__}: {error})"
        raise DataError([Problem(path.name, rule, "Save it anew as .xlsx.")]) from error


def _read_book(path: Path, content: bytes) -> RawNetwork:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    problems: list[Problem] = []
    about: dict[str, str] = {}
    tables: dict[str, RawTable] = {}
    try:
        for sheet in book.worksheets:
            label = f"{path.name}[{sheet.title}]"
            if sheet.title == ABOUT:
                rows = sheet.iter_rows(max_row=20, max_col=2, values_only=True)
                about = {str(key): _text(value) for key, value in rows if key is not None}
            elif sheet.title in TABLES:
                table = _read_sheet(sheet, label, TABLES[sheet.title])
                lost = _lost_formulas(content, sheet, label)
                tables[sheet.title] = RawTable(table.columns, table.rows, [*table.problems, *lost])
            else:
                remedy = suggest(nearest_names(sheet.title, TABLES)).strip()
                remedy = remedy or f"Sheets are {', '.join(TABLES)}."
                problems.append(Problem(label, "no table has this name", remedy))
    finally:
        book.close()
    for name in REQUIRED_TABLES:
        if name not in tables:
            problems.append(Problem(path.name, f"the sheet '{name}' is missing", "Add it."))
            tables[name] = RawTable()
    version, odd = check_version(about.get("version") or UNVERSIONED, f"{path.name}[{ABOUT}]")
    return RawNetwork(
        name=path.stem,
        version=version,
        digest=hashlib.sha256(content).hexdigest(),
        tables=tables,
        problems=[*problems, *odd],
    )


def _lost_formulas(content: bytes, sheet: Any, label: str) -> list[Problem]:
    cells = find_unsaved_formulas(content, sheet._worksheet_path.lstrip("/"))  # noqa: SLF001
    rule = "a formula without a saved value, it would read as blank"
    remedy = "Open and save the workbook in a spreadsheet, or write the value."
    return [Problem(label, f"cell {cell} holds {rule}", remedy) for cell in cells[:20]]


def _read_sheet(sheet: Any, label: str, record: type[Record]) -> RawTable:
    sheet.reset_dimensions()
    limit = MAX_ROWS + 2
    rows = sheet.iter_rows(max_row=limit, max_col=MAX_COLUMNS, values_only=True)
    header = [_text(value) for value in next(rows, ())]
    while header and not header[-1]:
        header.pop()
    problems = check_header(header, label, record)
    if problems:
        return RawTable(tuple(header), (), problems)
    found: list[RawRow] = []
    for line, cells in enumerate(rows, 2):
        texts = [_text(value) for value in cells]
        if not any(texts):
            continue
        if len(found) >= MAX_ROWS:
            problems.append(Problem(label, f"more than {MAX_ROWS:,} rows", line=line))
            break
        problems += _odd_cells(texts, header, label, line)
        kept = {name: text for name, text in zip(header, texts, strict=False) if text}
        found.append(RawRow(label, line, kept))
    return RawTable(tuple(header), found, problems)


def _odd_cells(texts: Sequence[str], header: Sequence[str], label: str, line: int) -> list[Problem]:
    problems = []
    if any(texts[len(header) :]):
        rule = f"the row has cells beyond the {len(header)} columns of the header"
        problems.append(Problem(label, rule, "Delete them or name their column.", line))
    for name, text in zip(header, texts, strict=False):
        if len(text) > MAX_TEXT:
            rule = f"the cell holds more than {MAX_TEXT:,} characters"
            problems.append(Problem(label, rule, "Shorten it.", line, name))
        if text in _ERRORS:
            problems.append(Problem(label, f"the cell shows {text}", "Mend it.", line, name))
    return problems


def _text(value: Any) -> str:
    """A cell as a CSV table would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return format_cell(float(value)) if abs(value) < 2**53 else str(value)
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
