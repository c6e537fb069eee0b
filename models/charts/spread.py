"""Uncertainty: what moves a result, how far it spreads, and how often it passes a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from models.charts import sheet as page
from models.charts import words
from models.charts.bars import ROW
from models.charts.sheet import Margins, Sheet, Surroundings
from models.names import capitalise
from routes.errors import UnknownNameError, UsageError
from routes.maps.style import ALTERNATIVES, INK, LineStyle, make_font

LOW, HIGH = "#5e3c99", "#e66101"
_BANDS = (("q05", "q95", 0.22), ("q25", "q75", 0.42))
_BLUE = ALTERNATIVES[0].colour


def tornado(
    swings: pd.DataFrame,
    *,
    indicator: str = "",
    base: float | None = None,
    names: Mapping[str, str] | None = None,
    most: int = 15,
    **around: Unpack[Surroundings],
) -> Axes:
    """What moves an indicator most: its value where each input is low and where it is high.

    Parameters
    ----------
    swings
        Columns driver, low, high (the indicator where the driver is low, high), and optionally
        middle and outcome, as of `models.ensemble.tornado_frame`; of one scenario.
    indicator
        Name of the indicator, for words and units; default the frame's outcome.
    base
        Its value in the middle; default the frame's middle, or the median of all values.
    names
        Driver -> words.
    most
        Most drivers shown, widest first.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    _require(swings, "driver", "low", "high")
    _require_one(swings, "scenario")
    measure = _measure(indicator or _first(swings, "outcome"))
    table = swings.dropna(subset=["low", "high"])
    if table.empty:
        what = indicator or _first(swings, "outcome") or "it"
        msg = (
            "A tornado needs at least one input with a low and a high side: none moves "
            f"{what} more than chance does in so few samples. Take more."
        )
        raise UsageError(msg)
    width = (table["high"] - table["low"]).abs()
    table = table.assign(width=width).sort_values(["width", "driver"], ascending=[False, True])
    table = table.head(most)
    middle = _find_middle(table) if base is None else base
    known = names or {}
    labels = [
        page.shorten(known.get(driver) or words.name_driver(str(driver)), 260.0)
        for driver in table["driver"]
    ]
    sheet = page.open_sheet(
        f"What moves it most: {_lower(measure.name)}",
        f"{_with_unit(measure)}, where one input is low (purple) and where it is high (orange)",
        height=ROW * len(labels) + 6.0,
        margins=Margins(page.widest(labels) + 20.0, 50.0, 46.0),
        **around,
    )
    for row, (low, high) in enumerate(table[["low", "high"]].itertuples(index=False)):
        for value, other, colour in ((low, high, LOW), (high, low, HIGH)):
            _draw_swing(sheet, row, (float(value), float(other)), middle, measure, colour)
    centre = middle * measure.factor
    sheet.ax.axvline(centre, color=INK, linewidth=0.8)
    reach = 1.18 * float(np.abs(table[["low", "high"]].to_numpy() - middle).max()) * measure.factor
    sheet.ax.set_xlim(centre - (reach or 1.0), centre + (reach or 1.0))
    page.measure_axes(sheet.ax, _with_unit(measure))
    page.list_rows(sheet.ax, labels)
    looks = [Patch(facecolor=LOW), Patch(facecolor=HIGH)]
    page.add_legend(sheet, looks, ["input is low", "input is high"], columns=2)
    return sheet.ax


def _find_middle(table: pd.DataFrame) -> float:
    if "middle" in table:
        return float(table["middle"].mean())
    return float(np.median(table[["low", "high"]]))


def _draw_swing(
    sheet: Sheet,
    row: int,
    values: tuple[float, float],
    middle: float,
    measure: words.Measure,
    colour: str,
) -> None:
    value, other = values
    sheet.ax.barh(
        row, (value - middle) * measure.factor, left=middle * measure.factor, height=0.72,
        color=colour, linewidth=0, zorder=1.5 if abs(value - middle) < abs(other - middle) else 1.0,
    )  # fmt: skip
    below = value < other or (value == other and colour == LOW)
    at = (min(value, middle) if below else max(value, middle)) * measure.factor
    page.write_beside(sheet, (at, row), measure.show(value), left=below, size=6.6)


