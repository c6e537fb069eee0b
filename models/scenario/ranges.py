"""The numbers of scenarios that carry a range: ensembles sample them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.scenario.amounts import Range
from models.scenario.document import Key, Scenario, write_path
from routes.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class RangedNumber:
    """A number with a range: its name is the scenario and the key path."""

    name: str
    value: float
    low: float
    high: float


def list_ranges(scenarios: Scenario | Sequence[Scenario]) -> tuple[RangedNumber, ...]:
    """Every number with a range in scenarios and in what they extend, each once, sorted."""
    chosen = [scenarios] if isinstance(scenarios, Scenario) else scenarios
    found: dict[str, RangedNumber] = {}
    for scenario in chosen:
        for member in scenario.lineage:
            for key, part in _find_ranges(member):
                name = f"{member.name}:{write_path(key)}"
                found[name] = RangedNumber(name, part.value, part.low, part.high)
    return tuple(found[name] for name in sorted(found))


def fix_numbers(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """A copy with some ranged numbers replaced by plain ones.

    Parameters
    ----------
    scenario
        The scenario; what it extends is copied too.
    values
        Number by name, as `list_ranges` names it; others keep their value and range.

    Raises
    ------
    UnknownNameError
        When a name of this scenario's own chain is not a ranged number of it.
    """
    chain = {member.name for member in scenario.lineage}
    known = {number.name for number in list_ranges(scenario)}
    for name in values:
        if name.partition(":")[0] in chain and name not in known:
            raise UnknownNameError("ranged number", name, known)
    return _fix(scenario, values)


def _fix(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    parent = None if scenario.parent is None else _fix(scenario.parent, values)
    data = scenario.model_dump(exclude_none=True)
    if "year" not in scenario.model_fields_set:
        del data["year"]
    for key, _ in _find_ranges(scenario):
        name = f"{scenario.name}:{write_path(key)}"
        if name in values:
            here: Any = data
            for part in key[:-1]:
                here = here[part]
            here[key[-1]] = float(values[name])
    return Scenario.model_validate(data).with_origin(scenario.origin, parent)


def _find_ranges(scenario: Scenario) -> Iterator[tuple[Key, Range]]:
    for number, change in enumerate(scenario.changes):
        for name in type(change).model_fields:
            part = getattr(change, name)
            if isinstance(part, Range):
                yield ("changes", number, name), part
        for place, growth in enumerate(getattr(change, "growth", ())):
            for name in type(growth).model_fields:
                part = getattr(growth, name)
                if isinstance(part, Range):
                    yield ("changes", number, "growth", place, name), part
