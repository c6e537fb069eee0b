"""Rules that hold between tables: names resolve, ranges enclose, years do not overlap."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from routes.checks_names import Lines, Report, Tables, check_flags, check_names, check_sources
from routes.errors import Problem
from routes.schema.bounds import CAPACITIES
from routes.units import US_CPI

# table, low column, value column, high column
_RANGES = (
    ("links", "length_low", "length_km", "length_high"),
    ("links", "days_low", "days", "days_high"),
    ("capacities", "low", "capacity", "high"),
    ("shared_capacities", "low", "coefficient", "high"),
    ("commodities", "low", "unit_value_usd_per_t", "high"),
    ("commodities", "interest_low", "interest_per_year", "interest_high"),
    ("streams", "price_low", "price_differential_usd_per_t", "price_high"),
    ("streams", "quality_low", "quality_usd_per_t", "quality_high"),
    ("supplies", "low", "mt_per_year", "high"),
    ("supplies", "lifting_low", "lifting_cost_usd_per_t", "lifting_high"),
    ("markets", "price_low", "price_usd_per_t", "price_high"),
    ("markets", "low", "max_mt_per_year", "high"),
    ("observed", "low", "mt_per_year", "high"),
    ("projects", "low", "cost_musd", "high"),
    ("project_effects", "low", "value", "high"),
    ("events", "low", "capacity_left", "high"),
)
# rows with the same values in these columns must not hold in the same year
_ONE_A_YEAR = {
    "capacities": ("subject_id", "basis"),
    "shared_capacities": ("shared_id", "link_id", "commodity_class", "supply_place_id"),
    "tariffs": ("scope", "kind", "use", "commodity_class"),
    "streams": ("outlet_link_id", "supply_place_id"),
}
_UNIT_OF_COEFFICIENT = {
    "Mt/yr": "t/t", "kTEU/yr": "TEU/t", "trains/day": "trains/t", "ship-days/yr": "ship-days/t",
    "wagon-days/yr": "wagon-days/t",
}  # fmt: skip


def check_tables(tables: Tables, lines: Lines) -> tuple[list[Problem], list[Problem]]:
    """Errors and warnings found between the tables."""
    report = Report(lines)
    check_names(tables, report)
    check_sources(tables, report, set(tables["sources"]["source_id"]))
    check_flags(tables, report)
    _check_ranges(tables, report)
    _check_years(tables, report)
    if not report.errors:
        _check_links(tables, report)
        _check_capacities(tables, report)
        _check_demand(tables, report)
    _check_notes(tables, report)
    return report.errors, report.warnings


def check_texts(texts: Tables, lines: Lines) -> list[Problem]:
    """Names and sources that do not resolve, in tables of text of which some cells are wrong."""
    report = Report(lines)
    check_names(texts, report)
    check_sources(texts, report, {"", *texts["sources"]["source_id"]})  # blank: told by its row
    return report.errors


def _check_ranges(tables: Tables, report: Report) -> None:
    for table, low, value, high in _RANGES:
        frame = tables[table]
        if len(frame) == 0:
            continue
        bottom, middle, top = (frame[c].to_numpy(dtype=float) for c in (low, value, high))
        slack = 1e-9 * np.maximum(np.abs(np.where(np.isfinite(middle), middle, 0.0)), 1e-12)
        for end, numbers, out, where, sign in (
            (low, bottom, bottom > middle + slack, "above", ">"),
            (high, top, top < middle - slack, "below", "<"),
        ):
            for row in np.flatnonzero(out).tolist():
                rule = f"{end} lies {where} {value}: {numbers[row]:g} {sign} {middle[row]:g}"
                remedy = "A range must enclose its value."
                if "/" in report.lines[table][row][0]:  # the row of an overlay
                    remedy += (
                        " What the overlay has no column for is that of the row it changes: add "
                        f"the columns {low} and {high} to it."
                    )
                report.add(table, [row], end, rule, remedy)
    tariffs = tables["tariffs"]
    fixed, rate = (tariffs[c].to_numpy(dtype=float) for c in ("usd_per_t", "usd_per_t_km"))
    value = np.where(rate != 0, rate, fixed)
    both = (rate != 0) & (fixed != 0)
    report.add(
        "tariffs", np.flatnonzero(both), "usd_per_t",
        "usd_per_t and usd_per_t_km are both given", "Split it into two rows of two kinds.",
    )  # fmt: skip
    through = tariffs["scope"].str.startswith("route:").to_numpy(dtype=bool) & (rate != 0)
    report.add(
        "tariffs", np.flatnonzero(through), "usd_per_t_km",
        "a through rate cannot be by distance", "Give usd_per_t for the whole route.",
    )  # fmt: skip
    low, high = (tariffs[c].to_numpy(dtype=float) for c in ("low", "high"))
    out = (low > value + 1e-9) | (high < value - 1e-9)
    report.add(
        "tariffs", np.flatnonzero(out & ~both), "low",
        "low and high do not enclose the rate", "They belong to the part that is not zero.",
    )  # fmt: skip


def _check_years(tables: Tables, report: Report) -> None:
    for table, frame in tables.items():
        if "price_year" in frame:
            report.add(
                table, np.flatnonzero(~frame["price_year"].isin(US_CPI)), "price_year",
                "no price index is known for this year",
                f"Give money of a year from {min(US_CPI)} to {max(US_CPI)}.",
            )  # fmt: skip
        if "from_year" not in frame or len(frame) == 0:
            continue
        start = frame["from_year"].fillna(-np.inf).to_numpy(dtype=float)
        end = frame["to_year"].fillna(np.inf).to_numpy(dtype=float)
        report.add(
            table, np.flatnonzero(start > end), "from_year",
            "from_year lies after to_year", "Swap or correct them.",
        )  # fmt: skip
        if (key := _ONE_A_YEAR.get(table)) is None:
            continue
        for rows in _find_repeated(zip(*(frame[name].tolist() for name in key), strict=True)):
            order = rows[np.argsort(start[rows], kind="stable")]
            overlap = order[1:][start[order[1:]] <= end[order[:-1]]]
            if not len(overlap):
                continue
            subject = " | ".join(str(part) for part in frame.loc[rows[0], list(key)])
            report.add(
                table, overlap, "from_year",
                f"a second row holds in the same year for {subject}",
                "One row a year: end the first before the second starts, or delete one.",
            )  # fmt: skip


def _find_repeated(keys: Iterable[tuple[str, ...]]) -> Iterable[np.ndarray]:
    """The rows of each key that stands more than once."""
    rows: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return [np.array(where) for where in rows.values() if len(where) > 1]


def _check_links(tables: Tables, report: Report) -> None:
    links, places = tables["links"], tables["places"]
    country = dict(zip(places["place_id"], places["country"], strict=True))
    nodes = [links[column].tolist() for column in ("from_node_id", "to_node_id")]
    start, end = ([node.partition(".")[::2] for node in column] for column in nodes)
    ground = np.array([
        own in ("XZ", country.get(a), country.get(b))
        for own, (a, _), (b, _) in zip(links["country"], start, end, strict=True)
    ], dtype=bool)  # fmt: skip
    report.add(
        "links", np.flatnonzero(~ground), "country",
        "the link runs over ground of neither of its ends", "Split it at the borders it crosses.",
    )  # fmt: skip
    modes_fit = np.array([
        kind == "swap" or mode in (a, b)
        for kind, mode, (_, a), (_, b) in zip(links["kind"], links["mode"], start, end, strict=True)
    ], dtype=bool)  # fmt: skip
    report.add(
        "links", np.flatnonzero(~modes_fit), "mode",
        "the mode is that of neither end", "Use the mode of from_node_id or to_node_id.",
    )  # fmt: skip
    pairs = zip(*nodes, strict=True)
    again = [row for rows in _find_repeated(pairs) for row in rows[1:]]
    report.add(
        "links", sorted(again), "from_node_id",
        "a link between the same two nodes stands above", "Keep one, or give them different modes.",
    )  # fmt: skip
    loops = links["from_node_id"] == links["to_node_id"]
    report.add("links", np.flatnonzero(loops), "to_node_id", "the link ends where it starts")


def _check_capacities(tables: Tables, report: Report) -> None:
    capacities, shared = tables["capacities"], tables["shared_capacities"]
    trains = (capacities["unit"] == "trains/day") & capacities["tonnes_per_unit"].isna()
    report.add(
        "capacities", np.flatnonzero(trains), "tonnes_per_unit",
        "trains/day needs the net tonnes of a train", "Fill tonnes_per_unit.",
    )  # fmt: skip
    units: dict[str, str] = {}
    mixed = set()
    for subject, unit in zip(capacities["subject_id"], capacities["unit"], strict=True):
        if units.setdefault(subject, unit) != unit:
            mixed.add(subject)
    report.add(
        "capacities",
        np.flatnonzero(capacities["subject_id"].isin(mixed)), "unit",
        "the statements of this subject have different units", "Give them one unit.",
    )  # fmt: skip
    most = capacities["unit"].map({unit: bound.most for unit, bound in CAPACITIES.items()})
    for column in ("capacity", "background", "low", "high"):
        size = capacities[column].to_numpy(dtype=float)
        for row in np.flatnonzero(np.isfinite(size) & (size > most.to_numpy(dtype=float))):
            bound = CAPACITIES[capacities["unit"][row]]
            rule = f"{size[row]:g} {bound.unit} is not plausible"
            report.add("capacities", [row], column, rule, bound.remedy)
    is_shared = capacities["subject_id"].isin(shared["shared_id"])
    odd = ~is_shared & capacities["unit"].isin(("ship-days/yr", "wagon-days/yr"))
    report.add(
        "capacities", np.flatnonzero(odd), "unit",
        "a link's own capacity cannot be in ship-days or wagon-days", "Make it a shared capacity.",
    )  # fmt: skip
    needed = {subject: _UNIT_OF_COEFFICIENT[unit] for subject, unit in units.items()}
    expected = shared["shared_id"].map(needed)
    wrong = expected.notna() & (expected != shared["unit"])
    for row in np.flatnonzero(wrong):
        rule = f"the capacity of '{shared['shared_id'][row]}' needs coefficients in {expected[row]}"
        report.add("shared_capacities", [row], "unit", rule, "Use the unit of its capacity.")
    report.add(
        "shared_capacities", np.flatnonzero(expected.isna()), "shared_id",
        "this shared capacity has no row in capacities.csv", "Add one.",
    )  # fmt: skip
    blank = shared["coefficient"].isna() & (shared["unit"] != "TEU/t")
    report.add(
        "shared_capacities", np.flatnonzero(blank), "coefficient",
        "is blank but needed", "Only TEU/t may leave it to the commodity.",
    )  # fmt: skip
    through = tables["through_routes"]
    if len(through):
        total = through.groupby("route_id")["share"].transform("sum")
        off = (total - 1).abs() > 1e-6
        report.add(
            "through_routes", np.flatnonzero(off), "share",
            "the shares of this route do not sum to 1", "Correct them.",
        )  # fmt: skip


def _check_demand(tables: Tables, report: Report) -> None:
    links, markets, supplies = tables["links"], tables["markets"], tables["supplies"]
    sources = set(links["from_node_id"].str.removesuffix(".site"))
    sinks = set(links["to_node_id"].str.removesuffix(".site"))
    for table, frame, sites, verb in (
        ("supplies", supplies, sources, "leaves"), ("markets", markets, sinks, "enters"),
    ):  # fmt: skip
        bad = ~frame["place_id"].isin(sites)
        report.add(
            table, np.flatnonzero(bad), "place_id", f"no link {verb} the site of this place",
            "Add a load or unload link to its .site node.",
        )  # fmt: skip
    needs = (markets["min_mt_per_year"] > 0) & markets["shortfall_price_usd_per_t"].isna()
    report.add(
        "markets", np.flatnonzero(needs), "shortfall_price_usd_per_t",
        "an obligation needs a shortfall price", "Give the cost of replacing the tonne.",
    )  # fmt: skip
    crossed = markets["min_mt_per_year"] > markets["max_mt_per_year"]
    report.add(
        "markets", np.flatnonzero(crossed), "min_mt_per_year",
        "the obligation is above the maximum", "Lower it or raise the maximum.",
    )  # fmt: skip


def _check_notes(tables: Tables, report: Report) -> None:
    for table, frame in tables.items():
        if "grade" not in frame or "note" not in frame or len(frame) == 0 or table == "places":
            continue
        silent = (frame["grade"] == "C") & (frame["note"] == "")
        report.add(
            table, np.flatnonzero(silent), "note",
            "grade C without a formula", "Write how the number was derived.",
        )  # fmt: skip
    for table, low, value, high in _RANGES:
        frame = tables[table]
        if "grade" not in frame or len(frame) == 0:
            continue
        same = frame[high].to_numpy(dtype=float) == frame[low].to_numpy(dtype=float)
        middle = frame[value].to_numpy(dtype=float)
        grade = "price_grade" if value == "price_usd_per_t" else "grade"
        if value == "days":
            grade = "days_grade"
        known = np.isfinite(middle) & (middle != 0)
        if table == "shared_capacities":  # a tonne takes a tonne, by definition
            known &= ~((frame["unit"] == "t/t").to_numpy() & (middle == 1))
        thin = (frame[grade] == "D").to_numpy() & same & known
        report.add(
            table, np.flatnonzero(thin), low,
            f"{value} is a judgement (grade D) without a range", "Widen low and high.", warn=True,
        )  # fmt: skip
