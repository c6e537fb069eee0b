"""Whether what is said about the numbers holds together: sources, rivals, gaps, observations."""

from __future__ import annotations

from collections.abc import Iterator

from routes.errors import KazroutesError, Problem
from routes.network import Network
from routes.provenance.numbers import (
    NUMBERS,
    list_keys,
    match_rows,
    names_key,
    row_keys,
    split_sources,
)
from routes.schema import TABLES

BASE_YEAR = 2023
_CITATION = 10  # fewest letters of a title that can be found without an address
_WORDS = ("source_id", "days_source_id")


def check_evidence(network: Network) -> list[Problem]:
    """Warnings: sources that cannot be found, rivals and gaps of rows that do not exist, and more.

    That every number has a source_id and a grade, that every source_id is in sources.csv, and that
    grade C has its formula, are errors which the loader finds.
    """
    return [
        *_check_sources(network),
        *_check_rivals(network),
        *_check_gaps(network),
        *_check_observed(network),
    ]


def _problem(network: Network, table: str, row: int, column: str, rule: str, fix: str) -> Problem:
    file, line = network.lines[table][row]
    return Problem(file, rule, fix, line, column)


def _check_sources(network: Network) -> Iterator[Problem]:
    sources = network["sources"]
    cells = [network[t][c] for t in TABLES for c in _WORDS if c in network[t] and t != "sources"]
    used = {name for column in cells for name in split_sources(column)}
    names = ["source_id", "publisher", "title", "url"]
    for row, (name, publisher, title, url) in enumerate(
        sources[names].itertuples(index=False, name=None)
    ):
        if not publisher.strip():
            rule = f"the source '{name}' has no publisher"
            yield _problem(network, "sources", row, "publisher", rule, "Say who published it.")
        if not url.startswith(("https://", "http://")) and len(title.strip()) < _CITATION:
            rule = f"the source '{name}' has neither an address nor a full citation"
            yield _problem(network, "sources", row, "url", rule, "Give one of them.")
        if name not in used:
            rule = f"nothing rests on the source '{name}'"
            yield _problem(network, "sources", row, "source_id", rule, "Use it or delete it.")


def _check_rivals(network: Network) -> Iterator[Problem]:
    rivals = network["rivals"]
    keys: dict[str, list[str]] = {}
    for row, (table, key, column) in enumerate(
        rivals[["table", "row", "column"]].itertuples(index=False, name=None)
    ):
        if table not in NUMBERS:
            rule = f"no table of numbers is called '{table}'"
            yield _problem(network, "rivals", row, "table", rule, f"Use {', '.join(NUMBERS)}.")
            continue
        if column not in TABLES[table].model_fields:
            rule = f"the table '{table}' has no column '{column}'"
            yield _problem(network, "rivals", row, "column", rule, "Name the column of the value.")
        if table not in keys:
            keys[table] = list(row_keys(network, table))
        if not any(names_key(key, other) for other in keys[table]):
            rule = f"no row of {TABLES[table].file} has the key '{key}'"
            fix = "Name the row of the chosen value: its key, the start of it, * for any part."
            yield _problem(network, "rivals", row, "row", rule, fix)


def _check_gaps(network: Network) -> Iterator[Problem]:
    keys = list_keys(network)
    for row, cell in enumerate(network["gaps"]["rests_on"]):
        for reference in cell.split(";"):
            try:
                found = match_rows(network, reference, keys=keys)[2]
            except KazroutesError as error:
                fix = "Write table:KEY, or table:KEY@column."
                yield _problem(network, "gaps", row, "rests_on", str(error).rstrip("."), fix)
                continue
            if not found:
                rule = f"no row fits '{reference}'"
                yield _problem(network, "gaps", row, "rests_on", rule, "Correct the key.")


def _check_observed(network: Network) -> Iterator[Problem]:
    for row, year in enumerate(network["observed"]["year"]):
        if year != BASE_YEAR:
            rule = f"an observed flow of {year:.0f}, the base year is {BASE_YEAR}"
            fix = "Keep other years apart: they check the model from outside."
            yield _problem(network, "observed", row, "year", rule, fix)
