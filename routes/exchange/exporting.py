"""Write a data set in the form that another program reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from routes.errors import UnknownNameError, UsageError
from routes.exchange.folder import Line, write_csv
from routes.exchange.gmns_writer import write_gmns
from routes.exchange.graphml import write_graphml
from routes.exchange.shapes import write_geojson, write_gpkg
from routes.exchange.workbook import write_xlsx
from routes.files import check_new_file, check_new_folder, new_file, new_folder
from routes.network import Network

MARK = "datapackage.json"  # stands in every folder that is written here
# form: what it is, whether it is a folder, the ending of a file
FORMS: dict[str, tuple[str, bool, str]] = {
    "csv": ("a folder of tables, read back with --data", True, ""),
    "xlsx": ("an Excel workbook, read back with --data", False, ".xlsx"),
    "gmns": ("a GMNS folder with our further tables, read back with --data", True, ""),
    "geojson": ("places and links to draw", False, ".geojson"),
    "gpkg": ("a GeoPackage with every table", False, ".gpkg"),
    "graphml": ("a directed graph", False, ".graphml"),
}


def export_network(
    network: Network,
    path: str | Path,
    *,
    form: str,
    lines: Mapping[str, Line] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a network whole or not at all.

    Parameters
    ----------
    network
        What to write.
    path
        The new folder (csv, gmns) or file (others); the folder it stands in must exist.
    form
        One of FORMS.
    lines
        Lines to draw, by geometry_id (see read_lines); links without one are straight.
    overwrite
        Replace what stands there: a file, or a folder that is empty or holds a datapackage.json.

    Returns
    -------
    pathlib.Path
        The path written.

    Raises
    ------
    UnknownNameError
        For a form that is none.
    UsageError
        When the target may not be written.
    DataError
        When a text does not fit the form (a workbook cell holds 32,767 characters).
    """
    target = Path(path)
    check_export(target, form=form, overwrite=overwrite)
    whole = (
        new_folder(target, mark=MARK, overwrite=overwrite)
        if FORMS[form][1]
        else new_file(target, overwrite=overwrite)
    )
    with whole as place:
        if form == "csv":
            write_csv(network, place, lines=lines)
        elif form == "gmns":
            write_gmns(network, place, lines=lines)
        elif form == "xlsx":
            write_xlsx(network, place)
        elif form == "geojson":
            write_geojson(network, place, lines=lines)
        elif form == "gpkg":
            write_gpkg(network, place, lines=lines)
        else:
            write_graphml(network, place)
    return target


def check_export(path: Path, *, form: str, overwrite: bool = False) -> None:
    """Refuse early what export_network would refuse. Raises UnknownNameError or UsageError."""
    if form not in FORMS:
        raise UnknownNameError("form", form, FORMS)
    _, folder, ending = FORMS[form]
    if ending and path.suffix.lower() != ending:
        raise UsageError(f"The file of a {form} export ends in {ending}. Got '{path.name}'.")
    if folder:
        check_new_folder(path, mark=MARK, overwrite=overwrite)
    else:
        check_new_file(path, overwrite=overwrite)
