"""Colours, line styles, type and the small print of every map."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties

FONT_FAMILY = "DejaVu Sans"
SEA = "#dfe9ef"
LAND = "#f4f2ed"
HOME = "#fbf2d8"
BORDER = "#a9a49b"
HOME_BORDER = "#857a60"
RAIL = "#c9c4ba"
INK = "#222222"
PALE_INK = "#8a857b"
SEA_INK = "#6f93ab"
FULL = "#b3001b"
MARKER_FILL = "#ffffff"

ATTRIBUTION = (
    "Base map: Natural Earth (public domain). Railway lines: © OpenStreetMap contributors "
    "(ODbL 1.0). Places: GeoNames (CC BY 4.0), NGA World Port Index. Pipelines: Global Energy "
    "Monitor (CC BY 4.0). Sea lanes: marnet (Apache-2.0). Lines between places are schematic. "
    "Disputed borders: Crimea is drawn in Ukraine (UN General Assembly resolution 68/262); "
    "borders do not imply any opinion."
)


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How one corridor or mode is drawn: colour, and dashes in points (none: solid)."""

    name: str
    colour: str
    dashes: tuple[float, ...] = ()

    @property
    def tint(self) -> tuple[float, float, float]:
        """Pale version of the colour, laid under the dashes."""
        return mix_colours(self.colour, "#ffffff", 0.58)

    @property
    def ink(self) -> tuple[float, float, float]:
        """Dark version of the colour, for words."""
        return mix_colours(self.colour, "#000000", 0.3)


CORRIDORS: dict[str, LineStyle] = {
    "via-russia": LineStyle("via Russia", "#D55E00"),
    "middle-corridor": LineStyle("Middle Corridor", "#0072B2", (8.0, 2.6)),
    "china": LineStyle("China", "#009E73", (2.4, 1.6)),
    "southern": LineStyle("Southern", "#CC79A7", (8.0, 2.0, 2.0, 2.0)),
    "central-asia": LineStyle("Central Asia", "#E69F00", (4.2, 2.2)),
    "to-russia": LineStyle("to Russia", "#999999", (15.0, 1.6)),
    "domestic": LineStyle("domestic", "#56B4E9", (1.2, 1.8)),
    "other": LineStyle("other", "#000000", (8.0, 2.0, 1.6, 1.8, 1.6, 2.0)),
}
"""Corridor id -> style (Okabe-Ito colours), in the order of lanes and legends."""

MODES: dict[str, str] = {
    "pipeline": "pipeline",
    "rail1520": "rail 1520 mm",
    "rail1435": "rail 1435 mm",
    "tanker": "tanker",
    "ferry": "ferry",
    "dry": "dry cargo ship",
    "feeder": "container feeder",
    "river": "river ship",
    "truck": "road",
}
"""Mode of a link -> words."""

ALTERNATIVES: tuple[LineStyle, ...] = (
    LineStyle("", "#0072B2"),
    LineStyle("", "#D55E00", (8.0, 2.6)),
    LineStyle("", "#009E73", (2.4, 1.6)),
    LineStyle("", "#CC79A7", (8.0, 2.0, 2.0, 2.0)),
    LineStyle("", "#E69F00", (4.2, 2.2)),
    LineStyle("", "#000000", (1.2, 1.8)),
)
"""Styles of routes that have no corridor, first route first."""


def style_corridor(corridor: str) -> LineStyle:
    """Style of a corridor; an unknown one is drawn as `other`, under its own name."""
    if corridor in CORRIDORS:
        return CORRIDORS[corridor]
    other = CORRIDORS["other"]
    return LineStyle(corridor, other.colour, other.dashes)


def order_corridor(corridor: str) -> tuple[int, str]:
    """Sort key that puts corridors in the order of the legend."""
    known = list(CORRIDORS)
    return (known.index(corridor) if corridor in CORRIDORS else len(known), corridor)


def mix_colours(one: str, other: str, part: float) -> tuple[float, float, float]:
    """`one` with the share `part` (0..1) of `other` mixed in."""
    first, second = to_rgb(one), to_rgb(other)
    red, green, blue = (a + (b - a) * part for a, b in zip(first, second, strict=True))
    return red, green, blue


def make_font(size: float, *, bold: bool = False, italic: bool = False) -> FontProperties:
    """The one type family of all maps, whatever the user's matplotlib settings are."""
    return FontProperties(
        family=FONT_FAMILY,
        size=size,
        weight="bold" if bold else "normal",
        style="italic" if italic else "normal",
    )
