"""Flows on links -> strokes to draw: links that share a way are added up, equal ones joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from routes.maps.frames import Frame, project
from routes.maps.geometry import Points
from routes.maps.lines import DECIMALS, Vertex
from routes.maps.style import order_corridor

Lane = tuple[str, int]
"""Group (a corridor), and +1 along the segment or -1 against it."""


@dataclass(frozen=True)
class Stroke:
    """One line of the map with what runs along it."""

    points: Points
    """The line, km in the plane of the frame."""
    lanes: tuple[tuple[str, int, float], ...]
    """Group, direction (+1 with the points, -1 against), value; from left to right."""
    link_ids: frozenset[str]
    """Links whose goods run here."""


@dataclass
class _Segment:
    values: dict[Lane, float] = field(default_factory=lambda: defaultdict(float))
    link_ids: set[str] = field(default_factory=set)


Segments = dict[tuple[Vertex, Vertex], _Segment]


def build_strokes(
    lines: Mapping[str, Points],
    values: pd.Series,
    frame: Frame,
    *,
    add: bool = True,
    directed: bool = True,
) -> list[Stroke]:
    """Strokes of all flows, in a fixed order.

    Parameters
    ----------
    lines
        Link id -> points (lon, lat), from `trace_links`.
    values
        Index (link_id, group); what runs along the link for the group.
    frame
        Projection of the points.
    add
        Whether values on a shared way are added up; otherwise the greatest stands.
    directed
        Whether the two directions are kept apart.
    """
    segments = _split_segments(lines, values, add=add, directed=directed)
    chains = _join_segments(segments)
    return [_make_stroke(chain, segments, frame) for chain in chains]


def _split_segments(
    lines: Mapping[str, Points], values: pd.Series, *, add: bool, directed: bool
) -> Segments:
    """Values by undirected segment between neighbouring points of the lines."""
    segments: Segments = {}
    links, groups = values.index.get_level_values(0), values.index.get_level_values(1)
    for link, group, value in zip(links, groups, values, strict=True):
        line = lines.get(str(link))
        if line is None or value == 0 or np.isnan(value):
            continue
        vertices = [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in line.tolist()]
        for one, two in pairwise(vertices):
            if one == two:
                continue
            key, sign = ((one, two), 1) if one < two else ((two, one), -1)
            segment = segments.setdefault(key, _Segment())
            lane = str(group), sign if directed else 1
            old = segment.values[lane]
            segment.values[lane] = old + float(value) if add else max(old, float(value))
            segment.link_ids.add(str(link))
    return segments


def _join_segments(segments: Segments) -> list[list[Vertex]]:
    """Longest runs of segments that carry the same, as lists of vertices."""
    at: dict[Vertex, list[tuple[Vertex, Vertex]]] = defaultdict(list)
    for key in sorted(segments):
        for vertex in key:
            at[vertex].append(key)
    done: set[tuple[Vertex, Vertex]] = set()
    chains = []
    for key in sorted(segments):
        if key in done:
            continue
        done.add(key)
        forward = _walk(key[0], key[1], segments, at, done)
        backward = _walk(key[1], key[0], segments, at, done)
        chains.append([*reversed(backward), key[0], key[1], *forward])
    return chains


def _walk(
    before: Vertex,
    here: Vertex,
    segments: Segments,
    at: Mapping[Vertex, list[tuple[Vertex, Vertex]]],
    done: set[tuple[Vertex, Vertex]],
) -> list[Vertex]:
    found: list[Vertex] = []
    while len(at[here]) == 2:
        key = (before, here) if before < here else (here, before)
        other = at[here][0] if at[here][1] == key else at[here][1]
        if other in done:
            break
        beyond = other[1] if other[0] == here else other[0]
        if not _same_load(segments[key], _sign(before, here), segments[other], _sign(here, beyond)):
            break
        done.add(other)
        found.append(beyond)
        before, here = here, beyond
    return found


def _same_load(one: _Segment, sign: int, two: _Segment, other_sign: int) -> bool:
    """Whether two segments, each turned by its sign, carry the same."""
    first = {(group, way * sign): value for (group, way), value in one.values.items()}
    second = {(group, way * other_sign): value for (group, way), value in two.values.items()}
    return first.keys() == second.keys() and all(
        abs(value - second[lane]) <= 1e-6 * max(abs(value), 1e-9) for lane, value in first.items()
    )


def _sign(start: Vertex, end: Vertex) -> int:
    return 1 if start < end else -1


def _make_stroke(chain: list[Vertex], segments: Segments, frame: Frame) -> Stroke:
    keys = [(a, b) if a < b else (b, a) for a, b in pairwise(chain)]
    sign = _sign(chain[0], chain[1])
    loads = {(g, d * sign): v for (g, d), v in segments[keys[0]].values.items()}
    if sum(value * way for (_, way), value in loads.items()) < 0:
        keys, chain = keys[::-1], chain[::-1]
        loads = {(group, -way): value for (group, way), value in loads.items()}
    against = [lane for lane in loads if lane[1] < 0]
    along = [lane for lane in loads if lane[1] > 0]
    against.sort(key=lambda lane: order_corridor(lane[0]), reverse=True)
    along.sort(key=lambda lane: order_corridor(lane[0]))
    lonlat = np.array(chain)
    return Stroke(
        points=project(frame, lonlat[:, 0], lonlat[:, 1]),
        lanes=tuple((group, sign, loads[group, sign]) for group, sign in [*against, *along]),
        link_ids=frozenset().union(*(segments[key].link_ids for key in keys)),
    )
