"""Results on disk, whole or not at all: a new folder or a replaced file by one rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from routes.errors import UsageError

MANIFEST = "manifest.json"


def check_new_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a results folder that exists, or that holds something other than results.

    Raises UsageError. With `overwrite` an existing folder is accepted when it is empty or holds a
    manifest: then a run wrote it, and nothing of the user's own is lost.
    """
    if not folder.parent.is_dir():
        raise UsageError(f"The folder {folder.parent} does not exist.")
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise UsageError(f"{folder} exists and is not a folder.")
    if not overwrite:
        raise UsageError(f"The folder {folder} exists. Choose another or add --overwrite.")
    if any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise UsageError(f"The folder {folder} holds no {MANIFEST}, so no run wrote it: kept.")


def check_new_file(path: Path) -> None:
    """Refuse a file whose folder does not exist, or that is a folder. Raises UsageError."""
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder.")


@contextmanager
def new_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary folder to fill, renamed to `folder` at the end, removed if anything fails."""
    check_new_folder(folder, overwrite=overwrite)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        check_new_folder(folder, overwrite=overwrite)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.rename(old / folder.name)
            temporary.rename(folder)
            shutil.rmtree(old)
        else:
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file with the same ending, renamed to `path` at the end."""
    check_new_file(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
