"""Files read within a limit; files and folders written that appear whole or not at all.

What is read was made by others: a pipe, a device, a link to a file elsewhere or a huge file is
refused before a byte of it is read. What is written is filled aside, then renamed into place.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from routes.errors import DataError, Problem, UsageError

MAX_FILE_BYTES = 64 * 2**20  # of a table, a workbook, lines to draw
MAX_NOTE_BYTES = 2**20  # of a small document: a description, parameters
_BLOCK_BYTES = 2**16


class RefusedFileError(UsageError):
    """A file that is not read; `size` is given when it is too large."""

    def __init__(self, rule: str, remedy: str, *, size: int | None = None) -> None:
        super().__init__(rule)
        self.rule, self.remedy, self.size = rule, remedy, size


def read_plain(path: Path, limit: int, *, linked: bool = True) -> bytes:
    """The content of a plain file, of `limit` bytes at most.

    Without `linked`, a link that leads out of the file's folder is refused.

    Raises
    ------
    RefusedFileError
        When it is too large, a pipe, a device, a folder or a link elsewhere.
    OSError
        When it cannot be opened.
    """
    real = Path(os.path.realpath(path))
    if not linked and not real.is_relative_to(os.path.realpath(path.parent)):
        raise RefusedFileError("the file is a link to another folder", "Copy it.")
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(real, flags)
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise RefusedFileError("is not a plain file", "Give a file.")
        content = b""
        if state.st_size <= limit:
            with os.fdopen(handle, "rb", closefd=False) as stream:
                blocks = iter(lambda: stream.read(_BLOCK_BYTES), b"")
                content = b"".join(islice(blocks, limit // _BLOCK_BYTES + 1))
    finally:
        os.close(handle)
    size = max(state.st_size, len(content))
    if size > limit:
        rule = f"the file is larger than {limit // 2**20} MiB"
        raise RefusedFileError(rule, "Split it or leave out what is not needed.", size=size)
    return content


def read_input(path: Path, limit: int, *, linked: bool = True) -> bytes:
    """What read_plain reads. Raises DataError whatever the reason is that it cannot."""
    try:
        return read_plain(path, limit, linked=linked)
    except RefusedFileError as refusal:
        raise DataError([Problem(path.name, refusal.rule, refusal.remedy)]) from None
    except OSError as error:
        raise DataError([Problem(path.name, f"cannot be read ({error.strerror})")]) from error


def read_json(content: bytes | str, label: str) -> Any:
    """What a JSON document holds. Raises DataError when it is none, or nested too deep."""
    try:
        return json.loads(content)
    except RecursionError:
        problem = Problem(label, "is nested too deep", "Write it flatter.")
    except ValueError as error:  # no UTF-8 and too long a number are such errors too
        line = getattr(error, "lineno", None)
        problem = Problem(label, "is no JSON document", "Mend it.", line)
    raise DataError([problem])


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
