"""Folders of results: each holds a manifest, and only a folder that does may be replaced."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from routes import files

MANIFEST = "manifest.json"


def check_new_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that exists, or with `overwrite` one that no run wrote. Raises UsageError."""
    files.check_new_folder(folder, mark=MANIFEST, overwrite=overwrite)


def new_folder(folder: Path, *, overwrite: bool = False) -> AbstractContextManager[Path]:
    """A folder of results to fill, whole in its place at the end or not there at all."""
    return files.new_folder(folder, mark=MANIFEST, overwrite=overwrite)
