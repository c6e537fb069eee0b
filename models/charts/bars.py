"""Bars: how full capacities are, how dependent exports are, who holds power, what is critical."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from models.charts import sheet as page
from models.charts import words
from models.charts.sheet import Margins, Sheet, Surroundings
from models.charts.tables import FULL, capacity_table, transit_table
from models.names import capitalise
from models.run import Run
from routes.errors import UsageError
from routes.maps import style

ROW = 14.0
FIRST = style.CORRIDORS["via-russia"].colour
PALE_FIRST = "#f0bd94"
_USED = "#8aa9bf"


def utilisation(
    run: Run,
    *,
    most: int = 20,
    **around: Unpack[Surroundings],
) -> Axes:
    """How full the tightest capacities are, and what one unit more would be worth.

    Parameters
    ----------
    run
        A run with prices (`run_scenario(..., prices=True)`).
    most
        Most capacities shown: those that cost most first, then the fullest.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    table = capacity_table(run).head(most)
    if table.empty:
        raise UsageError(f"No capacity with a limit is used in {run.scenario}.")
    names = [page.shorten(name, 240.0) for name in table["name"]]
    loads = [_say_load(row) for row in table.to_dict("records")]
    worth = [_say_worth(row) for row in table.to_dict("records")]
    first = page.widest(loads) + 8.0
    margins = Margins(page.widest(names) + 20.0, first + page.widest(worth, bold=True) + 24.0)
    sheet = page.open_sheet(
        f"How full, and what more would be worth: {run.title or run.scenario}",
        "Use of capacity, % (red: full). Right: use and capacity, then what one unit more would "
        "add to the surplus",
        height=ROW * len(names) + 6.0,
        margins=margins,
        width=max(page.PAGE_WIDTH, margins.left + margins.right + 190.0),
        **around,
    )
    full = table["utilisation"].to_numpy() >= FULL
    sheet.ax.barh(
        range(len(names)), 100.0 * table["utilisation"], height=0.7, linewidth=0,
        color=[style.FULL if f else _USED for f in full],
    )  # fmt: skip
    sheet.ax.set_xlim(0, 103)
    page.measure_axes(sheet.ax, "Use of capacity, %")
    page.list_rows(sheet.ax, names)
    for number, (load, price) in enumerate(zip(loads, worth, strict=True)):
        page.write_beside(sheet, (103, number), load, gap=6.0, colour=page.PALE)
        page.write_beside(sheet, (103, number), price, gap=6.0 + first, bold=bool(full[number]))
    return sheet.ax


def _say_load(row: dict[str, object]) -> str:
    used, capacity = float(str(row["used"])), float(str(row["capacity"]))
    unit = str(row["unit"]).replace("/yr", " a year").replace("/day", " a day")
    return f"{words.format_short(used)} of {words.format_short(capacity)} {unit}"


def _say_worth(row: dict[str, object]) -> str:
    gain = float(str(row["gain_usd_per_unit"]))
    if gain == 0:
        return "\u2013"
    return words.format_price(gain, str(row["unit"]))


