"""A programme as plain arrays: what stays the same on a network, and the numbers of one scenario.

The solver knows nothing else, and needs no tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.signedinteger[Any]]  # of four bytes or eight
Bools = npt.NDArray[np.bool_]

KT = 1000.0  # kt in a Mt
STORM_CORRELATION = 0.5  # between the times of storm-hit links of one route; judged


@dataclass(frozen=True)
class Layer:
    """A commodity's use of the network: `supply` is "" when all its supplies share the layer."""

    commodity: str
    commodity_class: str
    use: str
    supply: str


@dataclass(frozen=True)
class Structure:
    """What stays the same in every scenario on the same network and year.

    Arrays over arcs: link, layer, tail, head. Over source occurrences: supply, layer, node. Over
    sink occurrences: market, layer, node. Capacity memberships in coordinate form: row, arc, and
    `member`, the row of `case.shared` that gives the coefficient (-1: the link's own capacity).
    """

    layers: tuple[Layer, ...]
    link_ids: npt.NDArray[np.object_]
    subjects: npt.NDArray[np.object_]
    n_nodes: int
    arc_link: Ints
    arc_layer: Ints
    arc_tail: Ints
    arc_head: Ints
    arc_allowed: Bools
    source_supply: Ints
    source_layer: Ints
    source_node: Ints
    sink_market: Ints
    sink_layer: Ints
    sink_node: Ints
    member_row: Ints
    member_arc: Ints
    member_shared: Ints
    keys: tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """The numbers of one scenario, in kt and USD/t, on a structure.

    arc_cost : USD/t, generalised, less the price differential of a stream; arc_open : may be used.
    capacity : right-hand sides in scaled kt; `scale` turns a row's own unit into scaled kt.
    weights : (rows x arcs) coefficients; sink_weights : (rows x sinks), only for share limits.
    """

    structure: Structure
    arc_cost: Floats
    arc_open: Bools
    supply: Floats
    lifting: Floats
    price: Floats
    maximum: Floats
    minimum: Floats
    shortfall: Floats
    capacity: Floats
    weights: sparse.csr_array
    sink_weights: sparse.csr_array
    scale: Floats
    row_names: npt.NDArray[np.object_]
    growth_row: Ints
    growth_max: Floats
    growth_cost: Floats
