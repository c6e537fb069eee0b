"""The family `kazroutes data`: is the data set sound, and what does it say."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from models.cli.data_files import export, package
from models.cli.data_look import gaps, list_, show_, sources
from models.cli.output import Output, describe_data, show
from models.cli.shell import NEGATIVE, Common, Family, command, print_error
from models.tables import frame_table, make_table
from routes.errors import DataError, UsageError

if TYPE_CHECKING:
    from models.evidence.census import Census
    from routes.errors import Problem
    from routes.network import Network

data = Family("data", "Check the data set and look into it.")
MEASURES = {
    "rows": "rows of the tables",
    "transport_cost_musd": "transport cost, M USD",
    "limited_mt": "tonnes at limited links and shared capacities, Mt",
    "full_mt": "of these where the limit is reached, Mt",
}


@command("check", family=data, example="kazroutes data check\nkazroutes data check --data mine/")
def check(*, common: Common) -> None:
    """Check every table and every year, and count by grade what the baseline rests on.

    Errors make the data unusable (exit code 1); warnings are odd but legal. Grades: A measured or
    official, B press or secondary, C derived by a stated formula, D judged.
    """
    from routes.exchange import check_data
    from routes.provenance import check_evidence

    network, errors, warnings = check_data(common.data, overlays=common.overlays)
    census = None
    years: list[dict[str, Any]] = []
    if network is not None:
        years, found, census = _check_years(network)
        errors += found
        warnings += check_evidence(network)
    rows = [
        {"severity": severity} | asdict(problem)
        for severity, found in (("error", errors), ("warning", warnings))
        for problem in found
    ]
    document = {
        "errors": rows[: len(errors)],
        "warnings": rows[len(errors) :],
        "years": years,
        "grades": census.rows.to_dict("records") if census else [],
        "shares": census.shares.to_dict("records") if census else [],
    }
    names = ("severity", "file", "line", "column", "rule", "remedy")
    tables = [make_table("Problems", rows, names, name="problems")]
    if network is not None:
        tables.append(make_table("Years with supplies and markets", years, name="years"))
    if census is not None:
        tables.append(frame_table("Rows by grade", census.rows, name="grades"))
        tables.append(_share_table(census))
    footer = describe_data(network) if network is not None else ""
    if common.form == "table":
        for problem in errors:
            print_error(str(problem))
        tables[0] = make_table("Warnings", rows[len(errors) :], names[1:], name="problems")
        footer = f"{len(errors)} errors, {len(warnings)} warnings. {footer}".strip()
    show(Output(document, tables, footer=footer), common)
    if errors:
        click.get_current_context().exit(NEGATIVE)


@command("dictionary", family=data, example="kazroutes data dictionary --csv > dictionary.csv")
def dictionary(*, common: Common) -> None:
    """Print every column of every table: type, whether it is required, meaning."""
    from routes.schema import data_dictionary

    rows = data_dictionary()
    show(Output({"columns": rows}, [make_table("Columns of the tables", rows)]), common)


for _command in (sources, gaps, list_, show_, export, package):
    data.add_command(_command)


def _check_years(
    network: Network,
) -> tuple[list[dict[str, Any]], list[Problem], Census | None]:
    """Whether each year's case can be built, and the census of the baseline."""
    from models.demand import check_years
    from models.evidence.baseline import demand_years, solve_baseline
    from models.evidence.census import take_census

    errors: list[Problem] = []
    years = []
    for year in demand_years(network):
        found = check_years(network, (year,))
        years.append({"year": year, "tariffs": "wrong" if found else "complete"})
        errors += [problem for problem in found if problem not in errors]
    if errors:
        return years, errors, None
    try:
        return years, [], take_census(solve_baseline(network))
    except DataError as error:
        return years, list(error.problems), None
    except UsageError:
        return years, [], None


def _share_table(census: Census) -> Any:
    names = ("measure", "total", "A share", "B share", "C share", "D share")
    rows = [
        {"measure": MEASURES[str(row["measure"])], "total": row["total"]}
        | {f"{grade} share": row[grade] for grade in "ABCD"}
        for row in census.shares.to_dict("records")
    ]
    return make_table("Baseline by grade", rows, names, name="shares")
