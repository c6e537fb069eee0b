"""Where numbers come from: sources, values not chosen, weak numbers."""

from typing import Annotated

from pydantic import StringConstraints

from routes.schema.rows import Id, Record, References, SourceIds


class Rival(Record):
    """A value that was not chosen."""

    file = "rivals.csv"
    key = ("table", "row", "column", "value", "source_id")
    table: str
    """Table of the chosen value."""
    row: str
    """Key of its row, parts joined by `|`."""
    column: str
    """Its column."""
    value: str
    """The value not chosen."""
    source_id: SourceIds
    """Who says it."""
    why_not: str
    """Why it was not chosen."""


class Gap(Record):
    """A weak number, what rests on it and what would close it; GAPS.md is written from these."""

    file = "gaps.csv"
    key = ("gap_id",)
    gap_id: Id
    """Name of the gap."""
    subject: str
    """Which number is weak."""
    what_is_weak: str
    """What stands there now, and why it is weak."""
    would_close_it: str
    """The document or figure that would close it."""
    rests_on: References
    """Rows concerned: `table:KEY` joined by `;`, the parts of a key joined by `|`, `*` for any
    text, `@column` for another number of the row than its first."""


class Source(Record):
    """Where numbers come from."""

    file = "sources.csv"
    key = ("source_id",)
    source_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")]
    """Name used in every other table."""
    publisher: str
    """Who published it."""
    title: str
    """What it is called, or the full citation."""
    url: str = ""
    """Where it can be read."""
    published: str = ""
    """When."""
    accessed: str = ""
    """When it was read, YYYY-MM-DD."""
    licence: str = ""
    """Terms of use, where they matter."""
