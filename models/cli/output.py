"""Print a result in the form asked for, and write results to disk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.cli.shell import STDOUT, Common, naming
from models.folders import MANIFEST
from models.tables import Table, make_table, print_tables, write_csv, write_json
from routes.errors import UsageError

if TYPE_CHECKING:
    from routes.network import Network

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Output:
    """A result in all its forms.

    `document` is the JSON object; `tables`, `sentences` and `footer` are for people; `files` are
    the tables that --out writes, of which --csv prints the first (default: `tables`).
    """

    document: Mapping[str, Any]
    tables: Sequence[Table] = ()
    sentences: Sequence[str] = ()
    footer: str = ""
    files: Sequence[Table] = ()


def show(output: Output, common: Common) -> None:
    """Print `output` to stdout as a JSON object, as CSV or for a person."""
    with naming(STDOUT):
        _print(output, common)


def _print(output: Output, common: Common) -> None:
    if common.form == "json":
        click.echo(write_json(output.document))
    elif common.form == "csv":
        tables = output.files or output.tables
        if not tables:
            raise UsageError("This command has no table to print as CSV; use --json.")
        click.echo(write_csv(tables[0]), nl=False)
    else:
        for sentence in output.sentences:
            click.echo(sentence)
        if output.tables or output.footer:
            print_tables(output.tables, footer=output.footer, stream=sys.stdout)


def show_file(path: Path, row: Mapping[str, Any], common: Common) -> None:
    """Say which file was written: its path for a person, else the row."""
    show(Output({"files": [row]}, files=[make_table("", [row])], sentences=[str(path)]), common)


def save(output: Output, folder: Path, *, manifest: Mapping[str, Any]) -> None:
    """Write a result to a folder: result.json, a CSV file a table, the manifest last."""
    (folder / "result.json").write_text(write_json(output.document) + "\n", encoding="utf-8")
    for table in output.files or output.tables:
        (folder / f"{table.name}.csv").write_text(write_csv(table), encoding="utf-8")
    (folder / MANIFEST).write_text(write_json(manifest) + "\n", encoding="utf-8")


def folder_options(function: Function) -> Function:
    """Give a command --out and --overwrite."""
    overwrite = click.option("--overwrite", is_flag=True, help="Replace the folder of --out.")
    out = click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Also write tables, maps and manifest to a new folder.",
    )
    return out(overwrite(function))


def output_option(said: str) -> Callable[[Function], Function]:
    """Give a command -o/--output, the one file that it writes."""
    return click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=said,
    )


def open_network(common: Common) -> Network:
    """The network of --data and --overlay; its warnings go to `kazroutes data check`."""
    if common.data is None:
        from routes.network import load_network

        return load_network(overlays=common.overlays)
    from routes import exchange

    return exchange.open_network(common.data, overlays=common.overlays)


def describe_data(network: Network) -> str:
    """The footer of a table: data version and how many inputs are estimated."""
    from routes.provenance import count_grades

    inputs = count_grades(network).set_index("table").loc["inputs"]
    return (
        f"Data: {network.name} {network.version} ({network.digest[:12]}). "
        f"{inputs['C'] + inputs['D']} of {inputs['rows']} inputs are estimated (grade C or D)."
    )
