"""Bars: how full capacities are, how dependent exports are, who holds power, what is critical."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from models.charts import sheet as page
from models.charts import words
from models.charts.sheet import Headings, Margins, Sheet
from models.charts.tables import capacity_table, transit_table
from models.run import Run
from routes.errors import UsageError
from routes.maps.style import CORRIDORS, FULL

ROW = 14.0
FIRST, SECOND = CORRIDORS["via-russia"].colour, CORRIDORS["middle-corridor"].colour
PALE_FIRST = "#f0bd94"
_USED, _FULL = "#8aa9bf", FULL


def utilisation(
    run: Run,
    *,
    most: int = 20,
    ax: Axes | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str = "",
) -> Axes:
    """How full the tightest capacities are, and what one unit more would be worth.

    Parameters
    ----------
    run
        A run with prices (`run_scenario(..., prices=True)`).
    most
        Most capacities shown: those that cost most first, then the fullest.
    ax
        Axes to draw on; default a figure of its own.
    title, subtitle, footer
        Words above and below.
    """
    table = capacity_table(run).head(most)
    if table.empty:
        raise UsageError(f"No capacity with a limit is used in {run.scenario}.")
    names = [page.shorten(name, 240.0) for name in table["name"]]
    headings = Headings(
        title or f"How full, and what more would be worth: {run.title or run.scenario}",
        subtitle
        or "Use of capacity, % (red: full). Right: use and capacity, then what one unit "
        "more would add to the surplus",
        footer,
    )
    loads = [_say_load(row) for row in table.to_dict("records")]
    worth = [_say_worth(row) for row in table.to_dict("records")]
    first = page.widest(loads) + 8.0
    margins = Margins(page.widest(names) + 20.0, first + page.widest(worth, bold=True) + 24.0)
    sheet = page.open_sheet(
        ax, headings, height=ROW * len(names) + 6.0, margins=margins,
        width=max(page.PAGE_WIDTH, margins.left + margins.right + 190.0),
    )  # fmt: skip
    full = table["utilisation"].to_numpy() > 0.999
    sheet.ax.barh(
        range(len(names)), 100.0 * table["utilisation"], height=0.7, linewidth=0,
        color=[_FULL if f else _USED for f in full],
    )  # fmt: skip
    page.list_rows(sheet.ax, names)
    sheet.ax.set_xlim(0, 103)
    page.rule_axis(sheet.ax, "x")
    page.name_axis(sheet.ax, x="Use of capacity, %")
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


def dependency(
    before: Run,
    after: Run | None = None,
    *,
    ax: Axes | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str = "",
) -> Axes:
    """Share of each commodity's third-country exports that crosses a country, before and after.

    Parameters
    ----------
    before, after
        Runs on the same country (`run_scenario(..., country=...)`); one alone is drawn alone.
    ax
        Axes to draw on; default a figure of its own.
    title, subtitle, footer
        Words above and below.
    """
    if after is not None and after.country != before.country:
        raise UsageError(
            f"Both runs must ask about one country. Got {before.country} and {after.country}."
        )
    tables = [transit_table(run) for run in (before, after) if run is not None]
    keys, none = _pick_commodities(tables)
    if not keys:
        raise UsageError(f"{before.scenario} sends nothing to third countries.")
    country = words.name_country(before.country)
    rest = f"No tonne of these crosses {country}: {', '.join(none)}." if none else ""
    headings = Headings(
        title or f"Exports that cross {country}, by commodity",
        subtitle
        or f"Part of the tonnes bound for other countries that leaves {country} again, %; "
        "in brackets the tonnes so bound, Mt a year",
        " ".join(part for part in (rest, footer) if part),
    )
    names = [words.name_commodity(key) for key in keys]
    margins = Margins(page.widest(names) + 20.0, 84.0, 46.0)
    pitch = 12.0 + 9.0 * len(tables)
    sheet = page.open_sheet(ax, headings, height=pitch * len(keys) + 6.0, margins=margins)
    looks = _pick_looks(len(tables))
    for number, (table, colour) in enumerate(zip(tables, looks, strict=True)):
        _draw_shares(sheet, table.set_index("commodity"), keys, number, len(tables), colour)
    page.list_rows(sheet.ax, names)
    sheet.ax.set_xlim(0, 100)
    page.rule_axis(sheet.ax, "x")
    page.name_axis(sheet.ax, x="%")
    runs = [run for run in (before, after) if run is not None]
    _add_run_key(sheet, [run.title or run.scenario for run in runs], looks)
    return sheet.ax


def _pick_commodities(tables: Sequence[pd.DataFrame]) -> tuple[list[str], list[str]]:
    """Commodities to draw, and the names of those that never cross."""
    keys = list(dict.fromkeys(key for table in tables for key in table["commodity"]))
    both = pd.concat(tables).groupby("commodity")["transit_share"].max()
    crossing = [key for key in keys if both[key] > 0]
    none = [words.name_commodity(key) for key in keys if key not in crossing]
    return (crossing, none) if crossing else (keys, [])


def _pick_looks(count: int) -> list[str]:
    return [FIRST] if count == 1 else [PALE_FIRST, FIRST]


def _add_run_key(sheet: Sheet, names: Sequence[str], colours: Sequence[str]) -> None:
    if len(names) > 1:
        page.add_legend(
            sheet.ax, [Patch(facecolor=colour) for colour in colours],
            [page.shorten(name, 260.0) for name in names], columns=2, loc="upper left",
            anchor=(0.0, -30.0 / sheet.height),
        )  # fmt: skip


def _draw_shares(
    sheet: Sheet, table: pd.DataFrame, keys: Sequence[str], number: int, count: int, colour: str
) -> None:
    height = 0.74 / count
    for row, key in enumerate(keys):
        y = row + (number - (count - 1) / 2) * height
        known = key in table.index
        share = 100.0 * float(table.at[key, "transit_share"]) if known else 0.0
        mt = words.format_short(float(table.at[key, "third_mt"])) if known else "0"
        text = f"{share:.0f}% ({mt})" if known else "none sent (0)"
        sheet.ax.barh(
            y, share, height=height * 0.92, color=colour, linewidth=0, gid=f"share-{key}-{number}"
        )
        page.write_beside(sheet, (share, y), text, size=6.6)


def transit_power(
    before: pd.DataFrame,
    after: pd.DataFrame | None = None,
    *,
    names: tuple[str, str] = ("before", "after"),
    ax: Axes | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str = "",
) -> Axes:
    """Shapley value of transit countries: what each adds to the surplus by letting goods through.

    Parameters
    ----------
    before, after
        Columns country (ISO alpha-2, a corridor, or `other`), shapley_musd (million USD a year),
        share (of the sum).
    names
        What the two are called.
    ax
        Axes to draw on; default a figure of its own.
    title, subtitle, footer
        Words above and below.
    """
    frames = [frame.set_index("country") for frame in (before, after) if frame is not None]
    sizes = pd.concat([frame["shapley_musd"] for frame in frames], axis=1).fillna(0.0)
    greatest = sizes.abs().max(axis=1)
    shown = greatest[greatest > 0.0005 * float(greatest.max() or 1.0)]
    keys = sorted(shown.index, key=lambda key: (-shown[key], key))
    if not keys:
        raise UsageError("No country has any transit power here.")
    headings = Headings(
        title or "Transit power: what each country adds by letting goods through",
        subtitle
        or "Shapley value, bn USD a year, and its share of the sum; a measure of leverage, "
        "not a forecast of what could be charged",
        footer,
    )
    labels = [words.name_player(key) for key in keys]
    texts = [
        [_say_power(frame, key) for key in keys] for frame in frames
    ]  # fmt: skip
    margins = Margins(
        page.widest(labels) + 20.0, page.widest(t for side in texts for t in side) + 18.0, 46.0
    )
    pitch = 8.0 + 10.0 * len(frames)
    sheet = page.open_sheet(ax, headings, height=pitch * len(keys) + 6.0, margins=margins)
    looks = _pick_looks(len(frames))
    height = 0.78 / len(frames)
    for number, frame in enumerate(frames):
        for row, key in enumerate(keys):
            y = row + (number - (len(frames) - 1) / 2) * height
            value = float(frame["shapley_musd"].get(key, 0.0)) / 1000.0
            sheet.ax.barh(y, value, height=height * 0.92, color=looks[number], linewidth=0)
            page.write_beside(sheet, (max(value, 0.0), y), texts[number][row], size=6.8)
    page.list_rows(sheet.ax, labels)
    sheet.ax.set_xlim(min(0.0, float(sizes.to_numpy().min()) / 1000.0), None)
    page.rule_axis(sheet.ax, "x")
    page.write_minus(sheet.ax)
    page.list_rows(sheet.ax, labels)
    page.name_axis(sheet.ax, x="bn USD a year")
    _add_run_key(sheet, names[: len(frames)], looks)
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
    ax: Axes | None = None,
    title: str = "",
    subtitle: str = "",
    footer: str = "",
) -> Axes:
    """What is lost when one link, port or country falls out, worst first.

    Parameters
    ----------
    ranking
        Columns subject_id, kind, name, lost_mt (Mt a year not exported), lost_musd (million USD a
        year of surplus).
    most
        Most rows shown.
    ax
        Axes to draw on; default a figure of its own.
    title, subtitle, footer
        Words above and below.
    """
    order = ["lost_musd", "subject_id"]
    table = ranking[ranking["lost_musd"] > 0].sort_values(order, ascending=[False, True]).head(most)
    if table.empty:
        raise UsageError("Nothing in this ranking loses anything.")
    names = [
        page.shorten(words.capitalise(str(name)), 230.0)
        for name in table["name"].where(table["name"] != "", table["subject_id"])
    ]
    loss = table["lost_musd"].to_numpy(dtype=float) / 1000.0
    texts = [
        f"{words.format_money(1000 * one)}, exports {_say_change(-float(mt))}"
        for one, mt in zip(loss, table["lost_mt"], strict=True)
    ]
    headings = Headings(
        title or "What is lost when one falls out",
        subtitle
        or "Surplus lost, bn USD a year, and exports lost, when one link, port or country "
        "stops for a year and all else may be used instead",
        footer,
    )
    kinds = list(dict.fromkeys(table["kind"]))
    palette = dict(zip(kinds, _KIND_COLOURS, strict=False))
    margins = Margins(page.widest(names) + 20.0, page.widest(texts) + 14.0, 46.0)
    sheet = page.open_sheet(ax, headings, height=ROW * len(names) + 6.0, margins=margins)
    colours = [palette.get(kind, "#8a8a8a") for kind in table["kind"]]
    sheet.ax.barh(range(len(names)), loss, height=0.7, color=colours, linewidth=0)
    for number, text in enumerate(texts):
        page.write_beside(sheet, (float(loss[number]), number), text, size=6.8)
    sheet.ax.set_xlim(0, float(np.max(loss)) * 1.02)
    page.rule_axis(sheet.ax, "x")
    page.write_minus(sheet.ax)
    page.list_rows(sheet.ax, names)
    page.name_axis(sheet.ax, x="Surplus lost, bn USD a year")
    page.add_legend(
        sheet.ax, [Patch(facecolor=palette.get(kind, "#8a8a8a")) for kind in kinds],
        [str(kind).replace("_", " ") for kind in kinds], columns=len(kinds), loc="upper left",
        anchor=(0.0, -30.0 / sheet.height),
    )  # fmt: skip
    return sheet.ax


def _say_change(mt: float) -> str:
    return ("+" if mt > 0 else "") + words.format_amount(mt)


_KIND_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
