"""Changes from the command line: `--set 'LINK.capacity=*0.5'` is a change like any other.

SUBJECT.FIELD=AMOUNT splits at the last dot before `=`. Amounts: *0.5, +3, -3, =3 (or just 3),
unlimited; and closed or open for `capacity`, closed for `transit`, built for `project`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from models.scenario.changes import ChangeRecord, read_change
from models.scenario.document import COMMAND_LINE, Origin, Scenario
from routes.errors import UsageError, nearest_names, suggest

NAME = "command-line"
EXAMPLE = f"{COMMAND_LINE} 'cpc-terminal-load.capacity=*0.5'"
_CHARGES = (
    "carriage", "freight", "handling", "border_fee", "port_fee", "empty_return", "insurance",
)  # fmt: skip
# FIELD: the rest of the change, the key of `where` that takes SUBJECT.
_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "capacity": ({"type": "capacity"}, "subject"),
    "quota": ({"type": "quota"}, "subject"),
    "contract": ({"type": "contract"}, "subject"),
    "use_per_tonne": ({"type": "fleet", "measure": "per-tonne"}, "shared"),
    "days": ({"type": "days"}, "link"),
    "days_sd": ({"type": "days", "measure": "spread"}, "link"),
    "tariff": ({"type": "tariff"}, "link"),
    **{kind: ({"type": "tariff", "charge": kind}, "link") for kind in _CHARGES},
    "risk_premium": ({"type": "premium"}, "link"),
    "premium": ({"type": "premium"}, "link"),
    "price": ({"type": "price"}, "place"),
    "supply": ({"type": "supply"}, "place"),
    "lifting_cost": ({"type": "supply", "measure": "lifting-cost"}, "place"),
    "market": ({"type": "market"}, "place"),
    "obligation": ({"type": "market", "measure": "min"}, "place"),
    "differential": ({"type": "stream"}, "stream"),
    "share": ({"type": "limit"}, "country"),
    "mt": ({"type": "limit"}, "country"),
    "transit": ({"type": "close-transit"}, "country"),
    "project": ({"type": "project"}, "built"),
}
_NUMBER = re.compile(r"(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = ("closed", "open", "built", "unlimited")


def parse_setting(text: str) -> ChangeRecord:
    """The change that a setting says.

    Parameters
    ----------
    text
        `SUBJECT.FIELD=AMOUNT`. For price, supply and market, SUBJECT is PLACE or
        PLACE/COMMODITY; for share, mt and transit a country, share and mt also
        COUNTRY/COMMODITY. `*` in an id stands for any characters.

    Raises
    ------
    UsageError
        When it cannot be read; says what was expected.

    Examples
    --------
    >>> parse_setting("cpc-terminal-load.capacity=*0.5").amount.value
    0.5
    """
    left, equals, right = text.partition("=")
    subject, dot, field = left.strip().rpartition(".")
    if not equals or not dot or not subject or not right.strip():
        raise UsageError(f"'{text}' is no setting. Write SUBJECT.FIELD=AMOUNT, as {EXAMPLE}.")
    if field not in _FIELDS:
        near = suggest(nearest_names(field, _FIELDS)) or f" Fields are {', '.join(_FIELDS)}."
        raise UsageError(f"'{text}': no field is called '{field}'.{near}")
    record = _place_subject(text, field, subject, _read_amount(text, field, right.strip()))
    record["why"] = f"{COMMAND_LINE} {text}"
    try:
        return read_change(record)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise UsageError(f"'{text}': {_say(fault, subject)}") from None


def _read_amount(text: str, field: str, right: str) -> dict[str, Any]:
    if right in _WORDS:
        return _read_word(text, field, right)
    sign, number = (right[0], right[1:].strip()) if right[0] in "*+-=" else ("=", right)
    if sign == "=" and number[:1] == "-":
        raise UsageError(f"'{text}': a value is not below 0; to take away write {field}=-3.")
    if sign == "=" and number in _WORDS:
        return _read_word(text, field, number)
    if not _NUMBER.fullmatch(number):
        raise UsageError(f"'{text}': '{right}' is no amount. Write *0.5, +3, -3, 3 or unlimited.")
    value = float(number)
    if field in ("share", "mt"):
        if sign != "=":
            raise UsageError(f"'{text}': a limit is a plain number, such as RU.{field}=0.5.")
        return {field: value}
    if field in ("transit", "project"):
        word = "closed" if field == "transit" else "built"
        raise UsageError(f"'{text}': write {field}={word}.")
    return {
        {"*": "factor", "+": "add", "-": "add", "=": "set"}[sign]: -value if sign == "-" else value
    }


def _read_word(text: str, field: str, word: str) -> dict[str, Any]:
    allowed = {
        "capacity": ("closed", "open", "unlimited"), "quota": ("unlimited",),
        "contract": ("unlimited",), "market": ("unlimited",), "transit": ("closed",),
        "project": ("built",),
    }.get(field, ())  # fmt: skip
    if word not in allowed:
        options = f"can be {' or '.join(allowed)}" if allowed else "must be a number"
        raise UsageError(f"'{text}': {field} cannot be '{word}'; it {options}.")
    if word in ("closed", "open") and field == "capacity":
        return {"type": "close" if word == "closed" else "open"}
    return {"set": word} if word == "unlimited" else {}


def _place_subject(text: str, field: str, subject: str, amount: dict[str, Any]) -> dict[str, Any]:
    fixed, key = _FIELDS[field]
    record: dict[str, Any] = {**fixed, **amount}
    name, slash, commodity = subject.partition("/")
    if slash and key not in ("place", "country"):
        raise UsageError(f"'{text}': '/' has no meaning in a subject of {field}.")
    if key == "built":
        record["built"] = name
    elif key == "country":
        record["country"] = name
        if slash:
            record["commodities"] = commodity
    else:
        where = {"link" if record["type"] == "open" else key: name}
        record["where"] = where | ({"commodity": commodity} if slash else {})
    return record


def _say(fault: Any, subject: str) -> str:
    if fault["type"] == "string_pattern_mismatch":
        if "[A-Z]{2}" in str(fault["ctx"]["pattern"]):
            return f"'{subject}' is no country; write two capital letters, such as RU."
        return f"'{subject}' is no id; ids are small letters, digits and hyphens."
    return f"{fault['msg']}."


def read_settings(texts: Sequence[str]) -> Scenario:
    """All settings of a command line as one scenario, to be composed with the others.

    Raises UsageError with every setting that cannot be read.
    """
    changes, problems = [], []
    for text in texts:
        try:
            changes.append(parse_setting(text))
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    title = " ".join(f"{COMMAND_LINE} {text}" for text in texts)[:200] or "no settings"
    scenario = Scenario(name=NAME, title=title, changes=tuple(changes))
    return scenario.with_origin(Origin(COMMAND_LINE), None)
