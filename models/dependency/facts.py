"""What a solution comes to, from arrays: quick enough to ask after every one of many solves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.demand import Case
from models.flow.arrays import KT, Structure
from models.flow.laws import check_gap, check_solution, route_worth
from models.flow.programme import cash_and_risk, stream_terms, time_costs
from models.flow.solver import Solution

Floats = npt.NDArray[np.float64]
_TRACE = 1e-9  # Mt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the flows of a solution come to.

    surplus_musd : Z. exported_mt, domestic_mt, shortfall_mt : Mt a year. netback_musd and cash_musd
    are of exports, as are the means cash_usd_per_t and days (nan without exports). by_commodity :
    Z of each commodity, in the order of the case. by_supply : exports of each supply, Mt, their
    cash cost, million USD, and tonne-days, million.
    """

    surplus_musd: float
    exported_mt: float
    domestic_mt: float
    shortfall_mt: float
    netback_musd: float
    cash_usd_per_t: float
    days: float
    by_commodity: Floats
    by_supply: Floats


class Accountant:
    """Adds up solutions of one case, or of variants that differ in closures and capacities."""

    def __init__(self, case: Case, structure: Structure) -> None:
        cash, risk = cash_and_risk(case, structure)
        self.differential, quality = stream_terms(case, structure)
        self.cash = cash - quality
        self.days = case.links["days"].to_numpy(dtype=float)[structure.arc_link]
        daily = time_costs(case, structure)[structure.arc_layer]
        self.generalised = self.cash + risk + self.days * daily
        self.names = case.commodities.index.to_numpy(dtype=object)
        number = {name: i for i, name in enumerate(self.names)}
        self.commodity = np.array([number[k] for k in case.markets["commodity_id"]], dtype=np.int64)
        self.is_export = (case.markets["use"] == "export").to_numpy()

    def prove(self, solution: Solution) -> float:
        """Z of an optimum, million USD, after its laws and its proof are checked."""
        check_solution(solution)
        arcs, starts = solution.joined_arcs
        check_gap(solution, float(_sums(self.generalised, arcs, starts) @ solution.flow))
        return solution.primal / KT

    def add_up(self, solution: Solution) -> Outcome:
        """What an optimum comes to, after its laws and its proof are checked."""
        surplus = self.prove(solution)
        p, s = solution.problem, solution.problem.structure
        arcs, starts = solution.joined_arcs
        market = s.sink_market[solution.sink]
        out = np.where(self.is_export[market], solution.flow, 0.0) / KT
        cash = _sums(self.cash, arcs, starts)
        price = p.price[market] + _sums(self.differential, arcs, starts)
        days = _sums(self.days, arcs, starts)
        exported = float(out.sum())
        mean = 1.0 / exported if exported > 0 else np.nan
        size = len(self.names)
        worth = np.bincount(self.commodity[market], route_worth(solution) * solution.flow, size)
        missed = np.bincount(self.commodity, p.shortfall * solution.missed, size)
        return Outcome(
            surplus_musd=surplus,
            exported_mt=exported,
            domestic_mt=float(solution.flow.sum()) / KT - exported,
            shortfall_mt=float(solution.missed.sum()) / KT,
            netback_musd=float((price - cash) @ out),
            cash_usd_per_t=float(cash @ out) * mean,
            days=float(days @ out) * mean,
            by_commodity=np.asarray(worth - missed, dtype=float) / KT,
            by_supply=np.array(
                [
                    np.bincount(s.source_supply[solution.source], out * each, len(p.supply))
                    for each in (np.ones_like(out), cash, days)
                ]
            ),
        )


def compare_like(before: Outcome, after: Outcome) -> tuple[float, float]:
    """Cash cost (USD/t) and days that exports cost more than before, supply by supply.

    Mean over the tonnes exported after, each supply against its own mean before: what is lost does
    not make the rest look cheaper. nan when no supply exports before and after.
    """
    both = (before.by_supply[0] > _TRACE) & (after.by_supply[0] > _TRACE)
    tonnes = after.by_supply[0, both]
    if not len(tonnes):
        return np.nan, np.nan
    was = before.by_supply[1:, both] / before.by_supply[0, both]
    added = (after.by_supply[1:, both] - was * tonnes).sum(axis=1) / tonnes.sum()
    return float(added[0]), float(added[1])


def _sums(values: Floats, arcs: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]) -> Floats:
    """Sum of an arc quantity over each route."""
    if not len(arcs):
        return np.zeros(0)
    return np.asarray(np.add.reduceat(values[arcs], starts))
