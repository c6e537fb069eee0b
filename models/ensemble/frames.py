"""Frames behind the charts of an ensemble: tornado, fan, violin.

Each returns a tidy frame, a row a mark; models.charts draws them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from models.ensemble.drivers import rank_drivers
from models.ensemble.summary import name_level

FAN_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def tornado_frame(
    frame: pd.DataFrame,
    inputs: Sequence[str],
    outcome: str,
    *,
    top: int = 12,
    tail: float = 0.1,
    ranked: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Mean outcome where an input is low and where it is high, widest bar first.

    Parameters
    ----------
    frame
        Columns `scenario`, inputs and the outcome.
    top
        Most bars a scenario: the inputs of the strongest rank correlations; those that are not
        above the noise have none.
    tail
        Part of the samples that counts as low, and as high.
    ranked
        What `rank_drivers` said of the same frame, where that is at hand.

    Returns
    -------
    pandas.DataFrame
        scenario, outcome, driver, low, high (mean outcome where the driver is low, high), middle
        (mean of all), swing (high - low), correlation, rank.
    """
    if ranked is None:
        ranked = rank_drivers(frame, inputs, [outcome])
    ranked = ranked[(ranked["outcome"] == outcome) & ranked["above_noise"].astype(bool)]
    rows = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        strongest = ranked[ranked["scenario"] == scenario].head(top)
        for driver, correlation in zip(strongest["driver"], strongest["correlation"], strict=True):
            known = mine[[driver, outcome]].dropna()
            ends = known[driver].quantile([tail, 1 - tail])
            low = known.loc[known[driver] <= ends.iloc[0], outcome].mean()
            high = known.loc[known[driver] >= ends.iloc[1], outcome].mean()
            rows.append({
                "scenario": scenario, "outcome": outcome, "driver": driver, "low": low,
                "high": high, "middle": known[outcome].mean(), "swing": high - low,
                "correlation": correlation,
            })  # fmt: skip
    columns = [
        "scenario", "outcome", "driver", "low", "high", "middle", "swing", "correlation", "rank",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns[:-1])
    width = table["swing"].abs()
    order = table["scenario"].map({s: i for i, s in enumerate(dict.fromkeys(table["scenario"]))})
    table = table.iloc[np.lexsort((-width.to_numpy(), order.to_numpy()))].reset_index(drop=True)
    return table.assign(rank=table.groupby("scenario", sort=False).cumcount() + 1)[columns]


def fan_frame(
    frame: pd.DataFrame,
    driver: str,
    outcome: str,
    *,
    bins: int = 20,
    levels: Sequence[float] = FAN_LEVELS,
) -> pd.DataFrame:
    """Quantiles of an outcome along an input: the bands of a fan.

    Returns a row a scenario and bin of equally many samples: scenario, outcome, driver, at (mean of
    the input in the bin), samples, then `q05`, `q25`, ... .
    """
    rows = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        known = mine[[driver, outcome]].dropna().sort_values(driver, kind="stable")
        for part in np.array_split(np.arange(len(known)), bins):
            if not len(part):
                continue
            values = known.iloc[part]
            row: dict[str, object] = {
                "scenario": scenario, "outcome": outcome, "driver": driver,
                "at": values[driver].mean(), "samples": len(part),
            }  # fmt: skip
            found = np.quantile(values[outcome].to_numpy(dtype=float), levels)
            rows.append(row | {name_level(q): v for q, v in zip(levels, found, strict=True)})
    names = ["scenario", "outcome", "driver", "at", "samples", *map(name_level, levels)]
    return pd.DataFrame(rows, columns=names)


def violin_frame(frame: pd.DataFrame, outcomes: Sequence[str]) -> pd.DataFrame:
    """Every value of some outcomes: scenario, outcome, value; what a violin is drawn from."""
    long = frame.melt(
        id_vars=["scenario"], value_vars=list(outcomes), var_name="outcome", value_name="value"
    )
    return long.dropna(subset=["value"]).reset_index(drop=True)
