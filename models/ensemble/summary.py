"""What samples say of outcomes: quantiles, how often one scenario beats another, exceedance.

Functions take a frame with the columns `sample`, `scenario` and outcomes (`Ensemble.to_frame`) and
return tidy frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from routes.errors import UnknownNameError, UsageError

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
# Outcomes of which less is better.
LESS_IS_BETTER = frozenset((
    "undelivered_mt", "shortfall_mt", "cash_cost_usd_per_t", "generalised_cost_usd_per_t",
    "transport_cost_musd", "days_mean", "days_p90", "co2_mt", "transit_share",
    "transit_share_value", "market_share", "corridor_hhi", "entry_country_hhi",
    "sanctions_exposure_share", "war_risk_share",
))  # fmt: skip


def find_quantiles(
    frame: pd.DataFrame, outcomes: Sequence[str], *, levels: Sequence[float] = LEVELS
) -> pd.DataFrame:
    """Mean, spread and quantiles of outcomes.

    Returns a row a scenario and outcome: scenario, outcome, samples (that have a value), mean, sd,
    then `q05`, `q25`, ... for the levels.
    """
    rows = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        for outcome in outcomes:
            values = mine[outcome].dropna().to_numpy(dtype=float)
            row: dict[str, object] = {
                "scenario": scenario, "outcome": outcome, "samples": len(values),
                "mean": values.mean() if len(values) else np.nan,
                "sd": values.std(ddof=1) if len(values) > 1 else np.nan,
            }  # fmt: skip
            found = np.quantile(values, levels) if len(values) else [np.nan] * len(levels)
            row |= {name_level(level): q for level, q in zip(levels, found, strict=True)}
            rows.append(row)
    names = ["scenario", "outcome", "samples", "mean", "sd", *map(name_level, levels)]
    return pd.DataFrame(rows, columns=names)


def name_level(level: float) -> str:
    """Column of a quantile: q05 for 0.05, q97.5 for 0.975."""
    percent = f"{100 * level:g}"
    whole, dot, rest = percent.partition(".")
    return f"q{whole.zfill(2)}{dot}{rest}"


def compare_pairs(frame: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """How often each scenario beats each other one, on the same draws.

    To beat is to have more, or less where less is better (`LESS_IS_BETTER`); equal within 1e-9 is a
    tie. Returns a row an ordered pair and outcome: scenario, against, outcome, better ("more" or
    "less"), samples, wins, ties (both 0..1), difference (mean of scenario less against), and the
    difference's `q05`, `q50`, `q95`.
    """
    names = list(dict.fromkeys(frame["scenario"]))
    rows = []
    for outcome in outcomes:
        table = frame.pivot_table(index="sample", columns="scenario", values=outcome, sort=False)
        less = outcome in LESS_IS_BETTER
        for one, other in permutations([n for n in names if n in table], 2):
            both = table[[one, other]].dropna()
            a, b = both[one].to_numpy(dtype=float), both[other].to_numpy(dtype=float)
            if not len(a):
                continue
            tie = np.abs(a - b) <= 1e-9 * np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
            win = ((a < b) if less else (a > b)) & ~tie
            low, middle, high = np.quantile(a - b, (0.05, 0.5, 0.95))
            rows.append({
                "scenario": one, "against": other, "outcome": outcome,
                "better": "less" if less else "more", "samples": len(a), "wins": win.mean(),
                "ties": tie.mean(), "difference": (a - b).mean(), "q05": low, "q50": middle,
                "q95": high,
            })  # fmt: skip
    columns = [
        "scenario", "against", "outcome", "better", "samples", "wins", "ties", "difference", "q05",
        "q50", "q95",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def find_exceedance(
    frame: pd.DataFrame,
    outcome: str,
    *,
    thresholds: Iterable[float] | None = None,
    points: int = 101,
) -> pd.DataFrame:
    """How often an outcome exceeds a threshold: scenario, outcome, threshold, probability.

    Without `thresholds`: `points` of them, evenly between the least and the greatest value.
    """
    if outcome not in frame:
        raise UnknownNameError("column", outcome, frame.columns)
    values = frame[outcome].to_numpy(dtype=float)
    if thresholds is None:
        if not np.isfinite(values).any():
            msg = f"No sample has a value of {outcome}."
            raise UsageError(msg)
        steps = np.linspace(np.nanmin(values), np.nanmax(values), points)
    else:
        steps = np.array(list(thresholds), dtype=float)
    rows = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        known = np.sort(mine[outcome].dropna().to_numpy(dtype=float))
        above = len(known) - np.searchsorted(known, steps, side="right")
        share = above / len(known) if len(known) else np.full(len(steps), np.nan)
        rows.append(
            pd.DataFrame({
                "scenario": scenario, "outcome": outcome, "threshold": steps, "probability": share,
            })
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)
