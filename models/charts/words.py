"""What charts and reports call things: indicators, places, links, amounts and prices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from models.names import WORTH, capitalise, name_place
from routes.maps.style import CORRIDORS, MODES

MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Measure:
    """How an indicator is shown: name for people, unit, factor to that unit, decimals."""

    name: str
    unit: str
    factor: float = 1.0
    decimals: int = 1

    def show(self, value: float | None, *, sign: bool = False) -> str:
        """The value in the unit of the measure, without the unit; `n/a` when undefined."""
        if value is None or math.isnan(value):
            return "n/a"
        return format_fixed(value * self.factor, self.decimals, sign=sign)


INDICATORS: dict[str, Measure] = {
    "exported_mt": Measure("Exports", "Mt a year"),
    "domestic_mt": Measure("Home deliveries", "Mt a year"),
    "undelivered_mt": Measure("Left behind", "Mt a year"),
    "shortfall_mt": Measure("Obligations missed", "Mt a year"),
    "possible_mt": Measure("Most that could leave", "Mt a year"),
    "cash_cost_usd_per_t": Measure("Transport cost", "USD/t"),
    "generalised_cost_usd_per_t": Measure("Cost with time and risk", "USD/t"),
    "transport_cost_musd": Measure("Transport bill", "bn USD a year", 1e-3, 2),
    "export_value_musd": Measure("Export value", "bn USD a year", 1e-3, 2),
    "netback_musd": Measure("Netback", "bn USD a year", 1e-3, 2),
    "surplus_musd": Measure("Surplus", "bn USD a year", 1e-3, 2),
    "days_mean": Measure("Mean time", "days"),
    "days_p90": Measure("Slowest tenth", "days"),
    "co2_mt": Measure("Emissions", "Mt CO2e a year", 1.0, 2),
    "transit_share": Measure("Transit share", "%", 100.0),
    "transit_share_value": Measure("Transit share, value", "%", 100.0),
    "market_share": Measure("Market share", "%", 100.0),
    "exclusion_loss": Measure("Exclusion loss", "% of surplus", 100.0),
    "bypass_coverage": Measure("Bypass coverage", "%", 100.0),
    "bypass_coverage_paying": Measure("Bypass that pays", "%", 100.0),
    "corridor_hhi": Measure("Corridor concentration", "HHI, 0 to 1", 1.0, 2),
    "entry_country_hhi": Measure("Neighbour concentration", "HHI, 0 to 1", 1.0, 2),
    "sanctions_exposure_share": Measure("Sanctioned operators", "% of exports", 100.0),
    "war_risk_share": Measure("War risk", "% of exports", 100.0),
}
"""Indicator id -> how it is shown."""

COUNTRIES: dict[str, str] = {
    "AE": "United Arab Emirates", "AF": "Afghanistan", "AM": "Armenia", "AT": "Austria",
    "AZ": "Azerbaijan", "BE": "Belgium", "BG": "Bulgaria", "BR": "Brazil", "BY": "Belarus",
    "CA": "Canada", "CH": "Switzerland", "CN": "China", "CZ": "Czechia", "DE": "Germany",
    "EE": "Estonia", "EG": "Egypt", "ES": "Spain", "FI": "Finland", "FR": "France",
    "GB": "United Kingdom", "GE": "Georgia", "GR": "Greece", "HR": "Croatia", "HU": "Hungary",
    "IL": "Israel", "IN": "India", "IR": "Iran", "IT": "Italy", "JP": "Japan", "KG": "Kyrgyzstan",
    "KR": "South Korea", "KZ": "Kazakhstan", "LT": "Lithuania", "LV": "Latvia", "MA": "Morocco",
    "MN": "Mongolia", "NL": "Netherlands", "PK": "Pakistan", "PL": "Poland", "RO": "Romania",
    "RS": "Serbia", "RU": "Russia", "SG": "Singapore", "SK": "Slovakia", "TJ": "Tajikistan",
    "TM": "Turkmenistan", "TN": "Tunisia", "TR": "Türkiye", "UA": "Ukraine",
    "US": "United States", "UZ": "Uzbekistan", "VN": "Vietnam", "XZ": "open sea",
}  # fmt: skip

REGIONS: dict[str, str] = {
    "KZ": "Kazakhstan",
    "RU": "Russia",
    "CN": "China",
    **dict.fromkeys(("UZ", "KG", "TJ", "TM", "AF"), "Central Asia and Afghanistan"),
    **dict.fromkeys(("GE", "AZ", "AM"), "Caucasus"),
    "TR": "Türkiye",
    **dict.fromkeys(("RO", "BG", "UA", "MD"), "Black Sea, west"),
    **dict.fromkeys(
        ("IT", "GR", "HR", "ES", "IL", "EG", "TN", "MA", "LY", "DZ", "MT", "CY", "SI"),
        "Mediterranean",
    ),
    "GB": "United Kingdom",
    **dict.fromkeys(("NL", "BE", "DE", "FR"), "North-West Europe"),
    **dict.fromkeys(
        ("PL", "BY", "LT", "LV", "EE", "FI", "SE", "CZ", "SK", "HU", "AT", "RS"),
        "Baltic and Central Europe",
    ),
    **dict.fromkeys(("IR", "AE", "SA", "KW", "QA", "OM", "IQ"), "Iran and the Gulf"),
    **dict.fromkeys(("IN", "PK", "BD", "LK"), "South Asia"),
    **dict.fromkeys(("JP", "KR", "VN", "SG", "TH", "MY", "ID", "TW", "MN"), "East Asia"),
    **dict.fromkeys(("US", "CA", "BR", "MX", "AR"), "The Americas"),
}
"""Country -> market region."""

_KINDS = {
    "load": "loading at {start}, {mode}",
    "unload": "delivery at {start}, {mode}",
    "border": "border {start} \u2013 {end}, {mode}",
    "swap": "swap {start} \u2013 {end}",
}


def name_corridor(corridor: str) -> str:
    """Name of a corridor for people."""
    return CORRIDORS[corridor].name if corridor in CORRIDORS else corridor


def name_mode(mode: str) -> str:
    """Name of a mode for people."""
    return MODES.get(mode, mode)


def name_country(code: str) -> str:
    """Name of a country; the code itself where it is not known."""
    return COUNTRIES.get(code, code)


def name_player(player: str) -> str:
    """Name of a country, a corridor, or all others, that lets goods through."""
    if player == "other":
        return "All others together"
    if player in CORRIDORS:
        return capitalise(CORRIDORS[player].name)
    return name_country(player)


_DRIVERS = {
    "capacity": "Capacity", "days": "Time", "emissions": "Emissions", "interest": "Interest",
    "lifting": "Lifting cost", "market": "Demand", "price": "Price", "stream": "Price of stream",
    "supply": "Supply", "tariff": "Charges", "use": "Taken of a shared capacity",
}  # fmt: skip


def name_driver(driver: str) -> str:
    """An input of an ensemble as words: `market:coal@omsk` -> `Demand: coal at omsk`."""
    kind, sign, rest = driver.partition(":")
    if not sign or kind not in _DRIVERS:
        return capitalise(driver.replace("_", " "))
    return f"{_DRIVERS[kind]}: {rest.replace('@', ' at ').replace('/', ', ')}"


def name_region(code: str) -> str:
    """Market region of a country; its own name where it belongs to none."""
    return REGIONS.get(code, name_country(code))


def name_commodity(commodity: str) -> str:
    """A commodity's id as words: `iron-ore` -> `Iron ore`."""
    return _GOODS.get(commodity, capitalise(commodity.replace("-", " ")))


