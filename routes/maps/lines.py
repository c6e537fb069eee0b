"""The line of each link on the globe: through its waypoints, along its sea lane, or straight."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from routes.maps.geometry import Points, as_points

SEA_MODES = frozenset({"tanker", "dry", "ferry", "feeder"})
DECIMALS = 3
_MISFIT_KM = 400.0
_NEAR_LANES = 8
_ACCESS_FACTOR = 1.6
_SHORT_SEA_KM = 150.0
_LONGEST_DETOUR = 5.0
_DETOUR_KM = 2000.0
Geometries = Mapping[str, Sequence[tuple[float, float]]]
Vertex = tuple[float, float]


def measure_km(one: Points, two: Points) -> Points:
    """Great-circle distance between points (lon, lat), row by row, km."""
    a, b = np.radians(one), np.radians(two)
    half = np.sin((b - a) / 2) ** 2
    h = half[:, 1] + np.cos(a[:, 1]) * np.cos(b[:, 1]) * half[:, 0]
    distance: Points = 2 * 6371.0 * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return distance


def trace_links(
    places: pd.DataFrame, links: pd.DataFrame, geometries: Geometries | None = None
) -> dict[str, Points]:
    """Longitude and latitude along every link that leads from one place to another.

    A link with a known geometry follows it. A sea link without one follows the lanes of the others;
    everything else runs straight between its places. Links within one place have no line.

    Parameters
    ----------
    places
        Index place_id; columns lon, lat (degrees).
    links
        Index link_id; columns from_place_id, to_place_id, mode, geometry_id.
    geometries
        Geometry id -> points (lon, lat).
    """
    known = dict(geometries or {})
    moving = links[links["from_place_id"] != links["to_place_id"]]
    point = {
        str(place): (round(float(lon), DECIMALS), round(float(lat), DECIMALS))
        for place, lon, lat in zip(places.index, places["lon"], places["lat"], strict=True)
    }
    ids = moving["geometry_id"] if "geometry_id" in moving else pd.Series("", index=moving.index)
    lanes: SeaLanes | None = None
    traced: dict[str, Points] = {}
    columns = zip(
        moving.index, moving["from_place_id"], moving["to_place_id"], moving["mode"], ids,
        strict=True,
    )  # fmt: skip
    for link, start, end, mode, geometry in columns:
        one, two = point[str(start)], point[str(end)]
        line = _fit_geometry(known.get(str(geometry)), one, two)
        if line is None and mode in SEA_MODES and known:
            lanes = lanes or SeaLanes(known)
            line = lanes.find(one, two)
        traced[str(link)] = line if line is not None else as_points([one, two])
    return traced


def _fit_geometry(
    shape: Sequence[tuple[float, float]] | None, one: Vertex, two: Vertex
) -> Points | None:
    """The geometry turned to run from `one` to `two`, joined to both; None when it does not fit."""
    if shape is None or len(shape) < 2:
        return None
    line = np.round(as_points(shape), DECIMALS)
    ends = as_points([one, two])
    if _misfit(line, ends) > _misfit(line[::-1], ends):
        line = line[::-1]
    if _misfit(line, ends) > _MISFIT_KM:
        return None
    return drop_repeats(np.vstack([ends[:1], line, ends[1:]]))


def _misfit(line: Points, ends: Points) -> float:
    return float(measure_km(line[[0, -1]], ends).max())


def drop_repeats(line: Points) -> Points:
    """The line without points that repeat the one before."""
    keep = np.ones(len(line), dtype=bool)
    keep[1:] = np.any(np.diff(line, axis=0) != 0, axis=1)
    kept: Points = line[keep]
    return kept


class SeaLanes:
    """The graph of all known sea lanes, to draw sea links that have no line of their own."""

    def __init__(self, geometries: Geometries) -> None:
        vertices: dict[Vertex, int] = {}
        edges: set[tuple[int, int]] = set()
        for name in sorted(geometries):
            line = [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in geometries[name]]
            numbers = [vertices.setdefault(vertex, len(vertices)) for vertex in line]
            edges.update((min(p), max(p)) for p in pairwise(numbers))
        self.points = as_points(list(vertices))
        self._neighbours: list[list[tuple[int, float]]] = [[] for _ in vertices]
        pairs = np.array(sorted(edges), dtype=int).reshape(-1, 2)
        lengths = measure_km(self.points[pairs[:, 0]], self.points[pairs[:, 1]])
        for (one, two), km in zip(pairs.tolist(), lengths.tolist(), strict=True):
            self._neighbours[one].append((two, km))
            self._neighbours[two].append((one, km))

    def find(self, start: Vertex, end: Vertex) -> Points | None:
        """Shortest way by the lanes, or None when the ports are near or the lanes lead astray."""
        straight = float(measure_km(as_points(start), as_points(end))[0])
        if straight < _SHORT_SEA_KM:
            return None
        away, inward = self._access(start), self._access(end)
        best: dict[int, float] = {}
        came: dict[int, int] = {}
        queue = [(km * _ACCESS_FACTOR, number, -1) for number, km in away.items()]
        heapq.heapify(queue)
        goal, goal_cost = -1, straight * _LONGEST_DETOUR + _DETOUR_KM
        while queue:
            cost, number, parent = heapq.heappop(queue)
            if number in best:
                continue
            if cost >= goal_cost:
                break
            best[number], came[number] = cost, parent
            if number in inward and cost + inward[number] * _ACCESS_FACTOR < goal_cost:
                goal, goal_cost = number, cost + inward[number] * _ACCESS_FACTOR
            for other, km in self._neighbours[number]:
                if other not in best:
                    heapq.heappush(queue, (cost + km, other, number))
        if goal < 0:
            return None
        path = [goal]
        while came[path[-1]] >= 0:
            path.append(came[path[-1]])
        return drop_repeats(as_points([start, *(self.points[n] for n in reversed(path)), end]))

    def _access(self, port: Vertex) -> dict[int, float]:
        km = measure_km(self.points, as_points(port))
        nearest = np.argsort(km, kind="stable")[:_NEAR_LANES]
        limit = 1.5 * float(km[nearest[0]]) + 25.0
        return {int(n): float(km[n]) for n in nearest if km[n] <= limit}
