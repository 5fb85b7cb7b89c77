"""The look that all pictures share: colours of the dark and of the light theme, sizes of letters."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from liqbot.charts.colour import from_lab, to_lab
from liqbot.market.cohort import Cohort
from liqbot.market.positions import Floats
from liqbot.market.side import BySide

Rgb = tuple[int, int, int]
_GROWING = 1.45
"""How much faster than evenly the steps of lightness grow."""

LEVELS = 8
"""Levels of heat: nothing, less than the lowest class, and the six classes."""
FLOOR = 24
"""No letter in a picture is smaller than this, in pixels of a picture 1200 pixels wide: a phone shows it at a
third."""
MUST = 30
"""What must be read on a phone is at least this large: nine pixels of a picture 360 pixels wide."""


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


@dataclass(frozen=True, slots=True)
class Letters:
    """How a text is set: size in pixels, colour, weight."""

    size: int
    colour: Rgb
    bold: bool = False

    def in_colour(self, colour: Rgb) -> "Letters":
        """Return the same in another colour."""
        return replace(self, colour=colour)

    def sized(self, size: int) -> "Letters":
        """Return the same in another size, which is never below `FLOOR`."""
        return replace(self, size=max(size, FLOOR))


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours by what they mean. Text is legible on every ground: at least 4.5 to 1 (WCAG AA)."""

    name: str
    background: Rgb
    panel: Rgb
    zone: Rgb
    """Panel within 5% of spot, where fuel is counted."""
    text: Rgb
    soft: Rgb
    dim: Rgb
    rule: Rgb
    """Grid lines, on the panel."""
    gap: Rgb
    hatch: Rgb
    """Ground and hatching of times without data."""
    hue: BySide[Rgb]
    """One hue a side, wherever a side is meant; apart for colour-blind eyes too."""
    tint: BySide[Rgb]
    """The side's hue for small letters and thin lines."""
    on_hue: Rgb
    """Letters on the side's hue."""
    up: Rgb
    down: Rgb
    """Bodies of candles that closed higher, and lower: no hue, which would mean a side."""
    stops: BySide[tuple[str, ...]] = field(repr=False)
    """From nothing to the heaviest class, by side."""

    @cached_property
    def shade(self) -> BySide[Rgb]:
        """The side's hue for retail."""
        return BySide(long=mix(self.panel, self.hue.long, 0.55), short=mix(self.panel, self.hue.short, 0.55))

    @cached_property
    def deep(self) -> BySide[Rgb]:
        """The side's hue for market makers, and for brackets."""
        return BySide(long=mix(self.panel, self.hue.long, 0.28), short=mix(self.panel, self.hue.short, 0.28))

    @cached_property
    def wash(self) -> BySide[Rgb]:
        """The side's hue for wide areas."""
        return BySide(long=mix(self.panel, self.hue.long, 0.13), short=mix(self.panel, self.hue.short, 0.13))

    @cached_property
    def cohorts(self) -> dict[Cohort, BySide[Rgb]]:
        """Colour of a bar's parts, in the order in which they are stacked."""
        return {
            Cohort.WHALE: self.hue,
            Cohort.UNKNOWN: self.hue,
            Cohort.RETAIL: self.shade,
            Cohort.MARKET_MAKER: self.deep,
        }

    @cached_property
    def heat(self) -> BySide[NDArray[np.uint8]]:
        """Colours of the levels by side, each of shape (LEVELS, 3), in the side's hue."""
        return BySide(long=_ramp(self.stops.long), short=_ramp(self.stops.short))

    # Sizes are of a picture 1200 pixels wide; what must be read on a phone has `MUST` or more.

    @cached_property
    def coin(self) -> Letters:
        """The coin's name."""
        return Letters(46, self.soft, bold=True)

    @cached_property
    def spot(self) -> Letters:
        """Its price."""
        return Letters(46, self.text, bold=True)

    @cached_property
    def figure(self) -> Letters:
        """Figures of the headline."""
        return Letters(34, self.text, bold=True)

    @cached_property
    def beside(self) -> Letters:
        """Words beside the headline's figures."""
        return Letters(30, self.soft)

    @cached_property
    def lead(self) -> Letters:
        """The regime, where a sentence begins."""
        return Letters(30, self.text, bold=True)

    @cached_property
    def sentence(self) -> Letters:
        """The sentence."""
        return Letters(30, self.text)

    @cached_property
    def cluster_usd(self) -> Letters:
        """A cluster's dollars."""
        return Letters(34, self.text, bold=True)

    @cached_property
    def cluster_place(self) -> Letters:
        """A cluster's price and distance."""
        return Letters(32, self.soft)

    @cached_property
    def tick(self) -> Letters:
        """Labels of axes."""
        return Letters(28, self.soft)

    @cached_property
    def legend(self) -> Letters:
        """Words on things."""
        return Letters(27, self.soft)

    @cached_property
    def tag(self) -> Letters:
        """What must not be overlooked."""
        return Letters(30, self.text, bold=True)

    @cached_property
    def provenance(self) -> Letters:
        """Where the figures come from."""
        return Letters(31, self.soft)

    @cached_property
    def fact(self) -> Letters:
        """Things to know beside a picture."""
        return Letters(27, self.soft)

    @cached_property
    def fine(self) -> Letters:
        """What may be overlooked on a phone."""
        return Letters(24, self.soft)


