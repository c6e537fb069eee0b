"""What carriage costs: tariffs, through rates, and the emissions of a tonne-kilometre."""

from typing import Annotated, Literal, get_args

from pydantic import StringConstraints

from routes.schema.rows import Charge, Emitted, Fraction, Id, Mode, Rate, Sourced, Year

ChargeKind = Literal[
    "carriage", "freight", "handling", "border_fee", "port_fee", "empty_return", "insurance",
    "risk_premium",
]  # fmt: skip
CHARGE_KINDS: tuple[str, ...] = get_args(ChargeKind)
CASH_KINDS = tuple(kind for kind in CHARGE_KINDS if kind != "risk_premium")


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
    kind: ChargeKind
    """What is paid for; all but risk_premium are cash."""
    use: Literal["any", "export", "home"] = "any"
    """Whether the rate is for exports, home deliveries or both."""
    covers: str = ""
    """Kinds that this rate includes, joined by `;`: they are not charged again on its links."""
    includes: str = ""
    """What the price buys, in words."""
    commodity_class: str = ""
    """Handling class; blank: all."""
    usd_per_t: Charge = 0.0
    """Fixed part, USD/t."""
    usd_per_t_km: Rate = 0.0
    """Part by distance, USD per tonne-kilometre."""
    low: Charge
    """Low side of the part that is not zero."""
    high: Charge
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
    direct_g_per_t_km: Emitted
    """From the engine, g CO2e per t-km."""
    upstream_g_per_t_km: Emitted
    """From making the fuel or power, g CO2e per t-km."""
    low: Emitted
    """Low side of the sum."""
    high: Emitted
    """High side of the sum."""
