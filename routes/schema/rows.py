"""What a row is, and what its cells may hold."""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from routes.schema import bounds

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
Supplied = Annotated[Positive, bounds.SUPPLY]
Obliged = Annotated[Positive, bounds.TRADE]
Taken = Annotated[Unlimited, bounds.TRADE]
Price = Annotated[Finite, bounds.PRICE]
Value = Annotated[Positive, bounds.PRICE]
Charge = Annotated[Finite, bounds.CHARGE]
Rate = Annotated[Finite, bounds.RATE]
Days = Annotated[Positive, bounds.DAYS]
Length = Annotated[Positive, bounds.LENGTH]
Interest = Annotated[Positive, bounds.INTEREST]
Emitted = Annotated[Positive, bounds.EMISSION]
Cost = Annotated[Positive, bounds.COST]
Use = Annotated[Positive, bounds.USE]
BoxLoad = Annotated[float, Field(gt=0), bounds.BOX]
TrainLoad = Annotated[float, Field(gt=0), bounds.TRAIN]
Fraction = Annotated[float, Field(ge=0, le=1)]
Year = Annotated[int, Field(ge=1990, le=2100)]
Grade = Literal["A", "B", "C", "D"]
Mode = Literal[
    "pipeline", "rail1520", "rail1435", "tanker", "dry", "ferry", "feeder", "river", "truck"
]
MODES: tuple[str, ...] = get_args(Mode)
HandlingClass = Literal[
    "crude", "products", "lpg", "coal", "ore", "grain", "metals", "bulk-chem", "general",
    "uranium", "containers",
]  # fmt: skip
HANDLING_CLASSES: tuple[str, ...] = get_args(HandlingClass)


class Record(BaseModel):
    """A row. Unknown columns are refused; rows do not change."""

    # The docstrings under the fields are read when they are asked for (see field_meanings):
    # reading them here would cost every command a tenth of a second. Nor are annotations
    # postponed where records stand: pydantic would compile each of them again, from text.
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