def fan(
    bands: pd.DataFrame,
    *,
    indicator: str = "",
    driver: str = "",
    names: Mapping[str, str] | None = None,
    unit: str = "",
    **around: Unpack[Surroundings],
) -> Axes:
    """Bands of an indicator along an input, such as a capacity: its spread where the input is so.

    Parameters
    ----------
    bands
        Columns at (value of the input), q05, q25, q50, q75, q95 (of the indicator), and optionally
        scenario, driver and outcome, as of `models.ensemble.fan_frame`.
    indicator, driver
        What is upright and what is level; default the frame's outcome and driver.
    names
        Scenario -> title.
    unit
        Unit of the input.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.

    Returns
    -------
    matplotlib.axes.Axes
        The median, with bands that hold half and nine tenths of the samples.
    """
    _require(bands, "at", "q05", "q25", "q50", "q75", "q95")
    if bands.empty:
        raise UsageError("A fan needs at least one row of quantiles.")
    measure = _measure(indicator or _first(bands, "outcome"))
    name = words.name_driver(driver or _first(bands, "driver") or "input")
    groups = _by_scenario(bands)
    labels = [page.shorten((names or {}).get(key, key), 300.0) for key in groups if key]
    bottom = 48.0 + (12.0 * len(labels) if len(groups) > 1 else 0.0)
    sheet = page.open_sheet(
        f"{measure.name} over {name[:1].lower()}{name[1:]}",
        f"{_with_unit(measure)}: median, with bands that hold half and nine tenths of the samples",
        height=280.0,
        margins=Margins(52.0, 24.0, bottom),
        **around,
    )
    for mine, look in zip(groups.values(), ALTERNATIVES, strict=False):
        _draw_fan(sheet, mine.sort_values("at"), look, measure.factor)
    sheet.ax.set_xlim(float(bands["at"].min()), float(bands["at"].max()))
    page.measure_axes(sheet.ax, f"{name}{', ' + unit if unit else ''}", _with_unit(measure))
    if (driver or name).lower().endswith("year"):
        sheet.ax.xaxis.set_major_formatter("{x:.0f}")
    _add_fan_key(sheet, labels if len(groups) > 1 else [])
    return sheet.ax


def _draw_fan(sheet: Sheet, table: pd.DataFrame, look: LineStyle, factor: float) -> None:
    for low, high, alpha in _BANDS:
        sheet.ax.fill_between(
            table["at"], factor * table[low], factor * table[high], color=look.colour, alpha=alpha,
            linewidth=0,
        )  # fmt: skip
    sheet.ax.plot(table["at"], factor * table["q50"], color=look.colour, linewidth=1.8)


def _add_fan_key(sheet: Sheet, scenarios: Sequence[str]) -> None:
    """What the bands are, or with several scenarios whose they are."""
    shades = [1.0, 0.55, 0.22]
    looks = [Patch(facecolor="#555555" if scenarios else _BLUE, alpha=a) for a in shades]
    texts = ["median", "half of the samples", "nine tenths"]
    page.add_legend(sheet, looks, texts, columns=3, below=32.0)
    if scenarios:
        colours = [Patch(facecolor=look.colour) for look in ALTERNATIVES[: len(scenarios)]]
        page.add_legend(sheet, colours, scenarios, below=46.0)


