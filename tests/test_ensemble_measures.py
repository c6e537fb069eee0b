"""Quantiles of mixed times: by hand, against the plain bisection, alone and among neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.ensemble.measures import find_mixture_quantiles
from models.indicators.exports import mixture_quantile

times = st.one_of(st.just(0.0), st.floats(0.01, 400.0))
spreads = st.sampled_from([0.0, 1e-6, 0.1, 0.5, 2.0])  # of the mean
weights = st.sampled_from([0.0, 1e-9, 0.3, 1.0, 5e4])
mixtures = st.lists(
    st.lists(st.tuples(times, spreads, weights), max_size=8), min_size=1, max_size=6
)


def join(parts):
    """Mean, variance and weight of all times, and where each mixture starts."""
    table = np.array([row for part in parts for row in part], dtype=float).reshape(-1, 3)
    mean, spread, weight = table.T
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    return mean, (mean * spread) ** 2, weight, starts


def weigh_below(days, mean, variance, weight):
    """Weight of the times up to so many days, the plain way."""
    sigma = np.sqrt(np.log1p(variance / mean**2))
    with np.errstate(divide="ignore"):
        share = stats.norm.cdf((np.log(days / mean) + sigma**2 / 2) / np.maximum(sigma, 1e-300))
    return float(np.where(sigma > 0, share, days >= mean) @ weight)


@settings(max_examples=100, deadline=None)
@given(mixtures, st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_has_its_share_of_the_weight_below(parts, level):
    mean, variance, weight, starts = join(parts)
    found = find_mixture_quantiles(mean, variance, weight, starts, level=level)
    for days, begin, part in zip(found, starts, parts, strict=True):
        own = np.arange(begin, begin + len(part))
        mine = mean[own], variance[own], weight[own]
        alone = find_mixture_quantiles(*mine, np.array([0]), level=level)
        assert np.array_equal(alone, [days], equal_nan=True)  # neighbours change nothing
        assert np.isnan(days) == (mixture_quantile(*mine, level) is None)
        if np.isnan(days):
            continue
        own = own[(weight[own] > 0) & (mean[own] > 0)]
        mine, wanted = (mean[own], variance[own], weight[own]), level * weight[own].sum()
        assert weigh_below(days * (1 + 1e-9), *mine) >= wanted * (1 - 1e-9)
        assert weigh_below(days * (1 - 1e-9), *mine) <= wanted * (1 + 1e-9)


def test_quantile_of_one_time_is_that_of_its_distribution():
    sigma2 = math.log1p(4.0 / 100.0)  # mean 10, standard deviation 2
    expected = stats.lognorm.ppf(0.9, math.sqrt(sigma2), scale=10 * math.exp(-sigma2 / 2))
    found = find_mixture_quantiles(
        np.array([10.0, 7.0]), np.array([4.0, 0.0]), np.ones(2), np.array([0, 1]), level=0.9
    )
    assert found == pytest.approx([expected, 7.0], rel=1e-12)
