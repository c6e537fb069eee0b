"""Use and worth of the capacities of a run, and which of them are the bottlenecks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.flow.result import FlowResult
from models.flow.shadow import capacity_use, price_capacities
from models.flow.solve import solver_for
from models.indicators import Measured

if TYPE_CHECKING:
    from models.run.result import Run

MAX_PRICED = 60  # full capacities whose gain and loss are found by solving again


def capacity_tables(
    m: Measured, link_flow: pd.DataFrame, *, prices: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Use and worth of links (with `link_flows`) and of shared capacities, most used first."""
    result = m.result
    solution, case = result.solution, result.case
    use = capacity_use(solution)
    worth: dict[int, tuple[float, float]] = {}
    if prices:
        binds = use["full"].to_numpy() & (use["used"].to_numpy() > 0)
        dual = use["dual_usd_per_unit"].to_numpy() / solution.problem.scale
        rows = [int(row) for row in np.flatnonzero(binds)]
        rows = sorted(rows, key=lambda row: (-dual[row], row))[:MAX_PRICED]
        worth = _price_rows(result, rows)
    gains = np.zeros(len(use)), np.zeros(len(use))
    for row, pair in worth.items():
        gains[0][row], gains[1][row] = pair
    undefined = use["full"].to_numpy() & (use["used"].to_numpy() > 0)
    undefined &= ~np.isin(np.arange(len(use)), list(worth))
    table = use.assign(
        gain_usd_per_unit=np.where(undefined, np.nan, gains[0]),
        loss_usd_per_unit=np.where(undefined, np.nan, gains[1]),
        unit=case.capacities["unit"].reindex(use.index).fillna("Mt/yr"),
    )
    if m.commodity is not None:
        touched = set(m.routes["links"].explode())
        groups = case.shared.loc[case.shared["link_id"].isin(touched), "shared_id"]
        table = table[table.index.isin(touched | set(groups))]
    is_link = table.index.isin(case.links.index)
    columns = [
        "used", "capacity", "unit", "utilisation", "gain_usd_per_unit", "loss_usd_per_unit",
    ]  # fmt: skip
    flows = link_flow.groupby("link_id")["mt"].sum()
    own = pd.DataFrame(index=pd.Index(flows.index, name="link_id"))
    own = own.join(table.loc[is_link, columns])
    own["used"] = own["used"].fillna(flows)
    own["unit"] = own["unit"].fillna("Mt/yr")
    own["capacity"] = own["capacity"].fillna(math.inf)
    zero = np.where(own["capacity"] == math.inf, 0.0, own["gain_usd_per_unit"])
    own["gain_usd_per_unit"] = zero
    own["loss_usd_per_unit"] = np.where(own["capacity"] == math.inf, 0.0, own["loss_usd_per_unit"])
    groups_table = table.loc[~is_link & (table["used"] > 0).to_numpy(), columns]
    groups_table.index.name = "shared_id"
    return _ranked(own), _ranked(groups_table)


def _price_rows(result: FlowResult, rows: Sequence[int]) -> dict[int, tuple[float, float]]:
    """What one unit more and one less of each capacity is worth: shadow prices or queue delays."""
    solution: Any = result.solution
    if result.assignment == "likely":
        from models.choice import price_delays

        return price_delays(solution, rows)
    return price_capacities(solver_for(result.case), solution, rows)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    frame = table.reset_index()
    name = frame.columns[0]
    order = np.lexsort((frame[name].to_numpy(), -frame["utilisation"].fillna(-1).to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def bottlenecks(run: Run, *, top: int = 10) -> pd.DataFrame:
    """Full links and shared capacities, by what one unit less would cost, largest first."""
    links = run.links.rename(columns={"link_id": "subject_id"})
    shared = run.shared_capacities.rename(columns={"shared_id": "subject_id"})
    both = pd.concat([links, shared], ignore_index=True)
    both = both[(both["loss_usd_per_unit"] > 0) & (both["utilisation"] > 0.999)]
    total = both["loss_usd_per_unit"] * both["capacity"]
    return both.assign(at_stake_musd=total / 1e6).sort_values(
        ["at_stake_musd", "subject_id"], ascending=[False, True], ignore_index=True
    ).head(top)  # fmt: skip
