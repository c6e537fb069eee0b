"""`kazroutes data export` and `data package`: the data set in the form that others read."""

from __future__ import annotations

from pathlib import Path

import click

from models.cli.output import open_network, show_file
from models.cli.shell import Common, command, print_message
from routes.files import check_new_file, new_file

FORMS = ("csv", "xlsx", "geojson", "gpkg", "gmns", "graphml")


@command(
    "export",
    example="kazroutes data export --to xlsx --out network.xlsx\n"
    "kazroutes data export --to csv --out mine\nkazroutes run baseline-2023 --data network.xlsx",
)
@click.option("--to", "form", required=True, type=click.Choice(FORMS), help="Form to write.")
@click.option("--out", "target", required=True, type=click.Path(path_type=Path), metavar="PATH",
              help="New folder (csv, gmns) or file (others).")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace what an export wrote there.")
def export(*, form: str, target: Path, overwrite: bool, common: Common) -> None:
    """Write the tables as CSV, Excel, GeoJSON, GeoPackage, GMNS or GraphML.

    csv, xlsx and gmns can be read back with --data. With --overlay the changed tables are written.
    """
    from routes.exchange import check_export, export_network, read_lines

    check_export(target, form=form, overwrite=overwrite)
    network = open_network(common)
    export_network(network, target, form=form, lines=read_lines(common.data), overwrite=overwrite)
    show_file(target, {"form": form, "path": str(target)}, common)


@command("package", example="kazroutes data package --data mine -o mine/datapackage.json")
@click.option("--version", "version", metavar="V", help="Version to state; default: the present.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="File to write; an old one is replaced.")  # fmt: skip
def package(*, version: str | None, output: Path | None, common: Common) -> None:
    """Print or write datapackage.json: what the tables hold, for programs (Frictionless Data)."""
    if output:
        check_new_file(output)
    from routes.exchange import SHIPPED_VERSION, describe_package, read_lines
    from routes.exchange.datapackage import write_json
    from routes.exchange.folder import list_tables

    network = open_network(common)
    present = network.version if network.version != "unversioned" else SHIPPED_VERSION
    text = write_json(
        describe_package(
            name=network.name,
            version=version or present,
            tables=list_tables(network),
            geometry=bool(read_lines(common.data)),
        )
    )
    if output:
        with new_file(output) as path:
            path.write_text(text, encoding="utf-8")
        print_message(f"Written to {output}.")
    else:
        click.echo(text, nl=False)
