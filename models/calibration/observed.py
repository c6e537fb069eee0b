"""Observed flows by way out: those of the data set, and those of a file from outside."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.choice.outlets import family_of, outlets_of
from models.demand import Case
from routes.errors import DataError, Problem, nearest_names, suggest
from routes.files import read_input
from routes.network import Network

MAX_BYTES, MAX_ROWS = 1024 * 1024, 10_000
BASE_YEAR = 2023
# What counts each outlet of crude, best first; corridors count themselves.
OUTLET_MEASURES: dict[str, tuple[str, ...]] = {
    "cpc": ("outlet:cpc", "outlet:cpc-terminal-load", "link:cpc-terminal-load"),
    "atyrau-samara": ("outlet:atyrau-samara", "link:chagan-border-pipe"),
    "makhachkala": ("outlet:makhachkala", "link:aktau-makhachkala-tanker"),
    "baku-btc": ("outlet:baku-btc", "link:aktau-sangachal-tanker", "outlet:ceyhan-load"),
    "china": ("outlet:china", "outlet:alashankou-delivery"),
    "rail-other": ("outlet:rail-other",),
}
_COMMODITY, _WAY, _MT = ("commodity_id", "commodity"), ("outlet", "measure"), ("mt", "mt_per_year")
_IGNORED = ("low", "high", "kind", "source_id", "grade", "note")


@dataclass(frozen=True, slots=True)
class Observation:
    """A flow that somebody measured, Mt, with the range it lies in."""

    commodity: str
    measure: str
    mt: float
    low: float
    high: float


def list_observations(network: Network, year: int) -> list[Observation]:
    """Observations of a year in the data set."""
    rows = network["observed"]
    rows = rows[rows["year"] == year]
    columns = ["commodity_id", "measure", "mt_per_year", "low", "high"]
    return [
        Observation(str(commodity), str(measure), float(mt), float(low), float(high))
        for commodity, measure, mt, low, high in rows[columns].itertuples(index=False, name=None)
    ]


def measures_of(case: Case, commodity: str, outlet: str) -> tuple[str, ...]:
    """The measures that count an outlet of a commodity, best first."""
    family = family_of(case, commodity)
    crude = any(case.commodities["commodity_class"][name] == "crude" for name in family)
    if crude:
        return OUTLET_MEASURES[outlet]
    also = ("country:RU",) if outlet == "to-russia" else ()
    return (f"corridor:{outlet}", f"outlet:{outlet}", *also)


def observe_outlets(
    case: Case, commodity: str, observations: Iterable[Observation]
) -> dict[str, Observation]:
    """The observation of each outlet of a commodity that has one."""
    known = {o.measure: o for o in observations if o.commodity == commodity}
    found = {}
    for outlet in outlets_of(case, family_of(case, commodity)[0]):
        for measure in measures_of(case, commodity, outlet):
            if measure in known:
                found[outlet] = known[measure]
                break
    return found


def read_observed_file(path: str | Path, network: Network) -> dict[int, list[Observation]]:
    """Observations by year from a CSV file that the user brings.

    Columns: year, commodity_id, `outlet` (an outlet or corridor id) or `measure` (as in
    observed.csv), and mt (Mt a year). The other columns of observed.csv may stand beside them.

    Raises
    ------
    DataError
        With every problem: file, line, column, rule and remedy.
    """
    path = Path(path)
    try:
        text = read_input(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError([Problem(path.name, f"byte {error.start} is not UTF-8 text")]) from error
    return _Reader(path.name, network).read(text)


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, label: str, network: Network) -> None:
        self.label = label
        goods = network["commodities"]
        self.classes = dict(zip(goods["commodity_id"], goods["commodity_class"], strict=True))
        for name, parent in zip(goods["commodity_id"], goods["parent_id"], strict=True):
            self.classes.setdefault(parent, self.classes[name])
        self.problems: list[Problem] = []
        self.seen: dict[tuple[int, str, str], int] = {}

    def read(self, text: str) -> dict[int, list[Observation]]:
        reader = csv.reader(io.StringIO(text, newline=""))
        found: dict[int, list[Observation]] = {}
        try:
            columns = self._read_header(next(reader, []))
            for cells in reader if columns else ():
                if not any(cell.strip() for cell in cells):
                    continue
                if reader.line_num > MAX_ROWS:
                    self._tell(f"more than {MAX_ROWS:,} lines", "Keep the rows that are needed.")
                    break
                row = self._read_row(cells, columns, reader.line_num)
                if row is not None:
                    found.setdefault(row[0], []).append(row[1])
        except csv.Error as error:
            self._tell(f"not a CSV file ({error})", line=reader.line_num)
        if not found and not self.problems:
            self._tell("no row stands below the header", "Add rows.")
        if self.problems:
            raise DataError(self.problems)
        return found

    def _read_header(self, header: Sequence[str]) -> dict[str, int]:
        names = [name.strip() for name in header]
        known = ("year", *_COMMODITY, *_WAY, *_MT, *_IGNORED)
        for name in names:
            if name not in known:
                near = suggest(nearest_names(name, known)).strip()
                self._tell(f"unknown column '{name}'", near or "Remove it.", 1, name or None)
            elif names.count(name) > 1 and name not in (p.column for p in self.problems):
                self._tell(f"column '{name}' stands twice", "Keep one of them.", 1, name)
        columns = {}
        for role, choices in (
            ("year", ("year",)),
            ("commodity", _COMMODITY),
            ("way", _WAY),
            ("mt", _MT),
        ):
            present = [name for name in choices if name in names]
            if len(present) == 1:
                columns[role] = names.index(present[0])
            else:
                rule = "is missing" if not present else "stands beside its twin"
                self._tell(f"column {' or '.join(choices)} {rule}", "Have one.", 1, choices[0])
        self.width, self.names = len(names), names
        return {} if self.problems else columns

    def _read_row(
        self, cells: Sequence[str], columns: Mapping[str, int], line: int
    ) -> tuple[int, Observation] | None:
        before = len(self.problems)
        if len(cells) != self.width:
            self._tell(
                f"the row has {len(cells)} cells, the header {self.width}",
                "Quote cells that hold commas.", line,
            )  # fmt: skip
            return None
        cell = {role: cells[i].strip() for role, i in columns.items()}
        at = {role: self.names[i] for role, i in columns.items()}
        year, mt = (
            self._number(cell["year"], line, at["year"]),
            self._number(cell["mt"], line, at["mt"]),
        )
        if year is not None and (year != int(year) or not 1990 <= year <= 2100):
            self._tell(f"{cell['year']} is no year from 1990 to 2100", "", line, at["year"])
        if mt is not None and mt < 0:
            self._tell(f"{cell['mt']} is below 0", "Give Mt a year.", line, at["mt"])
        commodity = cell["commodity"]
        if commodity not in self.classes:
            near = suggest(nearest_names(commodity, self.classes)).strip()
            self._tell(f"no commodity is called '{commodity}'", near, line, at["commodity"])
        elif cell["way"]:
            self._check_way(cell["way"], at["way"], commodity, line)
        else:
            self._tell("is blank but needed", "Name an outlet.", line, at["way"])
        if len(self.problems) > before or year is None or mt is None:
            return None
        measure = cell["way"] if at["way"] == "measure" else f"outlet:{cell['way']}"
        key = (int(year), commodity, measure)
        if key in self.seen:
            rule = f"{year:.0f} {commodity} {cell['way']} stands already on line {self.seen[key]}"
            self._tell(rule, "Keep one of them.", line, at["way"])
            return None
        self.seen[key] = line
        return int(year), Observation(commodity, measure, mt, mt, mt)

    def _check_way(self, way: str, column: str, commodity: str, line: int) -> None:
        from routes.corridors import CORRIDORS

        if column == "measure":
            kinds = ("link", "corridor", "outlet", "border", "country", "place", "shared", "total")
            if way.partition(":")[0] not in kinds or not way.partition(":")[2]:
                self._tell(f"'{way}' is no measure", f"Such as {kinds[0]}:ID.", line, column)
            return
        crude = self.classes[commodity] == "crude"
        known = tuple(OUTLET_MEASURES) if crude else tuple(c for c in CORRIDORS if c != "domestic")
        if way not in known:
            near = suggest(nearest_names(way, known)).strip() or f"Use {', '.join(known)}."
            self._tell(f"no outlet of {commodity} is called '{way}'", near, line, column)

    def _number(self, text: str, line: int, column: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            rule = f"'{text}' is not a number" if text else "is blank but needed"
            self._tell(rule, "Give a number like 12.5.", line, column)
            return None
        if not math.isfinite(value) or "_" in text:
            self._tell(
                f"'{text}' must be a finite number", "Give a number like 12.5.", line, column
            )
            return None
        return value

    def _tell(
        self, rule: str, remedy: str = "", line: int | None = None, column: str | None = None
    ) -> None:
        self.problems.append(Problem(self.label, rule, remedy, line, column))
