"""From plain values to a Scenario, or every problem in plain words with line and column."""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from models.scenario.amounts import Choosing, Range, find_wrong_choices
from models.scenario.changes import CHANGE_TYPES, Growth
from models.scenario.document import Key, Scenario, write_path
from models.scenario.tree import MOST_PROBLEMS, NOTHING, Tree
from routes.errors import Problem, ScenarioError, nearest_names, suggest

# Said of a type of pydantic error: rule, remedy. {given} is the value, {ctx} what it should be.
_WORDS: dict[str, tuple[str, str]] = {
    "string_too_short": ("is empty", "Write something, or delete the key."),
    "string_too_long": ("is too long: at most {ctx[max_length]} characters", "Shorten it."),
    "too_short": ("is an empty list", "Name at least one."),
    "too_long": ("is too long: at most {ctx[max_length]} items", "Use patterns such as aktau-*."),
    "finite_number": ("is not a finite number", "Write a number; `set: unlimited` lifts a limit."),
    "greater_than_equal": ("must be at least {ctx[ge]:g}. Got {given}", ""),
    "less_than_equal": ("must be at most {ctx[le]:g}. Got {given}", ""),
    "int_type": ("must be a whole number. Got {given}", "Write it without quotes and point."),
    "bool_type": ("must be true or false. Got {given}", "Write true or false, without quotes."),
    "tuple_type": ("must be a list. Got {given}", "Start each item with a hyphen."),
    "model_type": ("must be keys and values. Got {given}", ""),
    "model_attributes_type": ("must be keys and values. Got {given}", ""),
    "dict_type": ("must be keys and values. Got {given}", ""),
    "range_order": ("{message}", "Put them in order."),
    "negative": ("{message}", ""),
}


def build_scenario(tree: Tree) -> Scenario:
    """The scenario that a text says.

    Raises
    ------
    ScenarioError
        With every problem: of the text, of names and types, of numbers.
    """
    problems = list(tree.problems)
    scenario: Scenario | None = None
    if tree.data is NOTHING or tree.data is None:
        if not problems:
            remedy = "Begin with `name:` and `title:`, or see `kazroutes scenario new`."
            problems.append(Problem(tree.file, "the file is empty", remedy))
    elif not isinstance(tree.data, dict):
        rule = "a scenario is keys and values, such as `name: my-scenario`"
        problems.append(tree.origin.problem((), f"{rule}. Got {_show(tree.data)}"))
    else:
        try:
            scenario = Scenario.model_validate(tree.data)
        except ValidationError as error:
            problems += _translate(error, tree)
        problems += _check_choices(tree)
    if problems or scenario is None:
        raise ScenarioError(_sort(problems))
    return scenario


def _sort(problems: Sequence[Problem]) -> list[Problem]:
    unique = list(dict.fromkeys(problems))
    unique.sort(key=lambda p: (p.file, p.line or 0, p.column or ""))
    if len(unique) > MOST_PROBLEMS:
        rest = len(unique) - MOST_PROBLEMS
        more = Problem(unique[0].file, f"and {rest} more problems", "Mend these first.")
        unique = [*unique[:MOST_PROBLEMS], more]
    return unique


def _translate(error: ValidationError, tree: Tree) -> list[Problem]:
    problems = []
    for fault in error.errors(include_url=False)[: 10 * MOST_PROBLEMS]:
        if fault["type"] == "exactly_one":
            continue  # found by _check_choices, which needs no other key to be right
        key = _find_key(fault["loc"], tree.data)
        if any(key[: len(bad)] == bad for bad in tree.refused):
            continue
        rule, remedy = _describe(fault, key, tree.data)
        problems.append(tree.origin.problem(key, rule, remedy))
    return problems


def _find_key(loc: Sequence[str | int], data: Any) -> Key:
    """The key path in the file of pydantic's location, which also names branches of unions."""
    key: list[str | int] = []
    here = data
    for number, part in enumerate(loc):
        if isinstance(part, int):
            if isinstance(here, list) and part < len(here):
                key.append(part)
                here = here[part]
            continue  # else one text where a list may stand
        if isinstance(here, dict) and part in here:
            key.append(part)
            here = here[part]
        elif isinstance(here, dict) and number == len(loc) - 1:
            key.append(part)  # missing
    return tuple(key)


def _describe(fault: Any, key: Key, data: Any) -> tuple[str, str]:
    kind, given, ctx = fault["type"], fault.get("input"), fault.get("ctx") or {}
    name = f"`{key[-1]}`" if key and isinstance(key[-1], str) else f"`{write_path(key[-2:])}`"
    if kind == "extra_forbidden":
        return _describe_unknown(key, data)
    if kind == "missing":
        return f"{name} is missing", f"Add it: {_example(str(key[-1]))}"
    if kind == "union_tag_invalid":
        tag = given.get("type") if isinstance(given, dict) else given
        near = suggest(nearest_names(tag if isinstance(tag, str) else "", CHANGE_TYPES)).strip()
        return f"no change has the type {_show(tag)}", near or f"Types: {', '.join(CHANGE_TYPES)}."
    if kind == "union_tag_not_found":
        if not isinstance(given, dict):
            return f"a change is keys and values. Got {_show(given)}", "Start with `- type: close`."
        return "`type` is missing", f"Add one of: {', '.join(CHANGE_TYPES)}."
    if kind == "literal_error":
        return _describe_choice(name, given, ctx)
    if kind == "float_type":
        return _describe_number(name, given)
    if kind == "string_type":
        return f"{name} must be a text. Got {_show(given)}", "Put it in quotes."
    if kind == "string_pattern_mismatch":
        return _describe_pattern(name, given, str(ctx.get("pattern", "")))
    rule, remedy = _WORDS.get(kind, ("{message}", ""))
    words = rule.format(given=_show(given), ctx=ctx, message=fault["msg"])
    return f"{name} {words}" if key else words, remedy


