"""What limits a commodity's exports: the dual of `possible`.

The most that can leave equals a weighted sum of capacities, supplies and markets. Where no capacity
is shared the weights are 0 or 1 and name a true cut; with shared capacities speak of a limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.demand import Case
from models.flow.arrays import KT
from models.flow.solve import most_tonnes, tonne_worth
from models.flow.solver import FlowSolver, Solution

_SMALL = 1e-9


@dataclass(frozen=True)
class WeightedLimit:
    """The most Mt of a commodity that can leave, and what holds it there.

    `parts` has a row per limiting supply, market, obligation or capacity: kind, subject, weight
    (Mt of exports per unit of it), amount, unit and mt (weight x amount); the column mt sums to
    `possible_mt`. `is_cut` tells whether every weight is 1 and nothing is shared.
    """

    commodity: str | None
    possible_mt: float
    parts: pd.DataFrame = field(repr=False)
    is_cut: bool


def weighted_limit(case: Case, commodity: str | None, *, solver: FlowSolver) -> WeightedLimit:
    """The limit of `possible` for a commodity (all, weighted by value, with None)."""
    solution = most_tonnes(case, solver, tonne_worth(case, commodity))
    parts = pd.DataFrame(
        [*_supply_rows(case, solution), *_market_rows(case, solution), *_row_rows(solution)],
        columns=["kind", "subject", "weight", "amount", "unit", "mt"],
    )
    order = np.lexsort((parts["subject"].to_numpy(), -parts["mt"].abs().to_numpy()))
    parts = parts.iloc[order].reset_index(drop=True)
    capacities = parts[parts["kind"] == "capacity"]
    shared = set(case.shared["shared_id"])
    simple = bool(np.isclose(parts["weight"].abs(), 1.0, atol=1e-6).all())
    return WeightedLimit(
        commodity=commodity,
        possible_mt=solution.primal / KT,
        parts=parts,
        is_cut=simple and not capacities["subject"].isin(shared).any(),
    )


def _supply_rows(case: Case, solution: Solution) -> list[tuple[object, ...]]:
    p = solution.problem
    return [
        (
            "supply",
            f"{case.supplies['commodity_id'].iloc[i]} of {case.supplies['place_id'].iloc[i]}",
            float(y), float(p.supply[i] / KT), "Mt/yr", float(y * p.supply[i] / KT),
        )
        for i, y in enumerate(solution.supply_dual)
        if abs(y) > _SMALL and p.supply[i] > 0
    ]  # fmt: skip


def _market_rows(case: Case, solution: Solution) -> list[tuple[object, ...]]:
    p = solution.problem
    rows: list[tuple[object, ...]] = []
    for i, y in enumerate(solution.market_dual):
        bound = p.maximum[i] if y > 0 else p.minimum[i]
        if abs(y) <= _SMALL or not np.isfinite(bound) or bound <= 0:
            continue
        place = case.markets["place_id"].iloc[i]
        kind = "market" if y > 0 else "obligation"
        rows.append((kind, place, float(y), float(bound / KT), "Mt/yr", float(y * bound / KT)))
    return rows


def _row_rows(solution: Solution) -> list[tuple[object, ...]]:
    p = solution.problem
    return [
        (
            "capacity", str(p.row_names[i]), float(y * p.scale[i] / KT),
            float(p.capacity[i] / p.scale[i]), "own", float(y * p.capacity[i] / KT),
        )
        for i, y in enumerate(solution.row_dual)
        if y > _SMALL and p.capacity[i] > 0
    ]  # fmt: skip