def say_commodity(commodity: str) -> str:
    """A commodity's id as words within a sentence: `coal-low-ash` -> `low-ash coal`."""
    if commodity in ("lpg", "coal-low-ash"):
        return {"lpg": "LPG"}.get(commodity, "low-ash coal")
    name = name_commodity(commodity)
    return name[:1].lower() + name[1:]


def name_link(link: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A link in words: `Aktau sea port \u2013 Makhachkala, tanker`.

    Parameters
    ----------
    link
        kind, mode, from_place_id, to_place_id, and for transfers from_node_id, to_node_id.
    names
        Place id -> name.
    """
    start, end = (name_place(names[link[side]]) for side in ("from_place_id", "to_place_id"))
    mode = name_mode(str(link["mode"]))
    kind = str(link["kind"])
    if kind == "transfer":
        first, last = (
            name_mode(str(link[side]).rpartition(".")[2]) for side in ("from_node_id", "to_node_id")
        )
        return capitalise(f"{start}: {first} to {last}")
    if kind in _KINDS:
        return capitalise(_KINDS[kind].format(start=start, end=end, mode=mode))
    return f"{start} \u2013 {end}, {mode}"


def name_links(links: pd.DataFrame, places: pd.DataFrame) -> dict[str, str]:
    """Words for every link of a case; `places` is indexed by place_id."""
    names = {str(place): str(name) for place, name in places["name"].items()}
    columns = ["kind", "mode", "from_place_id", "to_place_id", "from_node_id", "to_node_id"]
    rows = links[columns].to_dict("records")
    return {str(link): name_link(row, names) for link, row in zip(links.index, rows, strict=True)}


_GOODS = {
    "crude": "Crude oil", "products": "Oil products", "lpg": "LPG", "coal-low-ash": "Coal, low ash",
    "zinc-lead": "Zinc and lead",
}  # fmt: skip


def format_fixed(value: float, decimals: int, *, sign: bool = False) -> str:
    """A number with fixed decimals, thousands apart, a true minus sign, and no minus zero."""
    text = f"{abs(value):,.{decimals}f}"
    zero = not any(digit in text for digit in "123456789")
    if value < 0 and not zero:
        return MINUS + text
    return ("+" if sign and not zero else "") + text


def format_short(value: float) -> str:
    """Three figures at most: 1,234; 123; 12.3; 1.23; 0.12; 0.0041."""
    size = abs(value)
    if size == 0:
        return "0"
    decimals = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    if size < 0.0995:
        decimals = 1 - math.floor(math.log10(size))
    return format_fixed(value, decimals)


def format_amount(mt: float) -> str:
    """Tonnes in the unit that suits: `12.3 Mt`, `450 kt`, `94 t`."""
    for unit, size in (("Mt", 1.0), ("kt", 1e-3)):
        if abs(mt) >= 0.9995 * size:
            return f"{format_short(mt / size)} {unit}"
    return f"{format_short(mt * 1e6)} t" if mt else "0 t"


def format_money(musd: float) -> str:
    """Million USD in the unit that suits: `12.3 bn USD`, `450 m USD`."""
    if abs(musd) >= 999.5:
        return f"{format_short(musd / 1000)} bn USD"
    if abs(musd) >= 0.9995:
        return f"{format_short(musd)} m USD"
    return f"{format_short(musd * 1e6)} USD"


def format_price(usd_per_unit: float | None, unit: str) -> str:
    """What one unit of a capacity is worth, per thing carried: `18.6 USD/t`."""
    if usd_per_unit is None or math.isnan(usd_per_unit):
        return "not priced"
    factor, words = WORTH[unit]
    return f"{format_short(usd_per_unit * factor)} {words}"
