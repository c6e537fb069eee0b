"""What leaves the frame: the links that cross its edge, and where their goods end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from routes.maps.frames import Frame, project
from routes.maps.geometry import Points, clip_line, contains

LEAVING_COLUMNS = ["link_id", "corridor", "place_id", "value"]


def find_inside(places: pd.DataFrame, frame: Frame) -> set[str]:
    """Places that lie within the frame."""
    within = contains(frame.box, project(frame, places["lon"], places["lat"]))
    return set(places.index[within].astype(str))


def sum_arrivals(links: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """What stays at each place: in less out, by place and corridor; senders are left out.

    Parameters
    ----------
    links
        Index link_id; columns from_place_id, to_place_id.
    values
        Index (link_id, corridor, commodity).

    Returns
    -------
    pandas.DataFrame
        Columns place_id, corridor, value; only places where something ends.
    """
    flows = _with_places(links, values)
    came = flows.groupby(["to_place_id", "corridor", "commodity"])["value"].sum()
    went = flows.groupby(["from_place_id", "corridor", "commodity"])["value"].sum()
    came.index.names = went.index.names = ["place_id", "corridor", "commodity"]
    net = came.sub(went, fill_value=0.0)
    net = net[net > 1e-9 * max(float(net.abs().max()), 1e-9)] if len(net) else net
    sums: pd.DataFrame = net.groupby(["place_id", "corridor"]).sum().rename("value").reset_index()
    return sums


def _with_places(links: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    flows = values.rename("value").reset_index()
    flows.columns = ["link_id", "corridor", "commodity", "value"]
    ends = links[["from_place_id", "to_place_id"]]
    flows = flows.join(ends, on="link_id")
    moving: pd.DataFrame = flows[flows["from_place_id"] != flows["to_place_id"]]
    return moving


def trace_leaving(links: pd.DataFrame, values: pd.Series, inside: set[str]) -> pd.DataFrame:
    """Flows from a place inside to a place outside, by the place where the goods end.

    Beyond the frame goods of one commodity and corridor are mixed at every place in proportion.

    Parameters
    ----------
    links
        Index link_id; columns from_place_id, to_place_id.
    values
        Index (link_id, corridor, commodity).
    inside
        Places within the frame.

    Returns
    -------
    pandas.DataFrame
        Columns link_id, corridor, place_id, value; sums to all that crosses the edge outward.
    """
    flows = _with_places(links, values)
    start_in = flows["from_place_id"].isin(inside)
    end_in = flows["to_place_id"].isin(inside)
    parts = []
    for _, group in flows[~(start_in & end_in)].groupby(["corridor", "commodity"], sort=True):
        crossing = group[group["from_place_id"].isin(inside)]
        if len(crossing):
            parts.append(_share_out(crossing, group))
    if not parts:
        return pd.DataFrame(columns=LEAVING_COLUMNS)
    by_end = pd.concat(parts).groupby(LEAVING_COLUMNS[:3], sort=True)["value"].sum()
    leaving: pd.DataFrame = by_end.reset_index()
    return leaving


def _share_out(crossing: pd.DataFrame, group: pd.DataFrame) -> pd.DataFrame:
    """Split each crossing flow over the places where its goods come to rest."""
    outside = sorted(set(group["to_place_id"]) | set(group["from_place_id"]))
    number = {place: index for index, place in enumerate(outside)}
    senders = set(crossing["from_place_id"])
    beyond = group[~group["from_place_id"].isin(senders)]
    size = len(outside)
    passing = np.zeros((size, size))
    came = np.zeros(size)
    for start, end, value in zip(
        beyond["from_place_id"], beyond["to_place_id"], beyond["value"], strict=True
    ):
        passing[number[start], number[end]] += value
    for place, value in zip(group["to_place_id"], group["value"], strict=True):
        came[number[place]] += value
    went = passing.sum(axis=1)
    through = np.maximum(came, went)
    safe = np.where(through > 0, through, 1.0)
    rest = np.where(through > 0, np.maximum(came - went, 0.0) / safe, 1.0)
    matrix = np.eye(size) - passing / safe[:, None]
    fate = np.linalg.lstsq(matrix, np.diag(rest), rcond=None)[0]
    rows = []
    for link, corridor, end, value in zip(
        crossing["link_id"], crossing["corridor"], crossing["to_place_id"], crossing["value"],
        strict=True,
    ):  # fmt: skip
        shares = np.clip(fate[number[end]], 0.0, None)
        total = float(shares.sum())
        if total <= 1e-9:
            shares, total = np.eye(size)[number[end]], 1.0
        rows += [
            (link, corridor, outside[index], float(value * shares[index] / total))
            for index in np.flatnonzero(shares / total > 1e-6)
        ]
    return pd.DataFrame(rows, columns=LEAVING_COLUMNS)


def find_exits(lines: Mapping[str, Points], link_ids: list[str], frame: Frame) -> dict[str, Points]:
    """Where each link's line leaves the frame for good (km in the plane)."""
    exits: dict[str, Points] = {}
    for link in link_ids:
        line = lines[link]
        pieces = clip_line(project(frame, line[:, 0], line[:, 1]), frame.box)
        if pieces:
            exits[link] = pieces[-1][-1]
    return exits
