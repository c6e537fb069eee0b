"""The whole explanation of a run, alone or against another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.explain.alternatives import explain_alternatives
from models.explain.capacities import explain_bottlenecks
from models.explain.shifts import explain_shifts
from models.explain.statement import Statement
from models.explain.undelivered import explain_undelivered
from models.run import Run
from routes.errors import UsageError

__all__ = ["Explanation", "Statement", "explain_run"]


@dataclass(frozen=True)
class Explanation:
    """Statements about a run, in the order they are best read."""

    scenario: str
    against: str | None
    commodity: str | None
    statements: tuple[Statement, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `kazroutes explain`."""
        return {
            "scenario": self.scenario,
            "against": self.against,
            "commodity": self.commodity,
            "statements": [statement.to_dict() for statement in self.statements],
        }

    def __str__(self) -> str:
        return "\n".join(statement.text for statement in self.statements)


def explain_run(
    run: Run,
    *,
    against: Run | None = None,
    commodity: str | None = None,
    top: int = 8,
    margin: float = 1.0,
) -> Explanation:
    """Why a run's flows are what they are.

    Tells which capacities bind (those in series together) and what a unit is worth; with a
    commodity its used routes, the best unused ones, what would bring them in, and splits within
    `margin` USD/t; what stops undelivered tonnes; and against another run where tonnes went and
    which change moved them. Every number is found or checked by solving again.

    Raises UsageError for runs that are not optimal: only their duals explain.
    """
    for one in (run, against):
        if one is not None and one.assignment != "optimal":
            msg = f"Only optimal runs can be explained; {one.scenario} is {one.assignment}."
            raise UsageError(msg)
    statements = explain_bottlenecks(run, commodity=commodity, top=top)
    if commodity is not None:
        statements += explain_alternatives(run, commodity, top=top, margin=margin)
    statements += explain_undelivered(run, commodity=commodity)
    if against is not None:
        statements += explain_shifts(run, against, commodity=commodity, top=top)
    return Explanation(
        run.scenario, None if against is None else against.scenario, commodity, tuple(statements)
    )
