"""Every number that is said of a link, a shared capacity or a place, with who says it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from routes.capacities import govern_capacities
from routes.costs import link_costs, link_emissions, match_emissions
from routes.network import Network, select_year
from routes.provenance.numbers import list_numbers
from routes.provenance.sources import describe_sources, find_rivals
from routes.provenance.subjects import Subject, find_subject

FEW = 3  # links up to which rates of a whole (country, mode) are listed too
_YEARS = ["from_year", "to_year"]
_LAST = ["grade", "source_id", "note"]
_LINK = [
    "link_id", "from_node_id", "to_node_id", "kind", "mode", "commodity_classes", "country",
    "length_km", "days", *_YEARS, "status", "flags",
]  # fmt: skip
_CAPACITY = [
    "subject_id", "basis", "capacity", "background", "low", "high", "unit", "enforced", *_YEARS,
]  # fmt: skip
_SHARED = [
    "shared_id", "link_id", "commodity_class", "supply_place_id", "coefficient", "low", "high",
    "unit", *_YEARS,
]  # fmt: skip
_CHARGE = [
    "link_id", "commodity_class", "use", "kind", "usd_per_t", "low", "high", "scope", "covers",
    "includes", "price_year",
]  # fmt: skip


def describe_subject(network: Network, name: str, *, year: int = 2023) -> dict[str, pd.DataFrame]:
    """Every number of what `name` stands for (see find_subject), table by table.

    Parameters
    ----------
    network
        The tables.
    name
        A link, a shared capacity, a place, a line such as `CPC`, a way such as `Atyrau-Samara`.
    year
        Year whose tariffs, capacity and emissions hold; statements of all years are listed.

    Returns
    -------
    dict
        Frames `links`, `capacities` (with `holds` where the statement is the one that limits in
        the year), `shared_capacities`, `observed`, `tariffs` (USD of the price year, distance
        multiplied in), `streams`, `supplies`, `markets`, `numbers` (length and days),
        `emissions`, `projects`, `events`, `rivals`, `sources`; those without rows are left out.

    Raises
    ------
    UnknownNameError
        When nothing is called so.
    """
    subject = find_subject(network, name)
    links = set(subject.links)
    capacities, shared = _find_limits(network, subject)
    subjects = links | set(subject.shared) | set(shared["shared_id"])
    parts = {
        "links": _pick(network, "links", "link_id", links)[_LINK],
        "capacities": _describe_capacities(network, capacities, year),
        "shared_capacities": shared[[*_SHARED, *_LAST]],
        "observed": _by_words(network, "observed", "measure", subject, subjects),
        "tariffs": _describe_tariffs(network, subject, year),
        "streams": _pick(network, "streams", "outlet_link_id", links),
        "supplies": _pick(network, "supplies", "place_id", set(subject.places)),
        "markets": _pick(network, "markets", "place_id", set(subject.places)),
        "numbers": _link_numbers(network, links),
        "emissions": _describe_emissions(network, subject, year),
        "projects": _describe_projects(network, subjects),
        "events": _by_words(network, "events", "subject", subject, subjects),
        "rivals": _collect_rivals(network, subject, capacities, shared),
    }
    named = [part[c] for part in parts.values() for c in part if c.endswith("source_id")]
    parts["sources"] = describe_sources(network, pd.concat(named))
    return {key: part.reset_index(drop=True) for key, part in parts.items() if len(part)}


def _pick(network: Network, table: str, column: str, wanted: set[str]) -> pd.DataFrame:
    frame = network[table]
    return frame[frame[column].isin(wanted).to_numpy(dtype=bool)]


def _find_limits(network: Network, subject: Subject) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Capacity statements and shared memberships of a subject."""
    links = set(subject.links)
    members = network["shared_capacities"]
    mine = members["link_id"].isin(links) | members["shared_id"].isin(subject.shared)
    shared = members[mine.to_numpy(dtype=bool)]
    wanted = links | set(shared["shared_id"]) | set(subject.shared)
    return _pick(network, "capacities", "subject_id", wanted), shared


def _link_numbers(network: Network, links: set[str]) -> pd.DataFrame:
    rows = list(_pick(network, "links", "link_id", links).index)
    numbers = list_numbers(network, "links", rows)
    names = ["row", "number", "value", "low", "high", "unit", *_LAST]
    return numbers[names].rename(columns={"row": "link_id"})


def _describe_capacities(network: Network, rows: pd.DataFrame, year: int) -> pd.DataFrame:
    chosen = select_year(network, year)["capacities"]
    limits = govern_capacities(chosen[chosen["subject_id"].isin(rows["subject_id"])])
    here = dict(zip(limits["row"], limits["available"], strict=True))
    table = rows[[*_CAPACITY, *_LAST]].copy()
    table.insert(2, "available", [here.get(label, math.nan) for label in rows.index])
    table.insert(3, "holds", [label in here for label in rows.index])
    return table


