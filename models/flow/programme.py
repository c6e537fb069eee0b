"""The linear programme of a case: the numbers that scenarios change, on a `Structure`.

Mass is kt a year, money kUSD a year inside the programme, so a dual is in USD/t.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from models.demand import Case, available_capacity
from models.flow.arrays import KT, Bools, Floats, Ints, Problem, Structure
from models.flow.structure import build_structure, structure_keys
from routes.corridors import exit_links
from routes.errors import DataError
from routes.errors import Problem as Fault
from routes.units import DAYS_PER_YEAR


def build_problem(case: Case, structure: Structure | None = None) -> Problem:
    """The programme of a case, on `structure` when it fits (see structure_keys)."""
    if structure is None or structure.keys != structure_keys(case):
        structure = build_structure(case)
    cost = arc_costs(case, structure)
    weights, capacity, scale = _capacity_rows(case, structure)
    weights, sink_weights, capacity, scale, names = _add_limits(
        case, structure, weights, capacity, scale
    )
    rows = {name: i for i, name in enumerate(structure.subjects)}
    growth = [(rows[name], g) for name, g in case.growth.items() if name in rows]
    supplies, markets = case.supplies, case.markets
    return Problem(
        structure=structure,
        arc_cost=cost,
        arc_open=open_arcs(case, structure),
        supply=supplies["mt_per_year"].to_numpy(dtype=float) * KT,
        lifting=supplies["lifting_cost_usd_per_t"].to_numpy(dtype=float),
        price=markets["price_usd_per_t"].to_numpy(dtype=float),
        maximum=markets["max_mt_per_year"].to_numpy(dtype=float) * KT,
        minimum=markets["min_mt_per_year"].to_numpy(dtype=float) * KT,
        shortfall=markets["shortfall_price_usd_per_t"].to_numpy(dtype=float),
        capacity=capacity,
        weights=weights,
        sink_weights=sink_weights,
        scale=scale,
        row_names=names,
        growth_row=np.array([row for row, _ in growth], dtype=np.int64),
        growth_max=np.array([g.max_extra * scale[row] for row, g in growth], dtype=float),
        growth_cost=np.array([g.usd_per_unit / scale[row] / KT for row, g in growth], dtype=float),
    )


def open_arcs(case: Case, structure: Structure) -> Bools:
    """Arcs that flow may use: links open, supply eligible, commodity not banned."""
    is_open = case.links["open"].to_numpy(dtype=bool)[structure.arc_link] & structure.arc_allowed
    if case.bans:
        names = [layer.commodity for layer in structure.layers]
        pairs = zip(structure.arc_link, structure.arc_layer, strict=True)
        banned = [(structure.link_ids[a], names[k]) in case.bans for a, k in pairs]
        is_open &= ~np.array(banned, dtype=bool)
    return np.asarray(is_open, dtype=bool)


def cash_and_risk(case: Case, structure: Structure) -> tuple[Floats, Floats]:
    """Cash charges and non-cash risk premium of each arc, USD/t."""
    if _LAST and _LAST[0] is case.charges and _LAST[1] is structure:
        arrays: tuple[Floats, Floats] = _LAST[2]
        return arrays
    _LAST[:] = [case.charges, structure, _sum_charges(case, structure)]
    return cash_and_risk(case, structure)


_LAST: list[Any] = []  # charges, structure and arrays of the last call: scenarios often share them


def _sum_charges(case: Case, structure: Structure) -> tuple[Floats, Floats]:
    charges = case.charges
    link = pd.Index(structure.link_ids).get_indexer(charges["link_id"])
    classes = sorted({layer.commodity_class for layer in structure.layers})
    number = {cls: i for i, cls in enumerate(classes)}
    cls = charges["commodity_class"].map(number).fillna(-1).to_numpy(dtype=np.int64)
    uses = charges["use"].to_numpy()
    amount = charges["usd_per_t"].to_numpy(dtype=float)
    is_risk = charges["kind"].to_numpy() == "risk_premium"
    known = (link >= 0) & (cls >= 0)
    layer_class = np.array([number[la.commodity_class] for la in structure.layers])
    layer_use = np.array([la.use == "home" for la in structure.layers], dtype=np.int64)
    tables = np.zeros((2, 2, len(classes), len(structure.link_ids)))
    for u, use in enumerate(("export", "home")):
        mask = known & ((uses == "any") | (uses == use))
        for r, risky in enumerate((False, True)):
            pick = mask & (is_risk == risky)
            np.add.at(tables[r, u], (cls[pick], link[pick]), amount[pick])
    arcs = structure.arc_layer
    where = (layer_use[arcs], layer_class[arcs], structure.arc_link)
    return tables[0][where], tables[1][where]


def time_costs(case: Case, structure: Structure) -> Floats:
    """Daily cost of time of each layer's commodity, USD per tonne and day."""
    commodities = case.commodities
    daily = commodities["unit_value_usd_per_t"] * commodities["interest_per_year"] / DAYS_PER_YEAR
    return np.array([daily[layer.commodity] for layer in structure.layers], dtype=float)


