"""What is sold and bought: commodities, crude streams, supplies, markets."""

from typing import Annotated, Literal

from pydantic import Field

from routes.schema.rows import (
    Finite,
    Grade,
    HandlingClass,
    Id,
    Positive,
    Sourced,
    Unlimited,
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
    unit_value_usd_per_t: Positive
    """Value of a tonne, USD of the price year."""
    low: Positive
    """Low side of the value."""
    high: Positive
    """High side of the value."""
    interest_per_year: Positive
    """Interest and depreciation on goods under way, share a year."""
    interest_low: Positive
    """Low side of the interest."""
    interest_high: Positive
    """High side of the interest."""
    t_per_teu: Annotated[float, Field(gt=0)] | None = None
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
    price_differential_usd_per_t: Finite
    """Price of a tonne of the stream less the market's benchmark price, USD/t of the year."""
    price_low: Finite
    """Low side of the differential."""
    price_high: Finite
    """High side of the differential."""
    quality_usd_per_t: Finite = 0.0
    """Quality-bank credit (+) or debit (-) of this supply, USD/t of the year."""
    quality_low: Finite = 0.0
    """Low side of the quality term."""
    quality_high: Finite = 0.0
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
    mt_per_year: Positive
    """How much, Mt."""
    low: Positive
    """Low side, Mt."""
    high: Positive
    """High side, Mt."""
    lifting_cost_usd_per_t: Positive
    """Netback below which it is shut in, USD/t of the price year."""
    lifting_low: Positive
    """Low side of the lifting cost."""
    lifting_high: Positive
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
    max_mt_per_year: Unlimited
    """The most it takes, Mt."""
    min_mt_per_year: Positive = 0.0
    """Obligation to serve it, Mt."""
    shortfall_price_usd_per_t: Positive | None = None
    """Cost of replacing a tonne of the obligation that is missed; needed with an obligation."""
    price_usd_per_t: Finite
    """Price, USD/t of `price_year`, at basis_place_id (routes end there)."""
    price_basis: Literal["fob", "dap", "cif"]
    """Delivery term of the price."""
    basis_place_id: Id
    """Place where the price holds; routes end there, so freight is never subtracted twice."""
    price_low: Finite
    """Low side of the price."""
    price_high: Finite
    """High side of the price."""
    price_grade: Grade
    """How good the price is (`grade` is that of the tonnage)."""
    price_year: Year
    """Year whose dollars the prices are."""
    low: Unlimited
    """Low side of the tonnage."""
    high: Unlimited
    """High side of the tonnage."""
