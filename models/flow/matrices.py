"""Small steps on sparse matrices that the solver takes often."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.flow.programme import Floats, Ints


def bin_sums(places: Ints, values: Floats, size: int) -> Floats:
    """Sum of the values at each place 0..size-1."""
    return np.asarray(np.bincount(places, values, minlength=size), dtype=float)


def gather_columns(matrix: sparse.csc_array, columns: Ints) -> tuple[Ints, Ints, Floats]:
    """Entries of the given columns: position in `columns`, row, value."""
    begin = matrix.indptr[columns].astype(np.int64)
    count = matrix.indptr[columns + 1] - begin
    owner = np.repeat(np.arange(len(columns)), count)
    entry = np.arange(len(owner)) + np.repeat(begin - (np.cumsum(count) - count), count)
    return owner, matrix.indices[entry], matrix.data[entry]


def equal_matrices(a: sparse.csr_array, b: sparse.csr_array) -> bool:
    """Whether two matrices hold the same entries in the same order."""
    return a is b or (
        a.shape == b.shape
        and np.array_equal(a.indptr, b.indptr)
        and np.array_equal(a.indices, b.indices)
        and np.array_equal(a.data, b.data)
    )
