"""Names of countries and seas behind the flows, and of corridors beside their strokes."""

from __future__ import annotations

import math
import re

import numpy as np

from routes.maps import style
from routes.maps.frames import project
from routes.maps.geometry import Points, contains
from routes.maps.labels import Label, Line, measure_text, pitch_of
from routes.maps.page import Page
from routes.maps.pen import Ink

SEAS: tuple[tuple[str, float, float], ...] = (
    ("Caspian Sea", 50.7, 41.9), ("Black Sea", 34.0, 43.2), ("Baltic Sea", 19.6, 57.0),
    ("Mediterranean Sea", 33.0, 34.4), ("Mediterranean Sea", 18.5, 34.6),
    ("Persian Gulf", 51.3, 27.3), ("Arabian Sea", 63.5, 19.0), ("North Sea", 3.2, 56.2),
    ("South China Sea", 114.5, 17.0), ("Bay of Bengal", 88.0, 15.5),
)  # fmt: skip


def label_corridors(page: Page, ink: Ink, *, least_length: float = 30.0) -> list[Label]:
    """One optional label per corridor, beside its best stroke."""
    labels = []
    groups = sorted({piece.group for piece in ink.pieces}, key=style.order_corridor)
    for group in groups:
        pieces = [p for p in ink.pieces if p.group == group]
        top = max(piece.value for piece in pieces)
        look = style.style_corridor(group)
        font = page.make_font(7.4, bold=True, italic=True)
        width, height = measure_text(look.name, font)[0], pitch_of(Line(look.name, font))
        corners = []
        for piece in pieces:
            step = np.hypot(*np.diff(piece.line, axis=0).T)
            if step.sum() < least_length * page.size_factor:
                continue
            cost = 12.0 * (1.0 - math.sqrt(piece.value / top))
            for share in (0.25, 0.5, 0.75):
                point = _at_share(piece.line, step, share)
                corners += _beside(point, piece.total / 2 + 2.5, width, height, cost)
        if corners:
            labels.append(
                Label(
                    key=f"corridor-{group}",
                    lines=(Line(look.name, font, look.ink),),
                    anchor=(0.0, 0.0),
                    corners=tuple(corners),
                    max_cover=0.12,
                    leader=False,
                )
            )
    return labels


def _at_share(line: Points, step: Points, share: float) -> Points:
    along = np.concatenate([[0.0], np.cumsum(step)])
    at = along[-1] * share
    return np.array([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])])


def _beside(
    point: Points, gap: float, width: float, height: float, cost: float
) -> list[tuple[float, float, float]]:
    """Corners of boxes above, below, left and right of a point."""
    x, y = float(point[0]), float(point[1])
    return [
        (x - width / 2, y + gap, cost),
        (x - width / 2, y - gap - height, cost + 0.5),
        (x + gap, y - height / 2, cost + 0.3),
        (x - gap - width, y - height / 2, cost + 0.3),
        (x + gap * 0.8, y + gap * 0.8, cost + 0.2),
        (x - gap * 0.8 - width, y + gap * 0.8, cost + 0.2),
        (x + gap * 0.8, y - gap * 0.8 - height, cost + 0.4),
        (x - gap * 0.8 - width, y - gap * 0.8 - height, cost + 0.4),
    ]


def label_ground(page: Page) -> list[Label]:
    """Optional names of countries and seas, behind the flows; the greatest first."""
    labels = []
    for country in sorted(page.base.countries, key=lambda c: (not c.home, -c.area, c.name)):
        room = math.sqrt(country.area) / page.km_per_pt
        point = page.to_points(np.array([country.point]))[0]
        name = country.name.upper()
        font_size = 8.6 if country.home else 6.2
        font = page.make_font(font_size)
        if measure_text(name, font)[0] > 1.25 * room:
            continue
        spaced = " ".join(name)
        words = spaced if measure_text(spaced, font)[0] < 0.8 * room else name
        line = Line(words, font, style.PALE_INK)
        labels.append(_ground_label(f"country-{_make_key(country.name)}", line, point, 0.16 * room))
    seen: set[str] = set()
    for name, lon, lat in SEAS:
        plane = project(page.frame, lon, lat)
        if name in seen or not contains(page.frame.box, plane).all():
            continue
        seen.add(name)
        point = page.to_points(plane)[0]
        font = page.make_font(6.4, italic=True)
        line = Line(name, font, style.SEA_INK)
        labels.append(_ground_label(f"sea-{_make_key(name)}", line, point, 24.0))
    return [
        label
        for label in labels
        if 0 < label.anchor[0] < page.width and 0 < label.anchor[1] < page.height
    ]


def _make_key(name: str) -> str:
    """Letters of a name, fit for an id."""
    return re.sub(r"[^A-Za-z]+", "-", name)


def _ground_label(key: str, line: Line, point: Points, shift: float) -> Label:
    """A name at most `shift` points from where it belongs."""
    width, height = measure_text(line.text, line.font)[0], pitch_of(line)
    shares = (-1.0, -0.5, 0.0, 0.5, 1.0)
    corners = [
        (
            float(point[0]) - width / 2 + dx * shift,
            float(point[1]) - height / 2 + dy * shift,
            0.06 * shift * math.hypot(dx, dy),
        )
        for dx in shares
        for dy in shares
    ]
    return Label(
        key=key,
        lines=(line,),
        anchor=(float(point[0]), float(point[1])),
        corners=tuple(corners),
        max_cover=0.22,
        leader=False,
        behind=True,
    )
