"""The colours that a picture may have, so that it is written with one byte a pixel."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from liqbot.charts.theme import LEVELS, Pixels, Rgb, Theme, mix, packed
from liqbot.market.side import Side

_BAND = 32
"""Lines of a picture that are looked up at once: few enough to stay near the processor."""
_COLOUR_BITS = np.uint32(0xFFFFFF)
_WEIGHTS = np.array([2.0, 4.0, 3.0])
"""How much a difference in red, green or blue matters to the eye, roughly."""


class Palette:
    """The colours of a theme: `colours`, shape (n <= 255, 3).

    First stand the levels of the longs' heat, then those of the shorts' but for the lowest, which they share.
    """

    def __init__(self, theme: Theme) -> None:
        self.colours = _colours(theme)
        # The number of the nearest colour, plus one, of each colour that was ever asked for. Memory is taken
        # only for those pages that are touched.
        self._lookup = np.zeros(1 << 24, dtype=np.uint8)
        known = packed(self.colours)[::-1] & _COLOUR_BITS
        self._lookup[known] = np.arange(len(self.colours), 0, -1)

    def nearest(self, pixels: Pixels) -> NDArray[np.uint8]:
        """Return the number of the colour nearest to each pixel; a colour of the palette gives itself.

        What is remembered between calls only saves time: the answer for a pixel never depends on others.
        """
        numbers = np.empty(pixels.shape, dtype=np.uint8)
        for start in range(0, len(pixels), _BAND):
            self._number(pixels[start : start + _BAND], numbers[start : start + _BAND])
        return numbers

    def _number(self, pixels: Pixels, numbers: NDArray[np.uint8]) -> None:
        asked = (pixels & _COLOUR_BITS).astype(np.intp)
        found = self._lookup.take(asked)
        if not found.all():
            missing = np.unique(asked[found == 0])
            self._lookup[missing] = self._search(missing) + 1
            found = self._lookup.take(asked)
        np.subtract(found, 1, out=numbers)

    def without_the_faintest(self, numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the same picture without what is less than the lowest class: noise costs most bytes."""
        number = np.arange(len(self.colours), dtype=np.uint8)
        number[[1, LEVELS]] = 0
        return number[numbers]

    def _search(self, asked: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return the number of the nearest colour for each packed colour, shape (n,)."""
        wanted = np.stack([asked, asked >> 8, asked >> 16], axis=-1) & 0xFF
        colours = self.colours * _WEIGHTS
        # The distance squared, without the part that is the same for all colours.
        far = (colours**2).sum(axis=1) - 2 * (wanted * _WEIGHTS) @ colours.T
        return np.argmin(far, axis=1).astype(np.uint8)


@cache
def of(theme: Theme) -> Palette:
    """Return the palette of a theme."""
    return Palette(theme)


def _ramp(low: Rgb, high: Rgb, steps: int) -> list[Rgb]:
    return [mix(low, high, step / (steps - 1)) for step in range(steps)]


def _colours(theme: Theme) -> NDArray[np.uint8]:
    """Return all colours, shape (n, 3): the heat first, then what soft edges are blended from."""
    heat = [tuple(int(part) for part in colour) for side in Side for colour in theme.heat[side]]
    others = [theme.panel, theme.zone, theme.rule, theme.gap, theme.hatch, theme.up, theme.down]
    others += _ramp(theme.background, theme.text, 14)
    others += _ramp(theme.background, theme.soft, 7) + _ramp(theme.background, theme.dim, 6)
    for side in Side:
        hue, tint = theme.hue[side], theme.tint[side]
        others += [theme.shade[side], theme.deep[side], theme.wash[side]]
        others += [*_ramp(theme.panel, hue, 9), *_ramp(theme.panel, tint, 7), *_ramp(hue, tint, 4)]
        others += [*_ramp(theme.on_hue, hue, 6)]
        # Grid lines and the zone of an alert's cluster, where they cross heat.
        others += [mix(tuple(colour), theme.text, 0.12) for colour in theme.heat[side].tolist()]
    return np.array(list(dict.fromkeys([*heat, *others])), dtype=np.uint8)[:255]
