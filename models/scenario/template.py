"""The format itself: its JSON Schema, and a commented scenario to start from."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from typing import Any

from pydantic import BaseModel

from models.scenario.amounts import Range
from models.scenario.changes import CHANGE_TYPES, Growth
from models.scenario.document import Scenario
from models.scenario.where import LinkWhere, StreamWhere, SubjectWhere, TradeWhere

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"
TEMPLATE = """\
# A scenario: named changes to a year's case. They have no order. All money is in USD of 2023,
# tonnage in Mt a year, time in days. Check it with `kazroutes scenario validate FILE`, see what it
# does with `kazroutes scenario show FILE`, run it with `kazroutes run FILE`.

name: {name}
title: One line that says what happens

# What it stands for, and what it leaves out.
description: >
  Two moorings of the CPC terminal are out of service, and Caspian ferries take two days longer.

# Where it comes from: source ids of the data set, addresses, or words.
source: [OIL-038]

# Year whose supplies, markets, capacities and tariffs it starts from.
year: 2023

# Changes of a shipped scenario, or of a file in this folder, that hold too.
# extends: russia-closed

changes:
  # Every change has a type, says what it acts on, and why.
  - type: capacity
    where: {{link: cpc-terminal-load}}
    set: 42
    why: One mooring alone loads 3.5 Mt a month.
    source: OIL-038

  # Keys of `where` are joined by AND, names in a list by OR; * stands for any characters.
  # A number may carry the range where the truth lies: ensembles sample it.
  - type: days
    where: {{mode: ferry, flag: storm}}
    add: {{value: 2, low: 1, high: 4}}
    why: Ships wait for the wind to fall.

# Other types of change; each needs `why`, and takes `source`.
#
#  - {{type: close, where: {{place: makhachkala}}}}             # links, places, shared capacities
#  - {{type: close, where: {{country: RU, commodity: grain}}}}  # for one commodity only
#  - {{type: open, where: {{link: supsa-load}}}}                # what exists but is closed
#  - {{type: capacity, where: {{shared: "wagons-*"}}, factor: 0.9}}
#  - {{type: quota, where: {{link: border-samara-pipe}}, set: 10}}   # or `set: unlimited`
#  - {{type: fleet, where: {{shared: caspian-tankers}}, add: 3450}}  # ship-days; wagons: wagon-days
#  - {{type: tariff, where: {{country: RU, mode: rail1520}}, factor: 1.3}}
#  - {{type: tariff, where: {{corridor: via-russia}}, add: 5, charge: border_fee}}
#  - {{type: premium, where: {{flag: war_risk}}, add: 3}}       # non-cash price of risk, USD/t
#  - {{type: price, where: {{country: CN, commodity: crude}}, add: -10}}
#  - {{type: supply, where: {{place: tengiz}}, add: 12}}        # Mt a year
#  - {{type: market, where: {{country: TR}}, factor: 2}}        # measure: max, min, shortfall-price
#  - {{type: stream, where: {{stream: kebco}}, add: -20}}       # price differential, USD/t
#  - {{type: project, built: [btk-rebuild]}}
#  - {{type: close-transit, country: RU, end_swaps: false}}
#  - {{type: limit, country: RU, commodities: [crude], share: 0.5}}
#  - type: horizon
#    horizon: long            # short: fleets, wagons and contracts are what they are
#    growth:
#      - {{where: {{shared: caspian-tankers}}, factor: 2, usd_per_unit: 15000}}
#
# With `extends`, a change that touches what the other scenario changes needs `override: true`.
"""


def scenario_template(name: str = "my-scenario") -> str:
    """A commented scenario in YAML that is valid as it stands."""
    return TEMPLATE.format(name=name)


def scenario_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of scenario files.

    It says what a file may hold; that names exist in the data set is checked when it is applied.
    """
    schema = Scenario.model_json_schema()
    schema = {
        "$schema": SCHEMA_ID,
        "$id": "https://kazroutes.invalid/scenario.schema.json",
        "title": "kazroutes scenario",
        **{key: value for key, value in schema.items() if key != "title"},
    }
    definitions = schema["$defs"]
    _add_words(schema, Scenario)
    for model in _list_models():
        _add_words(definitions[model.__name__], model)
    for record in set(CHANGE_TYPES.values()):
        definition = definitions[record.__name__]
        definition["required"] = ["type", *definition.get("required", ())]
        _add_choices(definition, record.choices)
    growth = definitions["Growth"]
    _add_choices(growth, (("factor", "add"),))
    for name, definition in definitions.items():
        if name.endswith("Where"):
            definition["minProperties"] = 1
    _tidy(schema)
    return schema


def _list_models() -> list[type[BaseModel]]:
    models: list[type[BaseModel]] = [*dict.fromkeys(CHANGE_TYPES.values())]
    return [*models, Growth, Range, LinkWhere, SubjectWhere, TradeWhere, StreamWhere]


def _add_words(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Give each property the docstring below its field, as its description."""
    words: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if part.__module__.startswith("models.scenario"):
            words |= _read_field_words(part)
    for name, prop in definition.get("properties", {}).items():
        if name in words:
            prop["description"] = words[name]


def _read_field_words(model: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    if not isinstance(body, ast.ClassDef):
        return {}
    words = {}
    for field, after in itertools.pairwise(body.body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            words[field.target.id] = " ".join(str(after.value.value).split())
    return words


def _add_choices(definition: dict[str, Any], choices: tuple[tuple[str, ...], ...]) -> None:
    for names in choices:
        definition["oneOf"] = [{"required": [name]} for name in names]


def _tidy(node: Any) -> None:
    """A key is left out, never null: take `null` out; lengths of lists go to the lists."""
    if isinstance(node, list):
        for part in node:
            _tidy(part)
    if not isinstance(node, dict):
        return
    for part in node.values():
        _tidy(part)
    if node.get("default", "") is None:
        del node["default"]
    if isinstance(node.get("anyOf"), list):
        _tidy_options(node, node["anyOf"])


def _tidy_options(node: dict[str, Any], options: list[Any]) -> None:
    for text, items in (("maxLength", "maxItems"), ("minLength", "minItems")):
        length = node.pop(text, None)  # meant for the list, not for the single text
        for option in options:
            if length is not None and option.get("type") == "array":
                option[items] = length
    if {"type": "null"} in options:
        options.remove({"type": "null"})
    if len(options) == 1:
        del node["anyOf"]
        for key, value in options[0].items():
            node.setdefault(key, value)
