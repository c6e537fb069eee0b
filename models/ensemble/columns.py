"""Columns of numbers on their way through a sample: drawn within ranges, then changed by scenarios.

A column is a vector of a case (all charges, all capacities, ...). `Column.draw` gives it for one
sample, or a row for each of several, in a few array operations; nothing here touches a frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.flow.arrays import Floats, Ints

FACTOR, ADD, SET = 0, 1, 2


@dataclass(frozen=True)
class Moved:
    """A vector of which some entries are drawn: value + width x deviation of their term."""

    value: Floats
    row: Ints
    width: Floats
    term: Ints

    def draw(self, deviation: Floats) -> Floats:
        """The vector of one sample, or a row for each of several; do not write to it.

        `deviation` (terms, or samples x terms); the vector alone where nothing is drawn.
        """
        if not len(self.row):
            return self.value
        if 2 * len(self.row) > len(self.value):  # no need to pick rows
            width, term = self._spread
            drawn = deviation.take(term, axis=-1)
            drawn *= width
            drawn += self.value
            return drawn
        drawn = np.empty((*deviation.shape[:-1], len(self.value)))
        drawn[...] = self.value
        drawn[..., self.row] += self.width * deviation.take(self.term, axis=-1)
        return drawn

    @cached_property
    def _spread(self) -> tuple[Floats, Ints]:
        """Width and term of every entry: nothing for those that stay as they are."""
        width, term = np.zeros(len(self.value)), np.zeros(len(self.value), dtype=np.int64)
        width[self.row], term[self.row] = self.width, self.term
        return width, term


@dataclass(frozen=True)
class Steps:
    """What scenarios do to some rows of a column, at most once each; `floor` is the least result.

    A project that saves two days cannot save them where the sample takes one.
    """

    row: Ints
    step: Ints
    amount: Moved
    floor: float

    def take(self, column: Floats, deviation: Floats) -> Floats:
        """The column after the steps; the one given is left alone."""
        amount = self.amount.draw(deviation)
        old = column[..., self.row]
        with np.errstate(invalid="ignore"):
            scaled = np.where(amount == 0, 0.0, old * amount)  # nothing times unlimited is nothing
        moved = np.where(self.step == ADD, old + amount, amount)
        moved = np.maximum(np.where(self.step == FACTOR, scaled, moved), self.floor)
        changed = np.empty((*moved.shape[:-1], column.shape[-1]))
        changed[...] = column
        changed[..., self.row] = moved
        return changed


@dataclass(frozen=True)
class Column:
    """A vector of a case: what the data say, then what scenarios do to it."""

    data: Moved
    steps: tuple[Steps, ...] = ()

    def draw(self, deviation: Floats) -> Floats:
        """The vector of one sample, or a row for each of several; see `Moved.draw`."""
        drawn = self.data.draw(deviation)
        for step in self.steps:
            drawn = step.take(drawn, deviation)
        return drawn

    def best(self) -> Floats:
        """The vector at the best estimates of everything."""
        still = np.zeros(1 + max((int(m.term.max(initial=-1)) for m in self._moved()), default=-1))
        return self.draw(still)

    @property
    def is_fixed(self) -> bool:
        """Whether every sample sees the same numbers."""
        return not any(len(part.row) for part in self._moved())

    def _moved(self) -> Iterator[Moved]:
        yield self.data
        for step in self.steps:
            yield step.amount

    def settle(self) -> Column:
        """The same column, done once and for all where it is fixed."""
        return Column(fix_vector(self.best())) if self.is_fixed else self


def fix_vector(value: Floats) -> Moved:
    """A vector of which nothing is drawn."""
    none = np.zeros(0, dtype=np.int64)
    return Moved(value, none, np.zeros(0), none)


@dataclass(frozen=True)
class Growing:
    """Capacities that a scenario lets grow: by a factor of what there is, or by units."""

    row: Ints
    by_factor: Ints
    amount: Moved
    cost: Moved
