"""What the tests of calibration and backcast share: other rows, and the commands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from models.cli import COMMANDS
from models.cli.shell import LazyGroup, run_group

HEADER = "year,commodity_id,outlet,mt\n"


def with_rows(network, table, rows):
    """The network with the rows of one table replaced; text columns blank, numbers unknown."""
    frame = pd.DataFrame(rows)
    blank = network[table].iloc[:0]
    for name in blank.columns:
        if name not in frame:
            frame[name] = "" if blank[name].dtype == object else np.nan
    return replace(network, tables=dict(network.tables) | {table: frame[list(blank.columns)]})


def kazroutes(capsys, *arguments):
    code = run_group(LazyGroup("kazroutes", COMMANDS), list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err
