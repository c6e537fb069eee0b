"""Where every number of a report comes from: a sheet per link, shared capacity and place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models.report.results import Pools, shorten_number
from models.run import Run
from routes.network import Network

_MOST_NOTE = 240


@dataclass(frozen=True)
class Facts:
    """The sheets by number, the tariff rows they refer to, and the sources all of them name."""

    sheets: dict[str, Any]
    sources: list[dict[str, str]]
    commodities: list[dict[str, Any]]
    emissions: list[dict[str, Any]]


def collect_facts(runs: Sequence[Run], pools: Pools) -> Facts:
    """Facts behind everything in `pools`.

    The sheets are lists to be short: `links` (status, flags, sources and grade of the link and of
    its days, note), `capacities` of links and of `shared` (value, background, unit, basis,
    enforced, low, high, years, sources, grade, note), `members` (shared capacity, class,
    coefficient, unit, sources, grade), `charges` (class, use, kind, USD/t, tariff row), `tariffs`
    (scope, USD/t, USD/t-km, low, high, price year, sources, grade, note),
    `supplies` and `markets` of places. Words are numbers in the pool of texts.
    """
    network = runs[0].result.case.network
    years = sorted({run.year for run in runs})
    scribe = _Scribe(pools, set())
    sheets: dict[str, Any] = {
        "links": _link_sheets(network, scribe),
        "capacities": _capacity_sheets(network, pools.links.items, years, scribe),
        "shared": _capacity_sheets(network, pools.shared.items, years, scribe),
        "members": _member_sheets(network, years, scribe),
        "charges": _charge_sheets(runs, pools),
        "places": _place_sheets(network, years, scribe),
    }
    rows = {
        charge[4] for charges in sheets["charges"].values() for charge in charges if charge[4] >= 0
    }
    sheets["tariffs"] = _tariff_rows(network, sorted(rows), scribe)
    commodities = _commodity_rows(network, scribe)
    emissions = _emission_rows(network, scribe)
    return Facts(sheets, _list_sources(network, scribe.found), commodities, emissions)


@dataclass
class _Scribe:
    """Writes cells: long texts by their number in the pool, sources noted as used."""

    pools: Pools
    found: set[str]

    def cite(self, cell: Any) -> int:
        """A cell of sources."""
        text = str(cell or "")
        self.found.update(_split(text))
        return self.pools.texts(text)

    def note(self, cell: Any) -> int:
        """Words, cut where they are long."""
        text = str(cell or "")
        if len(text) > _MOST_NOTE:
            text = text[: _MOST_NOTE - 1].rstrip() + "…"
        return self.pools.texts(text)


def _link_sheets(network: Network, scribe: _Scribe) -> list[list[Any]]:
    pools = scribe.pools
    links = network["links"].drop_duplicates("link_id", keep="last").set_index("link_id")
    rows = links.loc[pools.links.items].to_dict("records")
    return [
        [
            scribe.note(row["status"]), scribe.note(row["flags"]),
            scribe.cite(row["source_id"]), row["grade"], scribe.cite(row["days_source_id"]),
            row["days_grade"], scribe.note(row["note"]),
        ]
        for row in rows
    ]  # fmt: skip


def _in_years(table: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Rows that hold in one of the years, or begin later (projects)."""
    ended = table["to_year"].fillna(9999.0) < min(years)
    return table[~ended.to_numpy()]


def _years(row: dict[str, Any]) -> str:
    first, last = (shorten_number(row[name]) for name in ("from_year", "to_year"))
    if first is None and last is None:
        return ""
    return f"{first or ''}\u2013{last or ''}"


def _capacity_sheets(
    network: Network, subjects: Iterable[str], years: Sequence[int], scribe: _Scribe
) -> dict[int, list[list[Any]]]:
    numbers = {subject: number for number, subject in enumerate(subjects)}
    table = _in_years(network["capacities"], years)
    sheets: dict[int, list[list[Any]]] = {}
    for row in table[table["subject_id"].isin(numbers)].to_dict("records"):
        sheets.setdefault(numbers[row["subject_id"]], []).append([
            _unlimited(row["capacity"]), shorten_number(row["background"]),
            scribe.note(row["unit"]), scribe.note(row["basis"]),
            bool(row["enforced"]), _unlimited(row["low"]), _unlimited(row["high"]),
            _years(row), scribe.cite(row["source_id"]), row["grade"], scribe.note(row["note"]),
        ])  # fmt: skip
    return sheets


def _unlimited(value: Any) -> Any:
    return "unlimited" if value == float("inf") else shorten_number(value)


def _member_sheets(
    network: Network, years: Sequence[int], scribe: _Scribe
) -> dict[int, list[list[Any]]]:
    pools = scribe.pools
    table = _in_years(network["shared_capacities"], years)
    sheets: dict[int, list[list[Any]]] = {}
    for row in table[table["link_id"].isin(pools.links.numbers)].to_dict("records"):
        if row["shared_id"] in pools.shared.numbers:
            sheets.setdefault(pools.links(row["link_id"]), []).append([
                pools.shared(row["shared_id"]), scribe.note(row["commodity_class"]),
                shorten_number(row["coefficient"]), scribe.note(row["unit"]),
                scribe.cite(row["source_id"]), row["grade"], _years(row),
            ])  # fmt: skip
    return sheets


