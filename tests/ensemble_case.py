"""What the tests of ensembles share: the tiny data set with ranges, and scenarios for it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

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
