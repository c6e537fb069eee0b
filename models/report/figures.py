"""The charts that stand in a report, as pictures inside the file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import Any

from matplotlib.axes import Axes
from PIL import Image

from models import charts
from models.compare import compare_runs
from models.run import Run
from routes.maps import save_figure

_DPI = 150.0
_COLOURS = 96


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
    figure = ax.get_figure(root=True)
    with TemporaryDirectory() as folder:
        path = save_figure(figure, f"{folder}/figure.png", dpi=_DPI)  # type: ignore[arg-type]
        with Image.open(path) as picture:
            small = picture.convert("RGB").quantize(_COLOURS)
    stream = BytesIO()
    small.save(stream, format="PNG", optimize=True)
    encoded = base64.b64encode(stream.getvalue()).decode()
    width, height = (round(size * 96 / _DPI) for size in small.size)
    return {
        "uri": f"data:image/png;base64,{encoded}",
        "alt": alt,
        "caption": caption,
        "width": width,
        "height": height,
    }
