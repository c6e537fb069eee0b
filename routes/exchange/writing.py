"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from routes.errors import UsageError

MARK = "datapackage.json"  # stands in every folder that is written here


def check_target(path: Path, *, overwrite: bool = False, folder: bool = False) -> None:
    """Refuse a target whose folder is missing, or that exists when `overwrite` is not given.

    With `overwrite` a file is replaced, and a folder when it is empty or holds a data package:
    then nothing of the user's own is lost. Raises UsageError.
    """
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist.")
    if not path.exists() and not path.is_symlink():
        return
    if path.is_symlink() or path.is_dir() != folder:
        kind = "a folder" if folder else "a file"
        raise UsageError(f"{path} exists and is not {kind}.")
    if not overwrite:
        raise UsageError(f"{path} exists. Choose another name or add --overwrite.")
    if folder and any(path.iterdir()) and not (path / MARK).is_file():
        raise UsageError(f"The folder {path} holds no {MARK}, so no export wrote it: kept.")


@contextmanager
def write_whole(path: Path, *, overwrite: bool = False, folder: bool = False) -> Iterator[Path]:
    """A temporary file or folder to fill; it takes the name `path` at the end, by one rename."""
    check_target(path, overwrite=overwrite, folder=folder)
    workshop = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        temporary = workshop / path.name
        if folder:
            temporary.mkdir()
        yield temporary
        check_target(path, overwrite=overwrite, folder=folder)
        if folder and path.exists():
            path.rename(workshop / "replaced")
        temporary.replace(path)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
