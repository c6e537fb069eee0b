"""The linear programme of a case: who may use which arc, at what cost, within which capacities.

Commodities meet at shared capacities. A commodity is one *layer* for each use (export, home), and
one for each supply where streams or contracts tell suppliers apart; a layer's arcs are the links
that it may use between its supplies and its markets. `Structure` holds what scenarios leave alone,
`Problem` the numbers that they change.

Mass is kt a year, money kUSD a year inside the programme, so a dual is in USD/t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from models.demand import Case, available_capacity
from routes.corridors import exit_links
from routes.errors import DataError
from routes.errors import Problem as Fault

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

KT = 1000.0  # kt in a Mt
_DAYS = 365.0


@dataclass(frozen=True)
class Layer:
    """A commodity's use of the network: `supply` is "" when all its supplies share the layer."""

    commodity: str
    commodity_class: str
    use: str
    supply: str


@dataclass(frozen=True)
class Structure:
    """What stays the same in every scenario on the same network and year.

    Arrays over arcs: link, layer, tail, head. Over source occurrences: supply, layer, node. Over
    sink occurrences: market, layer, node. Capacity memberships in coordinate form: row, arc, and
    `member`, the row of `case.shared` that gives the coefficient (-1: the link's own capacity).
    """

    layers: tuple[Layer, ...]
    link_ids: npt.NDArray[np.object_]
    subjects: npt.NDArray[np.object_]
    n_nodes: int
    arc_link: Ints
    arc_layer: Ints
    arc_tail: Ints
    arc_head: Ints
    arc_allowed: Bools
    source_supply: Ints
    source_layer: Ints
    source_node: Ints
    sink_market: Ints
    sink_layer: Ints
    sink_node: Ints
    member_row: Ints
    member_arc: Ints
    member_shared: Ints
    keys: tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """The numbers of one scenario, in kt and USD/t, on a structure.

    arc_cost : USD/t, generalised, less the price differential of a stream; arc_open : may be used.
    capacity : right-hand sides in scaled kt; `scale` turns a row's own unit into scaled kt.
    weights : (rows x arcs) coefficients; sink_weights : (rows x sinks), only for share limits.
    """

    structure: Structure
    arc_cost: Floats
    arc_open: Bools
    supply: Floats
    lifting: Floats
    price: Floats
    maximum: Floats
    minimum: Floats
    shortfall: Floats
    capacity: Floats
    weights: sparse.csr_array
    sink_weights: sparse.csr_array
    scale: Floats
    row_names: npt.NDArray[np.object_]
    growth_row: Ints
    growth_max: Floats
    growth_cost: Floats


def build_structure(case: Case) -> Structure:
    """Layers, arcs and memberships of a case, pruned to what some supply and market can use."""
    layers, sources, sinks = _list_layers(case)
    nodes, tail, head = _number_nodes(case.links)
    allowed, eligible = _allow_links(case, layers)
    layer_of, link_of = np.nonzero(allowed)
    n_base = len(nodes)
    arc_tail = layer_of * n_base + tail[link_of]
    arc_head = layer_of * n_base + head[link_of]
    source_node = sources["layer"] * n_base + _nodes_of(nodes, sources["place"], ".site")
    sink_node = sinks["layer"] * n_base + _nodes_of(nodes, sinks["place"], ".site^")
    keep, renumber, n_nodes = _prune(
        arc_tail, arc_head, source_node, sink_node, n_base * len(layers)
    )
    live_source, live_sink = renumber[source_node] >= 0, renumber[sink_node] >= 0
    arc_link, arc_layer = link_of[keep], layer_of[keep]
    rows, arcs, shared = _list_members(case, layers, arc_link, arc_layer)
    return Structure(
        layers=tuple(layers),
        link_ids=case.links.index.to_numpy(dtype=object),
        subjects=case.capacities.index.to_numpy(dtype=object),
        n_nodes=n_nodes,
        arc_link=arc_link,
        arc_layer=arc_layer,
        arc_tail=renumber[arc_tail[keep]],
        arc_head=renumber[arc_head[keep]],
        arc_allowed=eligible[arc_layer, arc_link],
        source_supply=sources["row"][live_source],
        source_layer=sources["layer"][live_source],
        source_node=renumber[source_node[live_source]],
        sink_market=sinks["row"][live_sink],
        sink_layer=sinks["layer"][live_sink],
        sink_node=renumber[sink_node[live_sink]],
        member_row=rows,
        member_arc=arcs,
        member_shared=shared,
        keys=structure_keys(case),
    )


