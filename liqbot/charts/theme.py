"""The look that all pictures share: colours, the heat ramp, sizes of letters."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from liqbot.charts.colour import from_lab, to_lab
from liqbot.market.cohort import Cohort
from liqbot.market.positions import Floats
from liqbot.market.side import BySide

WIDTH = 1200
HEIGHT = 675
"""Size of every picture in pixels: 16:9, which chats show without cropping."""

Rgb = tuple[int, int, int]


def rgb(code: str) -> Rgb:
    """Return the colour that `#RRGGBB` names."""
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red, green, blue


Pixels = NDArray[np.uint32]
"""Colours packed into numbers: red in the lowest byte, then green, blue, and 255."""


def packed(colours: NDArray[np.uint8]) -> Pixels:
    """Return colours, shape (..., 3), as pixels of shape (...)."""
    parts = np.full((*colours.shape[:-1], 4), 0xFF, dtype=np.uint8)
    parts[..., :3] = colours
    return parts.view("<u4")[..., 0]


def pixel(colour: Rgb) -> int:
    """Return one colour as a pixel."""
    red, green, blue = colour
    return red | green << 8 | blue << 16 | 0xFF << 24


def mix(low: Rgb, high: Rgb, share: float) -> Rgb:
    """Return `share` (0 to 1) of `high` and the rest of `low`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return red, green, blue


BACKGROUND = rgb("#0A0E17")
PANEL = rgb("#0D1320")
ZONE = rgb("#182131")
"""Panel within 5% of spot, where fuel is counted."""
TEXT = rgb("#FFFFFF")
SOFT = rgb("#C3CDDC")
DIM = rgb("#8391A7")
RULE = rgb("#2A3548")
"""Grid lines, on the panel."""
GAP = rgb("#131926")
HATCH = rgb("#222B3C")
"""Ground and hatching of times without data."""

HUE = BySide(long=rgb("#FF9F43"), short=rgb("#4DABFF"))
"""One hue a side, wherever a side is meant; apart for colour-blind eyes too."""
TINT = BySide(long=rgb("#FFD3A3"), short=rgb("#B3DAFF"))
"""The side's hue for small letters and thin lines."""
SHADE = BySide(long=mix(PANEL, HUE.long, 0.55), short=mix(PANEL, HUE.short, 0.55))
"""The side's hue for retail."""
DEEP = BySide(long=mix(PANEL, HUE.long, 0.28), short=mix(PANEL, HUE.short, 0.28))
"""The side's hue for market makers, and for brackets."""
WASH = BySide(long=mix(PANEL, HUE.long, 0.13), short=mix(PANEL, HUE.short, 0.13))
"""The side's hue for wide areas."""

COHORT_COLOUR = {
    Cohort.WHALE: HUE,
    Cohort.UNKNOWN: HUE,
    Cohort.RETAIL: SHADE,
    Cohort.MARKET_MAKER: DEEP,
}
"""Colour of a bar's parts, in the order in which they are stacked."""

HEAT_LEVELS = 40
_HEAT_STOPS = (
    "#0A0E17",
    "#10254A",
    "#14456B",
    "#166D80",
    "#23947F",
    "#5DBB63",
    "#B9DB4B",
    "#F3EC74",
    "#FFFDF0",
)


def _heat() -> NDArray[np.uint8]:
    """Return the ramp, shape (levels, 3): hue through the stops, lightness in equal steps."""
    stops: Floats = to_lab(np.array([rgb(code) for code in _HEAT_STOPS], dtype=np.float64))
    lightness: Floats = np.linspace(float(stops[0, 0]), float(stops[-1, 0]), HEAT_LEVELS)
    hue: list[Floats] = [np.interp(lightness, stops[:, 0], stops[:, axis]) for axis in (1, 2)]
    return np.rint(from_lab(np.stack([lightness, *hue], axis=-1))).astype(np.uint8)


HEAT = _heat()
"""Navy, teal, green, yellow, near-white: twice as far from nothing in lightness is twice as much money."""


@dataclass(frozen=True, slots=True)
class Letters:
    """How a text is set: size in pixels, colour, weight."""

    size: float
    colour: Rgb
    bold: bool = False

    def in_colour(self, colour: Rgb) -> "Letters":
        """Return the same in another colour."""
        return replace(self, colour=colour)

    def scaled(self, factor: float) -> "Letters":
        """Return the same, larger or smaller."""
        return replace(self, size=self.size * factor)


# Sizes are of a picture 1200 pixels wide; a phone shows it at a third, so what must be read has 19 or more.
COIN = Letters(40, SOFT, bold=True)
SPOT = Letters(40, TEXT, bold=True)
FIGURE = Letters(29, TEXT, bold=True)
BESIDE = Letters(26, SOFT)
LEAD = Letters(24, TEXT, bold=True)
SENTENCE = Letters(24, TEXT)
CLUSTER_USD = Letters(27, TEXT, bold=True)
CLUSTER_PLACE = Letters(20, SOFT)
TICK = Letters(19, SOFT)
LEGEND = Letters(20, SOFT)
TAG = Letters(19, SOFT, bold=True)
FINE = Letters(16, DIM)
