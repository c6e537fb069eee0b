"""Maps of the network, of routes and of flows.

Every function takes tidy frames, draws on the axes given (or on a figure of its own) and returns
the axes; nothing of pyplot is touched. `inspect_map` tells what a map shows.
"""

from routes.maps.criticality_map import draw_criticality
from routes.maps.difference_map import draw_difference
from routes.maps.flow_map import draw_flows
from routes.maps.multiples import draw_small_multiples
from routes.maps.network_map import draw_network
from routes.maps.page import MapRecord, inspect_map
from routes.maps.route_map import draw_routes
from routes.maps.saving import save_figure

__all__ = [
    "MapRecord",
    "draw_criticality",
    "draw_difference",
    "draw_flows",
    "draw_network",
    "draw_routes",
    "draw_small_multiples",
    "inspect_map",
    "save_figure",
]
