"""Figures as small pictures: for pages and notebooks that carry them along."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from routes.errors import InternalError
from routes.maps import save_figure

COMMON, RARE = 96, 144
"""Colours kept: those of large areas, and those that stand far from all others."""


class Picture:
    """A PNG of few colours that shows itself in Jupyter; `size` is width and height in pixels."""

    def __init__(self, png: bytes, size: tuple[int, int], words: str) -> None:
        self.png, self.size, self.words = png, size, words

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return f"<Picture: {self.words}>"


def show(ax: Axes, *, dpi: float = 84.0) -> Picture:
    """The figure that axes stand on, as a picture for a notebook or a page.

    Parameters
    ----------
    ax
        Axes of any chart or map.
    dpi
        Dots per inch.
    """
    figure = figure_of(ax)
    with TemporaryDirectory() as folder:
        path = save_figure(figure, Path(folder) / "figure.png", dpi=dpi)
        with Image.open(path) as drawn:
            small = keep_few_colours(drawn.convert("RGB"))
    stream = BytesIO()
    small.save(stream, format="PNG", optimize=True)
    said = [*(text.get_text() for text in figure.texts), *(t.get_text() for t in ax.texts)]
    words = next((text for text in said if len(text) > 3), "figure")
    return Picture(stream.getvalue(), small.size, words)


def figure_of(ax: Axes) -> Figure:
    """The figure that axes stand on."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise InternalError("axes without a figure")
    return figure


def keep_few_colours(picture: Image.Image) -> Image.Image:
    """The picture with at most 241 colours: areas keep theirs, and so do thin lines."""
    methods = (COMMON, Image.Quantize.MEDIANCUT), (RARE, Image.Quantize.MAXCOVERAGE)
    kept = [255, 255, 255]
    for count, method in methods:
        chosen = picture.quantize(count, method=method, dither=Image.Dither.NONE)
        kept += (chosen.getpalette() or [])[: 3 * count]
    palette = Image.new("P", (1, 1))
    palette.putpalette(kept)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)
