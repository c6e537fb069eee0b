"""How many numbers stand on firm ground: rows by grade, and quantities that rest on them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from routes.network import Network
from routes.provenance.numbers import NUMBERS, Number
from routes.schema import TABLES

GRADES = ("A", "B", "C", "D")
_NOT_INPUTS = ("places", "observed")  # coordinates do not count, observations steer nothing


def count_grades(network: Network) -> pd.DataFrame:
    """Rows by table and grade; days of links and prices of markets have grades of their own.

    Columns: table, rows, A, B, C, D, and last a row `inputs` that sums all but coordinates and
    observations.
    """
    rows = []
    total = dict.fromkeys(("rows", *GRADES), 0)
    for table in TABLES:
        frame = network[table]
        if table not in NUMBERS or not len(frame):
            continue
        for column in dict.fromkeys(number.grade for number in NUMBERS[table]):
            counts = frame[column].value_counts()
            row = {"rows": len(frame)} | {g: int(counts.get(g, 0)) for g in GRADES}
            name = table if column == "grade" else f"{table}, {column.removesuffix('_grade')}"
            rows.append({"table": name} | row)
            if table not in _NOT_INPUTS:
                total = {key: total[key] + row[key] for key in total}
    return pd.DataFrame([*rows, {"table": "inputs"} | total])


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


def share_by_grade(grades: pd.Series, weights: pd.Series) -> dict[str, float]:
    """Shares of the weights by grade A-D, 0 to 1 (NaN without any weight)."""
    total = float(weights.sum())
    sums = weights.groupby(grades.to_numpy()).sum()
    return {g: float(sums.get(g, 0.0)) / total if total else math.nan for g in GRADES}


def half_range(frame: pd.DataFrame, number: Number) -> pd.Series:
    """Half the range of a number in each row, 0 where it has none; inf counts as none."""
    if not number.low:
        return pd.Series(0.0, index=frame.index)
    low, high = (frame[name].astype(float) for name in (number.low, number.high))
    half = (high - low) / 2
    return half.where(np.isfinite(half), 0.0)
