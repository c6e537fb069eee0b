"""What the tests of ensembles share: the tiny data set with ranges, and scenarios for it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from models.ensemble import run_ensemble
from models.scenario import Scenario
from routes.network import load_network
from tiny import write_tiny

BASE = Scenario.model_validate({
    "name": "as-is", "title": "Nothing changed", "year": 2023, "changes": [],
})  # fmt: skip
DEARER = Scenario.model_validate({
    "name": "dearer", "title": "Russian rail costs more", "year": 2023,
    "changes": [
        {"type": "tariff", "where": {"country": "RU", "mode": "rail1520"}, "charge": "carriage",
         "factor": {"value": 1.5, "low": 1.2, "high": 2.5}, "why": "To see."},
        {"type": "capacity", "where": {"shared": "berth"},
         "set": {"value": 2.0, "low": 1.5, "high": 2.5}, "why": "To see."},
    ],
})  # fmt: skip
SHUT = Scenario.model_validate({
    "name": "shut", "title": "Nothing leaves Russia", "year": 2023,
    "changes": [{"type": "close-transit", "country": "RU", "why": "To see."}],
})  # fmt: skip
ALL = (BASE, DEARER, SHUT)


@lru_cache
def tiny_network():
    """The tiny data set."""
    return load_network(write_tiny(Path(mkdtemp(prefix="kazroutes-tiny-")) / "data"))


N, CHUNK = 96, 16
LONG = 24 * CHUNK


def run(out, *, n=N, scenarios=ALL, seed=5, **kwargs):
    """An ensemble on the tiny data set, into a folder."""
    return run_ensemble(
        list(scenarios), n=n, seed=seed, network=tiny_network(), out=out, chunk=CHUNK,
        closures={"mine-town": 0.2}, **kwargs,
    )  # fmt: skip


def read_chunks(folder):
    """Name -> content of the chunks of a folder."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.parquet"))}
