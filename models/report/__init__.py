"""One HTML file from results: works offline, under a strict content-security policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routes.lazy import attach

if TYPE_CHECKING:
    from models.report.page import render_report, write_report

_HOMES = {"render_report": "page", "write_report": "page"}
__all__ = ["render_report", "write_report"]

__getattr__, __dir__ = attach(__name__, _HOMES)
