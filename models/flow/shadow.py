"""What one unit more or less of a capacity is worth.

For bottlenecks in series the dual of a linear programme is arbitrary, so each full capacity is
moved a little up and down and the optimum found again: `gain` is the least, `loss` the greatest of
its optimal duals (model section 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from models.flow.arrays import KT, Problem
from models.flow.laws import row_usage
from models.flow.solver import FlowSolver, Solution

_STEP = 1e-4


def capacity_use(solution: Solution) -> pd.DataFrame:
    """Use of every capacity row that is used or full, in its own unit.

    Index: subject_id (limits by their words). Columns: used, capacity (what is left for us; inf
    when unlimited), utilisation (None without a limit), full, dual_usd_per_unit.
    """
    p = solution.problem
    usage = row_usage(solution)
    used = np.maximum(usage, 0.0) / p.scale
    capacity = p.capacity / p.scale
    limit = np.where(np.isfinite(p.capacity), p.capacity, 0.0)
    full = np.isfinite(p.capacity) & (usage >= limit - 1e-7 * np.maximum(1.0, limit))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(capacity > 0, used / capacity, np.where(used > 0, np.inf, np.nan))
    return pd.DataFrame(
        {
            "used": used,
            "capacity": capacity,
            "utilisation": np.where(np.isfinite(capacity), share, np.nan),
            "full": full,
            "dual_usd_per_unit": solution.row_dual * p.scale * KT,
        },
        index=pd.Index(p.row_names, name="subject_id"),
    )


def price_capacities(
    solver: FlowSolver, solution: Solution, rows: Iterable[int]
) -> dict[int, tuple[float, float]]:
    """(gain, loss) of each row: USD for one unit more, and for one unit less, of its capacity."""
    p = solution.problem
    prices: dict[int, tuple[float, float]] = {}
    with solver.sweep():  # only optimal values are asked for
        now = solver.solve(p).primal
        for row in rows:
            size = float(p.capacity[row])
            step = max(size, 1.0) * _STEP
            down = min(step, size)
            gain = (_moved(solver, p, row, step) - now) / step
            loss = (now - _moved(solver, p, row, -down)) / down if down > 0 else 0.0
            unit = float(p.scale[row]) * KT
            prices[row] = (_clean(gain) * unit, _clean(max(gain, loss)) * unit)
    return prices


def _moved(solver: FlowSolver, p: Problem, row: int, step: float) -> float:
    capacity = p.capacity.copy()
    capacity[row] += step
    return solver.solve(replace(p, capacity=capacity)).primal


def _clean(price: float) -> float:
    """A price without the rounding of two objectives subtracted, USD/t."""
    return 0.0 if price < 1e-5 else round(price, 9)
