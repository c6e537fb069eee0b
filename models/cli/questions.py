"""Options and steps that several commands share: what is asked, of which scenarios."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from models.scenario import Scenario

BASELINE = "baseline-2023"
ASSIGNMENTS = ("optimal", "likely", "possible")
Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")


def question_options(function: Function) -> Function:
    """Give a command --assignment, --year, --commodity and --country."""
    for option in (
        click.option(
            "--country",
            default="RU",
            show_default=True,
            metavar="XX",
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
        function = option(function)
    return function


def load_composed(name: str) -> tuple[Scenario, ...]:
    """The scenarios of a name, of a file, of standard input (-), or of several joined by +."""
    from models.scenario import load_scenarios

    return load_scenarios([name] if Path(name).is_file() else name.split("+"))


def name_composed(scenarios: Sequence[Scenario]) -> str:
    """What a run of these scenarios together is called."""
    return "+".join(scenario.name for scenario in scenarios)


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
