"""The Shapley value of any game: what each player adds on average over all orders of joining.

Exact by visiting every coalition once, in Gray-code order, so that each differs from the last by
one player; beyond a number of players a sample of orders with a confidence interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import special

from routes.errors import UsageError

Player = TypeVar("Player", bound=Hashable)
EXACT_UP_TO = 16
CONFIDENCE = 0.95
_FEWEST_PAIRS = 8


@dataclass(frozen=True)
class Shapley(Generic[Player]):
    """Shapley values of a game.

    values : of each player; they sum to grand - empty. half_width : half of the 95% confidence
    interval, 0 when exact. evaluations : how often the game was asked.
    """

    values: Mapping[Player, float]
    half_width: Mapping[Player, float] = field(repr=False)
    grand: float
    empty: float
    exact: bool
    evaluations: int

    @property
    def gap(self) -> float:
        """Sum of the values less (grand - empty): 0 but for rounding."""
        return math.fsum(self.values.values()) - (self.grand - self.empty)


def shapley_values(
    value: Callable[[frozenset[Player]], float],
    players: Sequence[Player],
    *,
    exact_up_to: int = EXACT_UP_TO,
    samples: int = 1000,
    rng: np.random.Generator | int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Shapley[Player]:
    """Shapley values of the game `value`, exact or, with many players, estimated.

    The value of a player is what it adds to those before it, averaged over all orders of joining.

    Parameters
    ----------
    value : worth of a coalition (a frozenset of players).
    players : who plays, each once.
    exact_up_to : exact up to so many players (2^n coalitions), sampled beyond.
    samples : orders drawn when sampled, in pairs: each order and its reverse.
    rng : generator or seed of the orders.
    progress : called with (done, total) now and then.

    Returns
    -------
    Shapley
        Efficient in both cases: the values sum to value(all) - value(none), up to rounding.

    Raises
    ------
    UsageError
        When a player is named twice, or fewer than 16 orders are to be drawn.

    Notes
    -----
    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (value(S + i) - value(S)). The sampled
    interval is Student's t over the means of antithetic pairs, which are independent.

    References
    ----------
    Shapley, L. S. (1953), A value for n-person games. Castro, J., Gomez, D. and Tejada, J. (2009),
    Polynomial calculation of the Shapley value based on sampling, DOI 10.1016/j.cor.2008.04.004

    Examples
    --------
    >>> gloves = lambda s: float(min("left" in s, len(s - {"left"})))
    >>> shapley_values(gloves, ["left", "right", "other right"]).values["left"]
    0.6666666666666666
    """
    names = list(players)
    if len(set(names)) < len(names):
        raise UsageError("A player is named twice in a game.")
    if len(names) <= exact_up_to:
        return _enumerate(value, names, progress)
    return _sample(value, names, samples, np.random.default_rng(rng), progress)


def gray_flips(n: int) -> Iterator[int]:
    """Which of n bits flips at each of the 2^n - 1 steps of the Gray code; bit 0 most often."""
    for step in range(1, 1 << n):
        yield (step & -step).bit_length() - 1


def _enumerate(
    value: Callable[[frozenset[Player]], float],
    players: Sequence[Player],
    progress: Callable[[int, int], None] | None,
) -> Shapley[Player]:
    n, total = len(players), 1 << len(players)
    worth = np.zeros(total)
    mask, coalition = total - 1, frozenset(players)  # everyone first
    worth[mask] = value(coalition)
    for done, bit in enumerate(gray_flips(n), start=2):
        mask ^= 1 << bit
        coalition ^= {players[bit]}
        worth[mask] = value(coalition)
        if progress is not None:
            progress(done, total)
    values = {player: _average(worth, n, bit) for bit, player in enumerate(players)}
    return Shapley(
        values=values,
        half_width=dict.fromkeys(players, 0.0),
        grand=float(worth[-1]),
        empty=float(worth[0]),
        exact=True,
        evaluations=total,
    )


def _average(worth: npt.NDArray[np.float64], n: int, bit: int) -> float:
    """Mean of what a player adds, each size of coalition before it being as likely."""
    masks = np.arange(1 << n)
    without = masks[(masks >> bit) & 1 == 0]
    sizes = sum((without >> other) & 1 for other in range(n))
    added = worth[without | (1 << bit)] - worth[without]
    return math.fsum(
        math.fsum(added[sizes == size]) / (n * math.comb(n - 1, size)) for size in range(n)
    )


def _sample(
    value: Callable[[frozenset[Player]], float],
    players: Sequence[Player],
    samples: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> Shapley[Player]:
    pairs = samples // 2
    if pairs < _FEWEST_PAIRS:
        raise UsageError(f"samples must be at least {2 * _FEWEST_PAIRS}. Got {samples}.")
    known: dict[frozenset[Player], float] = {}

    def ask(coalition: frozenset[Player]) -> float:
        if coalition not in known:
            known[coalition] = float(value(coalition))
        return known[coalition]

    n = len(players)
    means = np.zeros((pairs, n))
    for pair in range(pairs):
        order = rng.permutation(n)
        for way in (order, order[::-1]):
            coalition: frozenset[Player] = frozenset()
            before = ask(coalition)
            for i in way:
                coalition |= {players[i]}
                after = ask(coalition)
                means[pair, i] += (after - before) / 2
                before = after
        if progress is not None:
            progress(pair + 1, pairs)
    error = means.std(axis=0, ddof=1) / math.sqrt(pairs)
    width = error * special.stdtrit(pairs - 1, (1 + CONFIDENCE) / 2)
    return Shapley(
        values=dict(zip(players, means.mean(axis=0).tolist(), strict=True)),
        half_width=dict(zip(players, width.tolist(), strict=True)),
        grand=ask(frozenset(players)),
        empty=ask(frozenset()),
        exact=False,
        evaluations=len(known),
    )
