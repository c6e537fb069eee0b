"""The changes a scenario may make: a small union of records, told apart by `type`.

close, open          links, places, shared capacities
capacity, quota      what links and shared capacities can carry; what is allowed by law or contract
fleet, wagons        shared capacities counted in ship-days or wagon-days
days                 time on links
tariff, premium      money charged; the non-cash price of risk
price, supply, market, stream   what is paid, offered, taken; the price differential of a crude
project              investments built
close-transit        nothing leaves a country again
limit                a policy: at most so much of the exports through a country
horizon              long: capacities that may grow at a cost

Money is USD of the price year, tonnage Mt a year, time days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, cast

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema

from models.scenario.amounts import (
    Amount,
    Amounts,
    Choosing,
    Levels,
    Number,
    Range,
    Text,
    pick_amount,
    read_number,
)
from models.scenario.where import (
    LinkWhere,
    Patterns,
    StreamWhere,
    SubjectWhere,
    TradeWhere,
    as_list,
)

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

Sources = Annotated[
    tuple[Text, ...],
    BeforeValidator(as_list, json_schema_input_type=Text | list[Text]),
    Field(strict=False, max_length=50),
]
Country = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2}$")]
Flag = Annotated[bool, Field(strict=True)]
_Charge = Literal[
    "carriage", "freight", "handling", "border_fee", "port_fee", "empty_return", "insurance"
]
_Charges = Annotated[
    tuple[_Charge, ...],
    BeforeValidator(as_list, json_schema_input_type=_Charge | list[_Charge]),
    Field(strict=False, min_length=1),
]


class _Change(Choosing):
    """What every change has."""

    why: Text
    """Reason, in a sentence; it stands in the log beside old and new value."""
    source: Sources = ()
    """Where it comes from: source ids, addresses, or words."""
    override: Flag = False
    """Replace what the scenario that this one extends does to the same quantity."""


class CloseChange(_Change):
    """Close links, every link of a place, or shared capacities.

    With a commodity in `where`, the links close for that commodity only.
    """

    type: Literal["close"] = "close"
    where: SubjectWhere


class OpenChange(_Change):
    """Open links that exist but are closed."""

    type: Literal["open"] = "open"
    where: LinkWhere


class CapacityChange(_Change, Levels):
    """Change what links or shared capacities can carry.

    A factor also multiplies traffic that is not ours, unless that is firm. Where only a quota or
    contract is known, it is that which changes.
    """

    type: Literal["capacity"] = "capacity"
    where: SubjectWhere


class QuotaChange(_Change, Levels):
    """Change the most that law or contract allows; `set: unlimited` ends the rule."""

    type: Literal["quota", "contract"] = "quota"
    where: SubjectWhere


class FleetChange(_Change, Amounts):
    """Change a fleet (ship-days) or rolling stock (wagon-days).

    `measure: size` is the days there are; `per-tonne` is the days that one tonne takes (low water,
    slower turns).
    """

    type: Literal["fleet", "wagons"] = "fleet"
    where: SubjectWhere
    measure: Literal["size", "per-tonne"] = "size"


class DaysChange(_Change, Amounts):
    """Change the time that links take, or its spread (standard deviation)."""

    type: Literal["days"] = "days"
    where: LinkWhere
    measure: Literal["mean", "spread"] = "mean"


class TariffChange(_Change, Amounts):
    """Change what is charged on links: every cash charge, or those of the kinds in `charge`.

    `add` and `set` need `charge`; they are USD a tonne, or with `per: t-km` USD a tonne-kilometre,
    and add the charge where there is none. With a commodity in `where`, the rates of its handling
    class change.
    """

    type: Literal["tariff"] = "tariff"
    where: LinkWhere
    charge: _Charges | None = None
    """Kinds of charge: carriage, freight, handling, border_fee, port_fee, empty_return,
    insurance."""
    per: Literal["t", "t-km"] = "t"
    """Whether add and set are USD a tonne or USD a tonne-kilometre."""

    @model_validator(mode="after")
    def _require_charge(self) -> TariffChange:
        if self.factor is None and (self.charge is None or len(self.charge) != 1):
            raise PydanticCustomError(
                "need_charge", "add and set need one kind in charge, such as charge: carriage", {}
            )
        return self


class PremiumChange(_Change, Amounts):
    """Change the non-cash risk premium of links, USD a tonne (0 where none is known)."""

    type: Literal["premium"] = "premium"
    where: LinkWhere


class PriceChange(_Change, Amounts):
    """Change the price that markets pay, USD a tonne."""

    type: Literal["price"] = "price"
    where: TradeWhere


class SupplyChange(_Change, Amounts):
    """Change what places offer, Mt a year, or the netback below which they stop, USD a tonne."""

    type: Literal["supply"] = "supply"
    where: TradeWhere
    measure: Literal["volume", "lifting-cost"] = "volume"


class MarketChange(_Change, Levels):
    """Change the most that markets take, what they must get, or the cost of missing that."""

    type: Literal["market"] = "market"
    where: TradeWhere
    measure: Literal["max", "min", "shortfall-price"] = "max"


class StreamChange(_Change, Amounts):
    """Change the price differential of a crude stream, or its quality credit, USD a tonne."""

    signed: ClassVar[bool] = True
    type: Literal["stream"] = "stream"
    where: StreamWhere
    measure: Literal["differential", "quality"] = "differential"


class ProjectChange(_Change):
    """Build projects of the data set: their effects hold, and add up where they meet."""

    type: Literal["project"] = "project"
    built: Patterns
    """Ids of projects."""


class CloseTransitChange(_Change):
    """Nothing leaves a country again, by land or by its ports; goods may still be sold there."""

    type: Literal["close-transit"] = "close-transit"
    country: Country
    """The country."""
    end_swaps: Flag = False
    """Whether paired deliveries that depend on the country end as well."""


class LimitChange(_Change):
    """A policy: third-country exports that use an exit link of a country are at most this."""

    choices = (("share", "mt"),)
    type: Literal["limit"] = "limit"
    country: Country
    """The country."""
    commodities: Patterns | None = None
    """Commodities, groups or handling classes that count together; all without it."""
    share: Number | None = None
    """Most of their third-country exports, 0 to 1."""
    mt: Number | None = None
    """Most, Mt a year."""

    @field_validator("share", "mt", mode="after")
    @classmethod
    def _check_bounds(cls, value: float | Range | None) -> float | Range | None:
        if value is not None and read_number(value, "set").low < 0:
            raise PydanticCustomError("negative", "must not be below 0", {})
        return value

    @field_validator("share", mode="after")
    @classmethod
    def _check_share(cls, value: float | Range | None) -> float | Range | None:
        if value is not None and read_number(value, "set").high > 1:
            raise PydanticCustomError("above_one", "must not be above 1: half is 0.5", {})
        return value

    @property
    def amount(self) -> Amount:
        """The share or the tonnage."""
        return pick_amount(None, None, self.share if self.share is not None else self.mt)


class Growth(Choosing):
    """Capacities that may grow: up to `factor` times, or by `add` units, at a cost a year each."""

    choices = (("factor", "add"),)
    where: SubjectWhere
    factor: Number | None = None
    """Up to this many times what is available now (at least 1)."""
    add: Number | None = None
    """Up to this many units more."""
    usd_per_unit: Number
    """Cost of one unit more, USD a year: of a ship-day, a wagon-day, a Mt/yr, ..."""

    @field_validator("factor", "add", "usd_per_unit", mode="after")
    @classmethod
    def _check_bounds(cls, value: float | Range | None) -> float | Range | None:
        if value is not None and read_number(value, "set").low < 0:
            raise PydanticCustomError("negative", "must not be below 0", {})
        return value

    @field_validator("factor", mode="after")
    @classmethod
    def _check_factor(cls, value: float | Range | None) -> float | Range | None:
        if value is not None and read_number(value, "set").low < 1:
            raise PydanticCustomError(
                "below_one", "must be at least 1: 1.5 is half as much again", {}
            )
        return value

    @property
    def amount(self) -> Amount:
        """The factor or the units."""
        return pick_amount(self.factor, self.add, None)


class HorizonChange(_Change):
    """How long the user can wait: short, capacities are what they are; long, some may grow."""

    type: Literal["horizon"] = "horizon"
    horizon: Literal["short", "long"]
    growth: Annotated[tuple[Growth, ...], Field(strict=False, max_length=100)] = ()
    """With a long horizon: what may grow, how far, and at what cost."""

    @model_validator(mode="after")
    def _check_growth(self) -> HorizonChange:
        if self.horizon == "short" and self.growth:
            raise PydanticCustomError("short_growth", "nothing grows in a short horizon", {})
        if self.horizon == "long" and not self.growth:
            raise PydanticCustomError(
                "long_growth",
                "a long horizon needs growth: what may grow, how far, what it costs",
                {},
            )
        return self


ChangeRecord = (
    CloseChange
    | OpenChange
    | CapacityChange
    | QuotaChange
    | FleetChange
    | DaysChange
    | TariffChange
    | PremiumChange
    | PriceChange
    | SupplyChange
    | MarketChange
    | StreamChange
    | ProjectChange
    | CloseTransitChange
    | LimitChange
    | HorizonChange
)
CHANGE_TYPES: dict[str, type[_Change]] = {
    "close": CloseChange, "open": OpenChange, "capacity": CapacityChange, "quota": QuotaChange,
    "contract": QuotaChange, "fleet": FleetChange, "wagons": FleetChange, "days": DaysChange,
    "tariff": TariffChange, "premium": PremiumChange, "price": PriceChange,
    "supply": SupplyChange, "market": MarketChange, "stream": StreamChange,
    "project": ProjectChange, "close-transit": CloseTransitChange, "limit": LimitChange,
    "horizon": HorizonChange,
}  # fmt: skip


def read_change(value: object) -> ChangeRecord:
    """The change that plain values say; raises pydantic's ValidationError, or an error of a value.

    Each record is made ready when a change of its type is first met: that takes as long as reading.
    """
    if isinstance(value, _Change):
        return cast("ChangeRecord", value)
    if not isinstance(value, dict) or "type" not in value:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'type'"})
    tag = value["type"] if isinstance(value["type"], str) else ""
    record = CHANGE_TYPES.get(tag)
    if record is None:
        raise PydanticKnownError(
            "union_tag_invalid",
            {
                "discriminator": "'type'",
                "tag": tag,
                "expected_tags": ", ".join(CHANGE_TYPES),
            },
        )
    return cast("ChangeRecord", record.model_validate(value))


class _ByType:
    """Tells pydantic how a change is read, and what its JSON Schema is."""

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_change)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        union: TypeAdapter[ChangeRecord] = TypeAdapter(
            Annotated[ChangeRecord, Field(discriminator="type")]
        )
        return handler(union.core_schema)


Change = Annotated[ChangeRecord, _ByType()]
