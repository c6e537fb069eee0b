"""What part of the world a map shows, and in which projection. Plane coordinates are in km."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from pyproj import Transformer

from routes.errors import UnknownNameError, UsageError
from routes.maps.geometry import Box, Points, as_points

ALBERS = "+proj=aea +lat_1=38 +lat_2=54 +lat_0=45 +lon_0=57 +units=km"
MILLER = "+proj=mill +lon_0=65 +units=km"
REGION_BOUNDS = (8.0, 28.0, 98.0, 66.0)
Extent = str | tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of a projected plane: box in km, and the base map that covers it."""

    name: str
    projection: str
    box: Box
    base: str
    words: str = "Albers equal-area projection"

    @property
    def width(self) -> float:
        """Width, km."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Height, km."""
        return self.box[3] - self.box[1]


FRAMES: dict[str, Frame] = {
    "region": Frame("region", ALBERS, (-2460.0, -1180.0, 2360.0, 2080.0), "region"),
    "kazakhstan": Frame("kazakhstan", ALBERS, (-1050.0, -700.0, 2120.0, 1260.0), "region"),
    "caspian": Frame("caspian", ALBERS, (-2200.0, -980.0, 420.0, 780.0), "region"),
    "wide": Frame(
        "wide", MILLER, (-8700.0, -150.0, 8750.0, 9480.0), "wide", words="Miller projection"
    ),
}
"""Named extents."""


@lru_cache(maxsize=8)
def _transformer(projection: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", projection, always_xy=True)


def project(frame: Frame, lon: Any, lat: Any) -> Points:
    """Longitude and latitude (degrees) to the plane of the frame (km)."""
    x, y = _transformer(frame.projection).transform(np.asarray(lon), np.asarray(lat))
    return np.column_stack([np.atleast_1d(x), np.atleast_1d(y)]).astype(np.float64)


def choose_frame(extent: Extent) -> Frame:
    """The frame of a named extent or of bounds (lon_min, lat_min, lon_max, lat_max)."""
    if isinstance(extent, str):
        if extent not in FRAMES:
            raise UnknownNameError("extent", extent, FRAMES)
        return FRAMES[extent]
    low_lon, low_lat, high_lon, high_lat = (float(value) for value in extent)
    if not (low_lon < high_lon and low_lat < high_lat):
        raise UsageError(
            "The bounds of 'extent' must be (lon_min, lat_min, lon_max, lat_max). "
            f"Got {extent} instead."
        )
    edge = np.linspace(0.0, 1.0, 9)
    lon = low_lon + (high_lon - low_lon) * np.concatenate([edge, edge, 0 * edge, 0 * edge + 1])
    lat = low_lat + (high_lat - low_lat) * np.concatenate([0 * edge, 0 * edge + 1, edge, edge])
    return fit_frame(np.column_stack([lon, lat]), margin=0.0)


def fit_frame(lonlat: Points, *, margin: float = 0.12, least_km: float = 500.0) -> Frame:
    """The frame that holds all points (degrees), with a margin, not narrower than `least_km`.

    The sides keep a ratio between 1:1 and 2:1, as a page wants.
    """
    points = as_points(lonlat)
    west, south, east, north = REGION_BOUNDS
    regional = bool(
        (points[:, 0] >= west + 8).all()
        and (points[:, 0] <= east - 4).all()
        and (points[:, 1] >= south + 3).all()
        and (points[:, 1] <= north - 3).all()
    )
    model = FRAMES["region" if regional else "wide"]
    plane = project(model, points[:, 0], points[:, 1])
    low, high = plane.min(axis=0), plane.max(axis=0)
    centre, size = (low + high) / 2, np.maximum(high - low, least_km) * (1 + 2 * margin)
    width = max(float(size[0]), float(size[1]))
    height = max(float(size[1]), width / 2)
    box = (
        float(centre[0] - width / 2),
        float(centre[1] - height / 2),
        float(centre[0] + width / 2),
        float(centre[1] + height / 2),
    )
    return Frame("fitted", model.projection, box, model.base, words=model.words)
