"""Places by the names that people use."""

from __future__ import annotations

import pandas as pd

from routes.errors import UnknownNameError


def match_place(places: pd.DataFrame, name: str) -> str:
    """The place with this id, name or alias (case does not matter).

    Raises UnknownNameError with the nearest names.
    """
    wanted = name.strip().casefold()
    words: dict[str, str] = {}
    columns = ["place_id", "name", "aliases"]
    for place_id, title, aliases in places[columns].itertuples(index=False, name=None):
        for word in (*(a for a in aliases.split(";") if a), title, title.split("(")[0].strip()):
            words.setdefault(str(word).casefold(), str(place_id))
    words.update((str(place), str(place)) for place in places["place_id"])
    if wanted in words:
        return words[wanted]
    raise UnknownNameError("place", name, words)