def structure_keys(case: Case) -> tuple[Any, ...]:
    """What must be equal for two cases to share a structure."""
    return (
        tuple(case.links.index),
        tuple(case.capacities.index),
        tuple(zip(case.supplies["commodity_id"], case.supplies["place_id"], strict=True)),
        tuple(zip(case.markets["commodity_id"], case.markets["place_id"], strict=True)),
        tuple(zip(case.streams["outlet_link_id"], case.streams["supply_place_id"], strict=True)),
        tuple(zip(case.shared["shared_id"], case.shared["link_id"], strict=True)),
    )


def _list_layers(case: Case) -> tuple[list[Layer], dict[str, Any], dict[str, Any]]:
    classes = case.commodities["commodity_class"]
    apart = set(case.streams["commodity_id"])
    for cls in case.shared.loc[case.shared["supply_place_id"] != "", "commodity_class"]:
        apart |= set(classes.index[(classes == cls) | (cls == "")])
    layers: list[Layer] = []
    sources: list[tuple[int, int, str]] = []
    sinks: list[tuple[int, int, str]] = []
    markets = case.markets
    market_rows = {
        key: group.index.to_numpy() for key, group in markets.groupby(["commodity_id", "use"])
    }
    market_place = markets["place_id"].to_numpy(dtype=object)
    for commodity, rows in case.supplies.groupby("commodity_id", sort=True):
        for use in ("export", "home"):
            wanted = market_rows.get((commodity, use))
            if wanted is None:
                continue
            split = commodity in apart
            groups = [[i] for i in rows.index] if split else [list(rows.index)]
            for group in groups:
                name = str(rows.loc[group[0], "place_id"]) if split else ""
                number = len(layers)
                layers.append(Layer(str(commodity), classes[commodity], use, name))
                sources += [(i, number, rows.loc[i, "place_id"]) for i in group]
                sinks += [(int(i), number, market_place[i]) for i in wanted]
    return layers, _columns(sources), _columns(sinks)


def _columns(rows: Sequence[tuple[int, int, str]]) -> dict[str, Any]:
    return {
        "row": np.array([r[0] for r in rows], dtype=np.int64),
        "layer": np.array([r[1] for r in rows], dtype=np.int64),
        "place": [r[2] for r in rows],
    }


def _number_nodes(links: pd.DataFrame) -> tuple[dict[str, int], Ints, Ints]:
    """Nodes of the network; a site is two, one to leave from and one to arrive at (`^`)."""
    starts = links["from_node_id"].tolist()
    ends = [f"{end}^" if end.endswith(".site") else end for end in links["to_node_id"]]
    nodes = {name: i for i, name in enumerate(dict.fromkeys([*starts, *ends]))}
    tail = np.array([nodes[name] for name in starts], dtype=np.int64)
    head = np.array([nodes[name] for name in ends], dtype=np.int64)
    return nodes, tail, head


def _nodes_of(nodes: dict[str, int], places: Sequence[str], suffix: str) -> Ints:
    missing = [place for place in places if place + suffix not in nodes]
    if missing:
        verb = "leaves" if suffix == ".site" else "enters"
        raise DataError([
            Fault("links.csv", f"no link {verb} the site of '{place}' in this year",
                  "Add a load or unload link to its .site node.")
            for place in dict.fromkeys(missing)
        ])  # fmt: skip
    return np.array([nodes[place + suffix] for place in places], dtype=np.int64)