def dependency(before: Run, after: Run | None = None, **around: Unpack[Surroundings]) -> Axes:
    """Share of each commodity's third-country exports that crosses a country, before and after.

    Parameters
    ----------
    before, after
        Runs on the same country (`run_scenario(..., country=...)`); one alone is drawn alone.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    if after is not None and after.country != before.country:
        raise UsageError(
            f"Both runs must ask about one country. Got {before.country} and {after.country}."
        )
    runs = [run for run in (before, after) if run is not None]
    tables = [transit_table(run) for run in runs]
    keys, none = _pick_commodities(tables)
    if not keys:
        raise UsageError(f"{before.scenario} sends nothing to third countries.")
    country = words.name_country(before.country)
    names = [words.name_commodity(key) for key in keys]
    sheet = page.open_sheet(
        f"Exports that cross {country}, by commodity",
        f"Part of the tonnes bound for other countries that leaves {country} again, %; "
        "in brackets the tonnes so bound, Mt a year",
        note=f"No tonne of these crosses {country}: {', '.join(none)}." if none else "",
        height=_group_height(len(runs), len(keys)),
        margins=Margins(page.widest(names) + 20.0, 84.0, 46.0),
        **around,
    )
    for number, table in enumerate(tables):
        shares = table.set_index("commodity")
        values = 100.0 * shares["transit_share"].reindex(keys).fillna(0.0)
        texts = [_say_share(shares, key) for key in keys]
        ids = [f"share-{key}-{number}" for key in keys]
        _draw_side(sheet, (number, len(runs)), list(values), texts, ids)
    sheet.ax.set_xlim(0, 100)
    page.measure_axes(sheet.ax, "%")
    page.list_rows(sheet.ax, names)
    _add_side_key(sheet, [run.title or run.scenario for run in runs])
    return sheet.ax


def _pick_commodities(tables: Sequence[pd.DataFrame]) -> tuple[list[str], list[str]]:
    """Commodities to draw, and the names of those that never cross."""
    keys = list(dict.fromkeys(key for table in tables for key in table["commodity"]))
    both = pd.concat(tables).groupby("commodity")["transit_share"].max()
    crossing = [key for key in keys if both[key] > 0]
    none = [words.name_commodity(key) for key in keys if key not in crossing]
    return (crossing, none) if crossing else (keys, [])


def _say_share(shares: pd.DataFrame, key: str) -> str:
    if key not in shares.index:
        return "none sent (0)"
    share, mt = float(shares.at[key, "transit_share"]), float(shares.at[key, "third_mt"])
    return f"{100.0 * share:.0f}% ({words.format_short(mt)})"


def _group_height(sides: int, rows: int) -> float:
    """Height of axes in which every row has a bar for each side."""
    return (10.0 + 9.5 * sides) * rows + 6.0


def _pick_colours(sides: int) -> list[str]:
    return [FIRST] if sides == 1 else [PALE_FIRST, FIRST]


def _draw_side(
    sheet: Sheet,
    place: tuple[int, int],
    values: Sequence[float],
    texts: Sequence[str],
    ids: Sequence[str],
) -> None:
    """Bars of one side, with words at their ends; `place` is (number of the side, of how many)."""
    number, sides = place
    height = 0.76 / sides
    rows = np.arange(len(values)) + (number - (sides - 1) / 2) * height
    bars = sheet.ax.barh(
        rows, values, height=height * 0.92, color=_pick_colours(sides)[number], linewidth=0
    )
    for row, value, text, bar, name in zip(rows, values, texts, bars, ids, strict=True):
        bar.set_gid(name)
        page.write_beside(sheet, (max(value, 0.0), float(row)), text, size=6.6)


def _add_side_key(sheet: Sheet, names: Sequence[str]) -> None:
    if len(names) > 1:
        looks = [Patch(facecolor=colour) for colour in _pick_colours(len(names))]
        page.add_legend(sheet, looks, [page.shorten(name, 260.0) for name in names], columns=2)


def transit_power(
    before: pd.DataFrame,
    after: pd.DataFrame | None = None,
    *,
    names: tuple[str, str] = ("before", "after"),
    **around: Unpack[Surroundings],
) -> Axes:
    """Shapley value of transit countries: what each adds to the surplus by letting goods through.

    Parameters
    ----------
    before, after
        Columns country (ISO alpha-2, a corridor, or `other`), shapley_musd (million USD a year),
        share (of the sum).
    names
        What the two are called.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    frames = [frame.set_index("country") for frame in (before, after) if frame is not None]
    sizes = pd.concat([frame["shapley_musd"] for frame in frames], axis=1).fillna(0.0)
    greatest = sizes.abs().max(axis=1)
    shown = greatest[greatest > 0.0005 * float(greatest.max() or 1.0)]
    keys = sorted(shown.index, key=lambda key: (-shown[key], key))
    if not keys:
        raise UsageError("No country has any transit power here.")
    labels = [words.name_player(key) for key in keys]
    texts = [[_say_power(frame, key) for key in keys] for frame in frames]
    right = page.widest(text for side in texts for text in side) + 18.0
    sheet = page.open_sheet(
        "Transit power: what each country adds by letting goods through",
        "Shapley value, bn USD a year, and its share of the sum; a measure of leverage, "
        "not a forecast of what could be charged",
        height=_group_height(len(frames), len(keys)),
        margins=Margins(page.widest(labels) + 20.0, right, 46.0),
        **around,
    )
    for number, frame in enumerate(frames):
        values = frame["shapley_musd"].reindex(keys).fillna(0.0) / 1000.0
        ids = [f"power-{key}-{number}" for key in keys]
        _draw_side(sheet, (number, len(frames)), list(values), texts[number], ids)
    sheet.ax.set_xlim(min(0.0, float(sizes.to_numpy().min()) / 1000.0), None)
    page.measure_axes(sheet.ax, "bn USD a year")
    page.list_rows(sheet.ax, labels)
    _add_side_key(sheet, names[: len(frames)])
    return sheet.ax


