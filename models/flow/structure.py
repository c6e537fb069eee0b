"""What scenarios leave alone: layers, arcs, sources, sinks and capacity memberships of a case.

Commodities meet at shared capacities. A commodity is one *layer* for each use (export, home), and
one for each supply where streams or contracts tell suppliers apart; a layer's arcs are the links
that it may use between its supplies and its markets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from models.demand import Case
from models.flow.arrays import Bools, Ints, Layer, Structure
from routes.errors import DataError
from routes.errors import Problem as Fault


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