def _allow_links(case: Case, layers: Sequence[Layer]) -> tuple[Bools, Bools]:
    """(layers x links) masks: the class fits; and, stricter, the supply is in the stream."""
    links = case.links
    modes = links["mode"].to_numpy(dtype=object)
    named = [set(filter(None, cell.split(";"))) for cell in links["commodity_classes"]]
    classes = {layer.commodity_class for layer in layers}
    fits = {c: np.array([not names or c in names for names in named]) for c in classes}
    position = {name: i for i, name in enumerate(links.index)}
    streams = case.streams
    outlets = {
        commodity: {
            (position[link], place)
            for link, place in zip(group["outlet_link_id"], group["supply_place_id"], strict=True)
            if link in position
        }
        for commodity, group in streams.groupby("commodity_id")
    }
    swaps = links["kind"].to_numpy() == "swap"
    allowed = np.zeros((len(layers), len(links)), dtype=bool)
    eligible = np.zeros_like(allowed)
    carried = case.commodities["modes"]
    for i, layer in enumerate(layers):
        able = np.isin(modes, carried[layer.commodity].split(";"))
        allowed[i] = able & fits[layer.commodity_class] & (~swaps | (layer.use == "home"))
        eligible[i] = allowed[i]
        members = outlets.get(layer.commodity, set())
        if layer.supply:
            for link in {link for link, _ in members}:
                eligible[i, link] &= (link, layer.supply) in members
    return allowed, eligible


def _prune(
    tail: Ints, head: Ints, sources: Ints, sinks: Ints, size: int
) -> tuple[Bools, Ints, int]:
    """Arcs on some way from a source to a sink, and the new numbers of their nodes (-1: none)."""
    ahead = _reach(tail, head, sources, size)
    back = _reach(head, tail, sinks, size)
    live = ahead & back
    keep = live[tail] & live[head]
    renumber = np.full(size, -1, dtype=np.int64)
    renumber[live] = np.arange(live.sum())
    return keep, renumber, int(live.sum())


def _reach(tail: Ints, head: Ints, starts: Ints, size: int) -> Bools:
    begin = np.unique(starts)
    rows = np.concatenate([tail, np.full(len(begin), size)])
    cols = np.concatenate([head, begin])
    graph = sparse.csr_array(
        (np.ones(len(rows), dtype=np.int8), (rows, cols)), shape=(size + 1,) * 2
    )
    order = csgraph.breadth_first_order(graph, size, return_predecessors=False)
    reached = np.zeros(size + 1, dtype=bool)
    reached[order] = True
    return reached[:size]


def _list_members(
    case: Case, layers: Sequence[Layer], arc_link: Ints, arc_layer: Ints
) -> tuple[Ints, Ints, Ints]:
    """Coordinates of capacity rows: a row per subject of case.capacities that some arc uses."""
    subject = {name: i for i, name in enumerate(case.capacities.index)}
    links = case.links.index
    own = np.array([subject.get(name, -1) for name in links], dtype=np.int64)[arc_link]
    arcs = np.flatnonzero(own >= 0)
    parts = [(own[arcs], arcs, np.full(len(arcs), -1, dtype=np.int64))]
    by_link: dict[int, Ints] = {}
    order = np.argsort(arc_link, kind="stable")
    bounds = np.searchsorted(arc_link[order], np.arange(len(links) + 1))
    position = {name: i for i, name in enumerate(links)}
    for row, (name, link, cls, place) in enumerate(
        case.shared[["shared_id", "link_id", "commodity_class", "supply_place_id"]].itertuples(
            index=False, name=None
        )
    ):
        if link not in position or name not in subject:
            continue
        number = position[link]
        mine = by_link.setdefault(number, order[bounds[number] : bounds[number + 1]])
        fitting = [
            arc for arc in mine
            if cls in ("", layers[arc_layer[arc]].commodity_class)
            and place in ("", layers[arc_layer[arc]].supply)
        ]  # fmt: skip
        if fitting:
            arc_array = np.array(fitting, dtype=np.int64)
            parts.append((
                np.full(len(fitting), subject[name]), arc_array, np.full(len(fitting), row)
            ))  # fmt: skip
    rows, arcs_, shared = (np.concatenate([p[i] for p in parts]) for i in range(3))
    return rows, arcs_, shared


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
        arc_open=_open_arcs(case, structure),
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


