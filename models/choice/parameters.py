"""Parameters of the likely split: sensitivities and constants, with where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from models.demand import Case
from routes.errors import DataError, Problem
from routes.files import MAX_NOTE_BYTES, read_input, read_json

SHIPPED = "likely-2023.json"
DEFAULT_THETA = 0.1  # 1/(USD/t), for commodities without a row of their own
CONFESSION, LIMIT = 20.0, 40.0  # USD/t: constants above the one need a reason, above the other none
_REMEDY = "Write it with `kazroutes calibrate -o FILE`."
_KINDS = {"float": ("int", "float"), "bool": ("bool",), "str": ("str",)}
_WORDS = {"float": "a number", "bool": "true or false", "str": "a text"}
_KNOWN_KINDS = ("outlet", "corridor", "country", "total")


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """theta of a commodity, 1/(USD/t): how sharply a dollar a tonne moves its exporters."""

    commodity: str
    theta: float
    low: float | None = None
    high: float | None = None
    identified: bool = False
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """What a way out is worth beyond its costs, USD/t; `why` and `source_id` from 20 USD/t up."""

    commodity: str
    measure: str
    usd_per_t: float
    se_usd_per_t: float | None = None
    identified: bool = True
    note: str = ""
    why: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class Parameters:
    """What the likely split needs to know beside a case.

    `theta` by commodity; `constants` by (commodity, measure such as `outlet:cpc`); `provenance`:
    data name, version and digest, year, date, package version; `fit`: model against observed.
    """

    theta: tuple[Sensitivity, ...] = ()
    constants: tuple[Constant, ...] = ()
    theta_default: float = DEFAULT_THETA
    stay_usd_per_t: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    fit: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def theta_of(self, commodity: str) -> float:
        """The sensitivity of a commodity, 1/(USD/t)."""
        found = [row.theta for row in self.theta if row.commodity == commodity]
        return found[0] if found else self.theta_default

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain data."""
        return {
            "provenance": dict(self.provenance),
            "theta_default": self.theta_default,
            "theta": [asdict(row) for row in self.theta],
            "constants": [asdict(row) for row in self.constants],
            "stay_usd_per_t": dict(self.stay_usd_per_t),
            "fit": [dict(row) for row in self.fit],
        }


_Row = TypeVar("_Row", Sensitivity, Constant)


def plain_parameters(theta: float | Mapping[str, float] = DEFAULT_THETA) -> Parameters:
    """Parameters without constants: one sensitivity for all, or one by commodity."""
    if isinstance(theta, Mapping):
        return Parameters(theta=tuple(Sensitivity(k, float(v)) for k, v in theta.items()))
    return Parameters(theta_default=float(theta))


def load_parameters(path: str | Path | None = None) -> Parameters:
    """Parameters from a file; those shipped with the package without `path`.

    Raises
    ------
    DataError
        When the file is no parameter file, a theta is not positive, or a constant is above 40.
    """
    if path is None:
        return _load_shipped()
    path = Path(path)
    return read_parameters(read_input(path, MAX_NOTE_BYTES), path.name)


@cache
def _load_shipped() -> Parameters:
    text = resources.files("models").joinpath("parameters", SHIPPED).read_text(encoding="utf-8")
    return read_parameters(text, SHIPPED)


def read_parameters(text: str | bytes, label: str) -> Parameters:
    """Parameters from JSON text; `label` names it in problems."""
    data = read_json(text, label)
    try:
        parameters = Parameters(
            theta=tuple(_read_records(Sensitivity, data, "theta", label)),
            constants=tuple(_read_records(Constant, data, "constants", label)),
            theta_default=_read_value("float", data["theta_default"], "theta_default", label),
            stay_usd_per_t={
                key: _read_value("float", value, f"stay_usd_per_t.{key}", label)
                for key, value in data["stay_usd_per_t"].items()
            },
            provenance=dict(data["provenance"]),
            fit=tuple(dict(row) for row in data["fit"]),
        )
    except DataError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        rule = f"is no parameter file ({type(error).__name__}: {error})"
        raise DataError([Problem(label, rule, _REMEDY)]) from error
    problems = check_parameters(parameters, label)
    if problems:
        raise DataError(problems)
    return parameters


def _read_records(kind: type[_Row], data: Any, key: str, label: str) -> Iterator[_Row]:
    """The records of a list, each value of the kind that its field says."""
    kinds = {item.name: str(item.type) for item in fields(kind)}
    for number, row in enumerate(data[key]):
        yield kind(**{
            name: _read_value(kinds.get(name, ""), value, f"{key}[{number}].{name}", label)
            for name, value in row.items()
        })  # fmt: skip


def _read_value(kind: str, value: Any, key: str, label: str) -> Any:
    """A value of a kind such as `float | None`. Raises DataError with its key when it is another.

    Of an unknown kind it is any: the record refuses its name.
    """
    if not kind or (value is None and kind.endswith("None")):
        return value
    wanted = kind.partition(" ")[0]
    if type(value).__name__ not in _KINDS[wanted]:
        rule = f"must be {_WORDS[wanted]}"
    elif wanted != "float":
        return value
    else:
        try:
            return float(value)
        except OverflowError:
            rule = "is too large a number"
    raise DataError([Problem(label, rule, _REMEDY, column=key[:80])])


def check_parameters(parameters: Parameters, label: str) -> list[Problem]:
    """What is wrong with the numbers of a parameter file."""
    problems = [
        Problem(label, f"theta of {row.commodity} is {row.theta}", "It must be above 0.")
        for row in parameters.theta
        if not 0 < row.theta < float("inf")
    ]
    if not 0 < parameters.theta_default < float("inf"):
        problems.append(Problem(label, f"theta_default is {parameters.theta_default}"))
    for constant in parameters.constants:
        what = f"the constant of {constant.commodity} {constant.measure}"
        if not abs(constant.usd_per_t) <= LIMIT:
            rule = f"{what} is {constant.usd_per_t:g}"
            problems.append(Problem(label, rule, f"At most {LIMIT:g} USD/t either way."))
        elif abs(constant.usd_per_t) > CONFESSION and not (constant.why and constant.source_id):
            rule = f"{what} is {constant.usd_per_t:g} USD/t without a reason and source"
            problems.append(Problem(label, rule, "Fill why and source_id."))
        if constant.measure.partition(":")[0] not in _KNOWN_KINDS:
            problems.append(Problem(label, f"{what} names no outlet, corridor or country"))
    return problems


def write_parameters(parameters: Parameters) -> str:
    """The text of a parameter file."""
    return json.dumps(parameters.to_dict(), indent=1, allow_nan=False) + "\n"


def note_mismatch(parameters: Parameters, case: Case) -> Case:
    """The case with a note when the parameters were fitted on other data than its own."""
    fitted = parameters.provenance.get("data_digest")
    if fitted is None or fitted == case.network.digest:
        return case
    note = (
        f"likely: parameters were fitted on other data (digest {str(fitted)[:12]}); "
        "`kazroutes calibrate` fits them anew"
    )
    return case if note in case.notes else replace(case, notes=(*case.notes, note))
