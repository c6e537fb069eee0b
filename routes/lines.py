"""Lines to draw, as they stand in a geometry.geojson: points, or every problem with its feature."""

from __future__ import annotations

from typing import Any

from routes.errors import DataError, Problem

_NO_LINE = "`coordinates` is no line: two points or more, each [lon, lat] in degrees"


def read_features(document: Any, label: str) -> dict[str, list[tuple[float, float]]]:
    """Points (lon, lat) of the lines of a GeoJSON document, by geometry_id.

    Raises DataError with every feature that is no line with a name.
    """
    features = _get(document, "features")
    if not isinstance(features, list):
        rule = "holds no list of `features`"
        raise DataError([Problem(label, rule, "Write a GeoJSON FeatureCollection.")])
    lines: dict[str, list[tuple[float, float]]] = {}
    problems = []
    for number, feature in enumerate(features, 1):
        where = f"feature {number}"
        name = _get(_get(feature, "properties"), "geometry_id")
        points = read_points(_get(_get(feature, "geometry"), "coordinates"))
        if not isinstance(name, str) or not name:
            remedy = "Give it the geometry_id that links.csv names."
            problems.append(Problem(label, "has no `geometry_id`", remedy, column=where))
        elif points is None:
            problems.append(Problem(label, _NO_LINE, "Mend or delete it.", column=where))
        elif name in lines:
            rule = "its geometry_id stands in a feature above"
            problems.append(Problem(label, rule, "Keep one.", column=where))
        else:
            lines[name] = points
    if problems:
        raise DataError(problems)
    return lines


def read_points(raw: Any) -> list[tuple[float, float]] | None:
    """Points (lon, lat) of a line, None when it is none; heights are left out.

    Longitudes may go beyond 180, as those of a line across the date line do.
    """
    if not isinstance(raw, list) or len(raw) < 2:
        return None
    points = []
    for point in raw:
        if not isinstance(point, list | tuple) or len(point) < 2:
            return None
        lon, lat = point[:2]
        if not (_is_within(lon, 360) and _is_within(lat, 90)):
            return None
        points.append((lon, lat))
    return points


def _is_within(value: Any, most: float) -> bool:
    """Whether a value is a number from -most to most; NaN is none."""
    return type(value) in (int, float) and -most <= value <= most


def _get(record: Any, key: str) -> Any:
    return record.get(key) if isinstance(record, dict) else None
