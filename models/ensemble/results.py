"""The tables of an ensemble, read from its folder column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from models.ensemble.stored import KEYS, check_manifest, list_chunks, read_chunk, read_manifest
from routes.errors import UnknownNameError, UsageError


@dataclass(frozen=True)
class Ensemble:
    """A folder of samples.

    `manifest` holds all that the numbers depend on, `drivers` a row for each column of inputs
    (name, kind, words, unit, numbers, low, best, high). `holder` keeps a temporary folder alive.
    """

    folder: Path
    manifest: dict[str, Any] = field(repr=False)
    holder: Any = field(default=None, repr=False)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, in the order they were asked for."""
        return tuple(scenario["name"] for scenario in self.manifest["scenarios"])

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Columns of results: indicators, tonnes by corridor, `flow:LINK` on request."""
        return tuple(self.manifest["outcomes"])

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns of what was drawn."""
        return tuple(driver["name"] for driver in self.manifest["drivers"])

    @property
    def live_inputs(self) -> tuple[str, ...]:
        """Columns of what was drawn and can matter."""
        drivers = self.manifest["drivers"]
        return tuple(driver["name"] for driver in drivers if not driver.get("idle", False))

    @property
    def drivers(self) -> pd.DataFrame:
        """What was drawn, a row a column of inputs."""
        names = ["name", "kind", "words", "unit", "numbers", "low", "best", "high"]
        return pd.DataFrame(self.manifest["drivers"], columns=names)

    @property
    def is_complete(self) -> bool:
        """Whether every sample is there."""
        return self.manifest["finished"] is not None

    def to_frame(
        self,
        columns: Sequence[str] | None = None,
        *,
        scenario: str | None = None,
        most: int | None = None,
    ) -> pd.DataFrame:
        """Samples as a frame: `sample`, `scenario` and the columns asked for (all without).

        `scenario` keeps the rows of one, `most` the first so many samples. Besides the columns of
        the folder there is `CORRIDOR_share`, the part of all exports that takes a corridor (for
        `domestic`: of all deliveries).

        Raises UnknownNameError for a column or scenario that is not there.
        """
        parts: list[pd.DataFrame] = []
        for part in self.read_chunks(columns, scenario=scenario):
            some = part if most is None else part[part["sample"] < most]
            if len(some):
                parts.append(some)
            elif most is not None:
                break
        if not parts:
            return pd.DataFrame(columns=[*KEYS, *(columns or ())])
        return pd.concat(parts, ignore_index=True)

    def read_chunks(
        self, columns: Sequence[str] | None = None, *, scenario: str | None = None
    ) -> Iterator[pd.DataFrame]:
        """The frames of the chunks, one after the other: memory holds one at a time.

        Raises UsageError for a chunk that is damaged or not of this ensemble, and when a finished
        one lacks some.
        """
        if scenario is not None and scenario not in self.scenarios:
            raise UnknownNameError("scenario of the ensemble", scenario, self.scenarios)
        known = {*KEYS, *self.inputs, *self.outcomes}
        wanted = None if columns is None else [c for c in columns if c not in KEYS]
        shares = [c for c in wanted or () if c not in known and self._is_share(c)]
        for column in wanted or ():
            if column not in known and column not in shares:
                raise UnknownNameError("column of the ensemble", column, known)
        needed = None
        if wanted is not None:
            own = [c for c in wanted if c not in shares]
            extra = [name for c in shares for name in _share_of(c)]
            needed = list(dict.fromkeys([*own, *extra]))
        paths = list_chunks(self.folder)
        if self.is_complete and len(paths) * self.manifest["chunk"] < len(self):
            msg = f"{self.folder} lacks samples: run it again with --resume, which mends it."
            raise UsageError(msg)
        for path in paths:
            frame = read_chunk(path, self.manifest, needed)
            for column in shares:
                part, *whole = _share_of(column)
                frame[column] = frame[part] / frame[whole].sum(axis=1)
            if scenario is not None:
                frame = frame[frame["scenario"] == scenario]
            yield frame if wanted is None else frame[[*KEYS, *wanted]]

    def _is_share(self, column: str) -> bool:
        return column.endswith("_share") and _share_of(column)[0] in self.outcomes

    def __len__(self) -> int:
        """Samples asked for."""
        return int(self.manifest["samples"])

    def __repr__(self) -> str:
        state = "" if self.is_complete else ", incomplete"
        return (
            f"<Ensemble of {len(self):,} samples x {len(self.scenarios)} scenarios, "
            f"{len(self.inputs)} drivers, seed {self.manifest['seed']}{state}>"
        )


def open_ensemble(folder: str | Path, *, holder: Any = None) -> Ensemble:
    """The ensemble in a folder. Raises UsageError when it holds none, or a damaged one."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"The folder {folder} does not exist.")
    manifest = read_manifest(folder)
    check_manifest(folder, manifest)
    return Ensemble(folder, manifest, holder)


def _share_of(column: str) -> tuple[str, ...]:
    corridor = column.removesuffix("_share")
    whole = ("exported_mt", "domestic_mt") if corridor == "domestic" else ("exported_mt",)
    return (f"{corridor}_mt", *whole)
