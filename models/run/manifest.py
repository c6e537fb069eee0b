"""What a run is called and was made of: scenarios, settings, versions of code, data and solver."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from models.scenario import Scenario, pick_year

if TYPE_CHECKING:
    from models.demand import Case


MOST_SETTINGS = 2  # that a title names


def name_run(scenarios: Sequence[Scenario], settings: Sequence[str]) -> str:
    """What a run is called: its scenarios, then every setting, joined by +."""
    names = [scenario.name for scenario in scenarios] or ["baseline"]
    return "+".join([*names, *("".join(text.split()) for text in settings)])


def title_run(scenarios: Sequence[Scenario], settings: Sequence[str], case: Case) -> str:
    """Titles of the scenarios, a year that is not theirs, first settings, whether data changed."""
    parts = [scenario.title for scenario in scenarios]
    if any(pick_year([scenario]) != case.year for scenario in scenarios):
        parts.append(f"inputs of {case.year}")
    parts += settings[:MOST_SETTINGS]
    if (more := len(settings) - MOST_SETTINGS) > 0:
        parts.append(f"{more} more setting{'s' if more > 1 else ''}")
    if changed := len(case.network.changes):
        parts.append(f"overlay ({changed} change{'s' if changed > 1 else ''} of the data)")
    return " + ".join(parts)


def make_manifest(
    case: Case, scenarios: Sequence[Scenario], settings: Sequence[str], assignment: str
) -> dict[str, Any]:
    """What was asked; versions, digests of data and scenarios, solver, time of a run made now."""
    text = "\n".join([*sorted(s.digest for s in scenarios), *sorted(settings)])
    return {
        "scenario": name_run(scenarios, settings),
        "year": case.year,
        "assignment": assignment,
        "settings": list(settings),
        "version": package_version(),
        "data_version": case.network.version,
        "data_digest": case.network.digest,
        "scenario_digest": hashlib.sha256(text.encode()).hexdigest(),
        "seed": None,
        "solver": f"HiGHS {version('highspy')}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_changes": list(case.network.changes),
        "notes": list(case.notes),
    }


def package_version() -> str:
    """Version of the installed package ("unknown" in a bare checkout)."""
    try:
        return version("kazroutes")
    except PackageNotFoundError:
        return "unknown"
