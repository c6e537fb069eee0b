"""What can go wrong.

KazroutesError                     everything this package raises on purpose
├── DataError(ValueError)          a table breaks a rule: carries every problem found
├── ScenarioError(ValueError)      a scenario file or change cannot be used: carries every problem
├── UnknownNameError(KeyError)     a name nobody knows; suggests the nearest ones
├── UsageError(ValueError)         an argument that cannot be meant
├── NoRouteError(LookupError)      the question has a negative answer
└── InternalError(AssertionError)  a law is broken: our bug, never a wrong number on the page
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

MOST_LISTED = 40  # names that a message lists
# Kind of a name -> the command that lists such names.
_LISTED_BY = {
    "commodity": "data list commodities",
    "commodity, group or class": "data list commodities",
    "country of the network": "data list countries",
    "link": "data list links",
    "link or shared capacity": "data list links",
    "link, shared capacity or place": "data list",
    "place": "data list places",
    "project": "data list projects",
    "scenario": "scenario list",
    "shared capacity": "data list shared-capacities",
    "source": "data sources",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in an input: what, where and how to mend it."""

    file: str
    rule: str
    remedy: str = ""
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = self.file
        if self.line is not None:
            where += f":{self.line}"
        if self.column:
            where += f", {self.column}"
        mend = f" {self.remedy}" if self.remedy else ""
        return f"{where}: {self.rule}.{mend}" if where else f"{self.rule}.{mend}"


class KazroutesError(Exception):
    """Base of every error that this package raises on purpose."""


class _ProblemsError(KazroutesError, ValueError):
    """An error that carries all the problems found, not just the first."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem(file="", rule=problems.rstrip("."))]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(_ProblemsError):
    """Tables break a rule; `problems` holds every one of them."""


class ScenarioError(_ProblemsError):
    """A scenario cannot be used; `problems` holds every reason."""


class UnknownNameError(KazroutesError, KeyError):
    """A name that nobody knows, with the nearest known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()) -> None:
        self.kind, self.name = kind, name
        names = set(known)
        self.suggestions = nearest_names(name, names)
        self.offer = offer_names(kind, name, names)
        super().__init__(name)

    def __str__(self) -> str:
        return f"No {self.kind} is called '{self.name}'.{self.offer}"


class UsageError(KazroutesError, ValueError):
    """An argument that cannot be meant."""


class NoRouteError(KazroutesError, LookupError):
    """No route leads from one place to the other for this commodity."""


class InternalError(KazroutesError, AssertionError):
    """A law that must always hold is broken: a bug of ours, named."""


def nearest_names(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names most like `name`, best first."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if len(near) < 3:
        near += [other for other in names if name and name in other and other not in near]
    return near[:3]


def offer_names(kind: str, name: str, known: Iterable[str]) -> str:
    """A sentence with the names nearest to `name`, else with all known ones or who lists them."""
    names = {one for one in known if one}
    if near := nearest_names(name, names):
        return suggest(near)
    if 0 < len(names) <= MOST_LISTED:
        return f" Known are {', '.join(sorted(names))}."
    return f" `kazroutes {_LISTED_BY[kind]}` lists them." if kind in _LISTED_BY else ""


def suggest(names: Sequence[str]) -> str:
    """A sentence that offers `names`, or nothing."""
    return f" Did you mean {' or '.join(repr(name) for name in names)}?" if names else ""
