"""What a row of each table means: one strict record per table.

A field's type, bounds and docstring are the whole truth about its column: the loader checks rows
against them, `kazroutes data dictionary` prints them. Blank means unknown or not applicable,
`inf` unlimited, 0 zero. Every table of numbers carries `source_id` (several joined by `;`),
`grade` and `note`.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
NodeId = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9][a-z0-9-]*\."
        r"(pipeline|rail1520|rail1435|tanker|dry|ferry|feeder|river|truck|site)$"
    ),
]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Words = Annotated[str, StringConstraints(pattern=r"^[^;\s]+(;[^;\s]+)*$")]
SourceIds = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+(;[A-Za-z0-9._-]+)*$")]
_REFERENCE = r"[a-z_]+:[^;@\s]+(@[a-z_]+)?"
References = Annotated[str, StringConstraints(pattern=rf"^{_REFERENCE}(;{_REFERENCE})*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Unlimited = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Year = Annotated[int, Field(ge=1990, le=2100)]
Grade = Literal["A", "B", "C", "D"]
Mode = Literal[
    "pipeline", "rail1520", "rail1435", "tanker", "dry", "ferry", "feeder", "river", "truck"
]
MODES: tuple[str, ...] = (
    "pipeline", "rail1520", "rail1435", "tanker", "dry", "ferry", "feeder", "river", "truck",
)  # fmt: skip
CASH_KINDS = (
    "carriage", "freight", "handling", "border_fee", "port_fee", "empty_return", "insurance",
)  # fmt: skip
CHARGE_KINDS = (*CASH_KINDS, "risk_premium")


class Record(BaseModel):
    """A row. Unknown columns are refused; rows do not change."""

    # the docstrings under the fields are read when they are asked for (see field_meanings):
    # reading them here would cost every command a tenth of a second
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    file: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


class Sourced(Record):
    """A row that says where its numbers come from."""

    source_id: SourceIds
    """Who says so: ids of sources.csv joined by `;`."""
    grade: Grade
    """A measured or official, B press or secondary, C derived (formula in note), D judged."""
    note: str = ""
    """The formula, the doubt, the choice."""


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
    length_km: Positive
    """Length; 0 for an operation at a place."""
    length_low: Positive | None = None
    """Low side of the length, km."""
    length_high: Positive | None = None
    """High side of the length, km."""
    days: Positive
    """Running plus dwell time, mean over the year."""
    days_sd: Positive = 0.0
    """Standard deviation of `days`."""
    days_low: Positive | None = None
    """Low side of the mean."""
    days_high: Positive | None = None
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
    tonnes_per_unit: Annotated[float, Field(gt=0)] | None = None
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
    coefficient: Positive | None = None
    """How much one tonne takes; blank, for TEU/t only: 1 / tonnes per TEU of the commodity."""
    low: Positive | None = None
    """Low side of the coefficient."""
    high: Positive | None = None
    """High side of the coefficient."""
    unit: Literal["t/t", "TEU/t", "ship-days/t", "wagon-days/t", "trains/t"]
    """Unit of the coefficient."""
    from_year: Year | None = None
    """First year it holds; blank is open."""
    to_year: Year | None = None
    """Last year it holds; blank is open."""


class Tariff(Sourced):
    """Money for using a link, every link of a (country, mode), or a through route."""

    file = "tariffs.csv"
    key = ("scope", "kind", "use", "commodity_class", "from_year")
    scope: Annotated[
        str,
        StringConstraints(
            pattern=r"^(link:[a-z0-9-]+|route:[a-z0-9-]+|country-mode:[A-Z]{2}/[a-z0-9]+)$"
        ),
    ]
    """`link:ID`, `country-mode:KZ/rail1520`, or `route:ID` for a through rate."""
    kind: Literal[
        "carriage", "freight", "handling", "border_fee", "port_fee", "empty_return", "insurance",
        "risk_premium",
    ]  # fmt: skip
    """What is paid for; all but risk_premium are cash."""
    use: Literal["any", "export", "home"] = "any"
    """Whether the rate is for exports, home deliveries or both."""
    covers: str = ""
    """Kinds that this rate includes, joined by `;`: they are not charged again on its links."""
    includes: str = ""
    """What the price buys, in words."""
    commodity_class: str = ""
    """Handling class; blank: all."""
    usd_per_t: Finite = 0.0
    """Fixed part, USD/t."""
    usd_per_t_km: Finite = 0.0
    """Part by distance, USD per tonne-kilometre."""
    low: Finite
    """Low side of the part that is not zero."""
    high: Finite
    """High side of the part that is not zero."""
    price_year: Year
    """Year whose dollars these are."""
    from_year: Year | None = None
    """First year it holds; blank is open."""
    to_year: Year | None = None
    """Last year it holds; blank is open."""


class ThroughRoute(Sourced):
    """A link of a through rate and the part of the rate that it bears."""

    file = "through_routes.csv"
    key = ("route_id", "link_id")
    route_id: Id
    """Name used in `route:ID` of tariffs.csv."""
    link_id: Id
    """A link that the rate pays for."""
    share: Fraction
    """Part of the rate borne by this link; the shares of a route sum to 1."""


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
    commodity_class: Literal[
        "crude", "products", "lpg", "coal", "ore", "grain", "metals", "bulk-chem", "general",
        "uranium", "containers",
    ]  # fmt: skip
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
    mt_per_year: Positive
    """How much, Mt."""
    low: Positive
    """Low side, Mt."""
    high: Positive
    """High side, Mt."""
    kind: Literal["physical", "contractual", "customs"]
    """What was counted."""


class Emission(Sourced):
    """Greenhouse gas of carrying one tonne one kilometre."""

    file = "emissions.csv"
    key = ("mode", "country", "ship_class")
    mode: Mode
    """Mode."""
    country: str = ""
    """Country; blank: any without a row of its own."""
    ship_class: str = ""
    """Ship type; blank: any without a row of its own."""
    direct_g_per_t_km: Positive
    """From the engine, g CO2e per t-km."""
    upstream_g_per_t_km: Positive
    """From making the fuel or power, g CO2e per t-km."""
    low: Positive
    """Low side of the sum."""
    high: Positive
    """High side of the sum."""


class Project(Sourced):
    """An investment."""

    file = "projects.csv"
    key = ("project_id",)
    project_id: Id
    """Name of the project."""
    name: str
    """Name for people."""
    cost_musd: Positive | None = None
    """Cost, million USD; blank: not known."""
    low: Positive | None = None
    """Low side of the cost."""
    high: Positive | None = None
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


TABLES: dict[str, type[Record]] = {
    "places": Place, "links": Link, "capacities": Capacity, "shared_capacities": SharedCapacity,
    "tariffs": Tariff, "through_routes": ThroughRoute, "commodities": Commodity,
    "streams": Stream, "supplies": Supply, "markets": Market, "observed": Observed,
    "emissions": Emission, "projects": Project, "project_effects": ProjectEffect,
    "events": Event, "rivals": Rival, "gaps": Gap, "sources": Source,
}  # fmt: skip


def columns(record: type[Record]) -> list[str]:
    """Columns of a table in the order of its file: where a number comes from stands last."""
    ends = ("source_id", "grade", "note")
    last = [name for name in ends if name in record.model_fields and name not in record.key]
    return [name for name in record.model_fields if name not in last] + last


@cache
def field_meanings() -> dict[tuple[str, str], str]:
    """The docstring under each field, by (record, field); inherited fields included."""
    tree = ast.parse(inspect.getsource(sys.modules[__name__]))
    own: dict[str, dict[str, str]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields: dict[str, str] = {}
        for line, following in pairwise(node.body):
            if (
                isinstance(line, ast.AnnAssign)
                and isinstance(line.target, ast.Name)
                and isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
            ):
                fields[line.target.id] = " ".join(str(following.value.value).split())
        own[node.name] = fields
    return {
        (record.__name__, name): next(
            own[base.__name__][name]
            for base in record.__mro__
            if name in own.get(base.__name__, {})
        )
        for record in TABLES.values()
        for name in record.model_fields
    }


def data_dictionary() -> list[dict[str, Any]]:
    """Every column of every table: table, column, type, required, meaning."""
    rows = []
    meanings = field_meanings()
    for table, record in TABLES.items():
        for name in columns(record):
            field = record.model_fields[name]
            kind = str(field.annotation).replace("typing.", "").replace("<class '", "")
            rows.append(
                {
                    "table": table,
                    "column": name,
                    "type": kind.replace("'>", ""),
                    "required": field.is_required(),
                    "key": name in record.key,
                    "meaning": meanings[record.__name__, name],
                }
            )
    return rows
