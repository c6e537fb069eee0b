"""Small steps on sparse matrices that the solver takes often."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.flow.arrays import Floats, Ints


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


class Folded:
    """The transpose of a matrix whose columns are put together: column j into row `into[j]`.

    -1 leaves a column out. Matrices with entries at the same places are folded quickly.
    """

    def __init__(self, matrix: sparse.csr_array, into: npt.NDArray[np.int32], size: int) -> None:
        self.like, self.shape = matrix, (size, matrix.shape[0])
        n = matrix.shape[0]
        target = into[matrix.indices]
        self.kept = np.flatnonzero(target >= 0).astype(np.int32)
        row = np.repeat(np.arange(n, dtype=np.int32), np.diff(matrix.indptr))[self.kept]
        keys = target[self.kept].astype(np.int64)
        del target
        keys *= n
        keys += row
        del row
        keys, slot = np.unique(keys, return_inverse=True)
        self.slot = slot.astype(np.int32)
        self.indices = (keys % n).astype(np.int32)
        self.starts = np.zeros(size + 1, dtype=np.int32)
        np.cumsum(np.bincount(keys // n, minlength=size), out=self.starts[1:])

    def fits(self, matrix: sparse.csr_array) -> bool:
        """Whether a matrix has its entries where this one was made for."""
        like = self.like
        return (
            like.shape == matrix.shape
            and np.array_equal(like.indptr, matrix.indptr)
            and np.array_equal(like.indices, matrix.indices)
        )

    def fold(self, matrix: sparse.csr_array) -> sparse.csr_array:
        """The folded transpose (size x rows) of a matrix that fits."""
        data = bin_sums(self.slot, matrix.data[self.kept], len(self.indices))
        return sparse.csr_array((data, self.indices, self.starts), shape=self.shape)


def equal_matrices(a: sparse.csr_array, b: sparse.csr_array) -> bool:
    """Whether two matrices hold the same entries in the same order."""
    return a is b or (
        a.shape == b.shape
        and np.array_equal(a.indptr, b.indptr)
        and np.array_equal(a.indices, b.indices)
        and np.array_equal(a.data, b.data)
    )
