"""The charts that stand in a report, as pictures inside the file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from models import charts
from models.charts.pictures import show
from models.compare import compare_runs
from models.run import Run

_DPI = 150.0


def draw_figures(runs: Sequence[Run], base: Run) -> list[dict[str, Any]]:
    """Heat map of all runs, and where the baseline's exports go: uri, alt, caption, size."""
    figures = []
    if len(runs) > 1:
        comparison = compare_runs(runs, baseline=base.scenario)
        figures.append(_describe(
            charts.heatmap(comparison),
            "Heat map of changes from the baseline; the table above holds the same numbers.",
            "Changes of the key indicators from the baseline. Colour is centred on zero.",
        ))  # fmt: skip
    if (base.indicators["exported_mt"] or 0.0) > 0:
        figures.append(_describe(
            charts.alluvial(base),
            "Ribbons from commodities through corridors to market regions; the table of routes "
            "holds the same flows.",
            "Exports by commodity, corridor and market region.",
        ))  # fmt: skip
    return figures


def _describe(ax: Axes, alt: str, caption: str) -> dict[str, Any]:
    picture = show(ax, dpi=_DPI)
    encoded = base64.b64encode(picture.png).decode()
    width, height = (round(size * 96 / _DPI) for size in picture.size)
    return {
        "uri": f"data:image/png;base64,{encoded}",
        "alt": alt,
        "caption": caption,
        "width": width,
        "height": height,
    }
