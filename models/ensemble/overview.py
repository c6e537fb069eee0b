"""All that is said of an ensemble at its end: tables for people, CSV files beside the samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from models.ensemble.discovery import find_conditions, read_goal
from models.ensemble.drivers import count_needed, keep_independent, rank_drivers, sobol_of_kinds
from models.ensemble.frames import tornado_frame
from models.ensemble.results import Ensemble
from models.ensemble.summary import compare_pairs, find_exceedance, find_quantiles
from routes.files import new_file

KEY_OUTCOMES = (
    "exported_mt", "undelivered_mt", "shortfall_mt", "surplus_musd", "netback_musd",
    "cash_cost_usd_per_t", "days_mean", "co2_mt", "transit_share", "transit_share_value",
    "middle-corridor_share",
)  # fmt: skip
MOST_RANKED = 16_384  # samples that correlations, conditions and tornado bars are taken from
PLAIN = 0.2  # a rank correlation that should stand out from chance

MOST_NUMBERS = 4_000_000  # held at a time: 32 MB


@dataclass(frozen=True)
class Overview:
    """Summaries of an ensemble, each a tidy frame.

    quantiles (all outcomes), pairs, exceedance, drivers, tornado (key outcomes), conditions (with a
    goal), sobol (of kinds of drivers, where the samples allow it); largest_gap: worst proof of all
    samples; notes: what the samples are too few for.
    """

    quantiles: pd.DataFrame
    pairs: pd.DataFrame
    exceedance: pd.DataFrame
    drivers: pd.DataFrame
    tornado: pd.DataFrame
    conditions: pd.DataFrame
    sobol: pd.DataFrame
    largest_gap: float
    notes: tuple[str, ...] = ()

    @property
    def found_drivers(self) -> pd.DataFrame:
        """The rows of drivers that stand out from chance."""
        if self.drivers.empty:
            return self.drivers
        return self.drivers[self.drivers["above_noise"].astype(bool)]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames that have rows, by name."""
        names = (
            "quantiles", "pairs", "exceedance", "drivers", "tornado", "conditions", "sobol",
        )  # fmt: skip
        found = {name: getattr(self, name) for name in names}
        return {name: frame for name, frame in found.items() if len(frame)}


def summarise_ensemble(
    ensemble: Ensemble, *, goal: str | None = None, outcomes: Sequence[str] = KEY_OUTCOMES
) -> Overview:
    """Summaries of an ensemble.

    Quantiles, pairs and exceedance take every sample, as many outcomes at a time as `MOST_NUMBERS`
    allows; correlations and conditions the first `MOST_RANKED` samples: memory stays flat.

    Parameters
    ----------
    goal
        What conditions are sought for, such as "middle-corridor_share>0.2".
    outcomes
        Outcomes to compare and to find drivers of.
    """
    wanted = None if goal is None else read_goal(goal)
    every = list(dict.fromkeys([*ensemble.outcomes, *outcomes]))
    some = max(1, MOST_NUMBERS // max(1, len(ensemble) * len(ensemble.scenarios)))
    quantiles, pairs, exceedance = [], [], []
    largest_gap = 0.0
    for first in range(0, len(every), some):
        names = every[first : first + some]
        frame = ensemble.to_frame(names)
        if "relative_gap" in names and len(frame):
            largest_gap = float(frame["relative_gap"].max())
            names.remove("relative_gap")
        for outcome in names:
            quantiles.append(find_quantiles(frame, [outcome]))
            if outcome in outcomes:
                pairs.append(compare_pairs(frame, [outcome]))
                if frame[outcome].notna().any():
                    exceedance.append(find_exceedance(frame, outcome))
    extra = [] if wanted is None else [wanted.outcome]
    inputs = ensemble.live_inputs
    columns = list(dict.fromkeys([*inputs, *outcomes, *extra]))
    drivers, tornado, conditions = [], [], []
    for scenario in ensemble.scenarios:
        frame = ensemble.to_frame(columns, scenario=scenario, most=MOST_RANKED)
        frame = keep_independent(ensemble, frame)
        ranked = rank_drivers(frame, inputs, outcomes)
        drivers.append(ranked)
        tornado += [tornado_frame(frame, inputs, outcome, ranked=ranked) for outcome in outcomes]
        if wanted is not None:
            conditions.append(find_conditions(frame, inputs, wanted))
    sobol = pd.DataFrame()
    if ensemble.manifest["method"] == "saltelli" and ensemble.is_complete:
        sobol = sobol_of_kinds(ensemble, outcomes)
    ranking = _stack(drivers)
    return Overview(
        quantiles=_stack(quantiles),
        pairs=_stack(pairs),
        exceedance=_stack(exceedance),
        drivers=ranking,
        tornado=_stack(tornado),
        conditions=_stack(conditions),
        sobol=sobol,
        largest_gap=largest_gap,
        notes=tuple(_note_drivers(ranking)),
    )


def _note_drivers(ranking: pd.DataFrame) -> Iterator[str]:
    """What does not stand out from chance, and how many samples it takes."""
    if ranking.empty:
        return
    count = int(ranking["rank"].max())
    noise = float(ranking["noise"].min())
    if noise > PLAIN:
        yield (
            f"Few samples for {count} drivers: chance alone gives rank correlations up to "
            f"{noise:.2f}; from about {count_needed(count, PLAIN):,} on {PLAIN:g} stands out."
        )
    for scenario, mine in ranking.groupby("scenario", sort=False):
        found = mine.groupby("outcome", sort=False)["above_noise"].any()
        if not found.all():
            none = ", ".join(found.index[~found])
            yield f"{scenario}: no driver stands out from chance for {none}."


def write_overview(overview: Overview, ensemble: Ensemble) -> None:
    """Write each summary as a CSV file beside the samples."""
    for name, frame in overview.tables().items():
        with new_file(ensemble.folder / f"{name}.csv") as path:
            frame.to_csv(path, index=False, lineterminator="\n")


def _stack(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    kept = [frame for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()
