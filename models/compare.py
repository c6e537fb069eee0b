"""Runs side by side: what differs, by how much, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from models.run import Run, run_scenario
from models.scenario import list_scenarios, load_composed
from models.tables import strict_value
from routes.errors import UnknownNameError, UsageError
from routes.network import Network

BASELINE = "baseline-2023"


@dataclass(frozen=True)
class Comparison:
    """Runs with their differences to a baseline.

    `table` has a row per scenario and a column per indicator, and where the years differ one for
    the year; `differences` a row per (scenario,
    indicator): value, baseline, change; `corridors` and `commodities` a row per (scenario, name)
    with Mt and the change.
    """

    baseline: str
    runs: tuple[Run, ...] = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    differences: pd.DataFrame = field(repr=False)
    corridors: pd.DataFrame = field(repr=False)
    commodities: pd.DataFrame = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `kazroutes compare`."""
        document: dict[str, Any] = strict_value({
            "baseline": self.baseline,
            "scenarios": [
                {"scenario": run.scenario, "year": run.year, "indicators": run.indicators}
                for run in self.runs
            ],
            "differences": self.differences,
            "corridors": self.corridors,
            "commodities": self.commodities,
            "runs": [dict(run.manifest) | {"scenario": run.scenario} for run in self.runs],
        })  # fmt: skip
        return document

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False, float_format="{:,.3g}".format))


def compare_scenarios(
    scenarios: Sequence[str] = (),
    *,
    network: Network | None = None,
    baseline: str | None = None,
    assignment: str = "optimal",
    year: int | None = None,
    commodity: str | None = None,
    country: str = "RU",
    prices: bool = True,
) -> Comparison:
    """Run scenarios (the shipped set without names) and set them side by side.

    The baseline is `baseline`, else `baseline-2023` when it is among them, else the first.
    """
    names = list(dict.fromkeys(scenarios)) or [entry.name for entry in list_scenarios()]
    if baseline is not None and baseline not in names:
        names.insert(0, baseline)
    runs = [
        run_scenario(
            load_composed(name) if isinstance(name, str) else name,
            network=network, assignment=assignment, year=year, commodity=commodity,
            country=country, prices=prices,
        )
        for name in names
    ]  # fmt: skip
    if baseline is not None:  # a file's run bears the name that stands in it
        baseline = runs[names.index(baseline)].scenario
    return compare_runs(runs, baseline=baseline)


def compare_runs(runs: Sequence[Run], *, baseline: str | None = None) -> Comparison:
    """Set runs side by side; the baseline is `baseline`, else `baseline-2023`, else the first."""
    by_name = {run.scenario: run for run in runs}
    if len(by_name) < len(runs):
        names = [run.scenario for run in runs]
        twice = sorted({name for name in names if names.count(name) > 1})
        msg = f"Two scenarios are called {' and '.join(twice)}: give each its own name."
        raise UsageError(msg)
    if baseline is None:
        baseline = BASELINE if BASELINE in by_name else runs[0].scenario
    if baseline not in by_name:
        raise UnknownNameError("run", baseline, by_name)
    base = by_name[baseline]
    ordered = (base, *(run for run in runs if run is not base))
    table = pd.concat([run.to_frame() for run in ordered], ignore_index=True)
    years = [run.year for run in ordered]
    if len(set(years)) > 1:
        table.insert(1, "year", years)
    return Comparison(
        baseline=baseline,
        runs=ordered,
        table=table,
        differences=_differences(ordered, base),
        corridors=_by_name(ordered, base, "corridors", "corridor", "mt"),
        commodities=_by_name(ordered, base, "commodities", "commodity", "exported_mt"),
    )


def _differences(runs: Sequence[Run], base: Run) -> pd.DataFrame:
    rows = []
    for run in runs:
        if run is base:
            continue
        for name, value in run.indicators.items():
            before = base.indicators[name]
            change = None if value is None or before is None else value - before
            rows.append({
                "scenario": run.scenario, "indicator": name, "value": value, "baseline": before,
                "change": change,
            })  # fmt: skip
    return pd.DataFrame(rows, columns=["scenario", "indicator", "value", "baseline", "change"])


def _by_name(runs: Sequence[Run], base: Run, table: str, name: str, column: str) -> pd.DataFrame:
    before = getattr(base, table).set_index(name)[column]
    rows = []
    for run in runs:
        now = getattr(run, table).set_index(name)[column]
        changes = [
            {"scenario": run.scenario, name: key, "mt": float(now.get(key, 0.0)),
             "change": float(now.get(key, 0.0) - before.get(key, 0.0))}
            for key in dict.fromkeys([*before.index, *now.index])
        ]  # fmt: skip
        rows += sorted(changes, key=lambda row: (-abs(row["change"]), row[name]))
    return pd.DataFrame(rows, columns=["scenario", name, "mt", "change"])
