"""Options and steps that several commands share: what is asked, of which scenarios."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

import click

if TYPE_CHECKING:
    from models.run import Run
    from models.scenario import Scenario
    from routes.network import Network

BASELINE = "baseline-2023"
ASSIGNMENTS = ("optimal", "likely", "possible")
Item = TypeVar("Item")


class Question(TypedDict):
    """What is asked of every scenario: keywords of `run_scenario`."""

    assignment: str
    year: int | None
    commodity: str | None
    country: str


def read_country(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The code of a country given by code or name; other words as they are, for the error."""
    del ctx, param
    if len(value) == len("XX"):
        return value.upper()
    from models.charts.words import COUNTRIES

    codes = {name.casefold(): code for code, name in COUNTRIES.items()}
    return codes.get(value.strip().casefold(), value)


def question_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --assignment, --year, --commodity and --country, as one `question`."""

    @wraps(function)
    def ask(**values: Any) -> Any:
        asked = {name: values.pop(name) for name in Question.__annotations__}
        return function(**values, question=cast("Question", asked))

    for option in (
        click.option(
            "--country",
            default="RU",
            show_default=True,
            metavar="XX",
            callback=read_country,
            help="Country that dependency is measured on.",
        ),
        click.option(
            "--commodity",
            metavar="ID",
            help="Report this commodity only; the solution still holds all of them.",
        ),
        click.option("--year", type=int, metavar="Y", help="Take the inputs of this year."),
        click.option(
            "--assignment",
            type=click.Choice(ASSIGNMENTS),
            default="optimal",
            show_default=True,
            help="Every tonne to its best netback, as habits and contracts have it, or the most "
            "tonnes that can leave.",
        ),
    ):
        ask = option(ask)
    return ask


def load_composed(*names: str) -> tuple[Scenario, ...]:
    """The scenarios of names, files, standard input (-), or several of these joined by +."""
    from models import scenario

    return scenario.load_composed(*names)


def name_composed(scenarios: Sequence[Scenario]) -> str:
    """What a run of these scenarios together is called."""
    return "+".join(scenario.name for scenario in scenarios)


def compose_all(
    names: Sequence[str], baseline: str | None
) -> tuple[dict[str, tuple[Scenario, ...]], str | None]:
    """Scenarios by the name of their run, all that are shipped without names; baseline first."""
    from models.scenario import list_scenarios

    names = names or [entry.name for entry in list_scenarios()]
    composed = {name_composed(parts): parts for parts in map(load_composed, names)}
    if baseline is None:
        return composed, None
    parts = load_composed(baseline)
    return {name_composed(parts): parts, **composed}, name_composed(parts)


def run_all(
    composed: Mapping[str, tuple[Scenario, ...]], network: Network, question: Question
) -> list[Run]:
    """A run of each."""
    from models.run import run_scenario

    return [
        run_scenario(composed[name], network=network, **question)
        for name in follow(list(composed), str)
    ]


def say_goods(runs: Sequence[Run]) -> list[str]:
    """Which goods are in and out, a sentence for each year of the runs that lacks some."""
    return list(dict.fromkeys(filter(None, (run.say_goods() for run in runs))))


def follow(items: Sequence[Item], name: Callable[[Item], str]) -> Iterator[Item]:
    """Hand out items; on a terminal, say which one is at work when it takes over a second."""
    start = time.monotonic()
    shown = 0
    for number, item in enumerate(items, 1):
        if sys.stderr.isatty() and time.monotonic() - start > 1:
            words = f"{number} of {len(items)}: {name(item)}"
            click.echo("\r" + words.ljust(shown), err=True, nl=False)
            shown = len(words)
        yield item
    if shown:
        click.echo("\r" + " " * shown + "\r", err=True, nl=False)


def split_countries(groups: Sequence[str]) -> list[str]:
    """Countries of an option that may be repeated or hold several: RU,CN."""
    return [country for group in groups for country in group.replace(",", " ").split()]
