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
