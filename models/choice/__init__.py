"""Likely flows: the capacity-constrained logit on a set of routes."""

from models.choice.delays import price_delays
from models.choice.likely import LikelySolution, base_routes, compare_logsums, solve_likely
from models.choice.parameters import (
    Constant,
    Parameters,
    Sensitivity,
    load_parameters,
    plain_parameters,
)

__all__ = [
    "Constant", "LikelySolution", "Parameters", "Sensitivity", "base_routes", "compare_logsums",
    "load_parameters", "plain_parameters", "price_delays", "solve_likely",
]  # fmt: skip
