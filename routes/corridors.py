"""Which corridor a route belongs to, the exit links of a country, closing its transit.

A corridor is computed from the countries and seas that a route crosses, never typed in; the first
of `CORRIDORS` that fits is the one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

CORRIDORS: dict[str, str] = {
    "domestic": "ends in Kazakhstan",
    "to-russia": "ends in Russia",
    "via-russia": "crosses Russian ground or a Russian port and ends elsewhere",
    "middle-corridor": "crosses the Caspian to Azerbaijan",
    "central-asia": "ends in UZ, KG, TJ, AF or TM",
    "china": "leaves Kazakhstan into China",
    "southern": "crosses Turkmenistan or Iran, or the Caspian to Iran",
    "other": "none of these",
}
_CENTRAL_ASIA = frozenset(("UZ", "KG", "TJ", "AF", "TM"))
_CASPIAN = frozenset(("KZ", "TM", "RU", "IR", "AZ"))


def corridor_of(places: Iterable[str], end: str, *, grounds: Iterable[str] = ()) -> str:
    """Corridor of a route from the countries of its places in order and the country it ends in.

    `grounds` are the countries its links run over: ground may be crossed without a stop.
    """
    path = list(places)
    touched = set(path) | set(grounds)
    if end == "KZ":
        return "domestic"
    if end == "RU":
        return "to-russia"
    if "RU" in touched:
        return "via-russia"
    steps = list(pairwise(path))
    if any(a in _CASPIAN and a != "AZ" and b == "AZ" for a, b in steps):
        return "middle-corridor"
    if end in _CENTRAL_ASIA:
        return "central-asia"
    if any(a == "KZ" and b == "CN" for a, b in steps):
        return "china"
    if touched & {"TM", "IR"}:
        return "southern"
    return "other"


def crosses_abroad(places: Iterable[str], grounds: Iterable[str]) -> bool:
    """Whether a home delivery leaves Kazakhstan on its way."""
    return any(country != "KZ" for country in (*places, *grounds))


def exit_links(links: pd.DataFrame, country: str) -> np.ndarray:
    """Mask of the links that start in `country` and end outside it."""
    starts = links["from_country"].to_numpy() == country
    ends = links["to_country"].to_numpy() == country
    return np.asarray(starts & ~ends, dtype=bool)


def close_transit(links: pd.DataFrame, country: str, *, end_swaps: bool = False) -> pd.DataFrame:
    """A copy of `links` in which nothing leaves `country` again, by land or by its ports.

    Goods may still enter and be sold there. With `end_swaps`, links flagged `depends:<country>`
    (paired deliveries that need it) close too.
    """
    shut = exit_links(links, country)
    if end_swaps:
        shut |= links["flags"].str.split(";").map(lambda f: f"depends:{country}" in f).to_numpy()
    return links.assign(open=links["open"].to_numpy() & ~shut)


def first_country(places: Iterable[str]) -> str:
    """First foreign country that a route enters ("" when it stays at home)."""
    return next((country for country in places if country != "KZ"), "")