def _ramp(stops: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return the ramp, shape (LEVELS, 3): hue through the stops, lightness in growing steps after the first.

    Each class holds about twice the money of the one before, and stands out from it by more: the many cells
    of the lower classes stay in the background.
    """
    lab: Floats = to_lab(np.array([rgb(code) for code in stops], dtype=np.float64))
    share = (np.arange(LEVELS - 1) / (LEVELS - 2)) ** _GROWING
    lightness: Floats = lab[1, 0] + (lab[-1, 0] - lab[1, 0]) * share
    order = np.argsort(lab[:, 0])
    others: list[Floats] = [np.interp(lightness, lab[order, 0], lab[order, axis]) for axis in (1, 2)]
    heat = np.rint(from_lab(np.stack([lightness, *others], axis=-1))).astype(np.uint8)
    return np.concatenate([[rgb(stops[0])], heat]).astype(np.uint8)


DARK = Theme(
    name="dark",
    background=rgb("#0A0E17"),
    panel=rgb("#0D1320"),
    zone=rgb("#182131"),
    text=rgb("#FFFFFF"),
    soft=rgb("#C3CDDC"),
    dim=rgb("#8391A7"),
    rule=rgb("#2A3548"),
    gap=rgb("#131926"),
    hatch=rgb("#2A3447"),
    hue=BySide(long=rgb("#FF9F43"), short=rgb("#4DABFF")),
    tint=BySide(long=rgb("#FFD3A3"), short=rgb("#B3DAFF")),
    on_hue=rgb("#0A0E17"),
    up=rgb("#FFFFFF"),
    down=rgb("#8391A7"),
    stops=BySide(
        long=("#0A0E17", "#241A17", "#4A2C16", "#7E4715", "#C06C18", "#FF9F43", "#FFC078", "#FFEBD2"),
        short=("#0A0E17", "#12213A", "#143B66", "#155A9B", "#1F80D2", "#4DABFF", "#8FCBFF", "#DCEFFF"),
    ),
)
LIGHT = Theme(
    name="light",
    background=rgb("#FFFFFF"),
    panel=rgb("#F6F8FB"),
    zone=rgb("#E9EEF5"),
    text=rgb("#0B111C"),
    soft=rgb("#37445A"),
    dim=rgb("#5A677C"),
    rule=rgb("#D3DAE5"),
    gap=rgb("#F0F2F6"),
    hatch=rgb("#D6DCE6"),
    hue=BySide(long=rgb("#AD4E00"), short=rgb("#0A63C2")),
    tint=BySide(long=rgb("#8A3D00"), short=rgb("#08509E")),
    on_hue=rgb("#FFFFFF"),
    up=rgb("#FFFFFF"),
    down=rgb("#5A677C"),
    stops=BySide(
        long=("#FFFFFF", "#FFEEDD", "#FFD3A6", "#FFB066", "#EE8420", "#BC5A07", "#803904", "#451E02"),
        short=("#FFFFFF", "#E2F0FF", "#B5D9FF", "#7DBBFB", "#3F93E8", "#1569BF", "#0B4686", "#062548"),
    ),
)

HUE = DARK.hue
DIM = DARK.dim
"""What a chat that shows colours, and no picture, takes for a side, and for neither."""
