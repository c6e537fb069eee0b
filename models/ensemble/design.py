"""Points of the unit cube for the samples: one seed, the same points however the work is cut.

lhs        Latin hypercube: each driver visits each of n equal strata once; past 8,192 samples, one
           hypercube for each 8,192, so that memory stays flat
sobol      scrambled Sobol sequence: even in its first columns, and point i does not depend on how
           many are drawn; but with hundreds of drivers pairs of columns go together until there
           are many thousand samples, and drivers that do nothing seem to matter
saltelli   points arranged for Sobol indices of groups of drivers
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from models.flow.arrays import Floats
from routes.errors import UnknownNameError, UsageError

METHODS = ("lhs", "sobol", "saltelli")
_MOST = 2**53
_BLOCK = 8192
_FEW = 32  # columns that a Sobol sequence fills evenly from the start


class Design(Protocol):
    """Rows of points by sample number."""

    n: int

    def rows(self, start: int, stop: int) -> Floats:
        """Points of samples `start` to `stop` - 1: (samples x drivers), 0 to 1."""


def make_design(
    method: str, *, n: int, seed: int, drivers: int, groups: Sequence[str] = ()
) -> Design:
    """The points of an ensemble.

    Parameters
    ----------
    method
        One of `METHODS`.
    n
        Samples; for `saltelli` base samples, of which each makes (groups + 2).
    seed
        Of numpy's generator; 0 is a seed.
    drivers
        How many are drawn.
    groups
        For `saltelli`: the group of each driver.
    """
    if method not in METHODS:
        raise UnknownNameError("design", method, METHODS)
    if not 1 <= n < _MOST:
        msg = f"The number of samples must be at least 1. Got {n}."
        raise UsageError(msg)
    if method == "sobol":
        return SobolDesign(n, seed, drivers)
    if method == "lhs":
        return LatinDesign(n, seed, drivers)
    return SaltelliDesign(n, seed, groups)


def _seed_engine(engine: Any, columns: int, seed: int | np.random.SeedSequence) -> Any:
    """A sampler of scipy on a generator of numpy; its keyword was `seed` before scipy 1.15."""
    generator = np.random.default_rng(seed)
    try:
        return engine(columns, rng=generator)
    except TypeError:
        return engine(columns, seed=generator)


class SobolDesign:
    """A scrambled Sobol sequence, drawn as it is needed."""

    def __init__(self, n: int, seed: int, drivers: int) -> None:
        from scipy.stats import qmc  # takes long to load, and workers do without

        if drivers > qmc.Sobol.MAXDIM:
            msg = f"A Sobol sequence has {qmc.Sobol.MAXDIM} columns at most: use lhs."
            raise UsageError(msg)
        self.n, self.drivers = n, drivers
        self.engine = _seed_engine(qmc.Sobol, drivers, seed) if drivers else None

    def rows(self, start: int, stop: int) -> Floats:
        """Points of samples `start` to `stop` - 1."""
        engine = self.engine
        if engine is None:
            return np.zeros((stop - start, 0))
        if engine.num_generated > start:
            engine.reset()
        if start > engine.num_generated:
            engine.fast_forward(start - engine.num_generated)
        with warnings.catch_warnings():  # it asks for powers of two; any number is sound
            warnings.simplefilter("ignore", UserWarning)
            return np.asarray(engine.random(stop - start))


class LatinDesign:
    """Latin hypercubes of up to 8,192 samples; each column is drawn from a seed of its own."""

    def __init__(self, n: int, seed: int, drivers: int) -> None:
        self.n, self.seed, self.drivers = n, seed, drivers
        self.block = -1
        self.table = np.zeros((0, drivers))

    def rows(self, start: int, stop: int) -> Floats:
        """Points of samples `start` to `stop` - 1."""
        parts = []
        while start < stop:
            block, first = divmod(start, _BLOCK)
            last = min(stop - block * _BLOCK, _BLOCK)
            parts.append(self._draw(block)[first:last])
            start = block * _BLOCK + last
        return np.concatenate(parts)

    def _draw(self, block: int) -> Floats:
        from scipy.stats import qmc

        if block != self.block:
            size = min(_BLOCK, self.n - block * _BLOCK)
            self.table = np.empty((size, self.drivers))
            for column, child in enumerate(
                np.random.SeedSequence([self.seed, block]).spawn(self.drivers)
            ):
                engine = _seed_engine(qmc.LatinHypercube, 1, child)
                self.table[:, column] = engine.random(size)[:, 0]
            self.block = block
        return self.table


class SaltelliDesign:
    """Base samples in pairs A and B; each makes A, A with one group's columns of B, ..., and B.

    This is the order that SALib's analysis expects (no second order).
    """

    def __init__(self, n: int, seed: int, groups: Sequence[str]) -> None:
        names = list(dict.fromkeys(groups))
        self.each = len(names) + 2
        self.n, self.width = n * self.each, len(groups)
        few = 2 * self.width <= _FEW
        self.base = (SobolDesign if few else LatinDesign)(n, seed, 2 * self.width)
        self.member = np.array([[group == name for group in groups] for name in names], dtype=bool)

    def rows(self, start: int, stop: int) -> Floats:
        """Points of samples `start` to `stop` - 1."""
        first, last = start // self.each, -(-stop // self.each)
        pairs = self.base.rows(first, last)
        a, b = pairs[:, None, : self.width], pairs[:, None, self.width :]
        mixed = np.where(self.member, b, a)
        whole = np.concatenate([a, mixed, b], axis=1).reshape(-1, self.width)
        return whole[start - first * self.each : stop - first * self.each]


def describe_groups(groups: Sequence[str]) -> Mapping[str, Any]:
    """Drivers of the unit cube in SALib's words."""
    names = [f"x{i}" for i in range(len(groups))]
    return {
        "num_vars": len(groups),
        "names": names,
        "groups": list(groups),
        "bounds": [[0.0, 1.0]] * len(groups),
    }


def draw_saltelli(groups: Sequence[str], *, n: int, seed: int) -> Floats:
    """Points for Sobol indices: n x (groups + 2) rows, a column a driver.

    Parameters
    ----------
    groups
        Group of each driver; drivers of one group are exchanged together. Give each driver a group
        of its own for indices of single drivers.
    n
        Base samples; a power of two serves best.
    """
    design = SaltelliDesign(n, seed, groups)
    return design.rows(0, design.n)
