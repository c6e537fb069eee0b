"""Nodes and links as GraphML, for programs that read graphs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from routes.network import Network
from routes.schema import TABLES, columns


def write_graphml(network: Network, path: Path) -> None:
    """Write a directed graph: nodes `place.mode` with the columns of their place, edges are links.

    Every link of the tables is there, open or not, whatever its years. A blank cell is an
    attribute that is missing; GraphML has no other word for unknown.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=network.name, version=network.version)
    places = _records(network, "places")
    for place in places:
        place["place_id"] = place.get("place_id", "")
    by_id = {place["place_id"]: place for place in places}
    links = _records(network, "links")
    for link in links:
        for node in (link["from_node_id"], link["to_node_id"]):
            place, mode = node.rsplit(".", 1)
            graph.add_node(node, **by_id[place], mode=mode)
    for link in links:
        graph.add_edge(link["from_node_id"], link["to_node_id"], key=link["link_id"], **link)
    nx.write_graphml_xml(graph, path, named_key_ids=True)


def _records(network: Network, table: str) -> list[dict[str, Any]]:
    """Rows without their blank cells."""
    names = columns(TABLES[table])
    return [
        {name: _plain(v) for name, v in zip(names, row, strict=True) if not _blank(v)}
        for row in network[table][names].itertuples(index=False, name=None)
    ]


def _blank(value: Any) -> bool:
    return value == "" or (isinstance(value, float) and math.isnan(value))


def _plain(value: Any) -> Any:
    return bool(value) if isinstance(value, np.bool_) else value
