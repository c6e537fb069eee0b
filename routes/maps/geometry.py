"""Plane geometry on arrays of points: clip, shift, measure. Distances in the unit of the points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Box = tuple[float, float, float, float]


def as_points(values: Any) -> Points:
    """An (n, 2) array of floats."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 2)


def contains(box: Box, points: Points) -> NDArray[np.bool_]:
    """Which points lie inside the box (x0, y0, x1, y1)."""
    x, y = points[:, 0], points[:, 1]
    return (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])


def grow_box(box: Box, by: float) -> Box:
    """The box with `by` added on every side."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def clip_ring(ring: Points, box: Box) -> Points:
    """The part of a closed ring inside the box (Sutherland-Hodgman); empty when outside.

    Edges along the box are degenerate where the ring leaves and returns: fill it, do not stroke it.
    """
    low, high = ring.min(axis=0), ring.max(axis=0)
    if low[0] > box[2] or high[0] < box[0] or low[1] > box[3] or high[1] < box[1]:
        return ring[:0]
    if low[0] >= box[0] and high[0] <= box[2] and low[1] >= box[1] and high[1] <= box[3]:
        return ring
    points = ring[:-1] if len(ring) > 1 and np.array_equal(ring[0], ring[-1]) else ring
    sides = ((0, 1.0, box[0]), (0, -1.0, box[2]), (1, 1.0, box[1]), (1, -1.0, box[3]))
    for axis, sign, limit in sides:
        if len(points) == 0:
            return points
        points = _clip_side(points, axis, sign, limit)
    return as_points(np.vstack([points, points[:1]])) if len(points) else points


def _clip_side(points: Points, axis: int, sign: float, limit: float) -> Points:
    before = np.roll(points, 1, axis=0)
    inside = sign * points[:, axis] >= sign * limit
    was_inside = np.roll(inside, 1)
    step = points[:, axis] - before[:, axis]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (limit - before[:, axis]) / step
    crossing = before + (points - before) * np.where(np.isfinite(part), part, 0.0)[:, None]
    crossing[:, axis] = limit
    both = np.stack([crossing, points], axis=1).reshape(-1, 2)
    keep = np.stack([inside != was_inside, inside], axis=1).reshape(-1)
    return as_points(both[keep])


def clip_line(line: Points, box: Box) -> list[Points]:
    """The pieces of a polyline inside the box (Liang-Barsky), in order."""
    if len(line) < 2:
        return []
    low, high = line.min(axis=0), line.max(axis=0)
    if low[0] > box[2] or high[0] < box[0] or low[1] > box[3] or high[1] < box[1]:
        return []
    if low[0] >= box[0] and high[0] <= box[2] and low[1] >= box[1] and high[1] <= box[3]:
        return [line]
    start, step = line[:-1], np.diff(line, axis=0)
    first, last = _clip_parts(start, step, box)
    pieces: list[Points] = []
    current: list[Points] = []
    for index in range(len(start)):
        if first[index] >= last[index]:
            continue
        entry = start[index] + step[index] * first[index]
        leave = start[index] + step[index] * last[index]
        if not current or first[index] > 0:
            current = [entry]
        current.append(leave)
        if last[index] < 1 or index == len(start) - 1 or first[index + 1] >= last[index + 1]:
            pieces.append(np.array(current))
            current = []
    return pieces


def _clip_parts(start: Points, step: Points, box: Box) -> tuple[Points, Points]:
    """Share of each segment where it enters and where it leaves the box."""
    first = np.zeros(len(start))
    last = np.ones(len(start))
    for axis, low, high in ((0, box[0], box[2]), (1, box[1], box[3])):
        with np.errstate(divide="ignore", invalid="ignore"):
            one = (low - start[:, axis]) / step[:, axis]
            two = (high - start[:, axis]) / step[:, axis]
        flat = step[:, axis] == 0
        within = (start[:, axis] >= low) & (start[:, axis] <= high)
        enter = np.where(flat, np.where(within, -np.inf, np.inf), np.minimum(one, two))
        leave = np.where(flat, np.where(within, np.inf, -np.inf), np.maximum(one, two))
        first, last = np.maximum(first, enter), np.minimum(last, leave)
    return first, last


def shift_line(line: Points, by: float) -> Points:
    """The polyline moved sideways by `by` (positive: to the left of its direction)."""
    if by == 0 or len(line) < 2:
        return line
    normals = _segment_normals(line)
    before = np.vstack([normals[:1], normals])
    after = np.vstack([normals, normals[-1:]])
    mean = before + after
    length = np.hypot(mean[:, 0], mean[:, 1])
    mean = np.where(length[:, None] > 1e-9, mean / np.maximum(length, 1e-9)[:, None], after)
    cosine = np.maximum(np.sum(mean * after, axis=1), 0.5)
    moved: Points = line + mean * (by / cosine)[:, None]
    return moved


def _segment_normals(line: Points) -> Points:
    step = np.diff(line, axis=0)
    length = np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-12)
    return np.column_stack([-step[:, 1], step[:, 0]]) / length[:, None]


def measure_line(line: Points) -> Points:
    """Distance along the polyline of each of its points, from 0."""
    step = np.diff(line, axis=0)
    return np.concatenate([[0.0], np.cumsum(np.hypot(step[:, 0], step[:, 1]))])


def locate_on_line(line: Points, at: float) -> tuple[Points, Points]:
    """Point of the polyline at the distance `at`, and its direction there (length 1)."""
    along = measure_line(line)
    index = int(np.clip(np.searchsorted(along, at, side="right") - 1, 0, len(line) - 2))
    step = line[index + 1] - line[index]
    length = max(float(np.hypot(step[0], step[1])), 1e-12)
    direction = step / length
    return line[index] + direction * (at - along[index]), direction


def find_middle(line: Points, box: Box) -> tuple[Points, Points] | None:
    """Middle of the longest piece of a polyline inside the box, and its direction there."""
    pieces = clip_line(line, box)
    if not pieces:
        return None
    lengths = [float(measure_line(piece)[-1]) for piece in pieces]
    longest = int(np.argmax(lengths))
    return locate_on_line(pieces[longest], lengths[longest] / 2)


def sample_line(line: Points, spacing: float) -> Points:
    """Points on the polyline no further apart than `spacing`, ends included."""
    along = measure_line(line)
    count = max(int(np.ceil(along[-1] / spacing)), 1) + 1
    at = np.linspace(0.0, along[-1], count)
    return np.column_stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])])


def thin_points(points: Points, grid: float) -> Points:
    """Points snapped to a grid, repeats dropped: lighter lines that still meet each other."""
    snapped = np.round(points / grid) * grid
    keep = np.ones(len(snapped), dtype=bool)
    keep[1:] = np.any(np.diff(snapped, axis=0) != 0, axis=1)
    thinned: Points = snapped[keep]
    return thinned
