"""Which of its statements limits a capacity."""

from __future__ import annotations

import math

import pandas as pd


def govern_capacities(rows: pd.DataFrame) -> pd.DataFrame:
    """The statement that limits each subject, of capacity rows that hold in one year.

    A practical figure counts before a design one, both less background; an enforced quota or
    contract where it is smaller. Index subject_id; columns: row (label in the table), available
    (in the row's unit, inf without a limit), grade.
    """
    best: dict[str, tuple[int, float, str, str]] = {}
    legal: dict[str, tuple[int, float, str, str]] = {}
    names = ["subject_id", "basis", "enforced", "capacity", "background", "grade"]
    for label, (subject, basis, enforced, capacity, background, grade) in zip(
        rows.index, rows[names].itertuples(index=False, name=None), strict=True
    ):
        if not enforced:
            continue
        if basis in ("legal", "contract"):
            if capacity < legal.get(subject, (0, math.inf))[1]:
                legal[subject] = (label, capacity, grade, basis)
        elif basis == "practical" or subject not in best:
            best[subject] = (label, max(0.0, capacity - background), grade, basis)
    chosen = best | {
        subject: found
        for subject, found in legal.items()
        if found[1] < best.get(subject, (0, math.inf))[1]
    }
    frame = pd.DataFrame(
        [(s, label, left, grade) for s, (label, left, grade, _) in chosen.items()],
        columns=["subject_id", "row", "available", "grade"],
    )
    return frame.set_index("subject_id")