def _charge_sheets(runs: Sequence[Run], pools: Pools) -> dict[int, list[list[Any]]]:
    """Charges of each link for the classes that some run sends over it."""
    sheets: dict[int, list[list[Any]]] = {}
    done: set[tuple[str, str]] = set()
    for run in runs:
        classes = run.result.case.commodities["commodity_class"]
        pairs = {
            (str(link), str(classes[commodity]))
            for link, commodity in zip(run.flows["link_id"], run.flows["commodity"], strict=True)
        } - done
        charges = run.result.case.charges
        keys = pd.MultiIndex.from_frame(charges[["link_id", "commodity_class"]])
        rows = charges[keys.isin(pairs)] if pairs else charges.iloc[:0]
        for row in rows.to_dict("records"):
            sheets.setdefault(pools.links(row["link_id"]), []).append([
                *(pools.texts(str(row[name])) for name in ("commodity_class", "use", "kind")),
                shorten_number(row["usd_per_t"]), int(row["tariff"]),
            ])  # fmt: skip
        done |= pairs
    return sheets


def _tariff_rows(network: Network, rows: Sequence[int], scribe: _Scribe) -> dict[int, list[Any]]:
    table = network["tariffs"].loc[list(rows)]
    return {
        int(number): [
            scribe.note(row["scope"]),
            shorten_number(row["usd_per_t"]), shorten_number(row["usd_per_t_km"]),
            shorten_number(row["low"]), shorten_number(row["high"]), int(row["price_year"]),
            scribe.cite(row["source_id"]), row["grade"], scribe.note(row["note"]),
        ]
        for number, row in zip(table.index, table.to_dict("records"), strict=True)
    }  # fmt: skip


def _place_sheets(network: Network, years: Sequence[int], scribe: _Scribe) -> dict[int, list[Any]]:
    """Sources of the point, supplies and markets of each place in the years of the runs."""
    pools = scribe.pools
    places = network["places"].set_index("place_id")
    sheets: dict[int, list[Any]] = {
        pools.places(name): [
            places.at[name, "kind"], scribe.cite(places.at[name, "source_id"]),
            places.at[name, "grade"], [], [],
        ]
        for name in pools.places.items
    }  # fmt: skip
    supplies, markets = (
        table[table["year"].isin(years) & table["place_id"].isin(pools.places.numbers)]
        for table in (network["supplies"], network["markets"])
    )
    for row in supplies.to_dict("records"):
        sheets[pools.places(row["place_id"])][3].append([
            pools.commodities(row["commodity_id"]), int(row["year"]),
            *(shorten_number(row[n]) for n in ("mt_per_year", "low", "high",
                                               "lifting_cost_usd_per_t")),
            scribe.cite(row["source_id"]), row["grade"], scribe.note(row["note"]),
        ])  # fmt: skip
    for row in markets.to_dict("records"):
        sheets[pools.places(row["place_id"])][4].append([
            pools.commodities(row["commodity_id"]), int(row["year"]),
            _unlimited(row["max_mt_per_year"]), shorten_number(row["min_mt_per_year"]),
            shorten_number(row["price_usd_per_t"]), row["price_basis"], int(row["price_year"]),
            scribe.cite(row["source_id"]), row["grade"], row["price_grade"],
            scribe.note(row["note"]),
        ])  # fmt: skip
    return sheets


def _commodity_rows(network: Network, scribe: _Scribe) -> list[dict[str, Any]]:
    pools = scribe.pools
    table = network["commodities"]
    rows = table[table["commodity_id"].isin(pools.commodities.numbers)].to_dict("records")
    return [
        {
            "name": row["name"],
            "class": row["commodity_class"],
            "value": shorten_number(row["unit_value_usd_per_t"]),
            "interest": shorten_number(100.0 * row["interest_per_year"]),
            "sources": _cited(row, scribe),
            "grade": row["grade"],
        }
        for row in rows
    ]


def _emission_rows(network: Network, scribe: _Scribe) -> list[dict[str, Any]]:
    return [
        {
            "mode": row["mode"],
            "where": row["country"] or "any country",
            "ship": row["ship_class"],
            "direct": shorten_number(row["direct_g_per_t_km"]),
            "upstream": shorten_number(row["upstream_g_per_t_km"]),
            "sources": _cited(row, scribe),
            "grade": row["grade"],
        }
        for row in network["emissions"].to_dict("records")
    ]


def _cited(row: dict[str, Any], scribe: _Scribe) -> list[str]:
    parts = _split(str(row["source_id"]))
    scribe.found.update(parts)
    return parts


def _split(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def _list_sources(network: Network, found: set[str]) -> list[dict[str, str]]:
    table = network["sources"]
    rows = table[table["source_id"].isin(found)].sort_values("source_id")
    names = ["source_id", "publisher", "title", "url", "published", "accessed", "licence"]
    return [{key: str(row[key]) for key in names} for row in rows[names].to_dict("records")]
