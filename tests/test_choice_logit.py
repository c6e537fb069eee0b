"""The logit programme itself: its conditions, a second opinion, and every road to the dual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, sparse

from models.choice import logit as kernel
from models.choice.logit import PROMISE, make_logit, split_supplies
from routes.errors import InternalError


def random_logit(seed, theta=0.1):
    """Supplies of very different size, rows that bind, that cannot, and soft ones."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 8)
    counts = rng.integers(1, 8, n)
    supply = np.repeat(np.arange(n), counts)
    amount = 10.0 ** rng.uniform(-1, 3, n)
    m = int(rng.integers(1, 12))
    dense = rng.random((m, len(supply))) * (rng.random((m, len(supply))) < 0.4)
    rows = sparse.csr_array(dense)
    bound = rows @ (amount[supply] / counts[supply]) * rng.uniform(0.05, 1.5, m) + 1e-6
    high = np.full(m, np.inf)
    soft = rng.random(m) < 0.25
    high[soft] = rng.uniform(5, 60, soft.sum())
    sign = np.where(soft, -1.0, 1.0)
    return make_logit(
        utility=rng.normal(60, 25, len(supply)), size=rng.uniform(0.3, 1, len(supply)),
        supply=supply, amount=amount, theta=theta * rng.uniform(0.5, 2, n),
        stay=rng.normal(0, 5, n), rows=sparse.csr_array(rows * sign[:, None]), bound=bound * sign,
        high=high,
    )  # fmt: skip


@pytest.mark.parametrize("theta", [0.003, 0.1, 3.0, 60.0])
@pytest.mark.parametrize("seed", range(12))
def test_stationarity_and_complementarity(seed, theta):
    """f/U = size exp(theta (v - v0 - B'x)); 0 <= x <= high against the slack of each row."""
    logit = random_logit(seed, theta)
    split = split_supplies(logit)
    assert split.residual <= PROMISE / 100
    assert np.bincount(logit.supply, split.flow, len(logit.amount)) + split.stay == pytest.approx(
        logit.amount, rel=1e-12
    )
    worth = logit.utility - logit.stay[logit.supply] - logit.rows.T @ split.dual
    seen = (split.flow > 1e-200) & (split.stay[logit.supply] > 1e-200)
    odds = np.log(split.flow[seen] / split.stay[logit.supply][seen])
    expected = logit.theta[logit.supply][seen] * worth[seen] + np.log(logit.size[seen])
    assert odds == pytest.approx(expected, abs=1e-7)
    slack = (logit.bound - logit.rows @ split.flow) / np.maximum(np.abs(logit.bound), 1e-6)
    held = np.isinf(logit.high)
    assert (slack[held] >= -1e-6).all()
    assert (np.abs(slack[(split.dual > 0) & (split.dual < logit.high)]) <= 1e-6).all()
    assert (slack[split.dual >= logit.high] <= 1e-6).all()
    assert ((split.dual >= 0) & (split.dual <= logit.high)).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_general_solver_finds_the_same_flows(seed):
    """The entropy programme itself, by scipy's SLSQP, from the definition and not the dual."""
    logit = random_logit(seed)
    scale = logit.amount[logit.supply]
    n = len(logit.utility)
    soft = np.flatnonzero(np.isfinite(logit.high))
    hard = np.flatnonzero(np.isinf(logit.high))
    weight = logit.amount / logit.amount.sum()

    def parts(z):
        share, missed = np.maximum(z[:n], 1e-300), z[n:]
        stay = np.maximum(1 - np.bincount(logit.supply, share, len(logit.amount)), 1e-300)
        return share, stay, missed

    def loss(z):
        share, stay, missed = parts(z)
        theta = logit.theta[logit.supply]
        gain = share * (logit.utility - np.log(share / logit.size) / theta)
        kept = stay * (logit.stay - np.log(stay) / logit.theta)
        return -(weight[logit.supply] @ gain + weight @ kept - logit.high[soft] @ missed)

    def slope(z):
        share, stay, _ = parts(z)
        theta = logit.theta[logit.supply]
        gain = logit.utility - (np.log(share / logit.size) + 1) / theta
        kept = logit.stay - (np.log(stay) + 1) / logit.theta
        moved = (weight * kept)[logit.supply] - weight[logit.supply] * gain
        return np.concatenate([moved, logit.high[soft]])

    dense = logit.rows.toarray() * scale[None, :] / logit.amount.sum()
    bound = logit.bound / logit.amount.sum()
    whose = (np.arange(len(logit.amount))[:, None] == logit.supply).astype(float)
    no_excess, excess = np.zeros((1, len(soft))), np.eye(len(soft))
    limits = [
        {"type": "ineq", "fun": lambda z, a=a, b=b: a @ z + b, "jac": lambda z, a=a: a}
        for a, b in (
            (np.hstack([-dense[hard], np.repeat(no_excess, len(hard), axis=0)]), bound[hard]),
            (np.hstack([-dense[soft], excess]), bound[soft]),
            (np.hstack([-whose, np.repeat(no_excess, len(whose), axis=0)]), np.ones(len(whose))),
        )
    ]
    split = split_supplies(logit)
    start = np.concatenate([split.flow / scale * 0.97 + 1e-9, np.full(len(soft), 0.05)])
    found = optimize.minimize(
        loss, start, jac=slope, method="SLSQP", bounds=[(1e-14, 1)] * n + [(0, None)] * len(soft),
        constraints=limits, options={"maxiter": 2000, "ftol": 1e-15},
    )  # fmt: skip
    missed = np.maximum(dense[soft] @ (split.flow / scale) - bound[soft], 0)
    mine = loss(np.concatenate([split.flow / scale, missed]))
    assert mine == pytest.approx(-split.value / logit.amount.sum(), rel=1e-9)
    assert mine <= found.fun + 1e-6 * abs(found.fun)


@pytest.mark.parametrize("unit", [1e-3, 1e3, 1e6])
@pytest.mark.parametrize("seed", range(3))
def test_the_answer_does_not_depend_on_the_unit_of_mass(seed, unit):
    logit = random_logit(seed)
    one = split_supplies(logit)
    other = split_supplies(replace(logit, amount=logit.amount * unit, bound=logit.bound * unit))
    assert other.flow / unit == pytest.approx(one.flow, rel=1e-8, abs=1e-12 * logit.amount.max())
    assert other.value / unit == pytest.approx(one.value, rel=1e-10)
    assert logit.rows.T @ other.dual == pytest.approx(logit.rows.T @ one.dual, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_every_road_to_the_dual_leads_to_the_same_flows(seed):
    logit = random_logit(seed, 0.5)
    newton = split_supplies(logit)
    zero = np.zeros(len(logit.bound))
    for other in (kernel._lbfgs(kernel._Dual(logit), zero), kernel._follow_theta(logit, zero)):
        assert other.residual <= PROMISE
        assert other.flow == pytest.approx(newton.flow, rel=1e-5, abs=1e-6 * logit.amount.max())
    assert newton.method == "newton"


def test_a_broken_promise_is_an_internal_error(monkeypatch):
    def stand_still(dual, x, **_):
        return dual.finish(x, dual.look(x).residual, "newton", 0)

    monkeypatch.setattr(kernel, "_newton", stand_still)
    monkeypatch.setattr(kernel, "_lbfgs", stand_still)
    with pytest.raises(InternalError, match="stationarity and complementarity"):
        split_supplies(random_logit(1))
