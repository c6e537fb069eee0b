"""A result that is a table first."""

from __future__ import annotations

import pandas as pd


class Tabled:
    """Hands out its `table` and shows it in a notebook."""

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False, float_format="{:,.3f}".format))
