"""What places, links, capacities and their worth are called in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from routes.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

    from models.demand import Case

_ACRONYMS = {"btc": "BTC", "cpc": "CPC", "kz": "KZ", "ru": "RU", "teu": "TEU", "lpg": "LPG"}
_COMMON = frozenset(("port", "rail", "ferry", "field", "sea", "plant", "oil", "dry", "terminal"))

WORTH = {
    "Mt/yr": (1e-6, "USD/t"),
    "kTEU/yr": (1e-3, "USD per TEU"),
    "trains/day": (1 / DAYS_PER_YEAR, "USD per train"),
    "ship-days/yr": (1.0, "USD per ship-day"),
    "wagon-days/yr": (1.0, "USD per wagon-day"),
}
"""Unit of a capacity -> what USD a year for one unit of it are times this, and of what."""


def capitalise(words: str) -> str:
    """The words with a capital first letter, the others as they are."""
    return words[:1].upper() + words[1:]


def name_place(name: str) -> str:
    """A place's name without remarks in brackets."""
    return name.split(" (", maxsplit=1)[0].strip()


def name_subjects(subjects: Iterable[str], places: pd.DataFrame) -> dict[str, str]:
    """Ids of shared capacities as words: `port-aktau-dry` -> `Port Aktau dry`.

    Words that stand in the name of a place keep its capital letter.
    """
    proper = {
        word.lower(): word
        for name in places["name"]
        for word in name_place(str(name)).replace("-", " ").split()
        if word[:1].isupper()
    }
    proper = {word: name for word, name in proper.items() if word not in _COMMON} | _ACRONYMS
    return {
        subject: capitalise(" ".join(proper.get(part, part) for part in subject.split("-")))
        for subject in subjects
    }


def name_places(case: Case) -> dict[str, str]:
    """Names of the places of a case without remarks in brackets."""
    places = case.network["places"]
    return {
        str(place): name_place(str(name))
        for place, name in zip(places["place_id"], places["name"], strict=True)
    }


def name_ends(case: Case) -> list[str]:
    """Words for every link: `Aktau sea port - Makhachkala, tanker`."""
    names = name_places(case)
    columns = ["from_place_id", "to_place_id", "kind", "mode"]
    words = []
    for start, end, kind, mode in case.links[columns].itertuples(index=False, name=None):
        first, last = names.get(start, start), names.get(end, end)
        where = first if start == end else f"{first} \N{EN DASH} {last}"
        words.append(f"{where}, {mode}" if kind == "move" else f"{where}, {mode} {kind}")
    return words


def name_capacities(case: Case) -> Callable[[str], str]:
    """A function from the id of a capacity (a link or a shared one) to words."""
    names = dict(zip(case.links.index, name_ends(case), strict=True))
    names |= name_subjects(case.shared["shared_id"], case.network["places"])
    return lambda subject: names.get(subject, subject)


def name_limits(case: Case) -> Callable[[str, str], str]:
    """A function from the kind and id of what limits exports to words."""
    places = name_places(case)
    name_capacity = name_capacities(case)

    def name(kind: str, subject: str) -> str:
        if kind == "capacity":
            return name_capacity(subject)
        place = subject.rsplit(" of ", maxsplit=1)[-1]
        words = places.get(place, place)
        return {
            "supply": f"all that {words} has",
            "market": f"what {words} takes",
            "obligation": f"what is owed to {words}",
        }.get(kind, words)

    return name


def say_sum(names: Iterable[str], mt: Iterable[float], *, most: int = 6) -> str:
    """Amounts that sum to a limit, in words: `Oil berths 5.2 less what is owed to Atyrau 1`."""
    parts = list(zip(names, mt, strict=True))
    words = [f"less {name} {-x:.3g}" if x < 0 else f"{name} {x:.3g}" for name, x in parts[:most]]
    if len(parts) > most:
        words.append(f"{len(parts) - most} more {sum(x for _, x in parts[most:]):.3g}")
    return " + ".join(words).replace("+ less", "less")
