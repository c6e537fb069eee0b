"""Ensembles: sample what is uncertain, run every sample under several scenarios, say what matters.

Three steps, each a call with tables between them: `plan_ensemble` lists what varies,
`run_ensemble` samples and solves into a folder of Parquet files, the functions of `summary`,
`drivers`, `discovery` and `frames` read the tables. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.ensemble.design import draw_saltelli
    from models.ensemble.discovery import find_conditions
    from models.ensemble.drivers import estimate_sobol, keep_independent, rank_drivers
    from models.ensemble.frames import fan_frame, tornado_frame, violin_frame
    from models.ensemble.overview import summarise_ensemble
    from models.ensemble.plan import Plan
    from models.ensemble.planner import plan_ensemble
    from models.ensemble.replay import replay_sample
    from models.ensemble.results import Ensemble, open_ensemble
    from models.ensemble.runner import run_ensemble
    from models.ensemble.summary import compare_pairs, find_exceedance, find_quantiles

_HOMES = {
    "Ensemble": "results", "Plan": "plan", "compare_pairs": "summary", "draw_saltelli": "design",
    "estimate_sobol": "drivers", "fan_frame": "frames", "find_conditions": "discovery",
    "find_exceedance": "summary", "find_quantiles": "summary", "keep_independent": "drivers",
    "open_ensemble": "results",
    "plan_ensemble": "planner", "rank_drivers": "drivers", "replay_sample": "replay",
    "run_ensemble": "runner", "summarise_ensemble": "overview",
    "tornado_frame": "frames", "violin_frame": "frames",
}  # fmt: skip

__all__ = [
    "Ensemble", "Plan", "compare_pairs", "draw_saltelli", "estimate_sobol", "fan_frame",
    "find_conditions", "find_exceedance", "find_quantiles", "keep_independent", "open_ensemble",
    "plan_ensemble", "rank_drivers", "replay_sample", "run_ensemble", "summarise_ensemble",
    "tornado_frame", "violin_frame",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
