"""Fit the likely split on the base year, and check it against years it has not seen."""

from models.calibration.backcast import Backcast, backcast
from models.calibration.fit import Calibration, calibrate
from models.calibration.observed import Observation, read_observed_file

__all__ = [
    "Backcast", "Calibration", "Observation", "backcast", "calibrate", "read_observed_file",
]  # fmt: skip
