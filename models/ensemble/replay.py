"""One sample again, by the long road: frames, scenarios, a full result that can be looked into.

Nothing here shares the fast road's arithmetic but the list of inputs and their quantiles, so the
two roads check each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from models.demand import Case, select_case
from models.ensemble.column_builder import FIELDS
from models.ensemble.design import make_design
from models.ensemble.inputs import list_inputs
from models.ensemble.results import Ensemble
from models.ensemble.spread import TRIANGULAR, find_weight, place_levels
from models.flow.arrays import Floats
from models.flow.result import FlowResult
from models.flow.solve import solve_optimal
from models.scenario import Scenario, fix_numbers, list_ranges, load_composed
from models.scenario.compose import lay_changes
from routes.errors import UnknownNameError, UsageError
from routes.network import Network, load_network


def replay_sample(
    ensemble: Ensemble,
    sample: int,
    scenario: str,
    *,
    network: Network | None = None,
    scenarios: Sequence[Scenario] | None = None,
) -> FlowResult:
    """Solve one sample of an ensemble again, with all its routes.

    Parameters
    ----------
    sample, scenario
        As in the tables.
    network
        The tables that the ensemble was run on; the shipped data set by default.
    scenarios
        What `scenario` is composed of, where it was not loaded by name.

    Raises
    ------
    UnknownNameError
        When the ensemble has no such scenario.
    UsageError
        When there is no such sample, or data or scenario are not those of the ensemble.
    """
    manifest = ensemble.manifest
    if scenario not in ensemble.scenarios:
        raise UnknownNameError("scenario of the ensemble", scenario, ensemble.scenarios)
    if not 0 <= sample < len(ensemble):
        raise UsageError(f"The samples are 0 to {len(ensemble) - 1}. Got {sample}.")
    network = load_network() if network is None else network
    if network.digest != manifest["data_digest"]:
        raise UsageError("The ensemble was run on other data.")
    parts = list(scenarios or load_composed(scenario))
    told = next(s["digests"] for s in manifest["scenarios"] if s["name"] == scenario)
    if [part.digest for part in parts] != told:
        raise UsageError(f"The scenario {scenario} has changed since the ensemble was run.")
    case = draw_case(
        select_case(network, manifest["year"]),
        parts,
        levels=read_levels(ensemble, sample),
        closures=manifest["closures"],
    )
    return solve_optimal(case)


def read_levels(ensemble: Ensemble, sample: int) -> dict[str, float]:
    """Level (0 to 1) of each driver in a sample."""
    manifest = ensemble.manifest
    kinds = [driver["kind"] for driver in manifest["drivers"]]
    n, method = len(ensemble), manifest["method"]
    if method == "saltelli":
        n //= len(set(kinds)) + 2
    design = make_design(method, n=n, seed=manifest["seed"], drivers=len(kinds), groups=kinds)
    point = design.rows(sample, sample + 1)[0]
    return dict(zip(ensemble.inputs, point.tolist(), strict=True))


def draw_case(
    base: Case,
    scenarios: Sequence[Scenario],
    *,
    levels: Mapping[str, float],
    closures: Mapping[str, float] | None = None,
) -> Case:
    """The case of one sample: numbers drawn within their ranges, then the scenarios' changes.

    `levels` gives the level of each driver; numbers of others keep their best estimate.
    """
    drawn = _draw_data(base, levels)
    numbers = {
        number.name: float(
            _place(TRIANGULAR, number.low, number.value, number.high, levels[number.name])
        )
        for number in list_ranges(list(scenarios))
        if number.name in levels
    }
    fixed = [fix_numbers(scenario, numbers) for scenario in scenarios]
    case = lay_changes(replace(drawn, network=_draw_projects(drawn, levels)), fixed)
    case = replace(case, network=base.network)
    shut = [name for name, chance in (closures or {}).items() if levels[f"closure:{name}"] < chance]
    links, capacities = case.links, case.capacities
    pools = capacities.index.isin(shut) & ~capacities.index.isin(links.index)
    return replace(
        case,
        links=links.assign(open=links["open"].to_numpy() & ~links.index.isin(shut)),
        capacities=capacities.assign(practical=capacities["practical"].mask(pools, 0.0)),
    )


def _place(weight: float, low: float, value: float, high: float, level: float) -> float:
    """The number at a level of its distribution."""
    if low >= high:
        return value
    mode = (value - low) / (high - low)
    place = place_levels(np.array([weight]), np.array([mode]), np.array([[level]]))
    return low + (high - low) * float(place[0, 0])


def _draw_data(base: Case, levels: Mapping[str, float]) -> Case:
    frames: dict[str, pd.DataFrame] = {}
    for part in list_inputs(base):
        table, field = FIELDS[part.column]
        frame = frames.get(table, getattr(base, table))
        values: Floats = frame[field].to_numpy(dtype=float, copy=True)
        for i, row in enumerate(part.row):
            level = levels.get(part.driver[i])
            if level is not None:
                values[row] = _place(
                    part.weight[i], part.low[i], part.value[i], part.high[i], level
                )
        frames[table] = frame.assign(**{field: values})
    return replace(base, **frames)


def _draw_projects(drawn: Case, levels: Mapping[str, float]) -> Network:
    network = drawn.network
    effects = network["project_effects"]
    if not len(effects):
        return network
    days = drawn.links["days"]
    worst = effects.groupby(["project_id", "subject_id"])["grade"].transform("max")
    values = effects["value"].to_numpy(dtype=float, copy=True)
    names = ["project_id", "subject_id", "quantity", "operation", "low", "high"]
    for row, (project, subject, what, operation, low, high) in enumerate(
        effects[names].itertuples(index=False, name=None)
    ):
        level = levels.get(f"project:{project}")
        if level is not None and what != "available" and low < high:
            weight = find_weight(worst.iloc[row])
            values[row] = _place(weight, float(low), values[row], float(high), level)
        if what == "days" and operation == "add":  # no time is saved that is not spent
            values[row] = max(values[row], -float(days.get(subject, np.inf)))
    return replace(
        network, tables={**network.tables, "project_effects": effects.assign(value=values)}
    )
