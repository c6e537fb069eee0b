"""What a change acts on: selectors by id, place, country, mode, corridor, commodity and so on.

Keys are joined by AND, the names in a list by OR. In ids `*` stands for any run of characters.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from models.scenario.amounts import Strict


def as_list(value: Any) -> Any:
    """A single text as a list of one."""
    return [value] if isinstance(value, str) else value


_Pattern = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[a-z0-9*][a-z0-9*-]*$", max_length=80)
]
_Country = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2}$")]
_Flag = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_:-]+$", max_length=80)]
Mode = Literal[
    "pipeline", "rail1520", "rail1435", "tanker", "dry", "ferry", "feeder", "river", "truck"
]
_Kind = Literal["move", "load", "unload", "transfer", "border", "swap"]
Corridor = Literal[
    "domestic", "to-russia", "via-russia", "middle-corridor", "central-asia", "china", "southern"
]
_many = Field(strict=False, min_length=1, max_length=500)
Patterns = Annotated[
    tuple[_Pattern, ...],
    BeforeValidator(as_list, json_schema_input_type=_Pattern | list[_Pattern]),
    _many,
]
Countries = Annotated[
    tuple[_Country, ...],
    BeforeValidator(as_list, json_schema_input_type=_Country | list[_Country]),
    _many,
]
_Flags = Annotated[
    tuple[_Flag, ...],
    BeforeValidator(as_list, json_schema_input_type=_Flag | list[_Flag]),
    _many,
]
_Modes = Annotated[
    tuple[Mode, ...],
    BeforeValidator(as_list, json_schema_input_type=Mode | list[Mode]),
    _many,
]
_Kinds = Annotated[
    tuple[_Kind, ...],
    BeforeValidator(as_list, json_schema_input_type=_Kind | list[_Kind]),
    _many,
]
_Corridors = Annotated[
    tuple[Corridor, ...],
    BeforeValidator(as_list, json_schema_input_type=Corridor | list[Corridor]),
    _many,
]


class _Where(Strict):
    """A selector; at least one key."""

    @model_validator(mode="after")
    def _require_key(self) -> Self:
        if not self.given():
            raise PydanticCustomError(
                "empty_where",
                "selects nothing; give at least one of {keys}",
                {"keys": ", ".join(type(self).model_fields)},
            )
        return self

    def given(self) -> dict[str, tuple[str, ...]]:
        """The keys that are used, with their names."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name))}

    def __str__(self) -> str:
        """The selector in one line, as `country RU, mode pipeline or rail1520`."""
        return ", ".join(
            f"{key.replace('_', ' ')} {' or '.join(names)}" for key, names in self.given().items()
        )


class LinkWhere(_Where):
    """Selects links."""

    link: Patterns | None = None
    """Ids of links."""
    place: Patterns | None = None
    """Places where the link starts or ends."""
    shared: Patterns | None = None
    """Shared capacities (berths, fleets, wagons, contracts) that the link draws on."""
    mode: _Modes | None = None
    """Mode of the link."""
    country: Countries | None = None
    """Ground the link runs over (XZ: open sea and straits)."""
    from_country: Countries | None = None
    """Country where the link starts."""
    to_country: Countries | None = None
    """Country where the link ends."""
    corridor: _Corridors | None = None
    """Gateway of a corridor: the links by which it leaves (models.scenario.select.GATEWAYS)."""
    commodity: Patterns | None = None
    """Commodities, their groups or handling classes that the link may carry."""
    kind: _Kinds | None = None
    """Kind of the link: move, load, unload, transfer, border, swap."""
    flag: _Flags | None = None
    """Marks of the link: war_risk, turkish_straits, sanctioned_operator, storm, depends:RU, ..."""


class SubjectWhere(LinkWhere):
    """Selects capacities: of links, or with `shared` the shared capacities that such links draw on.

    With `shared`, the other keys keep the shared capacities of which some member link fits.
    """

    subject: Patterns | None = None
    """Ids of links or of shared capacities."""


class TradeWhere(_Where):
    """Selects supplies or markets."""

    place: Patterns | None = None
    """Place of the supply or market."""
    country: Countries | None = None
    """Its country."""
    commodity: Patterns | None = None
    """Commodities, their groups or handling classes."""


class StreamWhere(_Where):
    """Selects crude streams at their outlets."""

    stream: Patterns | None = None
    """Names of streams: cpc-blend, kebco, ..."""
    link: Patterns | None = None
    """Outlet links."""
    place: Patterns | None = None
    """Supplies that use them."""
    commodity: Patterns | None = None
    """Commodities."""
