"""One HTML file from results: works offline, under a strict content-security policy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.report.page import render_report, write_report

_HOMES = {"render_report": "page", "write_report": "page"}
__all__ = ["render_report", "write_report"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"models.report.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
