"""Conversions, each done once, at the edge of the program.

Money is USD of `PRICE_YEAR`, mass tonnes, time days, distance km; a year has 365 days.
"""

from __future__ import annotations

from routes.errors import UsageError

PRICE_YEAR = 2023
DAYS_PER_YEAR = 365.0

# US consumer price index, all urban consumers, annual average, 1982-84 = 100 (Bureau of Labor
# Statistics, series CUUR0000SA0). 2025 is the mean of the months known in November 2025.
US_CPI: dict[int, float] = {
    2004: 188.9, 2005: 195.3, 2006: 201.6, 2007: 207.342, 2008: 215.303, 2009: 214.537,
    2010: 218.056, 2011: 224.939, 2012: 229.594, 2013: 232.957, 2014: 236.736, 2015: 237.017,
    2016: 240.007, 2017: 245.12, 2018: 251.107, 2019: 255.657, 2020: 258.811, 2021: 270.97,
    2022: 292.655, 2023: 304.702, 2024: 313.689, 2025: 322.0,
}  # fmt: skip


def deflate_usd(amount: float, year: int) -> float:
    """Money of `year` in money of `PRICE_YEAR`, by the US consumer price index.

    Raises UsageError when the index of a year is not known.
    """
    if year not in US_CPI:
        msg = f"No price index for {year}; known are {min(US_CPI)} to {max(US_CPI)}."
        raise UsageError(msg)
    return amount if year == PRICE_YEAR else amount * US_CPI[PRICE_YEAR] / US_CPI[year]
