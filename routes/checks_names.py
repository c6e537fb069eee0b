"""Rules about names: what a cell calls by name, its sources, its flags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from routes.errors import Problem, nearest_names, suggest
from routes.schema import CHARGE_KINDS, HANDLING_CLASSES, MODES

Lines = Mapping[str, Sequence[tuple[str, int]]]
Tables = Mapping[str, pd.DataFrame]

_EACH = r"[^;]+"  # a list of names
# table, column, what it names, how names are found in the cell (a regular expression or None)
_NAMES: tuple[tuple[str, str, str, str | None], ...] = (
    ("links", "from_node_id", "place", r"^([^.]+)"),
    ("links", "to_node_id", "place", r"^([^.]+)"),
    ("links", "commodity_classes", "handling class", _EACH),
    ("capacities", "subject_id", "link or shared capacity", None),
    ("shared_capacities", "link_id", "link", None),
    ("shared_capacities", "supply_place_id", "place", None),
    ("shared_capacities", "commodity_class", "handling class", None),
    ("tariffs", "scope", "link", r"^link:(.+)"),
    ("tariffs", "scope", "through route", r"^route:(.+)"),
    ("tariffs", "scope", "mode", r"^country-mode:[^/]*/(.+)"),
    ("tariffs", "covers", "kind of charge", _EACH),
    ("tariffs", "commodity_class", "handling class", None),
    ("through_routes", "link_id", "link", None),
    ("commodities", "modes", "mode", _EACH),
    ("streams", "commodity_id", "commodity", None),
    ("streams", "outlet_link_id", "link", None),
    ("streams", "supply_place_id", "place", None),
    ("supplies", "commodity_id", "commodity", None),
    ("supplies", "place_id", "place", None),
    ("markets", "commodity_id", "commodity", None),
    ("markets", "place_id", "place", None),
    ("markets", "basis_place_id", "place", None),
    ("observed", "commodity_id", "commodity", None),
    ("observed", "measure", "link", r"^(?:link|outlet|border):(.+)"),
    ("observed", "measure", "place", r"^place:(.+)"),
    ("observed", "measure", "shared capacity", r"^shared:(.+)"),
    ("project_effects", "project_id", "project", None),
    ("project_effects", "subject_id", "link or shared capacity", None),
    ("project_effects", "commodity_class", "handling class", None),
    ("events", "subject", "link", r"^link:(.+)"),
    ("events", "subject", "shared capacity", r"^shared:(.+)"),
    ("events", "subject", "place", r"^place:(.+)"),
    ("events", "subject", "commodity", r"^commodity:(.+)"),
)
_OF_WORDS = {
    kind: f"Known are {', '.join(words)}."
    for kind, words in (
        ("handling class", HANDLING_CLASSES), ("kind of charge", CHARGE_KINDS), ("mode", MODES),
    )
}  # fmt: skip
_FLAGS = ("sanctioned_operator", "war_risk", "storm")  # those that indicators count


class Report:
    """Collects problems with the file and line of their row."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []

    def add(
        self, table: str, rows: Iterable[Any], column: str, rule: str, remedy: str = "",
        *, warn: bool = False,
    ) -> None:  # fmt: skip
        """Note a problem with `column` in each of `rows` (positions in `table`)."""
        for row in rows:
            file, line = self.lines[table][row]
            problem = Problem(file, rule, remedy, line, column)
            (self.warnings if warn else self.errors).append(problem)


def _known(tables: Tables) -> dict[str, set[str]]:
    links = set(tables["links"]["link_id"])
    shared = set(tables["shared_capacities"]["shared_id"])
    return {
        "place": set(tables["places"]["place_id"]),
        "link": links,
        "shared capacity": shared,
        "link or shared capacity": links | shared,
        "through route": set(tables["through_routes"]["route_id"]),
        "commodity": set(tables["commodities"]["commodity_id"]),
        "project": set(tables["projects"]["project_id"]),
        "handling class": set(HANDLING_CLASSES),
        "kind of charge": set(CHARGE_KINDS),
        "mode": set(MODES),
    }


def check_names(tables: Tables, report: Report) -> None:
    """Every name that a cell calls stands where its kind is listed."""
    known = _known(tables)
    for table, column, kind, pattern in _NAMES:
        cells = tables[table][column].tolist()
        bad = {}
        for cell in set(cells):
            names = re.findall(pattern, cell) if pattern else [cell]
            if missing := [name for name in names if name and name not in known[kind]]:
                bad[cell] = missing
        if not bad:
            continue
        for row, cell in enumerate(cells):
            for name in bad.get(cell, ()):
                near = suggest(nearest_names(name, known[kind])).strip()
                remedy = near or _OF_WORDS.get(kind, f"Add it or correct the {kind}.")
                report.add(table, [row], column, f"no {kind} is called '{name}'", remedy)


def check_sources(tables: Tables, report: Report, known: set[str]) -> None:
    """Every source is one of `known`."""
    for table, frame in tables.items():
        for column in ("source_id", "days_source_id"):
            if column not in frame or table == "sources" or len(frame) == 0:
                continue
            cells = frame[column]
            bad_cells = {
                cell: missing
                for cell in cells.unique()
                if (missing := [s for s in cell.split(";") if s not in known])
            }
            for row in np.flatnonzero(cells.isin(bad_cells)) if bad_cells else ():
                name = bad_cells[cells.iloc[row]][0]
                remedy = suggest(nearest_names(name, known)).strip() or "Add it to sources.csv."
                report.add(table, [row], column, f"no source is called '{name}'", remedy)


def check_flags(tables: Tables, report: Report) -> None:
    """Any word may be a flag; one that is nearly a word of the model is a slip."""
    countries = tables["places"]["country"].unique()
    known = {*_FLAGS, *(f"depends:{country}" for country in countries)}
    cells = tables["links"]["flags"]
    for cell in cells.unique():
        for flag in filter(None, cell.split(";")):
            near = [] if flag in known else nearest_names(flag, known)
            if near:
                report.add(
                    "links", np.flatnonzero(cells == cell), "flags",
                    f"the model has no flag '{flag}'", suggest(near).strip(), warn=True,
                )  # fmt: skip
