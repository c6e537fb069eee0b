"""What a run was made of: versions of code, data and solver, and what was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.demand import Case
    from models.scenario import Scenario


def make_manifest(
    case: Case, scenarios: Sequence[Scenario], settings: Sequence[str]
) -> dict[str, Any]:
    """Versions, digests of data and scenarios, solver and time of a run made now."""
    text = "\n".join([*sorted(s.digest for s in scenarios), *sorted(settings)])
    return {
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
