"""How a number is spread between its low and high: the rule for each grade, and its quantiles.

A number's best estimate is the mode of its distribution, its low and high are the ends:

- grade A (measured or official): PERT with weight 8, the narrowest
- grade B (press or secondary): PERT with weight 4, the usual one
- grade C (derived), D (judged), and ranges of scenarios: triangular, the widest

PERT with weight w and mode at c (0 to 1) is the beta distribution with 1 + w c and 1 + w (1 - c).
No range is ever made up: a number without low and high stays what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from models.flow.arrays import Floats, Ints

TRIANGULAR = 0.0
_DIGITS = 12  # of a mode: what differs by less is rounding
WEIGHTS: Mapping[str, float] = {"A": 8.0, "B": 4.0, "C": TRIANGULAR, "D": TRIANGULAR}


def find_weight(grade: str) -> float:
    """PERT weight of a grade; 0 stands for triangular."""
    return WEIGHTS.get(grade, TRIANGULAR)


def place_levels(weight: Floats, mode: Floats, level: Floats) -> Floats:
    """Place between low (0) and high (1) at each level (0 to 1), column by column.

    Parameters
    ----------
    weight
        PERT weight of each column; 0 is triangular.
    mode
        Place of the best estimate of each column, 0 to 1.
    level
        (rows x columns) probabilities.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.sqrt(level * mode)
        falling = 1.0 - np.sqrt((1.0 - level) * (1.0 - mode))
    place = np.where(level < mode, rising, falling)
    pert = np.flatnonzero(weight > 0)
    a = 1.0 + weight[pert] * mode[pert]
    b = 1.0 + weight[pert] * (1.0 - mode[pert])
    place[:, pert] = special.betaincinv(a, b, level[:, pert])
    return place


class Terms:
    """Collects the different (driver, weight, mode): numbers that share all three move alike."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, float, float], int] = {}

    def add(
        self,
        drivers: Sequence[str],
        weights: Sequence[float] | Floats,
        values: Floats,
        lows: Floats,
        highs: Floats,
    ) -> tuple[Ints, Floats]:
        """Term and width (high - low) of each number; low < high is taken for granted."""
        width = np.asarray(highs - lows, dtype=float)
        mode = np.round(np.clip((values - lows) / width, 0.0, 1.0), _DIGITS)
        keys = zip(drivers, weights, mode.tolist(), strict=True)
        found = self.found
        number = [found.setdefault((d, float(w), m), len(found)) for d, w, m in keys]
        return np.array(number, dtype=np.int64), width

    def columns(self, drivers: Sequence[str]) -> tuple[Ints, Floats, Floats]:
        """Driver (its place in `drivers`), weight and mode of every term."""
        place = {name: i for i, name in enumerate(drivers)}
        keys = list(self.found)
        return (
            np.array([place[d] for d, _, _ in keys], dtype=np.int64),
            np.array([w for _, w, _ in keys], dtype=float),
            np.array([m for _, _, m in keys], dtype=float),
        )


def find_deviations(term_driver: Ints, weight: Floats, mode: Floats, points: Floats) -> Floats:
    """How far each term lies from its best estimate, in widths: (samples x terms).

    `points` (samples x drivers) are the levels drawn, 0 to 1.
    """
    return place_levels(weight, mode, points.take(term_driver, axis=1)) - mode
