"""The capacity-constrained logit as a smooth dual on a box, solved by projected Newton.

    maximise    sum_r v_r f_r + sum_s v0_s U_s
                - sum_s (1/theta_s) [ sum_r f_r ln(f_r / (S_s size_r)) + U_s ln(U_s / S_s) ]
    subject to  sum_{r of s} f_r + U_s = S_s,      sum_r B_ir f_r <= b_i      dual x_i
    answer      f_r / U_s = size_r exp(theta_s (v_r - v0_s - sum_i B_ir x_i))

Shares stand in the entropy (f / S, not f), so that neither the answer nor the dual value depends on
the unit of mass. A bound on a dual makes its row soft: x_i <= h lets the row be broken at h a unit.
The dual is then
    minimise    sum_s (S_s / theta_s)
                ln( exp(theta_s v0_s) + sum_r size_r exp(theta_s (v_r - B_r x)) )
                + b x + sum_i ridge_i x_i^2 / 2         over low <= x <= high.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, sparse

from routes.errors import InternalError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOLERANCE = 1e-11  # of a row's size: where Newton stops
PROMISE = 1e-6  # of a row's size: what every answer must reach
_FIRST_DAMPING, _LAST_DAMPING = 1.0, 1e12
_MAX_STEPS, _PATIENCE = 200, 8


@dataclass(frozen=True)
class Logit:
    """A capacity-constrained logit in arrays; mass in any one unit, money per unit of mass.

    Over routes: `utility`, `size` (> 0), `supply` (number of the supply each belongs to). Over
    supplies: `amount` (> 0), `theta` (> 0), `stay` (utility of not shipping). Over rows: `rows`
    (rows x routes), `bound`, and of their duals `low`, `high`, `ridge`.
    """

    utility: Floats
    size: Floats
    supply: Ints
    amount: Floats
    theta: Floats
    stay: Floats
    rows: sparse.csr_array
    bound: Floats
    low: Floats
    high: Floats
    ridge: Floats


@dataclass(frozen=True)
class Split:
    """The answer of a logit.

    flow : of each route; stay : what each supply keeps; dual : of each row; logsum : expected
    greatest utility of a tonne of each supply; value : the dual objective; residual : greatest
    projected gradient over the size of its row (stationarity of the dual, which is feasibility and
    complementarity of the flows); method : "newton", "l-bfgs-b" or "theta"; steps : Newton steps.
    """

    flow: Floats
    stay: Floats
    dual: Floats = field(repr=False)
    logsum: Floats
    value: float
    residual: float
    method: str
    steps: int


def make_logit(
    *,
    utility: Floats,
    supply: Ints,
    amount: Floats,
    theta: float | Floats,
    size: Floats | None = None,
    stay: float | Floats = 0.0,
    rows: sparse.csr_array | None = None,
    bound: Floats | None = None,
    low: Floats | None = None,
    high: Floats | None = None,
    ridge: Floats | None = None,
) -> Logit:
    """A `Logit` with what is left out filled in: equal sizes, no rows, duals >= 0, no ridge."""
    n_routes, n_rows = len(utility), 0 if bound is None else len(bound)
    shape = np.shape(amount)
    return Logit(
        utility=np.asarray(utility, dtype=float),
        size=np.ones(n_routes) if size is None else np.asarray(size, dtype=float),
        supply=np.asarray(supply, dtype=np.int64),
        amount=np.asarray(amount, dtype=float),
        theta=np.broadcast_to(np.asarray(theta, dtype=float), shape),
        stay=np.broadcast_to(np.asarray(stay, dtype=float), shape),
        rows=sparse.csr_array((0, n_routes)) if rows is None else sparse.csr_array(rows),
        bound=np.zeros(n_rows) if bound is None else np.asarray(bound, dtype=float),
        low=np.zeros(n_rows) if low is None else np.asarray(low, dtype=float),
        high=np.full(n_rows, np.inf) if high is None else np.asarray(high, dtype=float),
        ridge=np.zeros(n_rows) if ridge is None else np.asarray(ridge, dtype=float),
    )


def split_supplies(logit: Logit, *, start: Floats | None = None) -> Split:
    """The flows of a logit.

    Projected Newton on the dual from `start` (duals, 0 by default); should that fail, L-BFGS-B
    polished by Newton; should that fail, Newton along a growing theta.

    Raises
    ------
    InternalError
        When none of them brings the residual below 1e-6.
    """
    dual = _Dual(logit)
    first = dual.first_point(start)
    answer = _newton(dual, first)
    if answer.residual > PROMISE / 10:
        answer = _lbfgs(dual, first)
    if answer.residual > PROMISE / 10:
        answer = min(answer, _follow_theta(logit, first), key=lambda split: split.residual)
    if not answer.residual <= PROMISE:
        msg = (
            "A law is broken: stationarity and complementarity of the likely flows are met to "
            f"1e-6 (residual {answer.residual:.1e}). Please report this with the scenario."
        )
        raise InternalError(msg)
    return answer


def response(logit: Logit, split: Split, rows: Ints) -> Floats:
    """How the use of `rows` answers to their duals, other free duals moving along; mass per money.

    0 for a row whose use is held by rows that are full.
    """
    dual = _Dual(replace(logit, ridge=np.zeros_like(logit.ridge)))
    inside = (split.dual > logit.low) & (split.dual < logit.high)
    inside[rows] = False
    free = np.concatenate([rows, np.flatnonzero(inside)])
    hessian = dual.hessian(split.flow, free)
    n = len(rows)
    own, cross, rest = hessian[:n, :n], hessian[:n, n:], hessian[n:, n:]
    return np.asarray(own - cross @ np.linalg.pinv(rest, rcond=1e-10, hermitian=True) @ cross.T)


@dataclass(frozen=True)
class _Point:
    x: Floats
    flow: Floats
    value: float
    gradient: Floats
    residual: float


class _Dual:
    """Value, gradient and Hessian of the dual; utilities are measured from each supply's best."""

    def __init__(self, logit: Logit) -> None:
        self.logit = logit
        n_routes, n_supplies = len(logit.utility), len(logit.amount)
        self.transposed = sparse.csr_array(logit.rows.T)
        self.log_size = np.log(logit.size)
        self.route_theta = logit.theta[logit.supply]
        ones = np.ones(n_routes)
        self.member = sparse.csr_array(
            (ones, (logit.supply, np.arange(n_routes))), shape=(n_supplies, n_routes)
        )
        self.top = logit.stay.copy()
        np.maximum.at(self.top, logit.supply, logit.utility)
        self.row_size = _row_sizes(logit)
        self.picked: tuple[Ints, sparse.csr_array, sparse.csr_array, Ints] | None = None
        self.curvature = self.row_size * _mean_theta(logit)
        self.scale = float(logit.amount @ np.maximum(1.0 / logit.theta, 1e-300))

    def first_point(self, start: Floats | None) -> Floats:
        """`start`, or 0, moved into the box."""
        logit = self.logit
        x = np.zeros(len(logit.bound)) if start is None else np.asarray(start, dtype=float)
        return np.asarray(np.clip(x, logit.low, logit.high))

    def spread(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Flows, what stays, and the log-sum of each supply less its best utility, at duals `x`."""
        logit = self.logit
        worth = logit.utility - self.top[logit.supply] - self.transposed @ x
        score = self.route_theta * worth + self.log_size
        stay = logit.theta * (logit.stay - self.top)
        peak = stay.copy()
        np.maximum.at(peak, logit.supply, score)
        odds = np.exp(score - peak[logit.supply])
        odds_stay = np.exp(stay - peak)
        total = odds_stay + self.member @ odds
        flow = odds * (logit.amount / total)[logit.supply]
        return flow, logit.amount * odds_stay / total, (np.log(total) + peak) / logit.theta

    def value(self, x: Floats, logsum: Floats) -> float:
        """The dual objective, with log-sums measured as `logsum` is."""
        logit = self.logit
        return float(logit.amount @ logsum + logit.bound @ x + logit.ridge @ (x * x) / 2)

    def gradient(self, x: Floats, flow: Floats) -> Floats:
        """First derivatives: the slack of each row, and the pull of its ridge."""
        logit = self.logit
        return np.asarray(logit.bound - logit.rows @ flow + logit.ridge * x)

    def hessian(self, flow: Floats, free: Ints) -> Floats:
        """Second derivatives by the duals in `free`."""
        logit = self.logit
        if self.picked is None or not np.array_equal(self.picked[0], free):
            rows = logit.rows[free]
            supply = logit.supply[rows.indices]
            cell = (
                np.repeat(np.arange(len(free)), np.diff(rows.indptr)) * len(logit.amount) + supply
            )
            self.picked = free, rows, sparse.csr_array(rows.T), cell
        _, rows, transposed, cell = self.picked
        used = rows.data * flow[rows.indices]
        curved = sparse.csr_array(
            (used * self.route_theta[rows.indices], rows.indices, rows.indptr), shape=rows.shape
        )
        dense = (curved @ transposed).toarray()
        shape = len(free), len(logit.amount)
        through = np.bincount(cell, used, minlength=shape[0] * shape[1]).reshape(shape)
        dense -= (through * (logit.theta / logit.amount)) @ through.T
        dense[np.diag_indices_from(dense)] += logit.ridge[free]
        return np.asarray(dense)

    def residual(self, x: Floats, gradient: Floats) -> float:
        """Greatest projected gradient, each over the size of its row."""
        if not len(x):
            return 0.0
        logit = self.logit
        blocked = ((x <= logit.low) & (gradient > 0)) | ((x >= logit.high) & (gradient < 0))
        return float(np.where(blocked, 0.0, np.abs(gradient) / self.row_size).max())

    def look(self, x: Floats) -> _Point:
        """Everything about a point."""
        flow, _, logsum = self.spread(x)
        gradient = self.gradient(x, flow)
        return _Point(x, flow, self.value(x, logsum), gradient, self.residual(x, gradient))

    def finish(self, x: Floats, residual: float, method: str, steps: int) -> Split:
        """The answer at `x`."""
        flow, stay, logsum = self.spread(x)
        value = self.value(x, logsum + self.top)
        return Split(flow, stay, x, logsum + self.top, value, residual, method, steps)


def _row_sizes(logit: Logit) -> Floats:
    """What a residual is measured by: a row's bound; where that is 0, its use at equal shares."""
    count = 1.0 + np.bincount(logit.supply, minlength=len(logit.amount))
    use = abs(logit.rows) @ (logit.amount / count)[logit.supply]
    size = np.where(logit.bound != 0, np.abs(logit.bound), use)
    return np.asarray(np.where(size > 0, size, 1.0))


def _mean_theta(logit: Logit) -> Floats:
    """Mean theta of the routes of each row, weighted by its coefficients."""
    weights = abs(logit.rows)
    total = weights @ np.ones(len(logit.utility))
    mean = weights @ logit.theta[logit.supply] / np.where(total > 0, total, 1.0)
    return np.asarray(np.where(total > 0, mean, 1.0))


def _newton(dual: _Dual, x: Floats, *, max_steps: int = _MAX_STEPS) -> Split:
    """Projected Newton: duals held at a bound stand still, the others move by Newton's step.

    The step is damped by each row's natural curvature (theta times its size), which keeps it
    sensible where all of a supply goes one way and the Hessian vanishes; the damping falls with
    every step that does what the quadratic model promised.
    """
    logit = dual.logit
    damping, steps = _FIRST_DAMPING, 0
    here = dual.look(x)
    best, since = here.residual, 0
    while here.residual > TOLERANCE and steps < max_steps and damping < _LAST_DAMPING:
        steps += 1
        best, since = (here.residual, 0) if here.residual < best / 2 else (best, since + 1)
        if since > _PATIENCE and best < PROMISE / 10:
            break  # as near as floating point gets
        x, gradient = here.x, here.gradient
        held = ((x <= logit.low) & (gradient >= 0)) | ((x >= logit.high) & (gradient <= 0))
        free = np.flatnonzero(~held)
        hessian = dual.hessian(here.flow, free)
        fit = -1.0
        while fit < 1e-4 and damping < _LAST_DAMPING:
            there, fit = _try_step(dual, here, hessian, free, damping)
            if fit > 0.75:
                damping = damping * 0.1 if damping > 1e-10 else 0.0
            elif fit < 0.25:
                damping = max(5 * damping, 1e-8)
        here = there if fit >= 1e-4 else here
        damping = min(damping, here.residual)
    return dual.finish(here.x, here.residual, "newton", steps)


def _try_step(
    dual: _Dual, here: _Point, hessian: Floats, free: Ints, damping: float
) -> tuple[_Point, float]:
    """The point that a damped step leads to, and the part of the promised fall that it brought."""
    logit = dual.logit
    move = np.zeros_like(here.x)
    move[free] = _solve_damped(hessian, here.gradient[free], damping * dual.curvature[free])
    there = dual.look(np.clip(here.x + move, logit.low, logit.high))
    move = there.x - here.x
    promised = -float(here.gradient @ move + move[free] @ (hessian @ move[free]) / 2)
    fall = here.value - there.value
    noise = 1e-14 * (abs(here.value) + dual.scale)
    if promised <= noise:  # too small to be seen in the value: trust the residual
        return there, 1.0 if there.residual < here.residual and fall >= -noise else -1.0
    return there, (fall + 1e-3 * noise) / promised


def _solve_damped(hessian: Floats, gradient: Floats, damping: Floats) -> Floats:
    matrix = hessian.copy()
    diagonal = np.diagonal(hessian)
    floor = 1e-13 * float(diagonal.max(initial=0.0)) + 1e-280
    matrix[np.diag_indices_from(matrix)] += damping + 1e-13 * diagonal + floor
    try:
        factor = linalg.cho_factor(matrix, check_finite=False, overwrite_a=True)
        return -np.asarray(linalg.cho_solve(factor, gradient, check_finite=False))
    except linalg.LinAlgError:
        return -gradient / np.maximum(diagonal + damping, floor)


def _follow_theta(logit: Logit, start: Floats) -> Split:
    """Newton along a theta that grows fourfold to its own, each answer the start of the next."""
    x, steps = start, 0
    for halvings in range(6, -1, -1):
        dual = _Dual(replace(logit, theta=logit.theta * 4.0**-halvings))
        split = _newton(dual, dual.first_point(x), max_steps=3 * _MAX_STEPS)
        x, steps = split.dual, steps + split.steps
    return replace(split, steps=steps, method="theta")


def _lbfgs(dual: _Dual, start: Floats) -> Split:
    """L-BFGS-B on rows scaled to size 1, then Newton from there."""
    logit = dual.logit
    unit = 1.0 / np.sqrt(dual.row_size)

    def objective(z: Floats) -> tuple[float, Floats]:
        x = z * unit
        flow, _, logsum = dual.spread(x)
        return dual.value(x, logsum), dual.gradient(x, flow) * unit

    found = optimize.minimize(
        objective, start / unit, jac=True, method="L-BFGS-B",
        bounds=optimize.Bounds(logit.low / unit, logit.high / unit),
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 30},
    )  # fmt: skip
    x = np.clip(found.x * unit, logit.low, logit.high)
    return replace(_newton(dual, x), method="l-bfgs-b")