def stream_terms(case: Case, structure: Structure) -> tuple[Floats, Floats]:
    """Price differential and quality credit that each arc earns, USD/t."""
    row = stream_rows(case, structure)
    differential, quality = (
        np.append(case.streams[name].to_numpy(dtype=float), 0.0)[row]  # -1: none, the last
        for name in ("differential_usd_per_t", "quality_usd_per_t")
    )
    return differential, quality


def stream_rows(case: Case, structure: Structure) -> Ints:
    """Row of `case.streams` that pays on each arc, -1 where none does."""
    position = {name: i for i, name in enumerate(structure.link_ids)}
    columns = ["commodity_id", "outlet_link_id", "supply_place_id"]
    streams = case.streams[columns].itertuples(index=False, name=None)
    row_of = {
        (goods, position[link], place): row
        for row, (goods, link, place) in enumerate(streams)
        if link in position
    }
    rows = np.full(len(structure.arc_link), -1, dtype=np.int64)
    outlets = np.array(sorted({link for _, link, _ in row_of}), dtype=np.int64)
    for arc in np.flatnonzero(np.isin(structure.arc_link, outlets)):
        layer = structure.layers[structure.arc_layer[arc]]
        key = (layer.commodity, int(structure.arc_link[arc]), layer.supply)
        rows[arc] = row_of.get(key, -1)
    return rows


def arc_costs(case: Case, structure: Structure) -> Floats:
    """Generalised cost of each arc less what its stream earns, USD/t."""
    cash, risk = cash_and_risk(case, structure)
    days = case.links["days"].to_numpy(dtype=float)[structure.arc_link]
    differential, quality = stream_terms(case, structure)
    daily = time_costs(case, structure)[structure.arc_layer]
    return np.asarray(cash + risk + days * daily - differential - quality)


def _capacity_rows(case: Case, structure: Structure) -> tuple[sparse.csr_array, Floats, Floats]:
    available = available_capacity(case.capacities).to_numpy(dtype=float)
    weight, scale = weigh_members(case, structure)
    weights = sparse.csr_array(
        (weight, (structure.member_row, structure.member_arc)),
        shape=(len(scale), len(structure.arc_link)),
    )
    return weights, available * scale, scale


def weigh_members(case: Case, structure: Structure) -> tuple[Floats, Floats]:
    """Scaled capacity that a kt takes by each member, and the scale of each capacity row."""
    per_kt = _coefficients(case, structure, case.capacities["unit"].to_numpy(dtype=object))
    biggest = np.zeros(len(case.capacities))
    np.maximum.at(biggest, structure.member_row, per_kt)
    scale = 1.0 / np.where(biggest > 0, biggest, 1.0)
    return per_kt * scale[structure.member_row], scale


