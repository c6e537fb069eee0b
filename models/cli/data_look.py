"""`kazroutes data sources`, `gaps`, `list`, `show`: who says so, what is weak, names, numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.cli.output import Output, describe_data, open_network, show
from models.cli.shell import Common, command, print_message
from models.tables import frame_table, make_table
from routes.files import check_new_file, new_file

if TYPE_CHECKING:
    import pandas as pd

    from routes.network import Network

TITLES = {
    "links": "Links",
    "numbers": "Length and days",
    "capacities": "Capacity statements (holds: it sets the limit in the year)",
    "shared_capacities": "Shares of shared capacities",
    "tariffs": "Charges, USD of 2023 a tonne (price year: that of the source)",
    "emissions": "Emissions",
    "streams": "Crude streams",
    "supplies": "Supplies",
    "markets": "Markets",
    "projects": "Projects",
    "events": "Events",
    "observed": "Observed flows",
    "rivals": "Values not chosen",
    "sources": "Sources",
}

# What `data list` lists: the table, and the columns that it shows.
LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "commodities": ("commodities", ("commodity_id", "name", "commodity_class", "years")),
    "countries": ("places", ("country", "name", "places")),
    "links": ("links", ("link_id", "from_node_id", "to_node_id", "mode", "country", "status")),
    "places": ("places", ("place_id", "name", "country", "kind")),
    "projects": ("projects", ("project_id", "name", "earliest_year", "status")),
    "shared-capacities": ("shared_capacities", ("shared_id", "links")),
}


@command("sources", example="kazroutes data sources\nkazroutes data sources OIL-006")
@click.argument("source", required=False, metavar="[ID]")
def sources(*, source: str | None, common: Common) -> None:
    """List the sources, or every number that rests on one of them."""
    from routes.provenance import cite_source, list_sources

    network = open_network(common)
    footer = describe_data(network)
    if source is None:
        table = list_sources(network)
        rows = table.to_dict("records")
        show(Output({"sources": rows}, [frame_table("Sources", table)], footer=footer), common)
        return
    found = cite_source(network, source)
    row = found["source"].iloc[0]
    numbers, rivals = (tidy_frame(found[name]) for name in ("numbers", "rivals"))
    document = {
        "source": row.to_dict(),
        "numbers": numbers.to_dict("records"),
        "rivals": rivals.to_dict("records"),
    }
    tables = [
        frame_table("Numbers that rest on it", numbers, name="numbers"),
        frame_table("Values of it that were not chosen", rivals, name="rivals"),
    ]
    words = [
        text for text in (row["publisher"], row["title"], row["published"], row["url"]) if text
    ]
    sentences = [f"{source}: {', '.join(words)}", ""]
    show(Output(document, tables, sentences=sentences, footer=footer), common)


@command("gaps", example="kazroutes data gaps\nkazroutes data gaps -o GAPS.md")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write them as Markdown, as in the GAPS.md beside the data.")  # fmt: skip
@click.option("--top", type=click.IntRange(1, 1000), default=30, show_default=True, metavar="N",
              help="How many numbers of grade C and D to list.")  # fmt: skip
def gaps(*, output: Path | None, top: int, common: Common) -> None:
    """Rank what is weak in the data by the tonnes and the money that rest on it.

    Tonnes use one of the numbers in the baseline; money is what the surplus would change, to first
    order, if the numbers moved by half their range. The second table ranks single numbers.
    """
    if output:
        check_new_file(output)
    from models.evidence.baseline import solve_baseline
    from models.evidence.census import take_census
    from models.evidence.gaps import rank_gaps, rank_weak_numbers, write_gaps
    from models.evidence.stakes import measure_stakes

    network = open_network(common)
    result = solve_baseline(network)
    stakes = measure_stakes(result)
    table = rank_gaps(network, stakes)
    weak = rank_weak_numbers(network, stakes, top=top)
    if output:
        text = write_gaps(
            table, take_census(result), year=result.case.year, version=network.version
        )
        with new_file(output) as path:
            path.write_text(text, encoding="utf-8")
        print_message(f"Written to {output}.")
    document = {
        "year": result.case.year,
        "gaps": table.to_dict("records"),
        "weak_numbers": weak.to_dict("records"),
    }
    tables = [
        frame_table("Gaps by tonnes times money at stake", table, name="gaps"),
        frame_table("Numbers of grade C and D by money at stake", weak, name="weak_numbers"),
    ]
    show(Output(document, tables, footer=describe_data(network)), common)


@command("list", example="kazroutes data list\nkazroutes data list commodities")
@click.argument("what", required=False, type=click.Choice(tuple(LISTS)), metavar="[WHAT]")
def list_(*, what: str | None, common: Common) -> None:
    """List the ids that other commands take.

    WHAT is commodities, countries, links, places, projects or shared-capacities; without it, how
    many there are of each.
    """
    network = open_network(common)
    footer = describe_data(network)
    if what is None:
        rows = [{"list": name, "entries": len(list_names(network, name))} for name in LISTS]
        table = make_table("What can be listed", rows, name="lists")
        show(Output({"lists": rows}, [table], footer=footer), common)
        return
    frame = tidy_frame(list_names(network, what))
    table = frame_table(what.replace("-", " ").capitalize(), frame, name=what)
    show(Output({what: frame.to_dict("records")}, [table], footer=footer), common)


def list_names(network: Network, what: str) -> pd.DataFrame:
    """A row for each thing of a kind: its id and what tells it from the others."""
    table, columns = LISTS[what]
    frame = network[table]
    if what == "commodities":
        years = [set(zip(frame["commodity_id"], frame["year"], strict=True))
                 for frame in (network["supplies"], network["markets"])]  # fmt: skip
        both = sorted(years[0] & years[1])
        names = frame["commodity_id"]
        frame = frame.assign(years=[[int(y) for one, y in both if one == name] for name in names])
    elif what == "countries":
        from models.charts.words import name_country

        frame = frame.groupby("country", as_index=False).agg(places=("place_id", "count"))
        frame["name"] = [name_country(code) for code in frame["country"]]
    elif what == "shared-capacities":
        frame = frame.groupby("shared_id", as_index=False).agg(links=("link_id", "nunique"))
    key = columns[0]
    return frame.drop_duplicates(key, keep="last").sort_values(key)[list(columns)]


@command(
    "show",
    example="kazroutes data show btc-georgia\nkazroutes data show CPC\n"
    "kazroutes data show Atyrau-Samara --year 2024\nkazroutes data show caspian-tankers",
)
@click.argument("name", metavar="LINK")
@click.option("--year", type=int, default=2023, show_default=True, metavar="Y")
def show_(*, name: str, year: int, common: Common) -> None:
    """Show every number of a link with its range, grade, source and rivals.

    LINK is a link, a shared capacity, a place (its links), a line such as CPC or BTC, or a way
    between two places such as Atyrau-Samara.
    """
    from routes.provenance import describe_subject, find_subject

    network = open_network(common)
    subject = find_subject(network, name)
    parts = {
        key: tidy_frame(frame) for key, frame in describe_subject(network, name, year=year).items()
    }
    document: dict[str, Any] = {"name": name, "kind": subject.kind, "year": year}
    document |= {key: frame.to_dict("records") for key, frame in parts.items()}
    tables = [frame_table(TITLES[key], frame, name=key) for key, frame in parts.items()]
    what = ", ".join(subject.links or subject.shared)
    sentences = [f"{name} is taken for a {subject.kind}: {what}. Year {year}.", ""]
    show(Output(document, tables, sentences=sentences, footer=describe_data(network)), common)


def tidy_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame for print: years as whole numbers, blank cells as unknown."""
    import pandas as pd

    tidy = frame.astype(object)
    for name in frame.columns:
        if str(name).endswith("year") and not str(name).endswith("per_year"):
            years = [None if _is_nan(value) else int(value) for value in frame[name]]
            tidy[name] = pd.Series(years, index=frame.index, dtype=object)
        elif frame[name].dtype == object:
            cells = [None if _is_nan(value) or value == "" else value for value in frame[name]]
            tidy[name] = pd.Series(cells, index=frame.index, dtype=object)
    return tidy


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
