"""Figures to files: the same bytes twice, never half a file."""

from __future__ import annotations

import os
from pathlib import Path
from threading import get_ident
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from routes.errors import UsageError

_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": "kazroutes"},
    ".svg": {"Date": None, "Creator": "kazroutes"},
    ".pdf": {"CreationDate": None, "Creator": "kazroutes"},
}


def save_figure(
    figure: Figure, path: str | os.PathLike[str], *, dpi: float = 170.0, text_as_paths: bool = False
) -> Path:
    """Write a figure as PNG, SVG or PDF, by the suffix of the path.

    The same figure gives the same bytes with the same versions and fonts: no dates, fixed ids. An
    old file is replaced only by a finished new one.

    Parameters
    ----------
    figure
        What to write.
    path
        Where; its folder must exist.
    dpi
        Resolution of a PNG, dots per inch.
    text_as_paths
        Whether letters of an SVG become outlines (no font needed) or stay text.

    Returns
    -------
    pathlib.Path
        The path written.

    Raises
    ------
    UsageError
        A suffix other than .png, .svg or .pdf, or a folder that does not exist.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _METADATA:
        raise UsageError(f"A figure is saved as .png, .svg or .pdf. Got '{target.name}' instead.")
    if not target.parent.is_dir():
        raise UsageError(f"The folder '{target.parent}' does not exist. Make it first.")
    settings: dict[Any, Any] = {
        "svg.hashsalt": "kazroutes",
        "svg.fonttype": "path" if text_as_paths else "none",
        "pdf.fonttype": 42,
        "savefig.bbox": None,
        "savefig.transparent": False,
        "text.hinting": "none",
        "path.simplify": True,
        "path.simplify_threshold": 1 / 9,
    }
    temporary = target.with_name(f".{target.stem}-{os.getpid()}-{get_ident()}{suffix}")
    try:
        with matplotlib.rc_context(settings):
            figure.savefig(
                temporary, format=suffix[1:], dpi=dpi, metadata=_METADATA[suffix],
                facecolor=figure.get_facecolor(),
            )  # fmt: skip
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
