"""What one unit of a full capacity is worth under likely flows: its queue delay.

For capacities in series the delay is only known in sum. The log-sum's gain from one unit more is
the least delay among those that explain the same flows, its loss from one unit less the greatest.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import linalg, optimize

from models.choice.likely import LikelySolution
from models.choice.logit import Floats
from models.flow.arrays import KT
from routes.errors import InternalError


def price_delays(solution: LikelySolution, rows: Iterable[int]) -> dict[int, tuple[float, float]]:
    """(gain, loss) of each capacity row, USD for one unit of its own more, and for one less."""
    model = solution.model
    n_caps = len(model.parts[0])
    place = {int(row): i for i, row in enumerate(model.parts[0])}
    least, greatest = _range_duals(solution)
    grown = np.zeros(len(solution.problem.capacity))
    np.add.at(grown, model.parts[1], solution.split.dual[n_caps : n_caps + len(model.parts[1])])
    prices = {}
    for row in rows:
        unit = float(solution.problem.scale[row]) * KT
        at = place.get(row)
        low, high = (0.0, 0.0) if at is None else (float(least[at]), float(greatest[at]))
        prices[row] = (low + float(grown[row])) * unit, (high + float(grown[row])) * unit
    return prices


def _range_duals(solution: LikelySolution) -> tuple[Floats, Floats]:
    """Least and greatest value of each dual among those that leave every route's delay as it is."""
    model, dual = solution.model, solution.split.dual
    least, greatest = dual.copy(), dual.copy()
    rows, bound = model.rows, model.bound
    slack = bound - rows @ solution.split.flow
    size = np.maximum(np.abs(bound), 1.0)
    met = np.diff(rows.indptr) > 0
    live = np.flatnonzero(met & (model.high > 0) & (np.abs(slack) <= 1e-7 * size))
    if not len(live):
        return least, greatest
    used = rows[live]
    gram = (used @ used.T).toarray()
    norm = 1.0 / np.sqrt(np.diag(gram))
    null = norm[:, None] * linalg.null_space(gram * norm[:, None] * norm[None, :], rcond=1e-9)
    if not null.shape[1]:
        return least, greatest
    room = model.high[live]
    for i in np.flatnonzero(np.abs(null).max(axis=1) > 1e-9):
        for sign, into in ((1.0, least), (-1.0, greatest)):
            moved = optimize.linprog(
                sign * null[i],
                A_ub=np.vstack([-null, null[np.isfinite(room)]]),
                b_ub=np.concatenate([dual[live], (room - dual[live])[np.isfinite(room)]]),
                bounds=(None, None),
            )
            if moved.status != 0:
                msg = f"the range of a queue delay was not found ({moved.message})"
                raise InternalError(msg)
            into[live[i]] = max(0.0, dual[live[i]] + float(null[i] @ moved.x))
    return least, greatest
