"""Fit constants and sensitivity of the likely split on the observed base year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.calibration.base_year import (
    GUMBEL,
    IDENTIFIED_BY,
    PRIOR,
    BaseYear,
    Fit,
    Target,
    deviation,
    standard_errors,
)
from models.calibration.observed import BASE_YEAR, list_observations
from models.calibration.reasons import find_reason
from models.choice.logit import Floats
from models.choice.parameters import (
    CONFESSION,
    LIMIT,
    Constant,
    Parameters,
    Sensitivity,
    check_parameters,
    write_parameters,
)
from routes.errors import DataError, Problem, UsageError
from routes.files import new_file
from routes.network import Network, load_network

CLOSE_POINTS, CLOSE_SHARE, SMALL_MT = 1.0, 0.10, 0.3  # half of what the fit must reach
PRIOR_SPREAD, PRIOR_DOUBT = 0.20, 0.5  # spread of perceived over mean cost, doubt of its log
MOST_CONSTANTS, COST_OF_ONE = 3, 5.0  # per commodity; USD/t that one more constant must save
THETAS = tuple(0.05 * 1.3**i for i in range(11))  # 0.05 to 0.69, 1/(USD/t)
FALL = 1.92  # of the log-likelihood at the ends of a 95 % range


@dataclass(frozen=True)
class Calibration:
    """What was fitted and how well.

    `parameters` as they are written. Frames: `constants` (commodity, measure, usd_per_t,
    se_usd_per_t, identified, note, why, source_id), `sensitivities`, `fit` (commodity, measure,
    role, observed_mt, model_mt, error_mt, error_share, error_points, delay_usd_per_t), `profile`
    (theta, loss, loss_of_data). `notes` say what is left unexplained.
    """

    parameters: Parameters = field(repr=False)
    constants: pd.DataFrame = field(repr=False)
    sensitivities: pd.DataFrame = field(repr=False)
    fit: pd.DataFrame = field(repr=False)
    profile: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return self.parameters.to_dict() | {
            "profile": self.profile.to_dict("records"),
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        theta = self.parameters.theta_of(IDENTIFIED_BY)
        count = len(self.constants)
        most = float(self.constants["usd_per_t"].abs().max()) if count else 0.0
        told = f"theta {theta:g} for crude, {count} constants, largest {most:.1f} USD/t"
        return f"<Calibration: {told}>"


def calibrate(network: Network | None = None, *, path: str | Path | None = None) -> Calibration:
    """Fit the likely split on the observed flows of 2023.

    Theta of crude by the flows of its fields and outlets; theta of other goods from the same spread
    of perceived cost, as a share of theirs; then as few constants as bring every observed way out
    within reach, each shrunk towards 0.

    Parameters
    ----------
    network : the tables; the shipped data set by default.
    path : parameter file to write; without it nothing is written.

    Raises
    ------
    UsageError
        When the data set has no observed outlet of crude in 2023.
    DataError
        When a constant above 20 USD/t has no named, sourced reason.
    """
    network = load_network() if network is None else network
    if not list_observations(network, BASE_YEAR):
        raise UsageError(f"The data set has no observed flow of {BASE_YEAR} in observed.csv.")
    base = BaseYear(network)
    if not base.targets.get(IDENTIFIED_BY):
        raise UsageError(f"The data set has no observed outlet of {IDENTIFIED_BY} in {BASE_YEAR}.")
    profile = profile_theta(base)
    told = _tell_theta(base, profile)
    chosen: list[Target] = []
    notes: list[str] = []
    for commodity in (IDENTIFIED_BY, *(k for k in base.targets if k != IDENTIFIED_BY)):
        picked, complaint = _choose(base, commodity, told, chosen)
        chosen += picked
        notes += complaint
    result = _finish(base, told, chosen, profile, notes)
    if path is not None:
        with new_file(Path(path)) as temporary:
            temporary.write_text(write_parameters(result.parameters), encoding="utf-8")
    return result


# theta


def profile_theta(base: BaseYear) -> pd.DataFrame:
    """Loss at each theta with its own best constants: columns theta, loss, loss_of_data.

    The loss of the data adds log(1 + z^2/2) over the observations of crude, which bears a few that
    the model cannot meet; the whole loss adds the constants and the prior of theta.
    """
    targets = base.targets[IDENTIFIED_BY]
    largest = max(targets, key=lambda target: target.mt)
    free = [target for target in targets if target is not largest]
    rows = [_loss_at(base, theta, free) for theta in THETAS]
    best = min(rows, key=lambda row: row["loss"])["theta"]
    rows += [_loss_at(base, best * 1.3**step, free) for step in (-0.5, -0.25, 0.25, 0.5)]
    return pd.DataFrame(rows).sort_values("theta", ignore_index=True)


def _loss_at(base: BaseYear, theta: float, free: Sequence[Target]) -> dict[str, float]:
    fit = base.fit(base.sensitivities(theta), free, warm=False)
    seen = [o for o in base.observations if o.commodity == IDENTIFIED_BY]
    misfit = [(mt - o.mt) / deviation(o) for o in seen if (mt := base.flow_of(fit, o)) is not None]
    data = float(np.log1p(np.square(misfit) / 2).sum())
    usual = GUMBEL / (PRIOR_SPREAD * base.costs[IDENTIFIED_BY])
    prior = float(fit.constants @ fit.constants) / PRIOR**2 / 2
    prior += (math.log(theta / usual) / PRIOR_DOUBT) ** 2 / 2
    return {"theta": theta, "loss": data + prior, "loss_of_data": data}


def _tell_theta(base: BaseYear, profile: pd.DataFrame) -> tuple[Sensitivity, ...]:
    """The best theta to two digits, and the range where the flows alone lose at most 1.92 more."""
    best = float(f"{profile.loc[profile['loss'].idxmin(), 'theta']:.2g}")
    near = profile.loc[profile["loss_of_data"] <= profile["loss_of_data"].min() + FALL, "theta"]
    low, high = float(near.min()), float(near.max())
    told = Sensitivity(
        commodity=IDENTIFIED_BY,
        theta=best,
        low=float(f"{low:.2g}") if low > THETAS[0] else None,
        high=float(f"{high:.2g}") if high < THETAS[-1] else None,
        identified=low > THETAS[0] and high < THETAS[-1],
        basis=(
            f"flows of fields and outlets in {BASE_YEAR} and a prior of {PRIOR_SPREAD:.0%} of mean "
            "cost; low and high: 95 % range by the flows alone, none where they set no bound"
        ),
    )
    rows = base.sensitivities(best)
    return tuple(told if row.commodity == IDENTIFIED_BY else row for row in rows)


# constants


def _choose(
    base: BaseYear, commodity: str, told: Sequence[Sensitivity], kept: Sequence[Target]
) -> tuple[list[Target], list[str]]:
    """The constants of a commodity: the cheapest set that brings every way out within reach.

    A constant costs its size and `COST_OF_ONE`; what it has above 20 USD/t costs more. Without a
    set that reaches, crude gets the one that comes nearest, other goods none.
    """
    targets = base.targets[commodity]
    most = LIMIT if commodity == IDENTIFIED_BY else CONFESSION
    best = (math.inf, math.inf)
    chosen: tuple[Target, ...] = ()
    for size in range(min(MOST_CONSTANTS, len(targets) - (len(targets) > 1)) + 1):
        if best[0] <= 1 and best[1] <= COST_OF_ONE * size:
            break
        for some in combinations(targets, size):
            fit = base.fit(told, [*kept, *some])
            mine = np.abs(fit.constants[len(kept) :])
            if mine.max(initial=0.0) > 0.999 * most:
                continue
            cost = COST_OF_ONE * size + mine.sum() + 5 * np.maximum(mine - CONFESSION, 0).sum()
            rank = max(_distance(base, fit, commodity), 1.0), float(cost)
            if rank < best:
                best, chosen = rank, some
    if best[0] <= 1:
        return list(chosen), []
    note = f"{commodity}: no constants bring every way out within reach"
    return (list(chosen) if commodity == IDENTIFIED_BY else []), [note]


def _distance(base: BaseYear, fit: Fit, commodity: str) -> float:
    """How far the worst way out of a commodity is off, 1 being as far as it may be."""
    targets = base.targets[commodity]
    mt = np.array([fit.mt(t.commodity, t.measure) for t in targets])
    seen = np.array([t.mt for t in targets])
    modelled, observed = base.whole(fit, commodity)
    points = np.abs(mt / modelled - seen / observed) * 100 / CLOSE_POINTS
    share = np.where(seen > SMALL_MT, np.abs(mt / seen - 1) / CLOSE_SHARE, 0.0)
    return float(max(points.max(), share.max()))


# the table


def _finish(
    base: BaseYear,
    told: Sequence[Sensitivity],
    chosen: Sequence[Target],
    profile: pd.DataFrame,
    notes: Sequence[str],
) -> Calibration:
    fit = base.fit(told, chosen)
    constants = _round_constants(fit.constants, *standard_errors(fit, chosen), chosen)
    rows = _compare_flows(base, base.fit(told, [], fixed=constants), chosen)
    parameters = Parameters(
        theta=tuple(told),
        constants=tuple(constants),
        provenance=_provenance(base.case.network),
        fit=tuple(rows),
    )
    problems = check_parameters(parameters, "calibration")
    problems += _check_sources(constants, base.case.network)
    if problems:
        raise DataError(problems)
    names = list(Constant.__dataclass_fields__)
    return Calibration(
        parameters=parameters,
        constants=pd.DataFrame([asdict(row) for row in constants], columns=names),
        sensitivities=pd.DataFrame([asdict(row) for row in told]),
        fit=pd.DataFrame(rows),
        profile=profile,
        notes=tuple(notes),
    )


def _round_constants(
    values: Floats, errors: Floats, known: Any, targets: Sequence[Target]
) -> list[Constant]:
    constants = []
    for target, value, error, identified in zip(targets, values, errors, known, strict=True):
        why, source = find_reason(target.measure, value) if abs(value) > CONFESSION else ("", "")
        held = "a full capacity holds the flow: only constant less delay is known"
        constants.append(
            Constant(
                commodity=target.commodity,
                measure=target.measure,
                usd_per_t=round(float(value), 1),
                se_usd_per_t=round(float(error), 1),
                identified=bool(identified),
                note="" if identified else held,
                why=why,
                source_id=source,
            )
        )
    return constants


def _compare_flows(base: BaseYear, fit: Fit, chosen: Sequence[Target]) -> list[dict[str, Any]]:
    """Every observation beside the model: ways out, fitted or predicted, then further checks."""
    fitted = {(t.commodity, t.measure) for t in chosen}
    rows = []
    for commodity, targets in base.targets.items():
        modelled, observed = base.whole(fit, commodity)
        for t in targets:
            mt = fit.mt(commodity, t.measure)
            row = _compare(commodity, t.measure, t.mt, mt)
            row["role"] = "fitted" if (commodity, t.measure) in fitted else "predicted"
            row["error_points"] = round(100 * (mt / modelled - t.mt / observed), 2)
            row["delay_usd_per_t"] = round(fit.delay(commodity, t.measure), 1)
            rows.append(row)
    listed = {(row["commodity"], row["measure"]) for row in rows} | set(base.stands_for)
    for o in base.observations:
        flow = base.flow_of(fit, o)
        if flow is not None and (o.commodity, o.measure) not in listed:
            rows.append(_compare(o.commodity, o.measure, o.mt, flow))
    return rows


def _compare(commodity: str, measure: str, seen: float, mt: float) -> dict[str, Any]:
    return {
        "commodity": commodity,
        "measure": measure,
        "role": "checked",
        "observed_mt": seen,
        "model_mt": round(mt, 5),
        "error_mt": round(mt - seen, 5),
        "error_share": round(mt / seen - 1, 4) if seen > 0 else None,
        "error_points": None,
        "delay_usd_per_t": None,
    }


def _provenance(network: Network) -> dict[str, Any]:
    return {
        "data": network.name,
        "data_version": network.version,
        "data_digest": network.digest,
        "year": BASE_YEAR,
        "fitted": datetime.now(UTC).date().isoformat(),
        "method": "penalised moment fit of the capacity-constrained logit on observed.csv",
        "prior_usd_per_t": PRIOR,
        "prior_spread": PRIOR_SPREAD,
    }


def _check_sources(constants: Sequence[Constant], network: Network) -> list[Problem]:
    """Reasons that rest on a source the data set does not have."""
    known = set(network["sources"]["source_id"])
    return [
        Problem("sources.csv", f"the reason for {c.measure} rests on '{name}', which has no row")
        for c in constants
        for name in filter(None, c.source_id.split(";"))
        if name not in known
    ]