def _describe_unknown(key: Key, data: Any) -> tuple[str, str]:
    known = list_keys(key[:-1], data)
    near = suggest(nearest_names(str(key[-1]), known)).strip()
    place = write_path(key[:-1]) or "a scenario"
    rule = f"no key of {place} is called {_show(key[-1])}"
    return rule, near or f"Keys are {', '.join(known)}."


def _describe_choice(name: str, given: Any, ctx: Any) -> tuple[str, str]:
    expected = str(ctx.get("expected", "")).replace("'", "")
    if not isinstance(given, str):
        return f"{name} must be a text. Got {_show(given)}", f"One of: {expected}."
    known = expected.replace(" or ", ", ").split(", ")
    near = suggest(nearest_names(given, known)).strip()
    return f"{name} cannot be {_show(given)}", near or f"It is one of: {expected}."


def _describe_number(name: str, given: Any) -> tuple[str, str]:
    rule = f"{name} must be a number. Got {_show(given)}"
    if isinstance(given, str):
        try:
            float(given)
        except ValueError:
            return rule, "Write a number such as 0.5, or {value: 0.5, low: 0.4, high: 0.6}."
        return f"{rule}, which is a text", "Take the quotes away."
    return rule, "Write a number such as 0.5."


def _describe_pattern(name: str, given: Any, pattern: str) -> tuple[str, str]:
    rule = f"{name} cannot be {_show(given)}"
    if "[A-Z]{2}" in pattern:
        return rule, "A country is two capital letters, such as KZ or RU."
    if "[a-z0-9*]" in pattern:
        return rule, "Ids are small letters, digits and hyphens; * stands for any characters."
    if ":" in pattern:
        return rule, "A flag is letters, digits, _ and :, such as war_risk or depends:RU."
    return rule, "Use small letters, digits and hyphens, such as my-scenario."


def _example(name: str) -> str:
    return {
        "why": "`why: one sentence`", "name": "`name: my-scenario`", "title": "`title: one line`",
        "where": "`where: {country: RU}`", "country": "`country: RU`",
        "built": "`built: [project-id]`", "horizon": "`horizon: long`",
        "usd_per_unit": "`usd_per_unit: 15000`", "low": "`low:` below the value",
        "high": "`high:` above the value", "value": "`value:` between low and high",
    }.get(name, f"`{name}:`") + "."  # fmt: skip


def _check_choices(tree: Tree) -> list[Problem]:
    """Keys that exclude each other, told even when other keys are wrong."""
    problems = []
    for key, model, value in _list_records(tree.data):
        if any(key[: len(bad)] == bad for bad in tree.refused):
            continue
        hidden = {bad[-1] for bad in tree.refused if bad[:-1] == key}
        names = [name for name in value if value[name] is not NOTHING or name in hidden]
        for message in find_wrong_choices(model.choices, names):
            kind = value.get("type", "growth")
            problems.append(tree.origin.problem(key, f"{kind} {message}", "Keep one."))
    return problems


def _list_records(data: Any) -> Iterable[tuple[Key, type[Choosing], dict[str, Any]]]:
    changes = data.get("changes")
    for number, change in enumerate(changes if isinstance(changes, list) else ()):
        kind = change.get("type") if isinstance(change, dict) else None
        if not isinstance(kind, str) or kind not in CHANGE_TYPES:
            continue
        yield ("changes", number), CHANGE_TYPES[kind], change
        growth = change.get("growth")
        for place, row in enumerate(growth if isinstance(growth, list) else ()):
            if isinstance(row, dict):
                yield ("changes", number, "growth", place), Growth, row


def list_keys(key: Key, data: Any) -> list[str]:
    """Keys that may stand at a path of a scenario, in the order of the schema."""
    model: Any = Scenario
    here = data
    for part in key:
        here = _step(here, part)
        if part == "changes":
            continue
        if isinstance(part, int):
            if model is Scenario:
                kind = here.get("type") if isinstance(here, dict) else None
                model = CHANGE_TYPES.get(kind) if isinstance(kind, str) else None
                if model is None:
                    return ["type"]
            continue
        model = find_model(model.model_fields[part].annotation) or Range
    return list(model.model_fields)


def _step(here: Any, part: str | int) -> Any:
    if isinstance(here, dict):
        return here.get(part)
    return here[part] if isinstance(here, list) and isinstance(part, int) else None


def find_model(annotation: Any) -> type[BaseModel] | None:
    """The record among the types that a key may have."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    if get_origin(annotation) is Literal:
        return None
    if get_origin(annotation) in (Union, types.UnionType) or get_args(annotation):
        found = [find_model(part) for part in get_args(annotation)]
        return next((model for model in found if model is not None), None)
    return None


def _show(value: Any) -> str:
    if value is NOTHING:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, str):
        text = value if len(value) <= 60 else f"{value[:57]}..."
        return "'" + text.replace("\n", " ") + "'"
    try:
        return str(value)[:60]
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
