"""Open a data set, whatever form it is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from routes.errors import DataError, Problem, UsageError
from routes.exchange.gmns import read_gmns, read_gmns_lines
from routes.exchange.workbook import read_xlsx
from routes.network import Network, build_network, load_network, read_geometries


def open_network(data: str | Path | None = None, *, overlays: Sequence[str | Path] = ()) -> Network:
    """The network of a folder of tables, of an Excel workbook or of a GMNS folder.

    Parameters
    ----------
    data
        A folder of CSV tables, a folder with node.csv and link.csv (GMNS), or a workbook (.xlsx);
        without it the data set that comes with the package.
    overlays
        Folders with some tables, in CSV: a row whose key exists changes the columns that the
        overlay has, any other row is added. Later ones win; every change is logged.

    Raises
    ------
    DataError
        With every problem of every table.
    UsageError
        When a path does not exist or is of no kind that can be read.
    """
    if data is None:
        return load_network(overlays=overlays)
    path = Path(data)
    for overlay in overlays:
        if not Path(overlay).is_dir():
            raise UsageError(f"The folder {overlay} does not exist.")
    if is_gmns(path):
        return build_network(read_gmns(path), overlays=overlays)
    if path.is_file():
        if path.suffix.lower() != ".xlsx":
            raise UsageError(
                f"Data are a folder of tables or an .xlsx workbook. Got '{path.name}'."
            )
        return build_network(read_xlsx(path), overlays=overlays)
    return load_network(path, overlays=overlays)


def check_data(
    data: str | Path | None = None, *, overlays: Sequence[str | Path] = ()
) -> tuple[Network | None, list[Problem], list[Problem]]:
    """The network (None when it has errors), errors and warnings, without raising for errors."""
    network: Network | None = None
    errors: list[Problem] = []
    try:
        network = open_network(data, overlays=overlays)
    except DataError as error:
        errors += error.problems
    try:
        read_lines(data)
    except DataError as error:
        errors += error.problems
    if network is None or errors:
        return None, list(dict.fromkeys(errors)), []
    return network, [], list(network.warnings)


def read_lines(data: str | Path | None = None) -> dict[str, list[tuple[float, float]]]:
    """Lines to draw of a data set, by geometry_id: (lon, lat) points; a workbook has none."""
    path = Path(data) if data is not None else None
    if path is None or not is_gmns(path):
        return read_geometries(path)
    return read_gmns_lines(path)


def is_gmns(path: Path) -> bool:
    """Whether a path is a GMNS folder."""
    return (path / "node.csv").is_file() or (path / "link.csv").is_file()
