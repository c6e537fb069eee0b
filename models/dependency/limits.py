"""What limits a commodity's exports, in words, with or without the transit of some countries.

The most that can leave equals a weighted sum of capacities, supplies and markets, less obligations
at home. Where no capacity is shared the weights can be chosen 0 or 1: a true cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from models.demand import Case
from models.dependency.facts import Floats
from models.dependency.players import country_masks
from models.flow.arrays import KT
from models.flow.limit import weighted_limit
from models.flow.solve import most_tonnes, solver_for, tonne_worth
from models.flow.solver import FlowSolver, Solution
from models.names import name_limits, say_sum
from routes.errors import InternalError, UnknownNameError

_COLUMNS = ["kind", "subject", "name", "weight", "amount", "unit", "mt"]


@dataclass(frozen=True)
class ExportLimit:
    """The most of a commodity that can leave, and what holds it there.

    `parts` has a row per limiting supply, market, capacity or obligation: kind, subject, name,
    weight (Mt of exports per unit of it; negative for obligations), amount, unit, mt (weight x
    amount). The column mt sums to `possible_mt`. is_cut : every weight is 1 and nothing is shared.
    """

    commodity: str
    excluded: tuple[str, ...]
    possible_mt: float
    supply_mt: float
    parts: pd.DataFrame = field(repr=False)
    is_cut: bool

    @property
    def holders(self) -> str:
        """What holds the exports, in words: `Aktau oil berths 5.2 + 0.5 x tank cars 1.1`."""
        if self.parts.empty:
            return "nothing: no way leads out" if self.possible_mt == 0 else "nothing"
        if (self.parts["kind"] == "supply").all():
            stuck = self.supply_mt - self.possible_mt
            rest = f"; {stuck:.3g} has no way out" if stuck > 1e-6 * self.supply_mt else ""
            return f"nothing but its own supply{rest}"
        return say_sum(self.parts["name"], self.parts["mt"])

    def __str__(self) -> str:
        without = f"Without transit of {', '.join(self.excluded)}, at" if self.excluded else "At"
        kind = "the cut" if self.is_cut else "the limit"
        return (
            f"{without} most {self.possible_mt:.3g} of {self.supply_mt:.3g} Mt of {self.commodity} "
            f"can be exported; {kind} (Mt): {self.holders}."
        )


def explain_limit(
    case: Case,
    commodity: str,
    *,
    exclude: Sequence[str] = (),
    solver: FlowSolver | None = None,
) -> ExportLimit:
    """The weighted limit of `possible` for a commodity, with transit of some countries closed.

    Raises
    ------
    UnknownNameError
        For a commodity that the case does not supply, or a country that the network does not know.
    InternalError
        When the weighted sum is not the most that can leave.
    """
    if commodity not in case.commodities.index:
        raise UnknownNameError("commodity", commodity, case.commodities.index)
    solver = solver_for(case) if solver is None else solver
    shut = np.zeros(len(case.links), dtype=bool)
    for mask in country_masks(case, exclude).values():
        shut |= mask
    closed = replace(case, links=case.links.assign(open=case.links["open"].to_numpy() & ~shut))
    limit = weighted_limit(closed, commodity, solver=solver)
    parts, is_cut = limit.parts, limit.is_cut
    if not is_cut:
        cut = find_cut(closed, most_tonnes(closed, solver, tonne_worth(closed, commodity)))
        parts, is_cut = (parts, False) if cut is None else (cut, True)
    most = max(limit.possible_mt, 0.0)
    if abs(float(parts["mt"].sum()) - limit.possible_mt) > 1e-6 * max(1.0, most):
        msg = f"the limit of {commodity} does not add up to what can leave"
        raise InternalError(msg)
    supplies = case.supplies[case.supplies["commodity_id"] == commodity]
    return ExportLimit(
        commodity=commodity,
        excluded=tuple(exclude),
        possible_mt=most if most > 1e-9 else 0.0,
        supply_mt=float(supplies["mt_per_year"].sum()),
        parts=_name_parts(case, parts),
        is_cut=is_cut,
    )


def tabulate_limits(
    case: Case, *, exclude: Sequence[str] = (), solver: FlowSolver | None = None
) -> pd.DataFrame:
    """The limit of every commodity, one row each, with and without transit of some countries.

    Columns: commodity, supply_mt, possible_mt, possible_without_mt, is_cut, held_by (in words,
    without transit of the countries excluded).
    """
    rows = []
    for commodity in sorted(case.commodities.index):
        now = explain_limit(case, commodity, solver=solver)
        without = explain_limit(case, commodity, exclude=exclude, solver=solver)
        rows.append({
            "commodity": commodity,
            "supply_mt": now.supply_mt,
            "possible_mt": now.possible_mt,
            "possible_without_mt": without.possible_mt,
            "is_cut": without.is_cut,
            "held_by": without.holders,
        })  # fmt: skip
    return pd.DataFrame(rows)


def find_cut(case: Case, solution: Solution) -> pd.DataFrame | None:
    """Parts of a limit with weights of 1 only, from duals that may be fractions; None if none is.

    Take the duals as lengths; every source lies within a distance of each node. What crosses a
    given distance separates supplies from markets, and the mean of such cuts over all distances
    is the limit itself: where capacities are not shared some distance gives it exactly, which is
    checked. Distances are tried from small to large.
    """
    p, s = solution.problem, solution.problem.structure
    shared = np.zeros(len(p.capacity), dtype=bool)
    shared[s.member_row[s.member_shared >= 0]] = True
    shared[len(s.subjects) :] = True
    if (solution.row_dual[shared] > 1e-9).any():
        return None
    length = np.asarray(p.weights.T @ solution.row_dual)
    distance = _distances(solution, np.where(p.arc_open, length, np.inf))
    own = np.full(len(s.arc_link), -1, dtype=np.int64)
    mine = s.member_shared < 0
    own[s.member_arc[mine]] = s.member_row[mine]
    levels = np.unique(np.round(distance[np.isfinite(distance) & (distance < 1 - 1e-9)], 9))
    for level in [0.0, *levels.tolist()]:
        parts = _cross(case, solution, distance, own, level + 1e-7)
        if abs(sum(float(row[5]) for row in parts) - solution.primal / KT) <= 1e-6:
            return pd.DataFrame(
                parts, columns=["kind", "subject", "weight", "amount", "unit", "mt"]
            )
    return None


def _distances(solution: Solution, length: Floats) -> Floats:
    """Distance of each node from the supplies, their own duals counted; inf where none leads."""
    s = solution.problem.structure
    n = s.n_nodes
    rows = np.concatenate([s.arc_tail, np.full(len(s.source_node), n)])
    cols = np.concatenate([s.arc_head, s.source_node])
    # a stored zero is an arc of no length; scipy drops only what is not stored
    data = np.concatenate([length, solution.supply_dual[s.source_supply]])
    live = np.isfinite(data)
    graph = sparse.csr_array((data[live], (rows[live], cols[live])), shape=(n + 1, n + 1))
    return np.asarray(csgraph.dijkstra(graph, indices=n)[:n])


def _cross(
    case: Case, solution: Solution, distance: Floats, own: np.ndarray, level: float
) -> list[tuple[str, str, float, float, str, float]]:
    """Everything that crosses a distance: supplies, links, markets; less obligations beyond it."""
    p, s = solution.problem, solution.problem.structure
    parts: list[tuple[str, str, float, float, str, float]] = []

    def add(kind: str, subject: str, weight: float, kt: float) -> None:
        parts.append((kind, subject, weight, kt / KT, "Mt/yr", weight * kt / KT))

    for i in np.unique(s.source_supply[solution.supply_dual[s.source_supply] > level]).tolist():
        row = case.supplies.iloc[i]
        add("supply", f"{row['commodity_id']} of {row['place_id']}", 1.0, float(p.supply[i]))
    near, far = distance[s.arc_tail] <= level, distance[s.arc_head] > level
    crossing = np.flatnonzero(near & far & p.arc_open)
    if (own[crossing] < 0).any():
        return [("none", "", 0.0, np.inf, "", np.inf)]
    for row in np.unique(own[crossing]).tolist():
        add("capacity", str(p.row_names[row]), 1.0, float(p.capacity[row]))
    inside = np.zeros(len(p.price), dtype=bool)
    inside[s.sink_market[distance[s.sink_node] <= level]] = True
    for i in np.flatnonzero((p.price > 0) & inside & (p.maximum > 0)).tolist():
        add("market", str(case.markets["place_id"].iloc[i]), 1.0, float(p.maximum[i]))
    wanted = np.zeros(len(p.price), dtype=bool)
    wanted[s.sink_market[np.isfinite(distance[s.sink_node])]] = True
    for i in np.flatnonzero(wanted & ~inside & (p.minimum > 0)).tolist():
        add("obligation", str(case.markets["place_id"].iloc[i]), -1.0, float(p.minimum[i]))
    return [part for part in parts if part[3] > 0]


def _name_parts(case: Case, parts: pd.DataFrame) -> pd.DataFrame:
    """The parts with names for people, largest first."""
    name = name_limits(case)
    units = case.capacities["unit"]
    frame = parts.assign(
        name=[name(k, x) for k, x in zip(parts["kind"], parts["subject"], strict=True)],
        unit=[
            units.get(x, "Mt/yr") if u == "own" else u
            for x, u in zip(parts["subject"], parts["unit"], strict=True)
        ],
    )
    order = np.lexsort((frame["subject"].to_numpy(), -frame["mt"].abs().to_numpy(dtype=float)))
    return frame.iloc[order][_COLUMNS].reset_index(drop=True)
