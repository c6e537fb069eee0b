"""`kazroutes chokepoints`: what is lost when one link, port, border or country falls out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.cli.figures import save_runs
from models.cli.output import Output, describe_data, folder_options, open_network, show
from models.cli.progress import show_progress
from models.cli.questions import BASELINE, load_composed
from models.cli.shell import Common, command
from models.folders import check_new_folder
from models.tables import make_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from models.dependency import Criticality, Interdiction
    from models.run import Run

MEASURES = ("loss", "shadow-price", "share")
KINDS = ("link", "port", "border", "shared", "country", "market", "place")
SHOWN = (
    "name", "kind", "alike", "lost_musd", "lost_share", "lost_mt", "shortfall_mt",
    "lost_netback_musd", "added_cost_usd_per_t", "added_days", "export_share", "commodity",
)  # fmt: skip
PRICED = ("gain_usd_per_unit", "loss_usd_per_unit", "at_stake_musd")


@command(
    "chokepoints",
    example="kazroutes chokepoints\n"
    "kazroutes chokepoints russia-closed --kind port --kind shared --degrade 0.5\n"
    "kazroutes chokepoints --worst 2 --kind link --json",
)
@click.argument("scenario", default=BASELINE)
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="loss",
    show_default=True,
    help="Rank by surplus lost, by what one unit less costs times the capacity, or by the share "
    "of exports that pass.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="What may fall out; may be repeated. Default: all but market and place.",
)
@click.option(
    "--degrade",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    metavar="PART",
    help="Part of the capacity that goes: 1 is all of it, 0.5 half.",
)
@click.option(
    "--worst",
    type=click.IntRange(2, 4),
    metavar="K",
    help="Also find the K removals that together cost most, exactly.",
)
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Rows shown.")
@click.option("--year", type=int, metavar="Y", help="Take the inputs of this year.")
@folder_options
def rank_chokepoints(
    *,
    scenario: str,
    measure: str,
    kinds: tuple[str, ...],
    degrade: float,
    worst: int | None,
    top: int,
    year: int | None,
    out: Path | None,
    overwrite: bool,
    common: Common,
) -> None:
    """Rank links, ports, borders, shared capacities and countries by what their loss costs.

    Each that carries something is taken away in turn (or loses a part of its capacity) and the best
    flows are found again: surplus and exports lost, what each supply then pays and waits more, and
    the commodity that suffers most. What carries the same flows at the same loss is one row. A
    ranking by loss says what one failure costs when all else works and everybody may adapt for a
    year; it is no probability, and a first week costs more.
    """
    if out:
        check_new_folder(out, overwrite=overwrite)
    chosen = load_composed(scenario)
    network = open_network(common)
    from models.dependency import find_worst_removals, rank_criticality
    from models.dependency.subjects import RANKED
    from models.run import run_scenario

    run = run_scenario(chosen, network=network, year=year, prices=False)
    case, wanted = run.result.case, kinds or RANKED
    with show_progress("removals") as progress:
        ranking = rank_criticality(
            case, kinds=wanted, lost=degrade, measure=measure, progress=progress
        )
    together = find_worst_removals(case, worst, kinds=wanted) if worst else None
    output = describe_ranking(run, ranking, together, measure, top, footer=describe_data(network))
    if out:
        _save(output, run, ranking, out, common, overwrite=overwrite)
    show(output, common)


def describe_ranking(
    run: Run,
    ranking: Criticality,
    together: Interdiction | None,
    measure: str,
    top: int,
    *,
    footer: str,
) -> Output:
    """A criticality ranking as JSON document, table and sentences."""
    rows: list[dict[str, Any]] = ranking.leaders().head(top).to_dict("records")
    document: dict[str, Any] = {
        "scenario": run.scenario,
        "year": run.year,
        "measure": measure,
        "lost_part": ranking.lost,
        "surplus_musd": ranking.surplus_musd,
        "chokepoints": rows,
        "idle": ranking.idle,
    }
    what = "falls out" if ranking.lost == 1 else f"loses {ranking.lost:.0%} of its capacity"
    names = SHOWN + (PRICED if measure == "shadow-price" else ())
    shown = [row | {"alike": len(row["same_as"])} for row in rows]
    title = f"Chokepoints of {run.scenario}: what is lost when one {what}"
    said = (
        f"{ranking.idle} more carry nothing and lose nothing; surplus {ranking.surplus_musd:,.0f} "
        "million USD a year. alike: how many more carry the same flows at the same loss."
    )
    sentences = [said]
    if together is not None:
        document["worst"] = _describe_worst(together)
        removed = " + ".join(subject.name for subject in together.removed) or "nothing"
        sentences.append(
            f"The worst {together.k} together: {removed}: {together.lost_musd:,.0f} million USD a "
            f"year. {together.proof}"
        )
    document["manifest"] = dict(run.manifest)
    return Output(
        document,
        tables=[make_table(title, shown, names, name="chokepoints")],
        files=[make_table(title, ranking.table.to_dict("records"), name="chokepoints")],
        sentences=[*sentences, ""],
        footer=footer,
    )


def _describe_worst(together: Interdiction) -> dict[str, Any]:
    return {
        "k": together.k,
        "removed": [
            {"subject_id": s.subject_id, "kind": s.kind, "name": s.name, "same_as": list(others)}
            for s, others in zip(together.removed, together.equivalents, strict=True)
        ],
        "lost_musd": together.lost_musd,
        "surplus_after_musd": together.after_musd,
        "solved": together.solved,
        "cut": together.cut,
        "candidates": together.candidates,
        "proof": together.proof,
    }


def _save(
    output: Output,
    run: Run,
    ranking: Criticality,
    folder: Path,
    common: Common,
    *,
    overwrite: bool,
) -> None:
    from models import charts
    from routes.exchange import read_lines
    from routes.maps import draw_criticality

    drawn: dict[str, Callable[[], Axes]] = {}
    leaders, scores = ranking.leaders(), ranking.scores()
    if (leaders["lost_musd"] > 0).any():
        drawn["criticality.png"] = lambda: charts.criticality(leaders)
    if (scores > 0).any():
        drawn["criticality_map.png"] = lambda: draw_criticality(
            run.result.case.network["places"].set_index("place_id"), run.result.case.links,
            scores, geometries=read_lines(common.data), unit="M USD/yr", what="surplus lost",
            title=f"{run.title or run.scenario}: what is lost when a link falls out",
        )  # fmt: skip
    save_runs(output, [], folder, common, manifest=run.manifest, overwrite=overwrite, charts=drawn)