def _by_scenario(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if "scenario" not in frame:
        return {"": frame}
    groups = {str(key): mine for key, mine in frame.groupby("scenario", sort=False)}
    if len(groups) > len(ALTERNATIVES):
        raise UsageError(
            f"This chart shows at most {len(ALTERNATIVES)} scenarios. Got {len(groups)}."
        )
    return groups


def violin(
    values: pd.DataFrame,
    *,
    indicator: str = "",
    names: Mapping[str, str] | None = None,
    **around: Unpack[Surroundings],
) -> Axes:
    """How an indicator spreads in each scenario of an ensemble.

    Parameters
    ----------
    values
        Columns scenario and value, a row per sample and scenario, as of
        `models.ensemble.violin_frame`; of one outcome.
    indicator
        Name of the indicator; default the frame's outcome.
    names
        Scenario -> title.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    _require(values, "scenario", "value")
    _require_one(values, "outcome")
    measure = _measure(indicator or _first(values, "outcome"))
    table = values.dropna(subset=["value"])
    if table.empty:
        raise UsageError(f"No sample has a value of {_lower(measure.name)}.")
    keys = list(dict.fromkeys(table["scenario"]))
    sets = [table.loc[table["scenario"] == key, "value"].to_numpy() for key in keys]
    labels = [page.shorten((names or {}).get(key, key), 240.0) for key in keys]
    sheet = page.open_sheet(
        f"How far it spreads: {_lower(measure.name)}",
        f"{_with_unit(measure)}: all samples of each scenario; bar: the middle half; "
        "point and number: the median",
        height=30.0 * len(keys) + 8.0,
        margins=Margins(page.widest(labels) + 20.0, 20.0),
        **around,
    )
    for row, mine in enumerate(sets):
        colour = ALTERNATIVES[row % len(ALTERNATIVES)].colour
        _draw_violin(sheet, row, mine * measure.factor, measure, colour)
    page.measure_axes(sheet.ax, _with_unit(measure))
    page.list_rows(sheet.ax, labels)
    return sheet.ax


def _draw_violin(sheet: Sheet, row: int, values: Any, measure: words.Measure, colour: str) -> None:
    if len(values) > 1 and float(np.ptp(values)) > 1e-9 * max(1.0, float(np.abs(values).max())):
        shape = sheet.ax.violinplot(
            [values], positions=[row], orientation="horizontal", widths=0.86, showextrema=False
        )
        bodies: Any = shape["bodies"]
        for body in bodies:
            body.set(facecolor=colour, alpha=0.45, edgecolor=colour, linewidth=0.6)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    sheet.ax.plot([low, high], [row, row], color=INK, linewidth=2.4, solid_capstyle="butt")
    sheet.ax.plot(
        [middle], [row], marker="o", markersize=4.2, markerfacecolor="white", markeredgecolor=INK
    )
    text = words.format_fixed(float(middle), measure.decimals)
    sheet.ax.annotate(
        text, xy=(float(middle), row), xytext=(0, 4.5), textcoords="offset points", ha="center",
        va="bottom", fontproperties=make_font(6.6), color=INK,
    )  # fmt: skip


def exceedance(
    table: pd.DataFrame,
    *,
    indicator: str = "",
    names: Mapping[str, str] | None = None,
    **around: Unpack[Surroundings],
) -> Axes:
    """How often an indicator exceeds a mark, a line per scenario.

    Parameters
    ----------
    table
        Columns scenario, threshold, probability (0..1), as of `models.ensemble.find_exceedance`; of
        one outcome.
    indicator
        Name of the indicator; default the frame's outcome.
    names
        Scenario -> title.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    _require(table, "scenario", "threshold", "probability")
    _require_one(table, "outcome")
    measure = _measure(indicator or _first(table, "outcome"))
    groups = _by_scenario(table.dropna(subset=["probability"]))
    if not groups:
        raise UsageError(f"No sample has a value of {_lower(measure.name)}.")
    labels = [page.shorten((names or {}).get(key, key), 300.0) for key in groups]
    sheet = page.open_sheet(
        f"How often it is passed: {_lower(measure.name)}",
        f"{_with_unit(measure)}: part of the samples above each value, %",
        height=260.0,
        margins=Margins(46.0, 24.0, 36.0 + 12.0 * len(labels)),
        **around,
    )
    lines = [
        sheet.ax.plot(
            mine["threshold"] * measure.factor, 100.0 * mine["probability"], color=look.colour,
            linewidth=1.8, linestyle=page.dash_line(look),
        )[0]
        for mine, look in zip(groups.values(), ALTERNATIVES, strict=False)
    ]  # fmt: skip
    sheet.ax.set_ylim(0, 102)
    page.measure_axes(sheet.ax, _with_unit(measure), "% of samples above")
    page.add_legend(sheet, lines, labels, below=32.0)
    return sheet.ax


def _measure(indicator: str) -> words.Measure:
    """How an outcome is shown: an indicator, tonnes or share of a corridor, flow of a link."""
    if indicator in words.INDICATORS:
        return words.INDICATORS[indicator]
    for ending, unit, factor in (("_share", "%", 100.0), ("_mt", "Mt a year", 1.0)):
        corridor = indicator.removesuffix(ending)
        if indicator.endswith(ending):
            return words.Measure(capitalise(words.name_corridor(corridor)), unit, factor)
    if indicator.startswith("flow:"):
        return words.Measure(f"Flow of {indicator.removeprefix('flow:')}", "Mt a year")
    return words.Measure(words.name_driver(indicator) or "Value", "")


def _with_unit(measure: words.Measure) -> str:
    return f"{measure.name}, {measure.unit}" if measure.unit else measure.name


def _lower(name: str) -> str:
    """The name of a measure within a title; names of corridors keep their capital."""
    plain = any(name == measure.name for measure in words.INDICATORS.values())
    return name[:1].lower() + name[1:] if plain else name


def _first(frame: pd.DataFrame, column: str) -> str:
    return str(frame[column].iloc[0]) if column in frame and len(frame) else ""


def _require(frame: pd.DataFrame, *columns: str) -> None:
    for column in columns:
        if column not in frame.columns:
            raise UnknownNameError("column", column, map(str, frame.columns))


def _require_one(frame: pd.DataFrame, column: str) -> None:
    if column in frame and len(set(frame[column])) > 1:
        held = ", ".join(map(str, frame[column].unique()))
        raise UsageError(f"This chart shows one {column}. Got {held}: keep the rows of one.")
