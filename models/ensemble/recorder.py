"""Which drivers there are, and what a table records of each.

A driver of one number is recorded as that number in its own unit, one of many as the factor on
their best estimates (sum of the numbers drawn over sum of the best estimates), a crude stream as
USD/t more than the best estimate, a project as the probability drawn, a closure as 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from models.ensemble.inputs import KINDS, Ranged
from models.ensemble.plan import Driver
from models.ensemble.spread import TRIANGULAR, Terms
from models.flow.arrays import Floats, Ints
from models.scenario import Scenario, list_ranges

_ALONE = ("capacity", "supply", "market", "scenario")


@dataclass
class _Members:
    kind: str
    value: list[float] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    term: list[int] = field(default_factory=list)
    unit: str = ""


class Recorder:
    """Collects drivers with their numbers; then tells what is recorded of each."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.found: dict[str, _Members] = {}

    def add_inputs(self, part: Ranged, units: Mapping[int, str] | None = None) -> None:
        """Drivers of numbers of the data."""
        term, width = self.terms.add(
            part.driver.tolist(), part.weight, part.value, part.low, part.high
        )
        for i, name in enumerate(part.driver.tolist()):
            kind = name.partition(":")[0]
            mine = self.found.setdefault(name, _Members(kind, unit=KINDS[kind][1]))
            if units is not None:
                mine.unit = units[int(part.row[i])]
            if part.recorded:
                mine.value.append(float(part.value[i]))
                mine.width.append(float(width[i]))
                mine.term.append(int(term[i]))

    def add_scenarios(self, scenarios: Iterable[Scenario]) -> None:
        """Drivers of the scenarios' own numbers, and of the projects that they build."""
        for number in list_ranges(list(scenarios)):
            if number.low < number.high:
                ends = (np.array([x]) for x in (number.value, number.low, number.high))
                term, width = self.terms.add([number.name], [TRIANGULAR], *ends)
                self.found[number.name] = _Members(
                    "scenario", [number.value], [float(width[0])], [int(term[0])]
                )
        for name, _, _ in list(self.terms.found):
            if name not in self.found:
                self.found[name] = _Members("project", unit="level")

    def add_closures(self, closures: Iterable[str]) -> None:
        """Drivers of independent closures."""
        for subject in closures:
            self.found[f"closure:{subject}"] = _Members("closure", unit=KINDS["closure"][1])

    def names(self) -> list[str]:
        """All drivers, by kind and name: the order of the columns and of the draws."""
        order = {kind: i for i, kind in enumerate(KINDS)}
        return sorted(self.found, key=lambda name: (order[self.found[name].kind], name))

    def offset(self, names: Sequence[str]) -> Floats:
        """Recorded value of each driver at its best estimate."""
        return np.array([self._start(self.found[name]) for name in names])

    def matrix(self, names: Sequence[str], n_terms: int) -> sparse.csr_array:
        """(drivers x terms): what a term's deviation adds to the recorded value."""
        rows, cols, data = [], [], []
        for row, name in enumerate(names):
            mine = self.found[name]
            whole = self._whole(mine)
            for width, term in zip(mine.width, mine.term, strict=True):
                rows.append(row)
                cols.append(term)
                data.append(width / whole)
        return sparse.csr_array((data, (rows, cols)), shape=(len(names), n_terms))

    def levels(self, names: Sequence[str]) -> Ints:
        """Drivers that are recorded as drawn."""
        return np.array(
            [i for i, name in enumerate(names) if self.found[name].unit == "level"], dtype=np.int64
        )

    def drivers(self, names: Sequence[str], ends: Floats) -> tuple[Driver, ...]:
        """The drivers; `ends` holds recorded values at the lowest draw, the best, the highest."""
        made = []
        for i, name in enumerate(names):
            mine = self.found[name]
            made.append(
                Driver(
                    name=name,
                    kind=mine.kind,
                    words=KINDS[mine.kind][0],
                    unit=mine.unit,
                    numbers=len(mine.value),
                    low=float(ends[0, i]),
                    best=float(ends[1, i]),
                    high=float(ends[2, i]),
                )
            )
        return tuple(made)

    @staticmethod
    def _start(mine: _Members) -> float:
        if mine.kind in _ALONE:
            return mine.value[0]
        if mine.kind in ("stream", "closure"):
            return 0.0
        return 0.5 if mine.unit == "level" else 1.0

    @staticmethod
    def _whole(mine: _Members) -> float:
        """What widths are divided by."""
        if mine.kind in _ALONE:
            return 1.0
        total = sum(mine.value)
        return float(len(mine.value)) if mine.kind == "stream" or total == 0 else total
