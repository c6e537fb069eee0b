"""Composition: several scenarios applied to a case at once, in no order, with a log.

Two changes that touch the same quantity are an error that names both, unless they are identical,
or one is a closure (it outranks the other), or one belongs to a scenario that extends the other's
and says `override: true`. Built projects are a set: their effects add up. When all is laid, no
change may leave a market an obligation above its maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from models.demand import Case
from models.scenario.amounts import format_number
from models.scenario.document import COMMAND_LINE, Scenario
from models.scenario.draft import Draft
from models.scenario.edits import (
    AppliedChange,
    Author,
    Edit,
    Quantity,
    Verdict,
    judge,
    list_authors,
)
from models.scenario.plan import plan_edits
from models.scenario.select import NothingFoundError, Selector
from routes.errors import Problem, ScenarioError, UsageError

MOST_PROBLEMS = 50


def apply(
    case: Case, scenarios: Scenario | Sequence[Scenario]
) -> tuple[Case, tuple[AppliedChange, ...]]:
    """A new case with the changes of scenarios, and the log of every quantity they touch.

    The given case is left alone, and frames in which nothing changes are shared with it: an empty
    scenario and a factor of 1 give back equal frames.

    Parameters
    ----------
    case
        The inputs of a year.
    scenarios
        One or several; their order does not matter.

    Returns
    -------
    (Case, tuple of AppliedChange)
        The log is sorted by frame, subject and field.

    Raises
    ------
    ScenarioError
        With every selector that finds nothing, every contradiction and every obligation
        above a market's maximum.
    UsageError
        When only `--set` is at fault.
    """
    changed, log, verdicts = _lay_all(case, scenarios)
    faults = _find_crossed(changed, verdicts)
    if faults:
        _refuse(faults)
    return changed, log


def lay_changes(case: Case, scenarios: Scenario | Sequence[Scenario]) -> Case:
    """As `apply`, for drawn numbers: no obligation is above the maximum that was drawn."""
    changed, _, _ = _lay_all(case, scenarios)
    least = changed.markets[["min_mt_per_year", "max_mt_per_year"]].min(axis=1)
    return replace(changed, markets=changed.markets.assign(min_mt_per_year=least))


def _lay_all(
    case: Case, scenarios: Scenario | Sequence[Scenario]
) -> tuple[Case, tuple[AppliedChange, ...], Sequence[Verdict]]:
    chosen = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    _check_names(chosen)
    selector = Selector(case)
    edits, faults = _plan_all(selector, list_authors(chosen))
    verdicts, clashes = _judge_all(edits)
    if faults or clashes:
        _refuse([*faults, *clashes])
    draft = Draft(case)
    log = []
    refused: dict[tuple[str, str, int], list[tuple[Author, NothingFoundError]]] = {}
    for verdict in verdicts:
        try:
            log.append(_write(draft, verdict))
        except NothingFoundError as error:
            author = verdict.authors[0]
            refused.setdefault(author.identity, []).append((author, error))
    if refused:
        _refuse([_blame_once(errors) for errors in refused.values()])
    return draft.finish(), tuple(log), verdicts


def _find_crossed(case: Case, verdicts: Sequence[Verdict]) -> list[_Fault]:
    """Changes that leave markets an obligation above the most they take."""
    authors: dict[int, list[Author]] = {}
    for verdict in verdicts:
        if verdict.edits[0].quantity.table == "markets":
            authors.setdefault(verdict.edits[0].row, []).extend(verdict.authors)
    markets = case.markets
    crossed: dict[tuple[str, str, int], tuple[Author, list[pd.Series]]] = {}
    for row in np.flatnonzero(markets["min_mt_per_year"] > markets["max_mt_per_year"]).tolist():
        if row in authors:
            author = _pick_author(authors[row])
            crossed.setdefault(author.identity, (author, []))[1].append(markets.iloc[row])
    faults = []
    for author, found in crossed.values():
        told = ", ".join(
            f"{market['place_id']} {market['commodity_id']} {market['min_mt_per_year']:.6g} above "
            f"{market['max_mt_per_year']:.6g}"
            for market in found
        )
        first = found[0]
        setting = f"{first['place_id']}/{first['commodity_id']}.obligation"
        remedy = (
            f"Let both fit: {COMMAND_LINE} "
            f"'{setting}={format_number(float(first['max_mt_per_year']))}', or in a file a change "
            "with `type: market, measure: min`."
        )
        rule = f"the obligation would be above the maximum (Mt/yr): {told}"
        faults.append((author, author.problem((), rule, remedy)))
    return faults


def _pick_author(authors: Sequence[Author]) -> Author:
    """Who is blamed: the command line before files."""
    return next((a for a in authors if a.scenario.origin.file == COMMAND_LINE), authors[0])


def _check_names(scenarios: Sequence[Scenario]) -> None:
    digests: dict[str, str] = {}
    for scenario in scenarios:
        for member in scenario.lineage:
            if digests.setdefault(member.name, member.digest) != member.digest:
                rule = f"two different scenarios are called '{member.name}'"
                raise ScenarioError([Problem(member.origin.file, rule, "Rename one.")])


def plan_all(case: Case, scenario: Scenario) -> list[tuple[Author, list[Edit]]]:
    """The edits of each change of a scenario, and of what it extends.

    Raises ScenarioError with every selector that finds nothing.
    """
    selector = Selector(case)
    planned, faults = [], []
    for author in list_authors([scenario]):
        try:
            planned.append((author, plan_edits(selector, author)))
        except NothingFoundError as error:
            faults.append((author, _problem(author, error)))
    if faults:
        _refuse(faults)
    return planned


_Fault = tuple[Author, Problem]


def _plan_all(
    selector: Selector, authors: Sequence[Author]
) -> tuple[dict[Quantity, list[Edit]], list[_Fault]]:
    edits: dict[Quantity, list[Edit]] = {}
    faults: list[_Fault] = []
    for author in authors:
        try:
            for edit in plan_edits(selector, author):
                edits.setdefault(edit.quantity, []).append(edit)
        except NothingFoundError as error:
            faults.append(_blame(author, error))
    return edits, faults


def _blame(author: Author, error: NothingFoundError) -> _Fault:
    return author, _problem(author, error)


def _blame_once(errors: Sequence[tuple[Author, NothingFoundError]]) -> _Fault:
    """The first of the numbers that a change may not write, and how many more there are."""
    author, error = errors[0]
    if len(errors) > 1:
        error.rule += f" (and {len(errors) - 1} more numbers)"
    return _blame(author, error)


def _problem(author: Author, error: NothingFoundError) -> Problem:
    whole = ("built", "country", "commodities")
    parts = [int(part) if part.isdigit() else part for part in error.key.split(".") if part]
    key = (
        tuple(parts) if error.key in whole or error.key.startswith("growth") else ("where", *parts)
    )
    if "where" not in type(author.change).model_fields and key[0] == "where":
        key = ()
    return author.problem(key, error.rule, error.remedy)


def _judge_all(
    edits: dict[Quantity, list[Edit]],
) -> tuple[list[Verdict], list[_Fault]]:
    verdicts: list[Verdict] = []
    clashes: dict[tuple[object, object], list[tuple[Edit, Edit]]] = {}
    for quantity in sorted(edits):
        verdict = judge(edits[quantity])
        if isinstance(verdict, Verdict):
            verdicts.append(verdict)
        else:
            first, second = verdict
            pair = (first.author.identity, second.author.identity)
            clashes.setdefault(pair, []).append(verdict)
    faults = []
    for pairs in clashes.values():
        first, second = pairs[0]
        more = f" (and {len(pairs) - 1} more quantities)" if len(pairs) > 1 else ""
        rule = (
            f"two changes touch the {first.quantity}{more}: {first.author} says {first.words}, "
            f"{second.author} says {second.words}"
        )
        remedy = "Drop one, or let one scenario extend the other and say `override: true`."
        blamed = _pick_author((second.author, first.author))
        faults.append((blamed, blamed.problem((), rule, remedy)))
    return verdicts, faults


def _refuse(faults: Sequence[_Fault]) -> None:
    problems = list(dict.fromkeys(problem for _, problem in faults))
    if all(author.scenario.origin.file == COMMAND_LINE for author, _ in faults):
        raise UsageError("\n".join(str(problem) for problem in problems[:MOST_PROBLEMS]))
    raise ScenarioError(problems[:MOST_PROBLEMS])


def _write(draft: Draft, verdict: Verdict) -> AppliedChange:
    steps = [draft.write(edit) for edit in verdict.edits]
    (old, _, unit), (_, new, _) = steps[0], steps[-1]
    quantity = verdict.edits[0].quantity
    subject, field = quantity.subject, quantity.field
    if quantity.table == "charges":
        subject, field = f"{quantity.key[0]} {quantity.key[1]}", quantity.key[3]
        if quantity.key[2] != "any":
            subject += f" {quantity.key[2]}"
    elif quantity.table == "bans":
        subject = f"{quantity.key[0]} for {quantity.key[1]}"
    elif quantity.table == "capacities":
        field = {"practical": "capacity", "legal": "quota"}.get(field, field)
    whys = dict.fromkeys(author.change.why for author in verdict.authors)
    sources = dict.fromkeys(s for author in verdict.authors for s in author.change.source)
    return AppliedChange(
        subject=subject,
        field=field,
        old=old,
        new=new,
        unit=unit,
        step=" ".join(edit.words for edit in verdict.edits),
        why=" ".join(whys),
        source=tuple(sources),
        scenarios=tuple(dict.fromkeys(author.scenario.name for author in verdict.authors)),
        changes=tuple(str(author) for author in verdict.authors),
        outranked=tuple(str(author) for author in verdict.outranked),
    )
