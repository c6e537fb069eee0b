"""Scenarios: named changes to a case, composed without order, applied to copies.

Reading and checking need no pandas; applying does. Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.scenario.changes import CHANGE_TYPES, Change, ChangeRecord
    from models.scenario.compose import apply
    from models.scenario.document import Scenario, pick_year
    from models.scenario.edits import AppliedChange
    from models.scenario.library import (
        list_scenarios,
        load_composed,
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
    "list_scenarios": "library", "load_composed": "library", "load_scenario": "library",
    "load_scenarios": "library", "load_shipped": "library", "read_scenario": "library",
    "shipped_names": "library", "fix_numbers": "ranges", "list_ranges": "ranges",
    "parse_setting": "settings", "read_settings": "settings", "scenario_schema": "template",
    "scenario_template": "template", "describe_scenario": "words",
}  # fmt: skip

__all__ = [
    "CHANGE_TYPES", "AppliedChange", "Change", "ChangeRecord", "Scenario", "apply",
    "describe_scenario", "fix_numbers", "list_ranges", "list_scenarios", "load_composed",
    "load_scenario", "load_scenarios", "load_shipped", "parse_setting", "pick_year",
    "read_scenario", "read_settings", "scenario_schema", "scenario_template", "shipped_names",
]  # fmt: skip

__getattr__, __dir__ = attach(__name__, _HOMES)
