"""What may be built: projects and what they change."""

from typing import Literal

from routes.schema.rows import Cost, Finite, Id, Sourced, Year


class Project(Sourced):
    """An investment."""

    file = "projects.csv"
    key = ("project_id",)
    project_id: Id
    """Name of the project."""
    name: str
    """Name for people."""
    cost_musd: Cost | None = None
    """Cost, million USD; blank: not known."""
    low: Cost | None = None
    """Low side of the cost."""
    high: Cost | None = None
    """High side of the cost."""
    earliest_year: Year
    """First year it could work."""
    status: Literal["built", "construction", "design", "announced", "idea"]
    """How far it is."""


class ProjectEffect(Sourced):
    """What a project changes."""

    file = "project_effects.csv"
    key = ("project_id", "subject_id", "quantity", "commodity_class")
    project_id: Id
    """The project."""
    subject_id: Id
    """A link_id or a shared_id."""
    quantity: Literal["capacity", "background", "days", "usd_per_t", "usd_per_t_km", "available"]
    """What changes; `available` opens a link that does not exist yet."""
    operation: Literal["add", "factor", "set"]
    """How it changes."""
    value: Finite
    """By how much, in `unit`."""
    low: Finite | None = None
    """Low side of the value."""
    high: Finite | None = None
    """High side of the value."""
    unit: str = ""
    """Unit of the value."""
    commodity_class: str = ""
    """Class that it changes for; blank: all."""
