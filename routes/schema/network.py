"""Where things are and what joins them: places and links."""

from typing import Annotated, Literal

from pydantic import Field

from routes.schema.rows import (
    Country,
    Days,
    Grade,
    Id,
    Length,
    Mode,
    NodeId,
    Record,
    Sourced,
    SourceIds,
    Year,
)


class Place(Record):
    """A field, plant, town, junction, border, port, terminal or market."""

    file = "places.csv"
    key = ("place_id",)
    place_id: Id
    """Name of the place in every other table."""
    name: str
    """Name for people."""
    aliases: str = ""
    """Other names it is known by, joined by `;`."""
    country: Country
    """ISO 3166 alpha-2 of the ground; XZ is international water."""
    kind: Literal[
        "oil_field", "mine", "industrial", "city", "hub", "rail_junction", "border_crossing",
        "pipeline_node", "port", "terminal", "market",
    ]  # fmt: skip
    """What it is."""
    lat: Annotated[float, Field(ge=-90, le=90)]
    """Degrees north."""
    lon: Annotated[float, Field(ge=-180, le=180)]
    """Degrees east."""
    source_id: SourceIds
    """Who says where it lies."""
    grade: Grade
    """How good the point is."""
    note: str = ""
    """Doubt about the point."""


class Link(Sourced):
    """One directed operation between two nodes: move, load, unload, transfer, border, swap."""

    file = "links.csv"
    key = ("link_id",)
    link_id: Id
    """Name of the link."""
    from_node_id: NodeId
    """Where it starts, `place.mode`."""
    to_node_id: NodeId
    """Where it ends, `place.mode`."""
    kind: Literal["move", "load", "unload", "transfer", "border", "swap"]
    """What is done."""
    mode: Mode
    """Vehicle or line that carries it."""
    commodity_classes: str = ""
    """Handling classes that may use it, joined by `;`; blank: every class its modes carry."""
    country: Country
    """Ground it runs over; XZ on open sea and in straits."""
    length_km: Length
    """Length; 0 for an operation at a place."""
    length_low: Length | None = None
    """Low side of the length, km."""
    length_high: Length | None = None
    """High side of the length, km."""
    days: Days
    """Running plus dwell time, mean over the year."""
    days_sd: Days = 0.0
    """Standard deviation of `days`."""
    days_low: Days | None = None
    """Low side of the mean."""
    days_high: Days | None = None
    """High side of the mean."""
    days_source_id: SourceIds
    """Who says how long it takes."""
    days_grade: Grade
    """How good the days are."""
    from_year: Year | None = None
    """First year it exists; blank: always has."""
    to_year: Year | None = None
    """Last year it exists; blank: still does."""
    status: Literal["operating", "idle", "construction", "proposed", "closed"]
    """State; only operating and idle links can be used without a project."""
    flags: str = ""
    """Marks joined by `;`: sanctioned_operator, war_risk, storm, turkish_straits, suez,
    depends:XX, swap, notional, ..."""
    ship_class: str = ""
    """Ship or train type that picks the emission factor; blank: the mode's own."""
    geometry_id: str = ""
    """Line in geometry.geojson to draw; blank: straight."""
