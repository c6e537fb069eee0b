"""What runs and comparisons look like: documents, tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.cli.output import Output
from models.cli.questions import say_goods
from models.names import WORTH
from models.tables import Table, frame_table, make_table

if TYPE_CHECKING:
    from models.compare import Comparison
    from models.run import Run

# Indicators in tables of a readable width; whatever is not named here goes to the last one.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Tonnes and money",
        (
            "exported_mt", "domestic_mt", "undelivered_mt", "shortfall_mt", "possible_mt",
            "cash_cost_usd_per_t", "generalised_cost_usd_per_t", "transport_cost_musd",
            "export_value_musd", "netback_musd", "surplus_musd",
        ),
    ),
    (
        "Time, carbon and transit of {country}",
        (
            "days_mean", "days_p90", "co2_mt", "transit_share", "transit_share_value",
            "market_share", "exclusion_loss", "bypass_coverage", "bypass_coverage_paying",
        ),
    ),
)  # fmt: skip
KEY_INDICATORS = (
    "exported_mt", "undelivered_mt", "shortfall_mt", "cash_cost_usd_per_t", "transport_cost_musd",
    "surplus_musd", "days_mean", "co2_mt", "transit_share", "transit_share_value",
    "exclusion_loss", "bypass_coverage",
)  # fmt: skip
BOTTLENECK = (
    "subject_id", "used", "capacity", "unit", "gain_usd_per_unit", "loss_usd_per_unit",
    "at_stake_musd",
)  # fmt: skip
# The same for people: worth in USD/t where a unit is a million tonnes.
BOTTLENECK_SHOWN = (
    "subject_id", "used", "capacity", "unit", "gain", "loss", "worth_in", "at_stake_musd",
)  # fmt: skip
MOST_CHANGES = 20


def describe_run(run: Run, *, footer: str) -> Output:
    """A run for `kazroutes run`."""
    from models.run import bottlenecks

    document = run.to_dict()
    of = f"of {run.scenario}" + (f", {run.commodity}" if run.commodity else "")
    worst = [_price(row) for row in bottlenecks(run, top=10).to_dict("records")]
    title = f"Bottlenecks {of}: what one unit more, or one less, is worth"
    return Output(
        document,
        files=[
            all_indicators([run]),
            frame_table("Corridors", run.corridors, name="corridors"),
            frame_table("Commodities", run.commodities, name="commodities"),
            frame_table("Links", run.links, name="links"),
            frame_table("Shared capacities", run.shared_capacities, name="shared_capacities"),
            frame_table("Routes", run.routes, name="routes"),
            make_table("Changes", document["changes"], name="changes"),
        ],
        tables=[
            *indicator_tables([run]),
            frame_table(f"Corridors {of}", run.corridors),
            frame_table(f"Commodities {of}", run.commodities),
            make_table(title, worst, BOTTLENECK_SHOWN),
            *_change_tables(document["changes"]),
        ],
        sentences=[
            f"{run.title or run.scenario} ({run.year}, {run.assignment})",
            *say_goods([run]),
            "",
        ],
        footer=f"{describe_bypass(run)}{describe_certificate(run)}\n{footer}",
    )


def describe_bypass(run: Run) -> str:
    """The model's bypass of crude beside what was seen; nothing where no crude needs one."""
    from models.indicators import OBSERVED_BYPASS

    routes = run.result.routes
    crude = routes[(routes["commodity"] == "crude") & (routes["use"] == "export")]
    needed = any(run.country in left for left in crude["transit"])
    if run.commodity not in (None, "crude") or "crude" not in run.bypass_mt or not needed:
        return ""
    seen = f" {OBSERVED_BYPASS}." if run.country == OBSERVED_BYPASS.country else ""
    return (
        f"Without transit of {run.country}, {run.bypass_mt['crude'] / 12:.2f} Mt a month of crude "
        f"with the room to itself could still leave in the long run.{seen}\n"
    )


def describe_comparison(comparison: Comparison, *, footer: str) -> Output:
    """Runs side by side for `kazroutes compare`."""
    runs = comparison.runs
    differences = comparison.differences
    proven = max((float(run.certificate["relative_gap"] or 0.0) for run in runs), default=0.0)
    return Output(
        comparison.to_dict(),
        files=[
            frame_table("Indicators", comparison.table, name="indicators"),
            frame_table("Differences", differences, name="differences"),
            frame_table("Corridors", comparison.corridors, name="corridors"),
            frame_table("Commodities", comparison.commodities, name="commodities"),
            bottleneck_table(runs, top=1000, columns=BOTTLENECK, name="bottlenecks"),
        ],
        tables=[
            *indicator_tables(runs),
            difference_table(differences, comparison.baseline),
            corridor_table(comparison.corridors),
            bottleneck_table(runs, top=3, columns=BOTTLENECK_SHOWN),
        ],
        sentences=[*say_goods(runs), ""] if say_goods(runs) else [],
        footer=f"{describe_bypass(runs[0])}"
        f"Largest relative gap of the {len(runs)} runs: {proven:.1e}.\n{footer}",
    )


