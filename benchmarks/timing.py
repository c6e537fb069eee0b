"""How calls are timed: processor seconds, so that other work on the machine matters less."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def time_call(function: Callable[[], Result]) -> tuple[float, Result]:
    """Processor seconds of a call, and what it returns."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result
