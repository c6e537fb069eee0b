"""Who plays for transit: countries, or corridors, and the links that each can close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from models.demand import HOME, Case
from models.flow.solver import FlowSolver
from models.scenario.select import GATEWAYS
from routes.corridors import exit_links
from routes.errors import UnknownNameError

Mask = npt.NDArray[np.bool_]
SEA = "XZ"
OTHER = "other"
# Corridors that are gateways: a link that starts in one of the first and ends in one of the second.
_CROSSED = ("via-russia", "middle-corridor", "china", "southern")
# Corridors told by where goods end: they close by not selling there.
_ENDS = {"to-russia": ("RU",), "central-asia": ("UZ", "KG", "TJ", "AF", "TM")}


def transit_countries(case: Case, solver: FlowSolver) -> list[str]:
    """Foreign countries that some way from a supply to a market leaves by an open link, sorted."""
    s = solver.structure
    live = np.zeros(len(case.links), dtype=bool)
    live[s.arc_link] = True
    live &= case.links["open"].to_numpy(dtype=bool)
    start = case.links["from_country"].to_numpy()[live]
    end = case.links["to_country"].to_numpy()[live]
    return sorted(set(start[start != end]) - {HOME, SEA})


def country_masks(case: Case, countries: Sequence[str]) -> dict[str, Mask]:
    """Exit links of each country: what closing its transit closes."""
    known = set(case.links["from_country"]) | set(case.links["to_country"])
    for name in countries:
        if name not in known or name in (HOME, SEA):
            raise UnknownNameError("transit country", name, known - {HOME, SEA})
    return {name: exit_links(case.links, name) for name in countries}


def corridor_masks(case: Case) -> dict[str, Mask]:
    """Links that close each corridor.

    Corridors that are crossed close at their gateway; those told by where goods end (to-russia,
    central-asia) close at the doors of the markets there. A route through two gateways needs both.
    """
    links = case.links
    start, end = links["from_country"].to_numpy(), links["to_country"].to_numpy()
    masks = {}
    for name in _CROSSED:
        first, last = GATEWAYS[name]
        if first == ("RU",):
            masks[name] = exit_links(links, "RU")
        else:
            masks[name] = np.isin(start, first) & np.isin(end, last)
    at_door = links["to_node_id"].str.endswith(".site").to_numpy(dtype=bool)
    for name, countries in _ENDS.items():
        masks[name] = at_door & np.isin(end, countries)
    return {name: masks[name] for name in sorted(masks)}


def join_masks(masks: Mapping[str, Mask], apart: Sequence[str]) -> dict[str, Mask]:
    """Masks of the players in `apart`; all the rest act as one player, `other`."""
    chosen = {name: masks[name] for name in apart}
    rest = [mask for name, mask in masks.items() if name not in chosen]
    if rest:
        chosen[OTHER] = np.logical_or.reduce(rest)
    return chosen
