"""Scenarios: named changes to a case, composed without order, applied to copies.

Reading and checking need no pandas; applying does. Names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.scenario.changes import CHANGE_TYPES, Change, ChangeRecord
    from models.scenario.compose import apply
    from models.scenario.document import Scenario, pick_year
    from models.scenario.edits import AppliedChange
    from models.scenario.library import (
        list_scenarios,
        load_scenario,
        load_scenarios,
        load_shipped,
        read_scenario,
        shipped_names,
    )
    from models.scenario.ranges import fix_numbers, list_ranges
    from models.scenario.settings import parse_setting, read_settings
    from models.scenario.template import scenario_schema, scenario_template
    from models.scenario.words import describe_scenario

_HOMES = {
    "CHANGE_TYPES": "changes", "Change": "changes", "ChangeRecord": "changes", "apply": "compose",
    "Scenario": "document", "pick_year": "document", "AppliedChange": "edits",
    "list_scenarios": "library", "load_scenario": "library", "load_scenarios": "library",
    "load_shipped": "library", "read_scenario": "library", "shipped_names": "library",
    "fix_numbers": "ranges", "list_ranges": "ranges", "parse_setting": "settings",
    "read_settings": "settings", "scenario_schema": "template", "scenario_template": "template",
    "describe_scenario": "words",
}  # fmt: skip

__all__ = [
    "CHANGE_TYPES", "AppliedChange", "Change", "ChangeRecord", "Scenario", "apply",
    "describe_scenario", "fix_numbers", "list_ranges", "list_scenarios", "load_scenario",
    "load_scenarios", "load_shipped", "parse_setting", "pick_year", "read_scenario",
    "read_settings", "scenario_schema", "scenario_template", "shipped_names",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"models.scenario.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