def all_indicators(runs: Sequence[Run]) -> Table:
    """Every indicator of every scenario, one row a scenario."""
    names = ["scenario", *runs[0].indicators]
    return make_table("Indicators", _rows(runs), names, name="indicators")


def indicator_tables(runs: Sequence[Run]) -> list[Table]:
    """The indicators in parts of a readable width, one row a scenario in each."""
    rows = _rows(runs)
    lead = ["scenario", "year"] if len({run.year for run in runs}) > 1 else ["scenario"]
    present = [name for name in rows[0] if name not in ("scenario", "year")]
    grouped = {name for _, names in GROUPS for name in names}
    rest = tuple(name for name in present if name not in grouped)
    tables = []
    for title, names in (*GROUPS, ("Concentration and exposure", rest)):
        shown = [name for name in names if name in present]
        if shown:
            words = title.format(country=runs[0].country)
            tables.append(make_table(words, rows, [*lead, *shown]))
    return tables


def difference_table(differences: Any, baseline: str) -> Table:
    """Key indicators less those of the baseline, one row a scenario."""
    rows: dict[str, dict[str, Any]] = {}
    for difference in differences.to_dict("records"):
        if difference["indicator"] in KEY_INDICATORS:
            row = rows.setdefault(difference["scenario"], {"scenario": difference["scenario"]})
            row[difference["indicator"]] = difference["change"]
    names = ["scenario", *KEY_INDICATORS] if rows else ["scenario"]
    return make_table(f"Differences to {baseline}", list(rows.values()), names)


def corridor_table(corridors: Any) -> Table:
    """Tonnes by corridor, one row a scenario."""
    rows: dict[str, dict[str, Any]] = {}
    for cell in corridors.to_dict("records"):
        row = rows.setdefault(cell["scenario"], {"scenario": cell["scenario"]})
        row[f"{cell['corridor']}_mt"] = cell["mt"]
    names = sorted({name for row in rows.values() for name in row if name != "scenario"})
    filled = [{**dict.fromkeys(names, 0.0), **row} for row in rows.values()]
    return make_table("Tonnes by corridor", filled, ["scenario", *names])


def bottleneck_table(
    runs: Sequence[Run], *, top: int, columns: Sequence[str], name: str = "table"
) -> Table:
    """The full capacities of each scenario that cost most, were they one unit smaller."""
    from models.run import bottlenecks

    rows = [
        {"scenario": run.scenario, **_price(row)}
        for run in runs
        for row in bottlenecks(run, top=top).to_dict("records")
    ]
    title = "Bottlenecks: what one unit more, or one less, is worth"
    return make_table(title, rows, ["scenario", *columns], name=name)


def _price(row: Mapping[str, Any]) -> dict[str, Any]:
    """A bottleneck with its worth as people read it: USD/t, or USD for what is no mass."""
    factor, words = WORTH[row["unit"]]
    worth = {name: row[f"{name}_usd_per_unit"] * factor for name in ("gain", "loss")}
    return {**row, **worth, "worth_in": words}


def describe_certificate(run: Run) -> str:
    """The proof of a run in one line."""
    proof = run.certificate
    if run.assignment == "likely":
        from models.choice import load_parameters

        fitted = dict.fromkeys(["crude", *(c.commodity for c in load_parameters().constants)])
        return (
            f"Likely flows: residual of their programme {proof['residual']:.1e}, largest violation "
            f"{proof['max_violation']:.1e}; surplus {proof['primal']:.1f} of at most "
            f"{proof['dual_bound']:.1f} M USD/yr. Fitted: {', '.join(fitted)}; all other goods "
            "take the spread of crude and are not fitted."
        )
    if proof["dual_bound"] is None or run.assignment != "optimal":
        return f"Largest violation of a rule: {proof['max_violation']:.1e}."
    return (
        f"Proven optimal: surplus {proof['primal']:.6f} M USD/yr, bound {proof['dual_bound']:.6f}, "
        f"relative gap {proof['relative_gap']:.1e}, largest violation {proof['max_violation']:.1e}."
    )


def _change_tables(changes: Sequence[Mapping[str, Any]]) -> list[Table]:
    if not changes:
        return []
    title = "Changes"
    if len(changes) > MOST_CHANGES:
        title += f" ({MOST_CHANGES} of {len(changes)}; --json has them all)"
    names = ["subject", "field", "old", "new", "unit", "why"]
    return [make_table(title, changes[:MOST_CHANGES], names)]


def _rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    return [{"scenario": run.scenario, "year": run.year, **run.indicators} for run in runs]
