"""What is sold and bought: commodities, crude streams, supplies, markets."""

from typing import Literal

from routes.schema.rows import (
    BoxLoad,
    Charge,
    Grade,
    HandlingClass,
    Id,
    Interest,
    Obliged,
    Price,
    Sourced,
    Supplied,
    Taken,
    Value,
    Words,
    Year,
)


class Commodity(Sourced):
    """Something that is shipped."""

    file = "commodities.csv"
    key = ("commodity_id",)
    commodity_id: Id
    """Name of the commodity."""
    parent_id: Id
    """Group it belongs to (itself when it stands alone)."""
    name: str
    """Name for people."""
    commodity_class: HandlingClass
    """Handling class, as in links and tariffs."""
    modes: Words
    """Modes that can carry it, joined by `;`."""
    unit_value_usd_per_t: Value
    """Value of a tonne, USD of the price year."""
    low: Value
    """Low side of the value."""
    high: Value
    """High side of the value."""
    interest_per_year: Interest
    """Interest and depreciation on goods under way, share a year."""
    interest_low: Interest
    """Low side of the interest."""
    interest_high: Interest
    """High side of the interest."""
    t_per_teu: BoxLoad | None = None
    """Tonnes in a twenty-foot box; blank: does not travel in boxes."""
    storage_class: str = ""
    """What it is stored in."""


class Stream(Sourced):
    """A crude stream at an outlet: who may use it and what it fetches against the market price."""

    file = "streams.csv"
    key = ("outlet_link_id", "supply_place_id", "from_year")
    stream_id: Id
    """Name of the stream (cpc-blend, kebco, btc-blend, ...)."""
    commodity_id: Id = "crude"
    """Commodity it is a stream of."""
    outlet_link_id: Id
    """Link where the stream is handed over; only listed supplies may use it."""
    supply_place_id: Id
    """Supply that may use it."""
    price_differential_usd_per_t: Charge
    """Price of a tonne of the stream less the market's benchmark price, USD/t of the year."""
    price_low: Charge
    """Low side of the differential."""
    price_high: Charge
    """High side of the differential."""
    quality_usd_per_t: Charge = 0.0
    """Quality-bank credit (+) or debit (-) of this supply, USD/t of the year."""
    quality_low: Charge = 0.0
    """Low side of the quality term."""
    quality_high: Charge = 0.0
    """High side of the quality term."""
    price_year: Year
    """Year whose dollars these are."""
    from_year: Year | None = None
    """First year it holds; blank is open."""
    to_year: Year | None = None
    """Last year it holds; blank is open."""


class Supply(Sourced):
    """What a place has to sell in a year."""

    file = "supplies.csv"
    key = ("commodity_id", "place_id", "year")
    commodity_id: Id
    """What it sells."""
    place_id: Id
    """Where."""
    year: Year
    """When; nothing is carried to other years."""
    mt_per_year: Supplied
    """How much, Mt."""
    low: Supplied
    """Low side, Mt."""
    high: Supplied
    """High side, Mt."""
    lifting_cost_usd_per_t: Value
    """Netback below which it is shut in, USD/t of the price year."""
    lifting_low: Value
    """Low side of the lifting cost."""
    lifting_high: Value
    """High side of the lifting cost."""


class Market(Sourced):
    """What a place takes in a year, and what it pays."""

    file = "markets.csv"
    key = ("commodity_id", "place_id", "year")
    commodity_id: Id
    """What it buys."""
    place_id: Id
    """Where."""
    year: Year
    """When; nothing is carried to other years."""
    max_mt_per_year: Taken
    """The most it takes, Mt."""
    min_mt_per_year: Obliged = 0.0
    """Obligation to serve it, Mt."""
    shortfall_price_usd_per_t: Value | None = None
    """Cost of replacing a tonne of the obligation that is missed; needed with an obligation."""
    price_usd_per_t: Price
    """Price, USD/t of `price_year`, at basis_place_id (routes end there)."""
    price_basis: Literal["fob", "dap", "cif"]
    """Delivery term of the price."""
    basis_place_id: Id
    """Place where the price holds; routes end there, so freight is never subtracted twice."""
    price_low: Price
    """Low side of the price."""
    price_high: Price
    """High side of the price."""
    price_grade: Grade
    """How good the price is (`grade` is that of the tonnage)."""
    price_year: Year
    """Year whose dollars the prices are."""
    low: Taken
    """Low side of the tonnage."""
    high: Taken
    """High side of the tonnage."""