def _open_arcs(case: Case, structure: Structure) -> Bools:
    is_open = case.links["open"].to_numpy(dtype=bool)[structure.arc_link] & structure.arc_allowed
    if case.bans:
        names = [layer.commodity for layer in structure.layers]
        pairs = zip(structure.arc_link, structure.arc_layer, strict=True)
        banned = [(structure.link_ids[a], names[k]) in case.bans for a, k in pairs]
        is_open &= ~np.array(banned, dtype=bool)
    return np.asarray(is_open, dtype=bool)


def cash_and_risk(case: Case, structure: Structure) -> tuple[Floats, Floats]:
    """Cash charges and non-cash risk premium of each arc, USD/t."""
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
    daily = commodities["unit_value_usd_per_t"] * commodities["interest_per_year"] / _DAYS
    return np.array([daily[layer.commodity] for layer in structure.layers], dtype=float)


def stream_terms(case: Case, structure: Structure) -> tuple[Floats, Floats]:
    """Price differential and quality credit that each arc earns, USD/t."""
    differential, quality = (np.zeros(len(structure.arc_link)) for _ in range(2))
    if len(case.streams) == 0:
        return differential, quality
    position = {name: i for i, name in enumerate(structure.link_ids)}
    layers = structure.layers
    terms = {
        (commodity, position[link], place): (d, q)
        for commodity, link, place, d, q in case.streams[
            ["commodity_id", "outlet_link_id", "supply_place_id", "differential_usd_per_t",
             "quality_usd_per_t"]
        ].itertuples(index=False, name=None)
        if link in position
    }  # fmt: skip
    outlets = np.array(sorted({link for _, link, _ in terms}), dtype=np.int64)
    for arc in np.flatnonzero(np.isin(structure.arc_link, outlets)):
        layer = layers[structure.arc_layer[arc]]
        term = terms.get((layer.commodity, int(structure.arc_link[arc]), layer.supply))
        if term is not None:
            differential[arc], quality[arc] = term
    return differential, quality


def arc_costs(case: Case, structure: Structure) -> Floats:
    """Generalised cost of each arc less what its stream earns, USD/t."""
    cash, risk = cash_and_risk(case, structure)
    days = case.links["days"].to_numpy(dtype=float)[structure.arc_link]
    differential, quality = stream_terms(case, structure)
    daily = time_costs(case, structure)[structure.arc_layer]
    return np.asarray(cash + risk + days * daily - differential - quality)


def _capacity_rows(case: Case, structure: Structure) -> tuple[sparse.csr_array, Floats, Floats]:
    capacities = case.capacities
    units = capacities["unit"].to_numpy(dtype=object)
    available = available_capacity(capacities).to_numpy(dtype=float)
    per_kt = _coefficients(case, structure, units)
    n_rows = len(capacities)
    biggest = np.zeros(n_rows)
    np.maximum.at(biggest, structure.member_row, per_kt)
    scale = 1.0 / np.where(biggest > 0, biggest, 1.0)
    weights = sparse.csr_array(
        (per_kt * scale[structure.member_row], (structure.member_row, structure.member_arc)),
        shape=(n_rows, len(structure.arc_link)),
    )
    return weights, available * scale, scale


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
        [np.ones(len(unit)), 1.0 / arc_teu, 1.0 / (train * _DAYS)],
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
    return np.asarray(value * per_unit / np.where(trains_by_year, _DAYS, 1.0))


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
