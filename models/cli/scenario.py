"""The family `kazroutes scenario`: list, show, write and check scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.cli.output import Output, open_network, show
from models.cli.questions import load_composed
from models.cli.shell import Common, Family, command
from models.tables import make_table, write_json
from routes.errors import UsageError
from routes.files import new_file

if TYPE_CHECKING:
    from models.scenario.words import ChangeInWords, Description

MOST_LOGGED = 30
_MOST_NAMES = 20
scenario = Family("scenario", "List, show, write and check scenarios.")


@command("list", family=scenario, example="kazroutes scenario list")
def list_(*, common: Common) -> None:
    """Name and title of every shipped scenario."""
    from models.scenario import list_scenarios

    rows = [{"name": entry.name, "title": entry.title} for entry in list_scenarios()]
    table = make_table("Scenarios", rows, ["name", "title"])
    show(Output({"scenarios": rows}, [table]), common)


@command("show", family=scenario, example="kazroutes scenario show russia-closed")
@click.argument("name", metavar="SCENARIO")
def show_(*, name: str, common: Common) -> None:
    """Say in words what a scenario changes, with old and new values and the links it affects."""
    from models.scenario import describe_scenario, pick_year

    chosen, *more = load_composed(name)
    if more:
        raise UsageError(f"One scenario is shown at a time. Got {1 + len(more)} in '{name}'.")
    network = open_network(common)
    from models.demand import select_case

    said = describe_scenario(chosen, select_case(network, pick_year([chosen])))
    log = [change.to_dict() for change in said.log]
    names = ["subject", "field", "old", "new", "unit"]
    title = f"What changes ({len(log)})"
    if len(log) > MOST_LOGGED:
        title = f"What changes ({MOST_LOGGED} of {len(log)}; --json has them all)"
    output = Output(
        _document(said, log),
        tables=[make_table(title, log[:MOST_LOGGED], names)],
        files=[make_table("Changes", log, [*names, "step", "why"], name="changes")],
        sentences=_write_sentences(said),
    )
    show(output, common)


@command(
    "new",
    family=scenario,
    example="kazroutes scenario new my-scenario -o my-scenario.yaml",
)
@click.argument("name", default="my-scenario")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE")
def new(*, name: str, output: Path | None, common: Common) -> None:
    """Print a commented scenario to start from, or write it to a file."""
    from models.scenario import read_scenario, scenario_template
    from models.scenario.reader import FORMATS

    if Path(name).suffix.lower() in FORMATS:
        raise UsageError(
            f"'{name}' is a file, not a name. Write `kazroutes scenario new -o {name}`."
        )
    text = scenario_template(name)
    read_scenario(text, file=name)
    if output is None:
        if common.form == "json":
            show(Output({"name": name, "text": text}), common)
        else:
            click.echo(text, nl=False)
        return
    with new_file(output) as path:
        path.write_text(text, encoding="utf-8")
    show(Output({"file": str(output)}, sentences=[f"Written to {output}."]), common)


@command("validate", family=scenario, example="kazroutes scenario validate mine.yaml other.json")
@click.argument("names", nargs=-1, required=True, metavar="SCENARIO...")
def validate(*, names: tuple[str, ...], common: Common) -> None:
    """Check scenarios: the file, every key and number, and every name in the data set.

    Exit code 3 with a line for each problem.
    """
    from models.scenario import apply, load_scenario, pick_year

    network = open_network(common)
    from models.demand import select_case
    from models.scenario.unknown import find_unknown_names
    from routes.errors import Problem, ScenarioError

    problems: list[Problem] = []
    rows = []
    for name in names:
        try:
            one = load_scenario(name)
        except ScenarioError as error:
            found = {*error.problems, *find_unknown_names(Path(name), network)}
            problems += sorted(found, key=lambda p: (p.file, p.line or 0, p.column or ""))
            continue
        try:
            _, log = apply(select_case(network, pick_year([one])), one)
        except ScenarioError as error:
            problems += error.problems
        else:
            rows.append({"scenario": one.name, "changes": len(one.changes), "numbers": len(log)})
    if problems:
        raise ScenarioError(problems)
    show(Output({"scenarios": rows}, [make_table("Valid scenarios", rows)]), common)


@command("schema", family=scenario, example="kazroutes scenario schema > scenario.schema.json")
def schema(*, common: Common) -> None:
    """Print the JSON Schema of scenario files, for editors that check while you write."""
    from models.scenario import scenario_schema

    if common.form == "csv":
        show(Output({}), common)
    click.echo(write_json(scenario_schema()))


def _document(said: Description, log: list[dict[str, object]]) -> dict[str, Any]:
    return {
        "scenario": said.name,
        "title": said.title,
        "description": said.description,
        "source": said.source,
        "year": said.year,
        "extends": said.extends,
        "changes": [
            {
                "type": change.type, "sentence": change.sentence, "why": change.why,
                "source": change.source, "scenario": change.scenario, "links": change.links,
                "subjects": change.subjects,
            }
            for change in said.changes
        ],
        "log": log,
    }  # fmt: skip


def _write_sentences(said: Description) -> list[str]:
    lines = [f"{said.name}: {said.title} ({said.year})"]
    if said.extends:
        lines.append(f"Extends {said.extends}.")
    if said.description:
        lines += ["", " ".join(said.description.split())]
    if said.source:
        lines.append(f"Sources: {', '.join(said.source)}")
    lines += [line for change in said.changes for line in ("", *_write_change(change))]
    return [*lines, ""]


def _write_change(change: ChangeInWords) -> list[str]:
    source = f" [{', '.join(change.source)}]" if change.source else ""
    lines = [f"- {change.sentence}", f"  Why: {change.why}{source}"]
    touched = change.links or change.subjects
    if touched:
        more = f" and {len(touched) - _MOST_NAMES} more" if len(touched) > _MOST_NAMES else ""
        lines.append(f"  Touches: {', '.join(touched[:_MOST_NAMES])}{more}")
    return lines
