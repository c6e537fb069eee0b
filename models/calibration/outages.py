"""Dated outages of events.csv as cuts of a year's capacities, pro rata of days."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.demand import Case


@dataclass(frozen=True, slots=True)
class Outage:
    """What the events of a year leave of one capacity, and which they were."""

    subject_id: str
    part_left: float
    events: tuple[str, ...]


def list_outages(case: Case) -> tuple[Outage, ...]:
    """Part of each capacity left over the case's year, from events with both dates and a share.

    Where events overlap, the day counts with the smaller share. Events without an end stand in the
    rows of the year, not here. An event at a place cuts every link that starts or ends there, one
    of a country every link on its ground; links that are not open in the year have nothing to cut.
    """
    events = case.network["events"]
    days = 366 if calendar.isleap(case.year) else 365
    left: dict[str, np.ndarray] = {}
    names: dict[str, list[str]] = {}
    columns = ["event_id", "start", "end", "subject", "capacity_left"]
    for event, start, end, subject, share in events[columns].itertuples(index=False, name=None):
        first, last = _days_within(str(start), str(end), case.year)
        if last < first or pd.isna(share) or share >= 1:
            continue
        for name in _list_subjects(case, str(subject)):
            by_day = left.setdefault(name, np.ones(days))
            by_day[first : last + 1] = np.minimum(by_day[first : last + 1], float(share))
            names.setdefault(name, []).append(str(event))
    return tuple(
        Outage(name, float(left[name].mean()), tuple(names[name])) for name in sorted(left)
    )


def cut_capacities(case: Case, outages: tuple[Outage, ...]) -> Case:
    """The case with its capacities cut as a capacity factor cuts them.

    A cut falls on the practical capacity and, unless it is firm, on the background; where only a
    rule is known, on the rule.
    """
    capacities = case.capacities.copy()
    for outage in outages:
        row = capacities.loc[outage.subject_id]
        if np.isfinite(row["practical"]):
            capacities.loc[outage.subject_id, "practical"] = row["practical"] * outage.part_left
            if not row["firm"]:
                cut = row["background"] * outage.part_left
                capacities.loc[outage.subject_id, "background"] = cut
        elif np.isfinite(row["legal"]):
            capacities.loc[outage.subject_id, "legal"] = row["legal"] * outage.part_left
    return replace(case, capacities=capacities)


def _days_within(start: str, end: str, year: int) -> tuple[int, int]:
    """Numbers of the first and last day of an event in the year; none when last < first."""
    try:
        opens, closes = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        return 0, -1
    first, last = date(year, 1, 1), date(year + 1, 1, 1) - timedelta(days=1)
    begin = (max(opens, first) - first).days
    return begin, (min(closes, last) - first).days


def _list_subjects(case: Case, subject: str) -> list[str]:
    """Capacities in use that an event's subject speaks of."""
    kind, _, name = subject.partition(":")
    known, links = case.capacities.index, case.links[case.links["open"]]
    if kind == "shared":
        return [name] if name in known else []
    if kind == "link":
        return [name] if name in known and name in links.index else []
    if kind == "place":
        touched = (links["from_place_id"] == name) | (links["to_place_id"] == name)
    elif kind == "country":
        touched = links["country"] == name
    else:
        return []
    return [str(link) for link in links.index[touched] if link in known]
