"""What drives an outcome: rank correlations always, Sobol indices on request.

A rank correlation (Spearman) tells how steadily an outcome rises with an input, from any sample.
Sobol indices tell the part of an outcome's variance that is due to an input alone (first order) and
with all it acts together with (total); they need samples arranged for them
(`models.ensemble.design.draw_saltelli`).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from models.ensemble.design import describe_groups
from models.ensemble.results import Ensemble
from models.flow.arrays import Floats
from routes.errors import UnknownNameError, UsageError

_FEWEST = 8  # samples that a correlation is worth computing from
_LUCK = 0.01  # chance that the strongest of drivers that do nothing looks as if it did something


def rank_drivers(
    frame: pd.DataFrame, inputs: Sequence[str], outcomes: Sequence[str]
) -> pd.DataFrame:
    """Rank correlation of every input with every outcome, strongest first.

    Parameters
    ----------
    frame
        Columns `scenario`, inputs and outcomes.

    Returns
    -------
    pandas.DataFrame
        A row a scenario, outcome and driver: scenario, outcome, driver, correlation (-1 to 1),
        noise (see `find_noise`), rank, above_noise (whether the driver stands out from chance).
        Inputs and outcomes that never vary have no row.
    """
    for name in (*inputs, *outcomes):
        if name not in frame:
            raise UnknownNameError("column", name, frame.columns)
    parts = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        ranked = _rank_columns(mine[list(inputs)].to_numpy(dtype=float))
        for outcome in outcomes:
            values = mine[outcome].to_numpy(dtype=float)
            known = np.isfinite(values)
            if known.sum() < _FEWEST or np.ptp(values[known]) == 0:
                continue
            some = ranked if known.all() else _rank_columns(ranked[known])
            found = some.T @ _rank_columns(values[known][:, None])[:, 0]
            varied = np.flatnonzero(np.abs(some).sum(axis=0) > 0)
            order = varied[np.lexsort((varied, -np.abs(found[varied])))]
            noise = find_noise(int(known.sum()), len(order))
            parts.append(
                pd.DataFrame({
                    "scenario": scenario,
                    "outcome": outcome,
                    "driver": [inputs[i] for i in order],
                    "correlation": found[order],
                    "noise": noise,
                    "rank": np.arange(1, len(order) + 1),
                    "above_noise": np.abs(found[order]) > noise,
                })
            )  # fmt: skip
    columns = ["scenario", "outcome", "driver", "correlation", "noise", "rank", "above_noise"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def find_noise(samples: int, drivers: int) -> float:
    """The rank correlation that chance alone gives.

    Were there so many drivers that do nothing, the strongest of them would exceed it in one outcome
    of a hundred: Sidak's correction, and the t approximation of Spearman's correlation.
    """
    luck = -np.expm1(np.log1p(-_LUCK) / max(drivers, 1))
    t = stats.t.isf(luck / 2, samples - 2)
    return float(t / np.hypot(t, np.sqrt(samples - 2)))


def count_needed(drivers: int, correlation: float) -> int:
    """About how many samples it takes until a rank correlation is above the noise."""
    samples = _FEWEST
    while find_noise(samples, drivers) > correlation:
        samples *= 2
    return samples


def keep_independent(ensemble: Ensemble, frame: pd.DataFrame) -> pd.DataFrame:
    """The samples that say something of their own: all, but with `saltelli` one in a few.

    Its samples repeat most inputs of others: a correlation over all would seem surer than it is.
    """
    if ensemble.manifest["method"] != "saltelli":
        return frame
    each = len({driver["kind"] for driver in ensemble.manifest["drivers"]}) + 2
    return frame[(frame["sample"] % each).isin((0, each - 1))]


def _rank_columns(values: Floats) -> Floats:
    """Ranks of each column, centred and scaled to length 1 (0 where a column does not vary)."""
    ranks = stats.rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    return np.asarray(ranks / np.where(length > 0, length, 1.0))


def estimate_sobol(groups: Sequence[str], values: Floats, *, seed: int = 0) -> pd.DataFrame:
    """Sobol indices of groups of inputs, by SALib.

    Parameters
    ----------
    groups
        Group of each input, as given to `draw_saltelli`.
    values
        Outcome at each of its points, in order.
    seed
        Of the resampling behind the confidence intervals.

    Returns
    -------
    pandas.DataFrame
        group, first, first_confidence, total, total_confidence (half widths at 95 %), by total.
    """
    from SALib.analyze import sobol

    names = list(dict.fromkeys(groups))
    if len(values) % (len(names) + 2) or not len(values):
        msg = f"Sobol indices of {len(names)} groups need n x {len(names) + 2} values."
        raise UsageError(msg)
    if not np.isfinite(values).all():
        msg = "Sobol indices need a value of the outcome in every sample."
        raise UsageError(msg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of division by zero, where an outcome never varies
        found = sobol.analyze(
            dict(describe_groups(groups)), np.asarray(values), calc_second_order=False, seed=seed
        )
    table = pd.DataFrame({
        "group": names, "first": found["S1"], "first_confidence": found["S1_conf"],
        "total": found["ST"], "total_confidence": found["ST_conf"],
    })  # fmt: skip
    return table.sort_values("total", ascending=False, ignore_index=True)


def sobol_of_kinds(ensemble: Ensemble, outcomes: Sequence[str]) -> pd.DataFrame:
    """Sobol indices of the kinds of drivers, of an ensemble that was run with `saltelli`.

    Returns a row a scenario, outcome and kind: scenario, outcome, group, first, first_confidence,
    total, total_confidence.
    """
    manifest = ensemble.manifest
    if manifest["method"] != "saltelli" or not ensemble.is_complete:
        msg = "Sobol indices need an ensemble that was run to its end with method='saltelli'."
        raise UsageError(msg)
    kinds = [driver["kind"] for driver in manifest["drivers"]]
    frame = ensemble.to_frame(outcomes)
    parts = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        for outcome in outcomes:
            values = mine[outcome].to_numpy(dtype=float)
            if np.isfinite(values).all():
                table = estimate_sobol(kinds, values, seed=manifest["seed"])
                parts.append(table.assign(scenario=scenario, outcome=outcome))
    columns = [
        "scenario", "outcome", "group", "first", "first_confidence", "total", "total_confidence",
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
