"""What links can carry: their own capacities, and those that several share."""

from typing import Literal

from routes.schema.rows import Id, Positive, Sourced, TrainLoad, Unlimited, Use, Year


class Capacity(Sourced):
    """One statement of what a link or a shared capacity can carry."""

    file = "capacities.csv"
    key = ("subject_id", "basis", "from_year")
    subject_id: Id
    """A link_id or a shared_id."""
    capacity: Unlimited
    """How much, in `unit`; inf is unlimited."""
    background: Positive = 0.0
    """Part taken by traffic that is not ours, in `unit`; never holds a tonne we ship."""
    low: Unlimited
    """Low side of the capacity."""
    high: Unlimited
    """High side of the capacity."""
    unit: Literal["Mt/yr", "kTEU/yr", "trains/day", "ship-days/yr", "wagon-days/yr"]
    """Unit of capacity, background, low and high."""
    tonnes_per_unit: TrainLoad | None = None
    """Net tonnes of a train, needed for trains/day."""
    basis: Literal["design", "practical", "legal", "contract"]
    """Kind of statement; design counts only where no practical figure is known."""
    enforced: bool
    """Whether it binds in reality (yes, no)."""
    firm: bool = False
    """Whether background keeps its tonnes when the capacity is cut (yes, no)."""
    from_year: Year | None = None
    """First year it holds; blank is open."""
    to_year: Year | None = None
    """Last year it holds; blank is open."""


class SharedCapacity(Sourced):
    """Membership of a link in a shared capacity: berths, fleets, wagons, quotas, contracts."""

    file = "shared_capacities.csv"
    key = ("shared_id", "link_id", "commodity_class", "supply_place_id", "from_year")
    shared_id: Id
    """Name of the shared capacity."""
    link_id: Id
    """A link that draws on it."""
    commodity_class: str = ""
    """Class that draws on it there; blank: every class."""
    supply_place_id: str = ""
    """Only tonnes from this supply draw on it; blank: from all."""
    coefficient: Use | None = None
    """How much one tonne takes; blank, for TEU/t only: 1 / tonnes per TEU of the commodity."""
    low: Use | None = None
    """Low side of the coefficient."""
    high: Use | None = None
    """High side of the coefficient."""
    unit: Literal["t/t", "TEU/t", "ship-days/t", "wagon-days/t", "trains/t"]
    """Unit of the coefficient."""
    from_year: Year | None = None
    """First year it holds; blank is open."""
    to_year: Year | None = None
    """Last year it holds; blank is open."""
