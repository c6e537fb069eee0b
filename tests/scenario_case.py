"""A tiny country for the tests of scenarios.

field.site -load- hub.pipeline -hub-rport-pipe- rport.pipeline -load- rport.tanker --.
                    |    |                        (RU)                    war_risk    >- market
                    |    '-hub-port-pipe- port -load- port.tanker -port-abay-tanker- abay (AZ)
                    |                     '- (project: port-abay-pipe, from 2030) -'   |
                    '-hub-cn-pipe- cn.pipeline - cn.site (CN)       abay-market-tanker-'
farm.site -load- farm.rail1520 -farm-rport-rail- rport.rail1520 -transfer- rport.dry - market
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from models.demand import Case, select_case
from routes.network import load_network
from routes.schema import TABLES

_SAID = {"source_id": "S1", "grade": "B"}


def _place(name, country, kind="hub"):
    return {"place_id": name, "name": name.title(), "country": country, "kind": kind, "lat": 45,
            "lon": 50, **_SAID}  # fmt: skip


def _link(name, start, end, kind, mode, country, km=0, **more):
    row = {"link_id": name, "from_node_id": start, "to_node_id": end, "kind": kind, "mode": mode,
           "country": country, "length_km": km, "days": 1, "days_sd": 0.5, "days_low": 0.5,
           "days_high": 2, "days_source_id": "S1", "days_grade": "B", "status": "operating",
           **_SAID}  # fmt: skip
    return row | more


def _capacity(name, capacity, unit="Mt/yr", basis="practical", **more):
    row = {"subject_id": name, "capacity": capacity, "background": 0, "low": capacity,
           "high": capacity, "unit": unit, "basis": basis, "enforced": "yes", "firm": "no",
           **_SAID}  # fmt: skip
    return row | more


def _tariff(scope, kind, usd, **more):
    row = {"scope": scope, "kind": kind, "usd_per_t": usd, "low": usd, "high": usd,
           "price_year": 2023, **_SAID}  # fmt: skip
    return row | more


def _commodity(name, cls, modes, parent=None):
    return {"commodity_id": name, "parent_id": parent or name, "name": name.title(),
            "commodity_class": cls, "modes": modes, "unit_value_usd_per_t": 500, "low": 400,
            "high": 600, "interest_per_year": 0.1, "interest_low": 0.1, "interest_high": 0.1,
            **_SAID}  # fmt: skip


def _supply(commodity, place, mt):
    return {"commodity_id": commodity, "place_id": place, "year": 2023, "mt_per_year": mt,
            "low": 0.8 * mt, "high": 1.2 * mt, "lifting_cost_usd_per_t": 50, "lifting_low": 40,
            "lifting_high": 60, **_SAID}  # fmt: skip


def _market(commodity, place, most, price, **more):
    row = {"commodity_id": commodity, "place_id": place, "year": 2023, "max_mt_per_year": most,
           "min_mt_per_year": 0, "price_usd_per_t": price, "price_basis": "cif",
           "basis_place_id": place, "price_low": price - 50, "price_high": price + 50,
           "price_grade": "B", "price_year": 2023, "low": most, "high": most, **_SAID}  # fmt: skip
    return row | more


def _stream(outlet, usd):
    return {"stream_id": f"{outlet}-blend", "commodity_id": "crude", "outlet_link_id": outlet,
            "supply_place_id": "field", "price_differential_usd_per_t": usd, "price_low": usd - 5,
            "price_high": usd + 5, "quality_usd_per_t": 0, "price_year": 2023, **_SAID}  # fmt: skip


def _effect(project, subject, quantity, operation, value, unit=""):
    return {"project_id": project, "subject_id": subject, "quantity": quantity,
            "operation": operation, "value": value, "unit": unit, **_SAID}  # fmt: skip


def _project(name):
    return {"project_id": name, "name": name, "earliest_year": 2030, "status": "announced", **_SAID}


TINY = {
    "sources": [{"source_id": "S1", "publisher": "P", "title": "T"}],
    "places": [
        _place("field", "KZ", "oil_field"), _place("farm", "KZ", "industrial"),
        _place("hub", "KZ"), _place("port", "KZ", "port"), _place("rport", "RU", "port"),
        _place("abay", "AZ", "port"), _place("cn", "CN", "market"),
        _place("market", "IT", "market"),
    ],
    "links": [
        _link("field-load", "field.site", "hub.pipeline", "load", "pipeline", "KZ"),
        _link("hub-rport-pipe", "hub.pipeline", "rport.pipeline", "move", "pipeline", "RU", 1000,
              flags="sanctioned_operator"),
        _link("rport-load", "rport.pipeline", "rport.tanker", "load", "pipeline", "RU"),
        _link("rport-market-tanker", "rport.tanker", "market.tanker", "move", "tanker", "XZ", 2000,
              flags="war_risk;turkish_straits"),
        _link("hub-port-pipe", "hub.pipeline", "port.pipeline", "move", "pipeline", "KZ", 100),
        _link("port-load", "port.pipeline", "port.tanker", "load", "pipeline", "KZ"),
        _link("port-abay-tanker", "port.tanker", "abay.tanker", "move", "tanker", "XZ", 400,
              flags="storm", commodity_classes="crude"),
        _link("abay-market-tanker", "abay.tanker", "market.tanker", "move", "tanker", "XZ", 2500),
        _link("abay-market-idle", "abay.pipeline", "market.tanker", "move", "pipeline", "AZ", 2600,
              status="closed"),
        _link("port-abay-pipe", "port.pipeline", "abay.pipeline", "move", "pipeline", "XZ", 400,
              status="proposed", from_year=2030),
        _link("hub-cn-pipe", "hub.pipeline", "cn.pipeline", "move", "pipeline", "KZ", 900),
        _link("cn-delivery", "cn.pipeline", "cn.site", "unload", "pipeline", "CN"),
        _link("hub-swap", "hub.pipeline", "hub.site", "swap", "pipeline", "KZ",
              flags="depends:RU;swap"),
        _link("market-delivery", "market.tanker", "market.site", "unload", "tanker", "IT"),
        _link("farm-load", "farm.site", "farm.rail1520", "load", "rail1520", "KZ"),
        _link("farm-rport-rail", "farm.rail1520", "rport.rail1520", "move", "rail1520", "RU", 1500,
              flags="sanctioned_operator"),
        _link("rport-rail-dry", "rport.rail1520", "rport.dry", "transfer", "dry", "RU"),
        _link("rport-market-dry", "rport.dry", "market.dry", "move", "dry", "XZ", 2000,
              flags="war_risk;turkish_straits"),
        _link("market-dry-delivery", "market.dry", "market.site", "unload", "dry", "IT"),
    ],
    "capacities": [
        _capacity("hub-rport-pipe", 20, background=4),
        _capacity("rport-load", 18, background=3, firm="yes"),
        _capacity("hub-cn-pipe", 10, basis="design"),
        _capacity("abay-market-tanker", 2, basis="contract"),
        _capacity("fleet", 1000, "ship-days/yr", low=900, high=1100),
        _capacity("wagons", 500000, "wagon-days/yr"),
        _capacity("hub-rport-pipe", 15, basis="legal"),
    ],
    "shared_capacities": [
        {"shared_id": "fleet", "link_id": "port-abay-tanker", "commodity_class": "crude",
         "coefficient": 0.0005, "low": 0.0004, "high": 0.0006, "unit": "ship-days/t", **_SAID},
        {"shared_id": "wagons", "link_id": "farm-rport-rail", "coefficient": 0.5, "low": 0.4,
         "high": 0.6, "unit": "wagon-days/t", **_SAID},
    ],
    "tariffs": [
        _tariff("country-mode:KZ/pipeline", "handling", 1),
        _tariff("country-mode:KZ/pipeline", "carriage", 0, usd_per_t_km=0.01, low=0.008, high=0.02),
        _tariff("country-mode:RU/pipeline", "carriage", 0, usd_per_t_km=0.02, low=0.01, high=0.03),
        _tariff("country-mode:RU/pipeline", "handling", 2),
        _tariff("country-mode:AZ/pipeline", "carriage", 20),
        _tariff("country-mode:XZ/pipeline", "carriage", 5),
        _tariff("country-mode:XZ/tanker", "freight", 0, usd_per_t_km=0.005, low=0.004, high=0.006),
        _tariff("country-mode:XZ/dry", "freight", 12),
        _tariff("link:rport-market-tanker", "insurance", 3),
        _tariff("link:rport-market-tanker", "risk_premium", 4),
        _tariff("country-mode:CN/pipeline", "handling", 0),
        _tariff("country-mode:IT/tanker", "handling", 0),
        _tariff("country-mode:IT/dry", "handling", 0),
        _tariff("country-mode:KZ/rail1520", "handling", 3),
        _tariff("country-mode:RU/rail1520", "carriage", 25),
        _tariff("country-mode:RU/dry", "handling", 6),
    ],
    "commodities": [
        _commodity("crude", "crude", "pipeline;tanker"),
        _commodity("wheat", "grain", "rail1520;dry", "cereals"),
        _commodity("flour", "grain", "rail1520;dry", "cereals"),
    ],
    "streams": [_stream("rport-load", -10), _stream("port-abay-tanker", 5)],
    "supplies": [
        _supply("crude", "field", 30), _supply("wheat", "farm", 2), _supply("flour", "farm", 1),
    ],
    "markets": [
        _market("crude", "market", 100, 600), _market("crude", "cn", 20, 580),
        _market("crude", "hub", 5, 400, min_mt_per_year=5, shortfall_price_usd_per_t=650),
        _market("wheat", "market", 5, 300), _market("flour", "market", 5, 350),
    ],
    "emissions": [
        {"mode": mode, "direct_g_per_t_km": 10, "upstream_g_per_t_km": 2, "low": 8, "high": 15,
         **_SAID} for mode in ("pipeline", "tanker", "rail1520", "dry")
    ],
    "projects": [_project("sea-pipe"), _project("pump"), _project("second-pump")],
    "project_effects": [
        _effect("sea-pipe", "port-abay-pipe", "available", "set", 1),
        _effect("pump", "hub-cn-pipe", "capacity", "add", 4, "Mt/yr"),
        _effect("pump", "hub-cn-pipe", "days", "add", -0.25, "days"),
        _effect("second-pump", "hub-cn-pipe", "capacity", "add", 6, "Mt/yr"),
        _effect("second-pump", "hub-cn-pipe", "usd_per_t_km", "add", 0.001, "USD/t-km"),
    ],
}  # fmt: skip


@lru_cache(maxsize=1)
def tiny_folder() -> Path:
    """The tables as a folder of CSV."""
    folder = Path(mkdtemp(prefix="tiny-"))
    for name, rows in TINY.items():
        columns = [c for c in TABLES[name].model_fields if any(c in row for row in rows)]
        with (folder / TABLES[name].file).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def tiny_case() -> Case:
    """The case of 2023."""
    return select_case(load_network(tiny_folder()), 2023)
