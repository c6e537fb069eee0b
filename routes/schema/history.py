"""What happened: flows that somebody measured, disruptions."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from routes.schema.rows import Fraction, Id, Sourced, Supplied, Year


class Observed(Sourced):
    """A flow that somebody measured."""

    file = "observed.csv"
    key = ("year", "commodity_id", "measure", "kind")
    year: Year
    """When."""
    commodity_id: Id
    """What."""
    measure: Annotated[
        str,
        StringConstraints(
            pattern=r"^((link|corridor|outlet|border|country|place|shared):\S+|total:(export|home))$"
        ),
    ]
    """`link:ID`, `corridor:ID`, `outlet:ID`, `border:ID`, `country:XX`, `place:ID`,
    `shared:ID`, `total:export` or `total:home`."""
    mt_per_year: Supplied
    """How much, Mt."""
    low: Supplied
    """Low side, Mt."""
    high: Supplied
    """High side, Mt."""
    kind: Literal["physical", "contractual", "customs"]
    """What was counted."""


class Event(Sourced):
    """A disruption that happened."""

    file = "events.csv"
    key = ("event_id", "subject")
    event_id: Id
    """Name of the event."""
    name: str = ""
    """Name for people."""
    start: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """First day, YYYY-MM-DD."""
    end: Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    """Last day; blank: not known or not over."""
    subject: Annotated[
        str, StringConstraints(pattern=r"^(link|shared|place|country|commodity):[A-Za-z0-9-]+$")
    ]
    """`link:ID`, `shared:ID`, `place:ID`, `country:XX` or `commodity:ID`."""
    capacity_left: Fraction | None = None
    """Part of the capacity left; blank: not known."""
    low: Fraction | None = None
    """Low side."""
    high: Fraction | None = None
    """High side."""