def _describe_tariffs(network: Network, subject: Subject, year: int) -> pd.DataFrame:
    if not subject.links:
        return pd.DataFrame(columns=[*_CHARGE, *_LAST])
    chosen = select_year(network, year)
    charges = link_costs(chosen)
    mine = charges[charges["link_id"].isin(subject.links)]
    extra = ["scope", "covers", "includes", "price_year", "source_id", "note"]
    rows = chosen["tariffs"].reindex(mine["tariff"])[extra].reset_index(drop=True)
    table = pd.concat([mine.reset_index(drop=True), rows], axis=1)[[*_CHARGE, *_LAST]]
    if len(subject.links) > FEW:
        table = table[~table["scope"].str.startswith("country-mode:")]
    return _join_classes(table)


def _join_classes(table: pd.DataFrame) -> pd.DataFrame:
    """One row for the classes that pay the same by the same tariff row."""
    names = [name for name in table.columns if name != "commodity_class"]
    grouped = table.groupby(names, sort=False, dropna=False)["commodity_class"]
    joined = grouped.agg(" ".join).reset_index()
    return joined[list(table.columns)]


def _describe_emissions(network: Network, subject: Subject, year: int) -> pd.DataFrame:
    columns = ["link_id", "co2_kg_per_t", "low", "high", *_LAST]
    links = select_year(network, year)["links"]
    mine = links[links["link_id"].isin(subject.links) & (links["length_km"] > 0)]
    if not len(mine):
        return pd.DataFrame(columns=columns)
    factors = network["emissions"]
    kilograms = link_emissions(select_year(network, year))
    fitting = factors.iloc[match_emissions(mine, factors)].set_axis(mine.index)
    km = mine["length_km"] / 1000.0
    return pd.DataFrame({
        "link_id": mine["link_id"],
        "co2_kg_per_t": kilograms[mine["link_id"]].to_numpy(),
        "low": fitting["low"] * km,
        "high": fitting["high"] * km,
        **{name: fitting[name] for name in _LAST},
    }).reset_index(drop=True)  # fmt: skip


def _describe_projects(network: Network, subjects: set[str]) -> pd.DataFrame:
    effects = _pick(network, "project_effects", "subject_id", subjects)
    projects = network["projects"].set_index("project_id")
    named = projects.reindex(effects["project_id"])[
        ["name", "cost_musd", "earliest_year", "status"]
    ]
    columns = ["project_id", "subject_id", "quantity", "operation", "value", "low", "high", "unit",
               "commodity_class", *_LAST]  # fmt: skip
    return pd.concat([effects[columns].reset_index(drop=True), named.reset_index(drop=True)],
                     axis=1)  # fmt: skip


def _by_words(
    network: Network, table: str, column: str, subject: Subject, subjects: set[str]
) -> pd.DataFrame:
    """Rows of events or observations whose subject is one of ours, such as `link:btc-georgia`."""
    frame = network[table]
    words = {
        f"{kind}:{name}" for name in subjects for kind in ("link", "outlet", "border", "shared")
    }
    words |= {f"place:{place}" for place in subject.places}
    return frame[frame[column].isin(words).to_numpy(dtype=bool)]


def _collect_rivals(
    network: Network, subject: Subject, capacities: pd.DataFrame, shared: pd.DataFrame
) -> pd.DataFrame:
    links = network["links"]
    scopes = network["tariffs"]["scope"]
    mine = scopes.isin([f"link:{link}" for link in subject.links]).to_numpy(dtype=bool)
    if 0 < len(subject.links) <= FEW:
        own = links[links["link_id"].isin(subject.links)]
        general = [
            f"country-mode:{c}/{m}" for c, m in zip(own["country"], own["mode"], strict=True)
        ]
        mine = mine | scopes.isin(general).to_numpy(dtype=bool)
    places = [network[t] for t in ("supplies", "markets")]
    rows: list[tuple[str, Sequence[int]]] = [
        ("links", list(links.index[links["link_id"].isin(subject.links)])),
        ("capacities", list(capacities.index)),
        ("shared_capacities", list(shared.index)),
        ("tariffs", list(np.flatnonzero(mine))),
        ("streams", list(_pick(network, "streams", "outlet_link_id", set(subject.links)).index)),
        *((t, list(f.index[f["place_id"].isin(subject.places)]))
          for t, f in zip(("supplies", "markets"), places, strict=True)),
    ]  # fmt: skip
    parts = [find_rivals(network, table, list(labels)) for table, labels in rows if len(labels)]
    joined = pd.concat([*parts, network["rivals"].iloc[:0]], ignore_index=True)
    return joined.drop_duplicates()
