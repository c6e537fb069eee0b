"""What a selector finds in a case: links, capacities, supplies, markets, streams.

Keys are joined by AND, names in a list by OR. A name that nobody knows and a selector that finds
nothing are errors with suggestions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.demand import Case
from models.scenario.where import LinkWhere, StreamWhere, SubjectWhere, TradeWhere
from routes.corridors import exit_links
from routes.errors import offer_names

Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

# Gateways of the corridors: (countries where a link starts, countries where it ends). A route
# belongs to a corridor by all the ground it crosses; a link, by the border that it crosses. Shut a
# gateway and the corridor is shut.
GATEWAYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "domestic": (("KZ",), ("KZ",)),
    "to-russia": (("*",), ("RU",)),  # into Russia from elsewhere
    "via-russia": (("RU",), ("*",)),  # out of Russia: its exit links
    "middle-corridor": (("KZ", "TM"), ("AZ",)),  # over the Caspian: they share no land border
    "central-asia": (("KZ",), ("UZ", "KG", "TJ", "TM", "AF")),
    "china": (("KZ",), ("CN",)),
    "southern": (("KZ", "TM"), ("IR",)),
}


class NothingFoundError(LookupError):
    """A selector that finds nothing: the key at fault, what is wrong, what to do."""

    def __init__(self, key: str, rule: str, remedy: str = "", *, name: str = "") -> None:
        super().__init__(rule)
        self.key, self.rule, self.remedy, self.name = key, rule, remedy, name


def match_names(patterns: Iterable[str], values: Texts) -> Mask:
    """Where a value is one of the names; `*` in a name stands for any characters."""
    names = list(patterns)
    plain = {name for name in names if "*" not in name}
    mask = np.fromiter((value in plain for value in values), dtype=bool, count=len(values))
    wild = [
        "".join(".*" if c == "*" else re.escape(c) for c in name) for name in names if "*" in name
    ]
    if wild:
        fits = re.compile("|".join(wild)).fullmatch
        mask |= np.fromiter((fits(value) is not None for value in values), bool, len(values))
    return mask


def match_words(words: Iterable[str], cells: Texts) -> Mask:
    """Where a cell of words joined by `;` holds one of `words`."""
    wanted = frozenset(words)
    return np.fromiter(
        (not wanted.isdisjoint(cell.split(";")) for cell in cells), dtype=bool, count=len(cells)
    )


@dataclass(frozen=True)
class Selector:
    """Finds things in one case; names are looked up once."""

    case: Case
    _cache: dict[str, Texts] = field(default_factory=dict, repr=False)

    def texts(self, table: str, column: str) -> Texts:
        """A column of a frame of the case as plain texts ("" for blank)."""
        name = f"{table}.{column}"
        if name not in self._cache:
            frame = getattr(self.case, table)
            series = frame.index.to_series() if column == frame.index.name else frame[column]
            self._cache[name] = series.fillna("").astype(str).to_numpy(dtype=object)
        return self._cache[name]

    @cached_property
    def shared_ids(self) -> tuple[str, ...]:
        """Ids of shared capacities."""
        named = set(self.texts("shared", "shared_id"))
        rest = set(self.case.capacities.index) - set(self.case.links.index)
        return tuple(sorted(named | rest))

    @cached_property
    def places(self) -> Texts:
        """Ids of places."""
        return np.asarray(sorted(self.case.network["places"]["place_id"]), dtype=object)

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """Handling class of each commodity of the case."""
        frame = self.case.commodities
        return dict(zip(frame.index, frame["commodity_class"], strict=True))

    # ------------------------------------------------------------------ commodities

    def commodity_ids(self, patterns: Iterable[str], *, key: str = "commodity") -> tuple[str, ...]:
        """Commodities of the case by id, group or handling class, sorted."""
        table = self.case.network["commodities"]
        ids = table["commodity_id"].to_numpy(dtype=object)
        columns = [table[c].to_numpy(dtype=object) for c in
                   ("commodity_id", "parent_id", "commodity_class")]  # fmt: skip
        found: set[str] = set()
        for pattern in patterns:
            mask = np.logical_or.reduce([match_names([pattern], column) for column in columns])
            if not mask.any():
                known = {str(name) for column in columns for name in column}
                self._refuse_unknown(key, "commodity, group or class", pattern, known)
            found.update(ids[mask])
        here = found & set(self.case.commodities.index)
        if not here:
            rule = f"{', '.join(patterns)}: not traded in {self.case.year}"
            raise NothingFoundError(key, rule, "Choose another year or commodity.")
        return tuple(sorted(here))

    # ------------------------------------------------------------------ links

    def links(self, where: LinkWhere) -> Mask:
        """Mask of the links of a selector, never empty."""
        masks = {key: self._link_mask(key, names) for key, names in where.given().items()
                 if key != "subject"}  # fmt: skip
        return self._join(masks, len(self.case.links), "link", where)

    def _link_mask(self, key: str, names: tuple[str, ...]) -> Mask:
        simple: dict[str, Callable[[], Mask]] = {
            "link": lambda: self._known("link", "link", names, self.texts("links", "link_id")),
            "place": lambda: self._place_mask(names),
            "shared": lambda: self._drawing_links(names),
            "corridor": lambda: self._corridor_mask(names),
            "commodity": lambda: self._carrying_links(names),
            "flag": lambda: self._flag_mask(names),
        }
        if key in simple:
            return simple[key]()
        values = self.texts("links", key)
        if key.endswith("country"):
            known = {c for end in ("country", "from_country", "to_country")
                     for c in self.texts("links", end)}  # fmt: skip
            for name in names:
                if name not in known:
                    self._refuse_unknown(key, "country of any link", name, known)
        return match_names(names, values)

    def _known(self, key: str, noun: str, names: Iterable[str], values: Texts) -> Mask:
        """Mask of the values that fit, when each name fits some value."""
        mask = np.zeros(len(values), dtype=bool)
        for name in names:
            hits = match_names([name], values)
            if not hits.any():
                self._refuse_unknown(key, noun, name, set(values))
            mask |= hits
        return mask

    def _refuse_unknown(self, key: str, noun: str, name: str, known: Iterable[str]) -> None:
        near = offer_names(noun, name.strip("*"), known).strip()
        verb = "fits" if "*" in name else "is called"
        raise NothingFoundError(key, f"no {noun} {verb} '{name}'", near, name=name)

    def _place_mask(self, names: tuple[str, ...]) -> Mask:
        self._known("place", "place", names, self.places)
        ends = (self.texts("links", "from_place_id"), self.texts("links", "to_place_id"))
        return np.logical_or(*(match_names(names, end) for end in ends))

    def _drawing_links(self, names: tuple[str, ...]) -> Mask:
        self._known("shared", "shared capacity", names, np.asarray(self.shared_ids, dtype=object))
        rows = match_names(names, self.texts("shared", "shared_id"))
        members = set(self.texts("shared", "link_id")[rows])
        return np.asarray([link in members for link in self.case.links.index], dtype=bool)

    def _corridor_mask(self, names: tuple[str, ...]) -> Mask:
        mask = np.zeros(len(self.case.links), dtype=bool)
        start, end = self.texts("links", "from_country"), self.texts("links", "to_country")
        for name in names:
            if name == "via-russia":
                mask |= exit_links(self.case.links, "RU")
                continue
            starts, ends = GATEWAYS[name]
            leaves = np.ones(len(mask), bool) if starts == ("*",) else match_names(starts, start)
            mask |= leaves & match_names(ends, end) & ((start != end) | (name == "domestic"))
        return mask

    def _carrying_links(self, names: tuple[str, ...]) -> Mask:
        chosen = self.commodity_ids(names)
        able = self.case.commodities["modes"]
        modes = self.texts("links", "mode")
        cells = self.texts("links", "commodity_classes")
        mask = np.zeros(len(cells), dtype=bool)
        for name in chosen:
            carried = np.isin(modes, str(able[name]).split(";"))
            mask |= carried & ((cells == "") | match_words([self.classes[name]], cells))
        return mask

    def _flag_mask(self, names: tuple[str, ...]) -> Mask:
        cells = self.texts("links", "flags")
        known = {flag for cell in cells for flag in cell.split(";") if flag}
        for name in names:
            if name not in known:
                self._refuse_unknown("flag", "flag of any link", name, known)
        return match_words(names, cells)

    def _join(self, masks: Mapping[str, Mask], size: int, noun: str, where: object) -> Mask:
        mask = np.ones(size, dtype=bool)
        for part in masks.values():
            mask &= part
        if not mask.any():
            counts = ", ".join(f"{key}: {int(part.sum())}" for key, part in masks.items())
            together = " together" if len(masks) > 1 else ""
            rule = f"no {noun} fits '{where}'{together} ({counts})"
            raise NothingFoundError("", rule, "Take a key away, or name others.")
        return mask

    # ------------------------------------------------------------------ capacities

    def subjects(self, where: SubjectWhere) -> tuple[list[str], list[str]]:
        """(links, shared capacities) of a selector.

        `subject` names either by id; with `shared`, shared capacities of which some member link
        fits the other keys; else links.
        """
        given = where.given()
        rest = LinkWhere(**{k: v for k, v in given.items() if k not in ("subject", "shared")})\
            if set(given) - {"subject", "shared"} else None  # fmt: skip
        index = self.case.links.index.to_numpy(dtype=object)
        shared = np.asarray(self.shared_ids, dtype=object)
        if where.subject is not None:
            both = np.concatenate([index, shared])
            chosen = both[self._known("subject", "link or shared capacity", where.subject, both)]
            links = [name for name in chosen if name in self.case.links.index]
            pools = [name for name in chosen if name not in self.case.links.index]
            if rest is not None:
                fitting = set(index[self.links(rest)])
                links = [name for name in links if name in fitting]
                pools = self._with_member(pools, fitting)
        elif where.shared is not None:
            links = []
            pools = list(shared[self._known("shared", "shared capacity", where.shared, shared)])
            if rest is not None:
                pools = self._with_member(pools, set(index[self.links(rest)]))
        else:
            links, pools = list(index[self.links(where)]), []
        if not links and not pools:
            raise NothingFoundError("", f"nothing fits '{where}' together", "Take a key away.")
        return links, pools

    def _with_member(self, pools: Iterable[str], links: set[str]) -> list[str]:
        members = zip(
            self.texts("shared", "shared_id"), self.texts("shared", "link_id"), strict=True
        )
        used = {pool for pool, link in members if link in links}
        return [pool for pool in pools if pool in used]

    def capacity_row(self, subject: str) -> int:
        """Position of a subject in `case.capacities`, -1 without one."""
        return int(self.case.capacities.index.get_indexer([subject])[0])

    def capacity_field(self, row: int) -> str:
        """`practical`, or `legal` where only a quota or contract is known."""
        if row < 0:
            return "practical"
        values = self.case.capacities[["practical", "legal"]].iloc[row].to_numpy(dtype=float)
        return "legal" if np.isinf(values[0]) and np.isfinite(values[1]) else "practical"

    # ------------------------------------------------------------------ trade

    def trade(self, table: str, where: TradeWhere) -> Mask:
        """Mask of the supplies or markets of a selector, never empty."""
        masks: dict[str, Mask] = {}
        place = self.texts(table, "place_id")
        if where.place is not None:
            self._known("place", "place", where.place, self.places)
            masks["place"] = match_names(where.place, place)
        if where.country is not None:
            masks["country"] = match_names(where.country, self._countries_of(place))
        if where.commodity is not None:
            chosen = set(self.commodity_ids(where.commodity))
            names = self.texts(table, "commodity_id")
            masks["commodity"] = np.asarray([name in chosen for name in names], dtype=bool)
        noun = {"supplies": "supply", "markets": "market"}[table]
        return self._join(masks, len(place), noun, where)

    def _countries_of(self, places: Texts) -> Texts:
        table = self.case.network["places"]
        country = dict(zip(table["place_id"], table["country"], strict=True))
        return np.asarray([country.get(place, "") for place in places], dtype=object)

    def streams(self, where: StreamWhere) -> Mask:
        """Mask of the streams of a selector, never empty."""
        masks: dict[str, Mask] = {}
        columns = {"stream": "stream_id", "link": "outlet_link_id", "place": "supply_place_id"}
        for key, column in columns.items():
            names = getattr(where, key)
            if names is not None:
                masks[key] = self._known(key, key, names, self.texts("streams", column))
        if where.commodity is not None:
            chosen = self.commodity_ids(where.commodity)
            masks["commodity"] = match_names(chosen, self.texts("streams", "commodity_id"))
        return self._join(masks, len(self.case.streams), "stream", where)

    def project_ids(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """Projects by id, sorted."""
        known = self.case.network["projects"]["project_id"].astype(str).to_numpy(dtype=object)
        return tuple(sorted(set(known[self._known("built", "project", patterns, known)])))
