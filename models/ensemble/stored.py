"""What the folder of an ensemble holds, checked when it is read: manifest and chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.folders import MANIFEST
from routes.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

KEYS = ("sample", "scenario")
_MOST = 2**53


def _counts(least: int) -> Callable[[object], bool]:
    """Whether something is a whole number, at least so large and not beyond what can be counted."""
    return lambda x: type(x) is int and least <= x <= _MOST


def _names(x: object) -> bool:
    return isinstance(x, list) and all(isinstance(one, str) for one in x)


def _records(*keys: str) -> Callable[[object], bool]:
    """Whether something is a list of records with texts under these keys."""
    return lambda x: (
        isinstance(x, list)
        and all(
            isinstance(one, dict) and all(isinstance(one.get(key), str) for key in keys)
            for one in x
        )
    )


# What of a manifest is read: whether it fits, and what it must be.
_NEEDED: dict[str, tuple[Callable[[object], bool], str]] = {
    "samples": (_counts(1), "a number of samples"),
    "chunk": (_counts(1), "a number of samples"),
    "seed": (_counts(0), "a seed"),
    "scenarios": (lambda x: bool(x) and _records("name")(x), "a list of scenarios"),
    "drivers": (_records("name", "kind"), "a list of drivers"),
    "outcomes": (_names, "a list of names"),
    "digest": (lambda x: isinstance(x, str), "text"),
    "method": (lambda x: isinstance(x, str), "text"),
    "finished": (lambda x: x is None or isinstance(x, str), "a date or null"),
}


def list_chunks(folder: Path) -> list[Path]:
    """The chunk files of a folder, in the order of their samples."""
    return sorted(folder.glob("chunk-*.parquet"))


def name_chunk(number: int) -> str:
    """The name of a chunk's file."""
    return f"chunk-{number:06d}.parquet"


def read_number(path: Path) -> int:
    """The number of a chunk from the name of its file."""
    return int(path.stem.removeprefix("chunk-"))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder. Raises UsageError when it holds no ensemble."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{folder} holds no ensemble: it has no readable {MANIFEST}."
        raise UsageError(msg) from error
    if not isinstance(manifest, dict) or "samples" not in manifest:
        msg = f"{folder} holds no ensemble, but something else."
        raise UsageError(msg)
    return manifest


def check_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raises UsageError when a manifest lacks what is read of it, or holds something else there."""
    for name, (fits, what) in _NEEDED.items():
        if name not in manifest or not fits(manifest[name]):
            msg = (
                f"{folder / MANIFEST} is damaged: its `{name}` is not {what}. Copy the folder anew "
                "from where it came, or run the ensemble again in a new one."
            )
            raise UsageError(msg)


def read_chunk(
    path: Path, manifest: Mapping[str, Any], columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """The rows of a chunk: its keys and some columns (all without).

    Raises UsageError when the file is damaged, of another run, or holds other samples than its own.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = columns
    if wanted is None:
        wanted = [*(driver["name"] for driver in manifest["drivers"]), *manifest["outcomes"]]
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            fault = _check_head(path, schema, manifest, wanted)
            if not fault:
                frame = file.read(columns=[*KEYS, *wanted]).to_pandas(ignore_metadata=True)
                fault = _check_rows(path, frame, manifest)
    except (OSError, ValueError, pa.ArrowException) as error:
        fault = f"cannot be read ({str(error).partition(chr(10))[0][:120]})"
    if fault:
        raise UsageError(f"{path} {fault}: run the ensemble again with --resume, which mends it.")
    return frame


def _check_head(
    path: Path, schema: pa.Schema, manifest: Mapping[str, Any], wanted: Sequence[str]
) -> str:
    """What is wrong with the head of a chunk; nothing where nothing is."""
    from pyarrow import types

    told = schema.metadata or {}
    if told.get(b"kazroutes") != manifest["digest"].encode():
        return "is no chunk of this ensemble"
    number = told.get(b"chunk", b"").decode(errors="replace")
    if not number.isdecimal() or path.name != name_chunk(int(number)):
        return f"says that it is chunk '{number[:20]}'"
    for name in (*KEYS, *wanted):
        index = schema.get_field_index(name)
        if index < 0:
            return f"has no column {name}"
        kind = schema.field(index).type
        if name != "scenario" and not (types.is_floating(kind) or types.is_integer(kind)):
            return f"has no numbers in column {name}"
    return ""


def _check_rows(path: Path, frame: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """What is wrong with the rows of a chunk: its samples under every scenario, in order."""
    scenarios = [scenario["name"] for scenario in manifest["scenarios"]]
    size, number = manifest["chunk"], read_number(path)
    start, stop = number * size, min((number + 1) * size, manifest["samples"])
    if len(frame) == (stop - start) * len(scenarios):
        sample, scenario = (frame[key].to_numpy().reshape(-1, len(scenarios)) for key in KEYS)
        own = np.arange(start, stop)[:, None]
        if (sample == own).all() and (scenario == np.array(scenarios, dtype=object)).all():
            return ""
    return f"does not hold samples {start} to {stop - 1}, each once under every scenario"
