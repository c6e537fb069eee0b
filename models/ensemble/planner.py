"""The plan of an ensemble: lists what is uncertain and makes scenarios ready for sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.demand import Case, select_case
from models.ensemble.build import build_world, check_world, find_closed, find_live_links
from models.ensemble.column_builder import list_verdicts
from models.ensemble.inputs import Ranged, list_inputs
from models.ensemble.plan import Closure, Driver, Plan, draw_inputs
from models.ensemble.recorder import Recorder
from models.ensemble.spread import Terms
from models.ensemble.world import World
from models.flow.arrays import Floats, Problem, Structure
from models.flow.programme import build_problem
from models.flow.structure import build_structure, structure_keys
from models.scenario import Scenario, apply, load_composed, pick_year
from routes.errors import UnknownNameError, UsageError
from routes.network import Network, load_network


def plan_ensemble(
    scenarios: Sequence[str | Scenario | Sequence[Scenario]],
    *,
    network: Network | None = None,
    year: int | None = None,
    closures: Mapping[str, float] | None = None,
    country: str = "RU",
    links: bool = False,
) -> Plan:
    """List what is uncertain in scenarios and make them ready for sampling.

    Parameters
    ----------
    scenarios
        Names of shipped scenarios or paths of files ("a+b" composes two), Scenario objects, or
        sequences of them to compose. All see the same draws.
    network
        The tables; the shipped data set by default.
    year
        Inputs of this year instead of the scenarios' own.
    closures
        Probability that a link or a shared capacity is closed all year, by its id; each is drawn
        by itself.
    country
        Country that dependency is measured on, ISO alpha-2.
    links
        Whether to record the flow of every link as well.

    Raises
    ------
    UnknownNameError
        For an unknown scenario, country, link or shared capacity.
    UsageError
        When no or repeated scenarios, several years or an impossible probability are given.
    """
    chosen = [_load(scenario) for scenario in scenarios]
    names = ["+".join(part.name for part in parts) for parts in chosen]
    if not names or len(set(names)) < len(names):
        msg = "An ensemble needs at least one scenario, and each only once."
        raise UsageError(msg)
    network = load_network() if network is None else network
    if country not in set(network["places"]["country"]):
        raise UnknownNameError("country of the network", country, set(network["places"]["country"]))
    base = select_case(network, _common_year(chosen, names, year))
    return build_plan(
        base, dict(zip(names, chosen, strict=True)), closures=closures or {}, country=country,
        links=links,
    )  # fmt: skip


def build_plan(
    base: Case,
    scenarios: Mapping[str, Sequence[Scenario]],
    *,
    closures: Mapping[str, float],
    country: str,
    links: bool,
) -> Plan:
    """The plan of composed scenarios on the case of a year."""
    applied = {name: apply(base, list(parts))[0] for name, parts in scenarios.items()}
    problems = _build_problems(applied)
    inputs = _keep_live(base, list_inputs(base), list(problems.values()))
    terms = Terms()
    worlds = tuple(
        build_world(
            name, base, applied[name], problems[name], inputs=inputs,
            verdicts=list_verdicts(base, parts), terms=terms,
        )
        for name, parts in scenarios.items()
    )  # fmt: skip
    recorder = Recorder(terms)
    units = dict(enumerate(base.capacities["unit"]))
    for part in inputs:
        recorder.add_inputs(part, units if part.column in ("practical", "legal") else None)
    recorder.add_scenarios([part for parts in scenarios.values() for part in parts])
    recorder.add_closures(closures)
    names = recorder.names()
    driver, weight, mode = terms.columns(names)
    for world in worlds:
        check_world(world, len(mode))
    facts = {
        "data_version": base.network.version,
        "data_digest": base.network.digest,
        "data_changes": list(base.network.changes),
        "scenarios": [
            {"name": name, "digests": [part.digest for part in parts],
             "title": " + ".join(part.title for part in parts)}
            for name, parts in scenarios.items()
        ],
        "year": base.year,
        "country": country,
        "closures": dict(sorted(closures.items())),
        "link_flows": links,
    }  # fmt: skip
    plan = Plan(
        worlds=worlds,
        drivers=(),
        closures=_find_closures(base, worlds, closures, names),
        term_driver=driver,
        term_weight=weight,
        term_mode=mode,
        offset=recorder.offset(names),
        record=recorder.matrix(names, len(mode)),
        levels=recorder.levels(names),
        year=base.year,
        country=country,
        links=links,
        facts=facts,
    )
    drivers = recorder.drivers(names, _find_ends(plan, len(names)))
    live = {"", *_find_supplied(plan, list(applied.values()), len(names))}
    return replace(
        plan, drivers=tuple(replace(each, idle=_good_of(each) not in live) for each in drivers)
    )


def _find_supplied(plan: Plan, cases: Sequence[Case], n_drivers: int) -> set[str]:
    """Commodities that some scenario supplies, at the highest draws at least."""
    highest, _ = draw_inputs(plan, np.full((1, n_drivers), 1.0))
    found: set[str] = set()
    for world, case in zip(plan.worlds, cases, strict=True):
        offered = world.columns["supply"].draw(highest[0]) > 0
        found |= set(case.supplies["commodity_id"].to_numpy(dtype=object)[offered])
    return found


def _good_of(driver: Driver) -> str:
    """The commodity that a driver is of; blank when it is of none or of many."""
    kind, _, subject = driver.name.partition(":")
    return subject.partition("@")[0] if kind in ("supply", "market", "lifting", "price") else ""


def _find_ends(plan: Plan, n_drivers: int) -> Floats:
    """Recorded values at the lowest draws, the best estimates and the highest draws."""
    low, high = (draw_inputs(plan, np.full((1, n_drivers), level))[1][0] for level in (0.0, 1.0))
    for closure in plan.closures:
        low[closure.driver], high[closure.driver] = 0.0, 1.0
    return np.stack([low, plan.offset, high])


def _load(scenario: str | Scenario | Sequence[Scenario]) -> tuple[Scenario, ...]:
    if isinstance(scenario, Scenario):
        return (scenario,)
    if isinstance(scenario, str):
        return load_composed(scenario)
    return tuple(scenario)


def _common_year(
    chosen: Sequence[Sequence[Scenario]], names: Sequence[str], year: int | None
) -> int:
    if year is not None:
        return year
    years = {name: pick_year(list(parts)) for name, parts in zip(names, chosen, strict=True)}
    if len(set(years.values())) > 1:
        told = ", ".join(f"{name} {y}" for name, y in years.items())
        msg = f"The scenarios have different demand years ({told}). Choose one with --year."
        raise UsageError(msg)
    return next(iter(years.values()))


def _build_problems(applied: Mapping[str, Case]) -> dict[str, Problem]:
    """Programmes of the cases; those with the same rows share one structure."""
    structures: dict[Any, Structure] = {}
    problems = {}
    for name, case in applied.items():
        keys = structure_keys(case)
        if keys not in structures:
            structures[keys] = build_structure(case)
        problems[name] = build_problem(case, structures[keys])
    return problems


def _keep_live(base: Case, inputs: Sequence[Ranged], problems: Sequence[Problem]) -> list[Ranged]:
    """Inputs without the numbers of links that nothing may use in any scenario."""
    live = find_live_links(problems)
    shared = base.shared
    pools = set(shared.loc[shared["link_id"].isin(live), "shared_id"])
    used = {
        "charges": base.charges["link_id"].isin(live).to_numpy(),
        "days": base.links.index.isin(live),
        "co2": base.links.index.isin(live),
        "practical": base.capacities.index.isin(live | pools),
        "legal": base.capacities.index.isin(live | pools),
        "use": shared["shared_id"].isin(pools).to_numpy(),
        "differential": base.streams["outlet_link_id"].isin(live).to_numpy(),
    }
    kept = []
    for part in inputs:
        mask = used[part.column][part.row] if part.column in used else np.ones(len(part.row), bool)
        if mask.any():
            names = ("row", "value", "low", "high", "weight", "driver")
            kept.append(replace(part, **{name: getattr(part, name)[mask] for name in names}))
    return kept


def _find_closures(
    base: Case, worlds: Sequence[World], closures: Mapping[str, float], names: Sequence[str]
) -> tuple[Closure, ...]:
    known = {*base.links.index, *base.capacities.index}
    found = []
    for subject, probability in sorted(closures.items()):
        if subject not in known:
            raise UnknownNameError("link or shared capacity", subject, known)
        if not 0.0 <= probability <= 1.0:
            msg = f"The probability of a closure must lie between 0 and 1. Got {probability}."
            raise UsageError(msg)
        closed = [find_closed(world, subject) for world in worlds]
        found.append(
            Closure(
                subject=subject,
                probability=float(probability),
                driver=names.index(f"closure:{subject}"),
                arcs=tuple(arcs for arcs, _ in closed),
                rows=tuple(rows for _, rows in closed),
            )
        )
    return tuple(found)
