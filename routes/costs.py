"""What each link costs each handling class: tariffs resolved, distances multiplied in, CO2.

The most specific scope wins within each kind: a through rate, then the link, then (country, mode);
a class before all classes; an export or home rate before a rate for any use. A tie is an error.
A rate that `covers` other kinds stands for them: they are not charged again on its links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from routes.errors import DataError, Problem, UnknownNameError
from routes.network import Network
from routes.units import deflate_usd

USES = ("export", "home")
_FOR_KIND = {
    "move": ("carriage", "freight", "empty_return", "insurance", "risk_premium"),
    "swap": (),
    "border": ("border_fee",),
    "load": ("handling", "port_fee"),
    "unload": ("handling", "port_fee"),
    "transfer": ("handling", "port_fee"),
}
_LINEHAUL = ("carriage", "freight")
CHARGE_COLUMNS = (
    "link_id", "commodity_class", "use", "kind", "usd_per_t", "low", "high", "grade", "tariff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rate:
    """A tariff row on its way to a link; the highest rank holds: nearest scope, class, use."""

    row: int
    kind: str
    use: str
    commodity_class: str
    share: float
    covers: tuple[str, ...]
    rank: tuple[int, bool, bool]


def link_costs(network: Network) -> pd.DataFrame:
    """Every charge of every (link, class) of a network of one year, in USD/t of the price year.

    Returns a frame with the columns of `CHARGE_COLUMNS`, a row per charge; `use` is "any" where
    exports and home deliveries pay the same; `low` and `high` are the range of the charge;
    `tariff` is the label of the row in ``network["tariffs"]``.

    Raises DataError for ties and for usable (link, class) pairs without a charge, all at once.
    """
    tariffs, links = network["tariffs"], network["links"]
    rates = _index_rates(network)
    problems: list[Problem] = []
    found: list[tuple[int, str, str, _Rate]] = []
    carried = _classes_by_mode(network)
    shared: dict[tuple[Any, ...], list[tuple[str, str, _Rate]]] = {}
    columns = ("link_id", "kind", "mode", "country", "commodity_classes", "open")
    for position, link in enumerate(links[list(columns)].itertuples(index=False)):
        own = rates.get(f"link:{link.link_id}", ())
        general = rates.get(f"country-mode:{link.country}/{link.mode}", ())
        key = None if own else (link.country, link.mode, link.kind, link.commodity_classes)
        picked = shared.get(key) if key is not None else None
        if picked is None:
            allowed = carried.get(link.mode, ())
            if link.commodity_classes:
                wanted = link.commodity_classes.split(";")
                allowed = tuple(c for c in allowed if c in wanted)
            candidates = [*own, *(r for r in general if r.kind in _FOR_KIND[link.kind])]
            picked = _pick(candidates, allowed, network, problems)
            _require_charges(picked, allowed, link, network, position, problems)
            if key is not None:
                shared[key] = picked
        found += [(position, cls, use, rate) for cls, use, rate in picked]
    if problems:
        raise DataError(list(dict.fromkeys(problems)))
    return _price(found, links, tariffs)


def _index_rates(network: Network) -> dict[str, list[_Rate]]:
    """Rates by the scope that they apply to, through rates laid on their links."""
    members: dict[str, list[tuple[str, float]]] = {}
    through = network["through_routes"]
    if len(through):
        for route, link, share in through[["route_id", "link_id", "share"]].itertuples(index=False):
            members.setdefault(route, []).append((link, share))
    index: dict[str, list[_Rate]] = {}
    columns = ["scope", "kind", "use", "commodity_class", "covers"]
    tariffs = network["tariffs"]
    for row, (scope, kind, use, cls, covers) in zip(
        tariffs.index, tariffs[columns].itertuples(index=False, name=None), strict=True
    ):
        stands_for = tuple(c for c in covers.split(";") if c)
        level = 2 if scope.startswith("route:") else 1 if scope.startswith("link:") else 0
        rank = (level, cls != "", use != "any")
        if level == 2:
            for link, share in members.get(scope.removeprefix("route:"), ()):
                rate = _Rate(row, kind, use, cls, share, stands_for, rank)
                index.setdefault(f"link:{link}", []).append(rate)
        else:
            index.setdefault(scope, []).append(_Rate(row, kind, use, cls, 1.0, stands_for, rank))
    return index


def _classes_by_mode(network: Network) -> dict[str, tuple[str, ...]]:
    carried: dict[str, dict[str, None]] = {}
    commodities = network["commodities"]
    for cls, modes in zip(commodities["commodity_class"], commodities["modes"], strict=True):
        for mode in modes.split(";"):
            carried.setdefault(mode, {})[cls] = None
    return {mode: tuple(classes) for mode, classes in carried.items()}


def _pick(
    rates: Sequence[_Rate], allowed: Sequence[str], network: Network, problems: list[Problem]
) -> list[tuple[str, str, _Rate]]:
    """(class, use, rate) that hold on a link for each allowed class."""
    picked: list[tuple[str, str, _Rate]] = []
    for cls in allowed:
        fitting = [r for r in rates if r.commodity_class in ("", cls)]
        if all(rate.use == "any" for rate in fitting):
            same = _pick_use(fitting, cls, "any", network, problems)
            picked += [(cls, "any", rate) for rate in same]
            continue
        by_use = {use: _pick_use(fitting, cls, use, network, problems) for use in USES}
        home = {id(rate) for rate in by_use["home"]}
        export = {id(rate) for rate in by_use["export"]}
        picked += [
            (cls, "any" if id(rate) in home else "export", rate) for rate in by_use["export"]
        ]
        picked += [(cls, "home", rate) for rate in by_use["home"] if id(rate) not in export]
    return picked


def _pick_use(
    rates: Sequence[_Rate], cls: str, use: str, network: Network, problems: list[Problem]
) -> list[_Rate]:
    best: dict[str, _Rate] = {}
    for rate in rates:
        if rate.use not in ("any", use):
            continue
        rival = best.get(rate.kind)
        if rival is None or rate.rank > rival.rank:
            best[rate.kind] = rate
        elif rate.rank == rival.rank:
            problems.append(_tie(rival, rate, cls, network))
    covered = {kind for rate in best.values() for kind in rate.covers if kind != rate.kind}
    return [rate for kind, rate in best.items() if kind not in covered]


def _tie(first: _Rate, second: _Rate, cls: str, network: Network) -> Problem:
    lines = network.lines["tariffs"]
    other = lines[first.row][1]
    rule = f"ties with line {other}: both give {first.kind} for {cls} with the same scope"
    file, line = lines[second.row]
    return Problem(file, rule, "Make one more specific, or delete it.", line, "scope")


def _require_charges(
    picked: Sequence[tuple[str, str, _Rate]],
    allowed: Sequence[str],
    link: Any,
    network: Network,
    position: int,
    problems: list[Problem],
) -> None:
    """A move needs carriage or freight, any other link some charge (0 is one), for each use."""
    if link.kind == "swap":
        return
    wanted = _LINEHAUL if link.kind == "move" else None
    priced = {(cls, use) for cls, use, rate in picked if wanted is None or rate.kind in wanted}
    missing = []
    for cls in allowed:
        bare = [use for use in USES if not {(cls, use), (cls, "any")} & priced]
        if bare:
            missing.append(cls if len(bare) == len(USES) else f"{cls} ({bare[0]})")
    if missing:
        file, line = network.lines["links"][network["links"].index[position]]
        what = "carriage or freight" if wanted else "charge"
        rule = f"link '{link.link_id}' has no {what} for {', '.join(missing)}"
        remedy = (
            f"Add a row to tariffs.csv with scope link:{link.link_id} or "
            f"country-mode:{link.country}/{link.mode} (0 is allowed), or narrow commodity_classes."
        )
        problems.append(Problem(file, rule, remedy, line, "link_id"))


def _price(
    found: Sequence[tuple[int, str, str, _Rate]], links: pd.DataFrame, tariffs: pd.DataFrame
) -> pd.DataFrame:
    if not found:
        return pd.DataFrame(columns=list(CHARGE_COLUMNS))
    positions = np.array([f[0] for f in found])
    rows = np.array([f[3].row for f in found])
    share = np.array([f[3].share for f in found])
    rate = tariffs.loc[rows]
    length = links["length_km"].to_numpy(dtype=float)[positions]
    fixed, by_km = (rate[c].to_numpy(dtype=float) for c in ("usd_per_t", "usd_per_t_km"))
    real = np.array([_deflator(int(year)) for year in rate["price_year"].to_numpy()])
    factor = np.where(by_km != 0, length, 1.0) * share * real
    amount = (fixed + by_km * length) * share * real
    low, high = (rate[c].to_numpy(dtype=float) * factor for c in ("low", "high"))
    return pd.DataFrame({
        "link_id": links["link_id"].to_numpy()[positions],
        "commodity_class": np.array([f[1] for f in found], dtype=object),
        "use": np.array([f[2] for f in found], dtype=object),
        "kind": rate["kind"].to_numpy(),
        "usd_per_t": amount,
        "low": np.minimum(low, amount),
        "high": np.maximum(high, amount),
        "grade": rate["grade"].to_numpy(),
        "tariff": rows,
    })  # fmt: skip


@lru_cache(maxsize=64)
def _deflator(year: int) -> float:
    return deflate_usd(1.0, year)


def explain_tariff(
    network: Network, link_id: str, commodity_class: str, *, charges: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The charges of one link and class with the tariff rows, sources and grades behind them."""
    if link_id not in set(network["links"]["link_id"]):
        raise UnknownNameError("link", link_id, network["links"]["link_id"])
    table = link_costs(network) if charges is None else charges
    mine = table[(table["link_id"] == link_id) & (table["commodity_class"] == commodity_class)]
    rows = network["tariffs"].reindex(mine["tariff"]).reset_index(drop=True)  # -1: a scenario's
    extra = rows[["scope", "includes", "covers", "price_year", "source_id", "note"]]
    return pd.concat([mine.reset_index(drop=True), extra], axis=1)