def _say_power(frame: pd.DataFrame, key: str) -> str:
    if key not in frame.index:
        return "0"
    value, share = float(frame.at[key, "shapley_musd"]), float(frame.at[key, "share"])
    return f"{words.format_money(value)} ({100 * share:.1f}%)"


def criticality(
    ranking: pd.DataFrame,
    *,
    most: int = 20,
    **around: Unpack[Surroundings],
) -> Axes:
    """What is lost when one link, port or country falls out, worst first.

    Parameters
    ----------
    ranking
        Columns subject_id, kind, name, lost_mt (Mt a year not exported), lost_musd (million USD a
        year of surplus).
    most
        Most rows shown.
    **around
        `ax` to draw on (default: a figure of its own); `title`, `subtitle`, `footer`.
    """
    order = ["lost_musd", "subject_id"]
    table = ranking[ranking["lost_musd"] > 0].sort_values(order, ascending=[False, True]).head(most)
    if table.empty:
        raise UsageError("Nothing in this ranking loses anything.")
    names = [
        page.shorten(capitalise(str(name)), 230.0)
        for name in table["name"].where(table["name"] != "", table["subject_id"])
    ]
    loss = table["lost_musd"].to_numpy(dtype=float) / 1000.0
    texts = [
        f"{words.format_money(1000 * one)}, exports {'+' if mt < 0 else ''}"
        f"{words.format_amount(-float(mt))}"
        for one, mt in zip(loss, table["lost_mt"], strict=True)
    ]
    kinds = list(dict.fromkeys(table["kind"]))
    colours = dict(zip(kinds, chain(_KIND_COLOURS, repeat("#8a8a8a")), strict=False))
    sheet = page.open_sheet(
        "What is lost when one falls out",
        "Surplus lost, bn USD a year, and exports lost, when one link, port or country stops for "
        "a year and all else may be used instead",
        height=ROW * len(names) + 6.0,
        margins=Margins(page.widest(names) + 20.0, page.widest(texts) + 14.0, 46.0),
        **around,
    )
    painted = [colours[kind] for kind in table["kind"]]
    sheet.ax.barh(range(len(names)), loss, height=0.7, color=painted, linewidth=0)
    for number, text in enumerate(texts):
        page.write_beside(sheet, (float(loss[number]), number), text, size=6.8)
    sheet.ax.set_xlim(0, float(np.max(loss)) * 1.02)
    page.measure_axes(sheet.ax, "Surplus lost, bn USD a year")
    page.list_rows(sheet.ax, names)
    looks = [Patch(facecolor=colours[kind]) for kind in kinds]
    page.add_legend(
        sheet, looks, [str(kind).replace("_", " ") for kind in kinds], columns=len(kinds)
    )
    return sheet.ax


_KIND_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
