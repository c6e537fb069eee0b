"""Files and folders that appear whole or not at all: filled aside, then renamed into place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from routes.errors import UsageError


def check_new_file(path: Path, *, overwrite: bool = True) -> None:
    """Refuse a file whose folder does not exist, or that is a folder. Raises UsageError.

    An old file is replaced, unless `overwrite` is false: then it is refused.
    """
    _check_parent(path)
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file.")
    if not overwrite and (path.exists() or path.is_symlink()):
        raise UsageError(f"{path} exists. Choose another name or add --overwrite.")


def check_new_folder(folder: Path, *, mark: str, overwrite: bool = False) -> None:
    """Refuse a folder that exists, or that holds something else than what we write there.

    Raises UsageError. With `overwrite` an old folder is accepted when it is empty or holds a file
    called `mark`: then we wrote it, and nothing of the user's own is lost.
    """
    _check_parent(folder)
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise UsageError(f"{folder} exists and is not a folder.")
    if not overwrite:
        raise UsageError(f"The folder {folder} exists. Choose another or add --overwrite.")
    if any(folder.iterdir()) and not (folder / mark).is_file():
        raise UsageError(
            f"The folder {folder} holds no {mark}, so kazroutes did not write it: kept."
        )


@contextmanager
def new_file(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """A file of the same name to write elsewhere; it takes its place at the end."""
    check_new_file(path, overwrite=overwrite)
    with _aside(path) as temporary:
        yield temporary
        check_new_file(path, overwrite=overwrite)
        temporary.replace(path)


@contextmanager
def new_folder(folder: Path, *, mark: str, overwrite: bool = False) -> Iterator[Path]:
    """A folder to fill; it takes its place at the end, and an old one comes back if it cannot."""
    check_new_folder(folder, mark=mark, overwrite=overwrite)
    with _aside(folder) as temporary:
        temporary.mkdir()
        yield temporary
        check_new_folder(folder, mark=mark, overwrite=overwrite)
        old = temporary.with_name(f"{folder.name}.old")
        replaced = folder.exists()
        if replaced:
            folder.rename(old)
        try:
            temporary.rename(folder)
        except OSError:
            if replaced:
                old.rename(folder)
            raise


def _check_parent(path: Path) -> None:
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} does not exist.")


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """The same name in a hidden folder beside `path`, which is gone afterwards."""
    hidden = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield hidden / path.name
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