def link_emissions(network: Network) -> pd.Series:
    """Greenhouse gas of each link, kg CO2e per tonne carried, direct plus upstream, by link_id.

    The factor is the most specific row of emissions.csv: ship or train class, then country.
    Raises DataError when a link with a length has no factor.
    """
    links, table = network["links"], network["emissions"]
    row = match_emissions(links, table)
    km = links["length_km"].to_numpy(dtype=float)
    problems = []
    for position in np.flatnonzero((row < 0) & (km > 0)):
        link = links.iloc[position]
        file, line = network.lines["links"][links.index[position]]
        what = f"{link['mode']}, {link['country']}, {link['ship_class'] or 'any class'}"
        rule = f"no emission factor fits link '{link['link_id']}' ({what})"
        problems.append(Problem(file, rule, "Add a row to emissions.csv.", line, "ship_class"))
    if problems:
        raise DataError(problems)
    factor = (table["direct_g_per_t_km"] + table["upstream_g_per_t_km"]).to_numpy(dtype=float)
    values = np.append(factor, 0.0)[row] * km / 1000.0  # -1: none, the last
    return pd.Series(values, index=pd.Index(links["link_id"], name="link_id"), name="co2_kg_per_t")


def match_emissions(links: pd.DataFrame, emissions: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Position in `emissions` of each link's factor, -1 where none fits.

    The most specific row holds: of the ship or train class before one of the country.
    """
    keys = zip(emissions["mode"], emissions["country"], emissions["ship_class"], strict=True)
    place = {key: i for i, key in enumerate(keys)}
    found = [
        next((place[k] for k in ((m, c, s), (m, "", s), (m, c, ""), (m, "", "")) if k in place), -1)
        for m, c, s in zip(links["mode"], links["country"], links["ship_class"], strict=True)
    ]
    return np.array(found, dtype=np.int64)