def _coefficients(case: Case, structure: Structure, units: npt.NDArray[np.object_]) -> Floats:
    """What one kt takes of each member's capacity, in the capacity's own unit."""
    teu = case.commodities["t_per_teu"].to_numpy(dtype=float)
    number = {name: i for i, name in enumerate(case.commodities.index)}
    layer_teu = np.array([teu[number[layer.commodity]] for layer in structure.layers])
    arc_teu = layer_teu[structure.arc_layer[structure.member_arc]]
    given = case.shared["coefficient"].to_numpy(dtype=float)
    shared = structure.member_shared
    if len(given):
        coefficient = np.where(shared >= 0, given[np.maximum(shared, 0)], np.nan)
    else:
        coefficient = np.full(len(shared), np.nan)
    unit = units[structure.member_row]
    train = case.capacities["tonnes_per_unit"].to_numpy(dtype=float)[structure.member_row]
    own = np.select(
        [unit == "Mt/yr", unit == "kTEU/yr", unit == "trains/day"],
        [np.ones(len(unit)), 1.0 / arc_teu, 1.0 / (train * DAYS_PER_YEAR)],
        default=np.nan,
    )
    value = np.where(np.isnan(coefficient), own, coefficient)
    if np.isnan(value).any():
        bad = structure.member_row[np.isnan(value)]
        names = sorted({str(structure.subjects[row]) for row in bad})
        rule = "counts boxes, but a commodity that may use it has no tonnes per TEU"
        raise DataError([
            Fault("commodities.csv", f"'{name}' {rule}", "Fill t_per_teu or narrow the classes.")
            for name in names
        ])  # fmt: skip
    # a unit is 1 Mt, 1 kTEU, or 1 train, ship-day or wagon-day; a member's coefficient is per tonne
    per_unit = np.select([unit == "Mt/yr", unit == "kTEU/yr"], [1e-3, 1.0], default=KT)
    trains_by_year = (unit == "trains/day") & (shared >= 0)
    return np.asarray(value * per_unit / np.where(trains_by_year, DAYS_PER_YEAR, 1.0))


def _add_limits(
    case: Case, structure: Structure, weights: sparse.csr_array, capacity: Floats, scale: Floats
) -> tuple[sparse.csr_array, sparse.csr_array, Floats, Floats, npt.NDArray[np.object_]]:
    """Append a row per policy limit: exits of X, less a share of third-country exports."""
    names = list(structure.subjects)
    n_sinks = len(structure.sink_market)
    blank = sparse.csr_array((len(names), n_sinks))
    if not case.limits:
        return weights, blank, capacity, scale, np.array(names, dtype=object)
    arc_rows, sink_rows, bounds = [weights], [blank], [capacity]
    country = case.markets["country"].to_numpy(dtype=object)[structure.sink_market]
    for limit in case.limits:
        counted = np.array([
            la.use == "export" and la.commodity in (limit.commodity_ids or (la.commodity,))
            for la in structure.layers
        ])  # fmt: skip
        leaves = exit_links(case.links, limit.country)[structure.arc_link]
        arc_rows.append(
            sparse.csr_array((leaves & counted[structure.arc_layer]).astype(float)[None])
        )
        third = counted[structure.sink_layer] & (country != limit.country)
        share = limit.share if limit.share is not None else 0.0
        sink_rows.append(sparse.csr_array(-share * third.astype(float)[None]))
        bounds.append(np.array([0.0 if limit.mt is None else limit.mt * KT]))
        what = f"{limit.share:.0%}" if limit.share is not None else f"{limit.mt:g} Mt"
        names.append(f"limit on transit of {limit.country} to {what}")
    stacked = sparse.csr_array(sparse.vstack(arc_rows, format="csr"))
    sinks = sparse.csr_array(sparse.vstack(sink_rows, format="csr"))
    scales = np.concatenate([scale, np.full(len(case.limits), KT)])
    return stacked, sinks, np.concatenate(bounds), scales, np.array(names, dtype=object)
