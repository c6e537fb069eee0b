"""Which corridor a route belongs to, the exit links of a country, closing its transit.

A corridor is computed from the countries and seas that a route crosses, never typed in; the first
of `CORRIDORS` that fits is the one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

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
_CASPIAN_OPPOSITE_BAKU = ("KZ", "TM", "RU", "IR")
_RUSSIA, _TO_BAKU, _TO_CHINA, _SOUTH = 1, 2, 4, 8

Marks = npt.NDArray[np.uint8]


def mark_links(start: npt.ArrayLike, end: npt.ArrayLike, ground: npt.ArrayLike) -> Marks:
    """What each link means for the corridor of a route that uses it; a route's mark is their `|`.

    start, end, ground : countries of a link's two places and of the ground that it runs over
        (which may be crossed without a stop); arrays of the same length.
    """
    a, b, over = (np.asarray(part, dtype=str) for part in (start, end, ground))

    def touches(*countries: str) -> npt.NDArray[np.bool_]:
        return np.isin(a, countries) | np.isin(b, countries) | np.isin(over, countries)

    return np.asarray(
        _RUSSIA * touches("RU")
        | _TO_BAKU * (np.isin(a, _CASPIAN_OPPOSITE_BAKU) & (b == "AZ"))
        | _TO_CHINA * ((a == "KZ") & (b == "CN"))
        | _SOUTH * touches("TM", "IR"),
        dtype=np.uint8,
    )


def corridor_of(mark: int, end: str) -> str:
    """Corridor of a route from its mark (see `mark_links`) and the country it ends in."""
    if end == "KZ":
        return "domestic"
    if end == "RU":
        return "to-russia"
    if mark & _RUSSIA:
        return "via-russia"
    if mark & _TO_BAKU:
        return "middle-corridor"
    if end in _CENTRAL_ASIA:
        return "central-asia"
    if mark & _TO_CHINA:
        return "china"
    if mark & _SOUTH:
        return "southern"
    return "other"


def list_countries(places: Iterable[str]) -> list[str]:
    """The countries of a route's places in order, each once for a stay."""
    return [country for country, _ in groupby(places)]


def exit_links(links: pd.DataFrame, country: str) -> np.ndarray:
    """Mask of the links that start in `country` and end outside it."""
    starts = links["from_country"].to_numpy() == country
    ends = links["to_country"].to_numpy() == country
    return np.asarray(starts & ~ends, dtype=bool)


def close_transit(links: pd.DataFrame, country: str) -> pd.DataFrame:
    """A copy of `links` in which nothing leaves `country` again, by land or by its ports.

    Goods may still enter and be sold there, and paired deliveries (swaps) go on.
    """
    return links.assign(open=links["open"].to_numpy() & ~exit_links(links, country))


def first_country(places: Iterable[str]) -> str:
    """First foreign country that a route enters ("" when it stays at home)."""
    return next((country for country in places if country != "KZ"), "")
