"""The frames that maps take: by id, with places at the ends of links, nothing unknown."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from routes.errors import UnknownNameError


def prepare_frames(
    places: pd.DataFrame, links: pd.DataFrame, link_ids: Collection[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places by place_id and links by link_id; the tables of a Network will do as they are.

    Parameters
    ----------
    places
        Columns name, country, kind, lat, lon; place_id is the index or a column.
    links
        Columns kind, mode, and from_place_id and to_place_id or else from_node_id and to_node_id;
        link_id is the index or a column.
    link_ids
        Links that will be drawn; None for all.

    Raises
    ------
    UnknownNameError
        A link that is not in `links`, or one that ends at a place not in `places`.
    """
    if "place_id" in places.columns:
        places = places.set_index("place_id")
    if "link_id" in links.columns:
        links = links.set_index("link_id")
    for end in ("from", "to"):
        if f"{end}_place_id" not in links.columns:
            ends = links[f"{end}_node_id"].str.partition(".")[0]
            links = links.assign(**{f"{end}_place_id": ends})
    wanted = set(links.index) if link_ids is None else set(link_ids)
    missing = sorted(wanted - set(links.index))
    if missing:
        raise UnknownNameError("link", str(missing[0]), (str(name) for name in links.index))
    used = links.loc[sorted(wanted)]
    lost = sorted((set(used["from_place_id"]) | set(used["to_place_id"])) - set(places.index))
    if lost:
        raise UnknownNameError("place", str(lost[0]), (str(name) for name in places.index))
    return places, links


def find_notional(links: pd.DataFrame) -> pd.Series:
    """Mask of links that only keep the books (flag `notional`): they run nowhere on the ground."""
    if "flags" not in links.columns:
        return pd.Series(data=False, index=links.index)
    return links["flags"].map(lambda cell: "notional" in str(cell).split(";")).astype(bool)
