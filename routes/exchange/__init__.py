"""Data sets in and out: CSV, Excel, GMNS both ways; GeoJSON, GeoPackage, GraphML out."""

from routes.exchange.datapackage import SHIPPED_VERSION, describe_package
from routes.exchange.exporting import FORMS, check_export, export_network
from routes.exchange.gmns import read_gmns
from routes.exchange.opening import check_data, open_network, read_lines
from routes.exchange.workbook import read_xlsx

__all__ = [
    "FORMS",
    "SHIPPED_VERSION",
    "check_data",
    "check_export",
    "describe_package",
    "export_network",
    "open_network",
    "read_gmns",
    "read_lines",
    "read_xlsx",
]
