"""What stops the tonnes that stay: a limit of the network, or a price that does not pay."""

from __future__ import annotations

import numpy as np

from models.explain.statement import Statement
from models.explain.worth import WorthTree
from models.flow.limit import weighted_limit
from models.flow.solve import solver_for
from models.names import name_limits, name_places, say_sum
from models.run import Run

_SMALL = 1e-6


def explain_undelivered(run: Run, *, commodity: str | None) -> list[Statement]:
    """Statements for each commodity with tonnes that stay or an obligation that is missed."""
    told = []
    for row in run.commodities.itertuples(index=False):
        if commodity is not None and row.commodity != commodity:
            continue
        if row.undelivered_mt > _SMALL:
            told.append(
                _explain_stay(
                    run, row.commodity, row.undelivered_mt, row.exported_mt, row.shortfall_mt
                )
            )
        if row.shortfall_mt > _SMALL:
            told.append(_explain_shortfall(run, row.commodity, row.shortfall_mt))
    return told


def _explain_stay(
    run: Run, commodity: str, stays: float, exported: float, missed: float
) -> Statement:
    solver = solver_for(run.result.case)
    limit = weighted_limit(run.result.case, commodity, solver=solver)
    data = {
        "commodity": commodity, "undelivered_mt": stays, "possible_mt": limit.possible_mt,
        "exported_mt": exported, "parts": limit.parts.to_dict("records"),
    }  # fmt: skip
    idle = limit.possible_mt - exported
    text = f"{stays:,.4g} Mt of {commodity} stay: no more can leave."
    if idle > _SMALL:
        text = (
            f"{stays:,.4g} Mt of {commodity} stay. {limit.possible_mt:,.4g} Mt alone could leave "
            f"where {exported:,.4g} do: the rest does not pay or yields to dearer goods"
        )
        short = _price_gap(run, commodity)
        if short is not None:
            text += f"; the best way left falls {short:,.2f} USD/t short of the lifting cost"
            data["short_usd_per_t"] = short
        text += "."
    elif idle < -_SMALL:  # `possible` serves home first, the optimum need not
        text = (
            f"{stays:,.4g} Mt of {commodity} stay. With home deliveries met first at most "
            f"{limit.possible_mt:,.4g} Mt could leave; {exported:,.4g} do"
        )
        if missed > _SMALL:
            text += f", while {missed:,.4g} Mt owed at home are missed"
        text += "."
    if stays - idle > _SMALL:
        name = name_limits(run.result.case)
        names = [name(row.kind, row.subject) for row in limit.parts.itertuples()]
        held = say_sum(names, limit.parts["mt"]) or "no way leads out"
        what = "cut" if limit.is_cut else "limit"
        text += f" The {what} of {limit.possible_mt:,.4g} (Mt): {held}."
    return Statement("unprofitable" if 2 * idle > stays else "limit", text, data)


def _price_gap(run: Run, commodity: str) -> float | None:
    """How far the best route of a supply that ships less than it has misses its lifting cost."""
    solution = run.result.solution
    problem, s = solution.problem, solution.problem.structure
    worth = WorthTree(solution).worth[s.source_node]
    gaps = problem.lifting[s.source_supply] - worth
    mine = [s.layers[layer].commodity == commodity for layer in s.source_layer]
    positive = [float(gap) for gap in gaps[np.array(mine) & np.isfinite(gaps)] if gap > _SMALL]
    return min(positive) if positive else None


def _explain_shortfall(run: Run, commodity: str, missed: float) -> Statement:
    case, solution = run.result.case, run.result.solution
    owed = case.markets[(case.markets["commodity_id"] == commodity)]
    parts = {
        str(row.place_id): float(solution.missed[row.Index] / 1000.0)
        for row in owed.itertuples()
        if solution.missed[row.Index] / 1000.0 > _SMALL
    }
    places = name_places(case)
    names = ", ".join(f"{places.get(k, k)} {mt:,.4g} Mt" for k, mt in sorted(parts.items()))
    text = f"{missed:,.4g} Mt of {commodity} owed at home are missed: {names}."
    return Statement(
        "shortfall", text, {"commodity": commodity, "shortfall_mt": missed} | {"places": parts}
    )
