"""HiGHS as the master programme uses it: options, answers, and what to do when there is none."""

from __future__ import annotations

import struct

import highspy
import numpy as np

from models.flow.arrays import Floats
from routes.errors import InternalError

# Primal simplex would shake bounds against stalling and factorise once more to take that back: a
# fifth of the time where a few routes are added to an optimum, for the same steps.
_SHAKE = "primal_simplex_bound_perturbation_multiplier"
_OPTIONS = (
    ("output_flag", False), ("threads", 1), ("random_seed", 0),
    ("primal_feasibility_tolerance", 1e-9), ("dual_feasibility_tolerance", 1e-9),
    ("presolve", "off"), ("solver", "simplex"), ("simplex_scale_strategy", 0),
    ("simplex_strategy", 0), (_SHAKE, 0.0),
)  # fmt: skip
# what to try one by one where no optimum is found: shaken bounds, primal simplex, other ties,
# presolve
_OTHERWISE: tuple[tuple[str, float | str], ...] = (
    (_SHAKE, 1.0), ("simplex_strategy", 4), ("random_seed", 1), ("presolve", "on"),
)  # fmt: skip


def make_highs() -> highspy.Highs:
    """HiGHS without a model: one thread, silent, the same steps each time."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in _OPTIONS:
        highs.setOptionValue(option, value)
    return highs


def forget(highs: highspy.Highs) -> None:
    """Leave no trace of what was solved before: equal problems then take equal steps.

    HiGHS breaks ties by small changes of costs, the same ones at each such start. A basis found
    from nothing has its ties broken that way; from one that grew over many solves, later starts
    would first have to step over to it.
    """
    check_status(highs.clearSolver(), "forgetting the last solve")


def find_optimum(highs: highspy.Highs) -> tuple[Floats, Floats]:
    """Solve the model: values of columns, duals of rows; not to be written to.

    Once in thousands of solves HiGHS ends short of the optimum, at a step that it forbids itself;
    the same way from nothing would lead to the same place, so other ways are tried.

    Raises InternalError when none ends at an optimum.
    """
    check_status(highs.run(), "solving")
    for option, value in _OTHERWISE:
        if _is_optimal(highs):
            break
        _, usual = highs.getOptionValue(option)
        highs.setOptionValue(option, value)
        try:
            forget(highs)
            check_status(highs.run(), "solving")
        finally:
            highs.setOptionValue(option, usual)
    if not _is_optimal(highs):
        msg = f"HiGHS ended with '{highs.modelStatusToString(highs.getModelStatus())}'"
        raise InternalError(msg)
    solution = highs.getSolution()
    return _read(solution.col_value), _read(solution.row_dual)


def _is_optimal(highs: highspy.Highs) -> bool:
    return highs.getModelStatus() == highspy.HighsModelStatus.kOptimal


def _read(values: list[float]) -> Floats:
    """A list as an array; numpy's own ways take twice as long."""
    return np.frombuffer(struct.pack(f"{len(values)}d", *values))


def change_rows(highs: highspy.Highs, rows: list[int], bounds: Floats) -> None:
    """Change the bounds (lower, upper x rows) of some rows."""
    change = getattr(highs, "changeRowsBounds", None)
    if change is not None:
        status = change(len(rows), np.array(rows, dtype=np.int32), *bounds)
        check_status(status, "changing bounds of rows")
        return
    for row, low, high in zip(rows, *bounds.tolist(), strict=True):  # older HiGHS
        check_status(highs.changeRowBounds(row, low, high), "changing bounds of a row")


def check_status(status: highspy.HighsStatus, what: str) -> None:
    """Raise InternalError when HiGHS refused."""
    if status == highspy.HighsStatus.kError:
        msg = f"HiGHS failed while {what}"
        raise InternalError(msg)
