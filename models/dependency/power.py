"""Transit power: the Shapley value of those who let goods through.

Players are transit countries (or corridors). A coalition S is worth w(S) = Z(S) - Z(nobody), where
Z(S) is the surplus with transit of everybody outside S closed: they refuse goods bound elsewhere
but still buy for themselves; home sales stay; Kazakhstan does not play; straits belong to nobody.
A measure of leverage, not a forecast of rents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.demand import Case
from models.dependency.game import TransitGame
from models.dependency.players import (
    OTHER,
    Mask,
    corridor_masks,
    country_masks,
    join_masks,
    transit_countries,
)
from models.dependency.shapley import EXACT_UP_TO, Shapley, shapley_values
from models.dependency.tabled import Tabled
from models.flow.solve import solver_for
from models.flow.solver import FlowSolver
from models.flow.structure import structure_keys
from routes.errors import InternalError, UsageError

APART = 9  # countries that play for themselves unless asked otherwise; the rest act as one
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class TransitPower(Tabled):
    """Transit power of each player, greatest first.

    `table` columns: country (ISO code, corridor id, or `other`), shapley_musd (million USD a year),
    share (of the sum; nan when the sum is 0), half_width_musd (half of the 95% confidence interval,
    0 when exact). The values sum to surplus_musd - surplus_without_transit_musd. `other` names the
    countries that act as one player; `solves` programmes were solved for `coalitions` coalitions.
    """

    table: pd.DataFrame = field(repr=False)
    players: str
    surplus_musd: float
    surplus_without_transit_musd: float
    exact: bool
    other: tuple[str, ...]
    coalitions: int
    solves: int


def transit_power(
    case: Case,
    *,
    players: str | Sequence[str] = "countries",
    apart: int = APART,
    keep: Sequence[str] = (),
    exact_up_to: int = EXACT_UP_TO,
    samples: int = 400,
    rng: np.random.Generator | int = 0,
    solver: FlowSolver | None = None,
    progress: Progress | None = None,
) -> TransitPower:
    """Shapley value of those who let goods through, million USD a year.

    Parameters
    ----------
    case : inputs, with all transit as the scenario leaves it.
    players : "countries": those whose closing costs most play for themselves, at most `apart` of
        them, all the rest as one player called `other`; "all": every transit country for itself;
        "corridors"; or names of countries that play for themselves.
    apart : most countries that play for themselves with "countries".
    keep : countries that play for themselves whatever their closing costs.
    exact_up_to : exact up to so many players, beyond that an estimate from `samples` orders.
    rng : generator or seed of the estimate.
    solver : a frozen solver that fits the case; the base solver by default.
    progress : called with (done, total).

    Raises
    ------
    InternalError
        When a coalition's optimum is not proven, or the values do not sum to what they must.
    """
    solver = solver_for(case) if solver is None else solver
    masks, other = choose_players(case, players, apart=apart, keep=keep, solver=solver)
    game = TransitGame(case, masks, solver)
    with game.play():
        value = shapley_values(
            game, game.players, exact_up_to=exact_up_to, samples=samples, rng=rng,
            progress=progress,
        )  # fmt: skip
    if abs(value.gap) > 1e-9 * max(1.0, abs(value.grand), abs(value.empty)):
        msg = f"transit power does not sum to the surplus at stake ({value.gap:g} million USD off)"
        raise InternalError(msg)
    return TransitPower(
        table=_tabulate(value),
        players=players if isinstance(players, str) else "countries",
        surplus_musd=value.grand,
        surplus_without_transit_musd=value.empty,
        exact=value.exact,
        other=other,
        coalitions=value.evaluations,
        solves=game.solves,
    )


def _tabulate(value: Shapley[str]) -> pd.DataFrame:
    total = value.grand - value.empty
    small = 1e-9 * max(1.0, abs(value.grand))
    clean = {name: 0.0 if abs(musd) < small else musd for name, musd in value.values.items()}
    rows = [
        {
            "country": name,
            "shapley_musd": musd,
            "share": musd / total if total > small else np.nan,
            "half_width_musd": value.half_width[name],
        }
        for name, musd in clean.items()
    ]
    columns = ["country", "shapley_musd", "share", "half_width_musd"]
    table = pd.DataFrame(rows, columns=columns)
    last = (table["country"] == OTHER).to_numpy()
    order = np.lexsort((table["country"].to_numpy(), -table["shapley_musd"].to_numpy(), last))
    return table.iloc[order].reset_index(drop=True)


def choose_players(
    case: Case,
    players: str | Sequence[str],
    *,
    apart: int,
    keep: Sequence[str],
    solver: FlowSolver,
) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """Links that each player can close, weakest first, and who acts together as `other`."""
    if players == "corridors":
        masks = corridor_masks(case)
        return _order(case, masks, list(masks), solver), ()
    everybody = transit_countries(case, solver)
    if isinstance(players, str) and players not in ("countries", "all"):
        rule = "players must be countries, all, corridors or a list of countries"
        raise UsageError(f"{rule}. Got '{players}'.")
    wanted = list(dict.fromkeys(keep if isinstance(players, str) else [*players, *keep]))
    masks = country_masks(case, sorted({*everybody, *wanted}))
    if not isinstance(players, str):
        chosen = wanted
    elif players == "all":
        chosen = list(masks)
    else:
        chosen = find_strongest([(case, solver)], apart=apart, keep=wanted)
    joined = join_masks(masks, chosen)
    together = tuple(name for name in masks if name not in joined)
    return _order(case, joined, chosen, solver), together


def find_strongest(
    cases: Sequence[tuple[Case, FlowSolver]], *, apart: int, keep: Sequence[str] = ()
) -> list[str]:
    """The `apart` transit countries whose closing costs most in some cases, `keep` among them.

    All of them when no more than one would be left.
    """
    loss: dict[str, float] = dict.fromkeys(keep, 0.0)
    for case, solver in cases:
        masks = country_masks(case, sorted({*transit_countries(case, solver), *keep}))
        for name, musd in _find_losses(case, masks, list(masks), solver).items():
            loss[name] = loss.get(name, 0.0) + musd
    ranked = sorted(loss, key=lambda name: (name not in keep, -loss[name], name))
    return sorted(ranked if len(ranked) <= apart + 1 else ranked[:apart])


def _find_losses(
    case: Case, masks: dict[str, Mask], names: Sequence[str], solver: FlowSolver
) -> dict[str, float]:
    """What closing each player costs, million USD a year.

    Counted twice: with everybody else open, and with the costliest one closed as well, where those
    who stand in for it show.
    """
    game = TransitGame(case, masks, solver)
    everyone = frozenset(masks)
    with game.play():
        grand = game(everyone)
        loss = {name: grand - game(everyone - {name}) for name in names}
        if loss:
            worst = max(sorted(loss), key=lambda name: loss[name])
            left = everyone - {worst}
            below = game(left)
            for name in names:
                loss[name] += below - game(left - {name})
    return loss


def _order(
    case: Case, masks: dict[str, Mask], names: Sequence[str], solver: FlowSolver
) -> dict[str, Mask]:
    """The players by what their closing costs, least first: the Gray code flips these most."""
    loss = _find_losses(case, masks, names, solver)
    order = sorted(loss, key=lambda name: (loss[name], name))
    rest = [name for name in masks if name not in loss]
    return {name: masks[name] for name in [*rest, *order]}


@dataclass(frozen=True)
class PowerShift:
    """Transit power before and after a change, such as building projects.

    `table` columns: country, before_musd, before_share, after_musd, after_share (Shapley values and
    their shares), change_musd, change_share.
    """

    table: pd.DataFrame = field(repr=False)
    before: TransitPower
    after: TransitPower


def compare_power(before: Case, after: Case, **options: Any) -> PowerShift:
    """Transit power in two cases of one network, with the same players.

    `options` as for `transit_power`. With "countries" those play apart whose closing costs most in
    the two cases together, so that a change shows in their values and not in who plays.
    """
    solver = options.pop("solver", None) or solver_for(before)
    fits = solver.structure.keys == structure_keys(after)
    solvers = (solver, solver if fits else solver_for(after))
    players = options.pop("players", "countries")
    apart, keep = options.pop("apart", APART), options.pop("keep", ())
    if players == "countries":
        pairs = list(zip((before, after), solvers, strict=True))
        players, keep = find_strongest(pairs, apart=apart, keep=keep), ()
    first, second = (
        transit_power(case, players=players, keep=keep, solver=own, **options)
        for case, own in zip((before, after), solvers, strict=True)
    )
    old, new = (power.table.set_index("country") for power in (first, second))
    table = pd.DataFrame({
        "before_musd": old["shapley_musd"], "before_share": old["share"],
        "after_musd": new["shapley_musd"], "after_share": new["share"],
    })  # fmt: skip
    change = table["after_musd"].fillna(0.0) - table["before_musd"].fillna(0.0)
    table["change_musd"] = change.where(change.abs() > 1e-9 * abs(first.surplus_musd), 0.0)
    table["change_share"] = table["after_share"].fillna(0.0) - table["before_share"].fillna(0.0)
    order = [*first.table["country"], *(name for name in new.index if name not in old.index)]
    table = table.loc[order].rename_axis("country").reset_index()
    return PowerShift(table=table, before=first, after=second)
