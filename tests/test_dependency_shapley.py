"""The Shapley value: textbook games, laws, and the sample that stands in for many players."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.dependency.shapley import gray_flips, shapley_values
from routes.errors import UsageError


def by_orders(value, players):
    """The definition itself, in fractions: the mean over all orders of joining."""
    total = dict.fromkeys(players, Fraction(0))
    for order in itertools.permutations(players):
        for i, player in enumerate(order):
            before, after = frozenset(order[:i]), frozenset(order[: i + 1])
            total[player] += Fraction(value(after)) - Fraction(value(before))
    return {player: float(t / math.factorial(len(players))) for player, t in total.items()}


def test_glove_game():
    def gloves(coalition):
        return float("left" in coalition and len(coalition) > 1)

    result = shapley_values(gloves, ["left", "right", "other right"])
    assert result.values == pytest.approx(
        {"left": 2 / 3, "right": 1 / 6, "other right": 1 / 6}, rel=1e-15
    )
    assert result.exact and result.evaluations == 8
    assert set(result.half_width.values()) == {0.0}


def test_airport_game():
    cost = {"small": 1, "medium": 2, "large": 3}
    result = shapley_values(lambda s: max((cost[p] for p in s), default=0), list(cost))
    assert list(result.values.values()) == pytest.approx([1 / 3, 5 / 6, 11 / 6], rel=1e-15)


def test_security_council():
    """Five permanent members, ten others; nine votes with all the permanent ones."""
    permanent = [f"permanent-{i}" for i in range(5)]
    others = [f"other-{i}" for i in range(10)]
    veto = frozenset(permanent)
    result = shapley_values(lambda s: float(veto <= s and len(s) >= 9), permanent + others)
    assert result.exact and result.evaluations == 2**15
    # a permanent member: all who vote with at least 3 of the 9 or 10 others; 421/2145, 4/2145
    assert [result.values[p] for p in permanent] == pytest.approx([421 / 2145] * 5, rel=1e-12)
    assert [result.values[p] for p in others] == pytest.approx([4 / 2145] * 10, rel=1e-12)
    assert round(421 / 2145, 4) == 0.1963 and round(4 / 2145, 6) == 0.001865
    assert abs(result.gap) < 1e-12


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=16, max_size=16))
def test_equal_to_the_definition_on_any_game_of_four(worths):
    players = "abcd"

    def value(coalition):
        return worths[sum(1 << players.index(p) for p in coalition)]

    result = shapley_values(value, players)
    assert result.values == pytest.approx(by_orders(value, players), abs=1e-12)
    assert result.gap == pytest.approx(0, abs=1e-12)


def test_gray_code_visits_every_coalition_once_and_flips_one_player():
    seen, mask = {0}, 0
    for bit in gray_flips(6):
        mask ^= 1 << bit
        seen.add(mask)
    assert len(seen) == 64
    asked = []
    shapley_values(lambda s: asked.append(s) or 0.0, "abcdef")
    assert asked[0] == frozenset("abcdef")
    assert len(set(asked)) == 64
    assert all(len(a ^ b) == 1 for a, b in itertools.pairwise(asked))


def test_nobody_and_one():
    assert shapley_values(lambda _: 5.0, []).values == {}
    result = shapley_values(lambda s: 7.0 + 3.0 * len(s), ["alone"])
    assert result.values == {"alone": 3.0}
    assert (result.grand, result.empty) == (10.0, 7.0)


def test_sample_covers_the_truth_and_sums_exactly():
    """Twenty voters with weights 1..20, quota half: the sample against the exact value by sizes."""
    rng = np.random.default_rng(7)
    weights = dict(zip("abcdefghijkl", rng.integers(1, 9, 12).tolist(), strict=True))
    quota = sum(weights.values()) / 2

    def value(coalition):
        return float(sum(weights[p] for p in coalition) > quota)

    exact = shapley_values(value, list(weights))
    sample = shapley_values(value, list(weights), exact_up_to=10, samples=2000, rng=1)
    assert not sample.exact
    assert sample.gap == pytest.approx(0, abs=1e-12)
    misses = [p for p in weights if abs(sample.values[p] - exact.values[p]) > sample.half_width[p]]
    assert len(misses) <= 3  # 95% intervals of twelve players
    assert all(0 < sample.half_width[p] < 0.03 for p in weights)
    again = shapley_values(value, list(weights), exact_up_to=10, samples=2000, rng=1)
    assert again.values == sample.values
    other = shapley_values(value, list(weights), exact_up_to=10, samples=2000, rng=0)
    assert other.values != sample.values


def test_sample_of_an_additive_game_is_exact():
    players = [f"p{i}" for i in range(20)]
    result = shapley_values(lambda s: float(sum(int(p[1:]) for p in s)), players, samples=16)
    assert list(result.values.values()) == pytest.approx(range(20))
    assert max(result.half_width.values()) == pytest.approx(0, abs=1e-12)


def test_progress_reaches_the_end():
    heard = []
    shapley_values(lambda s: float(len(s)), "abc", progress=lambda i, n: heard.append((i, n)))
    assert heard[-1] == (8, 8)


@pytest.mark.parametrize(
    ("players", "options", "words"),
    [
        (["a", "a"], {}, "named twice"),
        (list("abcdefghijklmnopq"), {"samples": 15}, "samples must be at least 16. Got 15."),
    ],
)
def test_wrong_requests(players, options, words):
    with pytest.raises(UsageError, match=words):
        shapley_values(len, players, **options)
