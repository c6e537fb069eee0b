"""The folder of an ensemble: chunks as Parquet files, a manifest, a lock.

A chunk is written under another name, brought to disk and renamed in, so a file with the ending
.parquet is always whole. A lock of the operating system keeps a second process out and falls with
its process, however that ends. What is there decides what is left to do.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from models.ensemble.stored import list_chunks, name_chunk, read_chunk, read_manifest, read_number
from models.folders import MANIFEST
from models.tables import strict_value
from routes.errors import KazroutesError, UsageError

LOCK = ".lock"
_FORMAT = 1
# What a run may be told anew when it goes on; all else must be as it was.
_FREE = frozenset(("created", "finished", "drivers", "outcomes"))


class Store:
    """An open folder of an ensemble; made by `open_store`."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder, self.manifest = folder, manifest
        self.digest = str(manifest["digest"])

    def find_done(self) -> set[int]:
        """Numbers of the chunks that are there, whole and of this run; others are deleted."""
        done = set()
        for path in list_chunks(self.folder):
            try:
                read_chunk(path, self.manifest)
            except UsageError:  # cut short by the system, or damaged: made again
                path.unlink()
            else:
                done.add(read_number(path))
        return done

    def write_chunk(self, number: int, columns: Mapping[str, Any]) -> None:
        """Write a chunk's rows. Raises KazroutesError when the disk is full."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table(dict(columns)).replace_schema_metadata(
            {"kazroutes": self.digest, "chunk": str(number)}
        )
        sink = pa.BufferOutputStream()
        pq.write_table(
            table, sink, compression="none", use_dictionary=["scenario"], write_statistics=False
        )
        self._put(name_chunk(number), sink.getvalue().to_pybytes())

    def write_text(self, name: str, text: str) -> None:
        """Write a text file. Raises KazroutesError when the disk is full."""
        self._put(name, text.encode())

    def finish(self) -> None:
        """Say in the manifest that all is there."""
        self.manifest["finished"] = _now()
        self.write_manifest()

    def write_manifest(self) -> None:
        """Write the manifest."""
        self.write_text(MANIFEST, json.dumps(strict_value(self.manifest), indent=1) + "\n")

    def _put(self, name: str, content: bytes) -> None:
        """A file whole or not at all, on disk when this returns."""
        temporary = self.folder / f".{name}.part"
        try:
            with temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self.folder / name)
            _sync_folder(self.folder)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                msg = (
                    f"No space is left for {self.folder / name}. What was written before is kept: "
                    "make room and go on with --resume."
                )
                raise KazroutesError(msg) from error
            raise


@contextmanager
def open_store(folder: Path, facts: Mapping[str, Any], *, resume: bool) -> Iterator[Store]:
    """Open the folder of a run for writing: a new one, or with `resume` one that was begun.

    Parameters
    ----------
    facts
        What the run is; a run is only continued when all of it is the same.

    Raises
    ------
    UsageError
        When the folder exists and `resume` is not given, when it holds another run or none, or
        when another process is at work in it. Nothing is written there then.
    """
    _make_folder(folder, resume=resume)
    store = Store(folder, {"format": _FORMAT, "created": _now(), "finished": None, **facts})
    _accept(store)
    with _hold_lock(folder):
        _accept(store)  # another process may have begun meanwhile
        for left in folder.glob(".*.part"):
            left.unlink()
        store.write_manifest()
        yield store


def _make_folder(folder: Path, *, resume: bool) -> None:
    if not folder.parent.is_dir():
        raise UsageError(f"The folder {folder.parent} does not exist.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} exists and is not a folder.")
    if not folder.exists():
        folder.mkdir()
        return
    names = {path.name for path in folder.iterdir()}
    if names and not resume:
        raise UsageError(f"The folder {folder} exists. Choose another, or go on with --resume.")
    if MANIFEST not in names and any(not name.startswith(".") for name in names):
        raise UsageError(f"{folder} holds something other than an ensemble: choose another.")


def _accept(store: Store) -> None:
    """Take over when the run of a folder was begun. Raises UsageError when it is another run."""
    path = store.folder / MANIFEST
    if path.exists():
        store.manifest["created"] = _check_same(path, store.manifest)
    elif list_chunks(store.folder):
        msg = f"{store.folder} holds chunks but no {MANIFEST}: choose another folder."
        raise UsageError(msg)


def _check_same(path: Path, mine: Mapping[str, Any]) -> str:
    """When the run was begun. Raises UsageError when the manifest is of another run."""
    theirs = read_manifest(path.parent)
    wanted = strict_value({k: v for k, v in mine.items() if k not in _FREE})
    different = sorted(k for k in wanted if wanted[k] != theirs.get(k))
    if different:
        told = "; ".join(
            f"{name} was {_shorten(theirs.get(name))}, is {_shorten(wanted[name])}"
            for name in different
            if name != "digest" or different == ["digest"]
        )
        msg = f"{path.parent} holds another run ({told}). Choose another folder."
        raise UsageError(msg)
    return str(theirs.get("created"))


def _shorten(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _hold_lock(folder: Path) -> Iterator[None]:
    with _open_lock(folder / LOCK) as stream:
        if not _lock(stream):
            stream.seek(0)
            who = stream.read().strip()
            msg = f"Another process is at work in {folder}" + (f" ({who})." if who else ".")
            raise UsageError(msg)
        stream.truncate(0)
        stream.write(f"process {os.getpid()}")
        stream.flush()
        yield


def _open_lock(path: Path) -> IO[str]:
    """The file of a lock, made where there is none; never a file that it only leads to."""
    if not os.path.lexists(path) or stat.S_ISREG(path.lstat().st_mode):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        stream = os.fdopen(handle, "r+", encoding="utf-8")
        told = os.fstat(handle)
        if stat.S_ISREG(told.st_mode) and told.st_nlink <= 1:
            return stream
        stream.close()
    raise UsageError(f"{path} is no lock but leads to something else: delete it and try again.")


def _lock(stream: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def cut_chunks(samples: int, size: int) -> Sequence[tuple[int, int, int]]:
    """(number, first sample, one past the last) of every chunk."""
    return [
        (number, start, min(start + size, samples))
        for number, start in enumerate(range(0, samples, size))
    ]
