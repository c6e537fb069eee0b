"""Find what somebody means by a name: a link, a shared capacity, a place, a line, a way."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

import pandas as pd

from routes.errors import UnknownNameError
from routes.network import Network
from routes.places import match_place


@dataclass(frozen=True, slots=True)
class Subject:
    """What a name stands for: what it was taken for, and the links and shared capacities meant."""

    name: str
    kind: str  # link, shared capacity, place, line, way
    links: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def find_subject(network: Network, name: str) -> Subject:
    """What `name` stands for.

    It is the first that fits of

    - a link_id;
    - a shared_id, such as `caspian-tankers`;
    - a place by id, name or alias: the links that start or end there;
    - a line: links whose id holds all the words of the name (`BTC`, `cpc`, `alat poti`);
    - a way between two places in one mode: `Atyrau-Samara`, `Alat - Poti`.

    Raises UnknownNameError with the nearest names when nothing fits.
    """
    links = network["links"]
    if name in set(links["link_id"]):
        return Subject(name, "link", links=(name,))
    if name in set(network["shared_capacities"]["shared_id"]):
        return Subject(name, "shared capacity", shared=(name,))
    place = _find_place(network, name)
    if place:
        return Subject(name, "place", links=_links_at(links, place), places=(place,))
    words = [word for word in re.split(r"[^a-z0-9]+", name.casefold()) if word]
    held = tuple(link for link in links["link_id"] if set(words) <= set(link.split("-")))
    if words and held:
        return Subject(name, "line", links=held)
    way = _find_way(network, name)
    if way:
        return Subject(name, "way", links=way)
    known = [*links["link_id"], *network["shared_capacities"]["shared_id"]]
    known += [*network["places"]["place_id"], *network["places"]["name"]]
    raise UnknownNameError("link, shared capacity or place", name, known)


def _find_place(network: Network, name: str) -> str:
    try:
        return match_place(network["places"], name)
    except UnknownNameError:
        return ""


def _links_at(links: pd.DataFrame, place: str) -> tuple[str, ...]:
    ends = [links[name].str.rsplit(".", n=1).str[0] for name in ("from_node_id", "to_node_id")]
    here = (ends[0] == place) | (ends[1] == place)
    return tuple(links.loc[here, "link_id"])


def _find_way(network: Network, name: str) -> tuple[str, ...]:
    """Links of the way with fewest links between the two places of `A-B`, in one mode."""
    parts = name.split("-")
    for cut in range(1, len(parts)):
        start = _find_place(network, "-".join(parts[:cut]).strip())
        end = _find_place(network, "-".join(parts[cut:]).strip())
        if start and end:
            return _walk(network["links"], start, end)
    return ()


def _walk(links: pd.DataFrame, start: str, end: str) -> tuple[str, ...]:
    names = ["link_id", "from_node_id", "to_node_id", "kind"]
    leaving: dict[str, list[tuple[str, str]]] = {}
    for link, tail, head, kind in links[names].itertuples(index=False, name=None):
        if kind in ("move", "border", "transfer"):
            leaving.setdefault(tail, []).append((link, head))
    best: tuple[str, ...] = ()
    for first in sorted(node for node in leaving if node.rsplit(".", 1)[0] == start):
        found = _walk_mode(leaving, first, f"{end}.{first.rsplit('.', 1)[1]}")
        if found and (not best or len(found) < len(best)):
            best = found
    return best


def _walk_mode(leaving: dict[str, list[tuple[str, str]]], first: str, last: str) -> tuple[str, ...]:
    """Fewest links from node to node over nodes of one mode."""
    mode = first.rsplit(".", 1)[1]
    came: dict[str, tuple[str, str]] = {first: ("", "")}
    queue = deque([first])
    while queue and last not in came:
        node = queue.popleft()
        for link, head in leaving.get(node, ()):
            if head not in came and head.rsplit(".", 1)[1] == mode:
                came[head] = (link, node)
                queue.append(head)
    if last not in came:
        return ()
    way: list[str] = []
    node = last
    while node != first:
        link, node = came[node]
        way.append(link)
    return tuple(reversed(way))
