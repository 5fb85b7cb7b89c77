"""The colours that a picture may have, so that it is written with one byte a pixel."""

import numpy as np
from numpy.typing import NDArray

from liqbot.charts import theme
from liqbot.charts.theme import Pixels, Rgb, mix

_COLOUR_BITS = np.uint32(0xFFFFFF)
_WEIGHTS = np.array([2.0, 4.0, 3.0])
"""How much a difference in red, green or blue matters to the eye, roughly."""


def _ramp(low: Rgb, high: Rgb, steps: int) -> list[Rgb]:
    return [mix(low, high, step / (steps - 1)) for step in range(steps)]


def _colours() -> NDArray[np.uint8]:
    """Return all colours, shape (n, 3): the heat ramp first, then what soft edges are blended from."""
    others = [theme.PANEL, theme.ZONE, theme.RULE, theme.GAP, theme.HATCH]
    others += _ramp(theme.BACKGROUND, theme.TEXT, 14)
    others += _ramp(theme.BACKGROUND, theme.SOFT, 7) + _ramp(theme.BACKGROUND, theme.DIM, 6)
    for hue, tint, shade, deep, wash in zip(
        (theme.HUE.long, theme.HUE.short),
        (theme.TINT.long, theme.TINT.short),
        (theme.SHADE.long, theme.SHADE.short),
        (theme.DEEP.long, theme.DEEP.short),
        (theme.WASH.long, theme.WASH.short),
        strict=True,
    ):
        others += [
            shade,
            deep,
            wash,
            *_ramp(theme.PANEL, hue, 9),
            *_ramp(theme.PANEL, tint, 7),
            *_ramp(hue, tint, 4),
        ]
    heat = [tuple(int(part) for part in colour) for colour in theme.HEAT]
    unique = dict.fromkeys([*heat, *others])
    return np.array(list(unique), dtype=np.uint8)


COLOURS = _colours()
"""Shape (n, 3), n at most 255: colour i of the heat ramp is colour i here."""


_lookup = np.zeros(1 << 24, dtype=np.uint8)
"""The number of the nearest colour, plus one, of each colour that was ever asked for. Memory is taken only
for those pages that are touched."""
_lookup[theme.packed(COLOURS)[::-1] & _COLOUR_BITS] = np.arange(len(COLOURS), 0, -1)


def nearest(pixels: Pixels) -> NDArray[np.uint8]:
    """Return the number of the colour nearest to each pixel; a colour of the palette gives itself.

    What is remembered between calls only saves time: the answer for a pixel never depends on other pixels.
    """
    asked = (pixels & _COLOUR_BITS).astype(np.intp)
    found = _lookup.take(asked)
    unknown = found == 0
    if unknown.any():
        missing = np.unique(asked[unknown])
        _lookup[missing] = _search(missing) + 1
        found = _lookup.take(asked)
    return found - np.uint8(1)


def with_fewer_shades(colours: NDArray[np.uint8], fewer: int) -> NDArray[np.uint8]:
    """Return the same picture with one heat shade for every `fewer`, but for nothing and the brightest."""
    last = theme.HEAT_LEVELS - 1
    shade = np.arange(len(COLOURS), dtype=np.uint8)
    shade[1:last] = np.minimum(shade[1:last] // fewer * fewer + fewer // 2, last - 1)
    return shade[colours]


def _search(asked: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Return the number of the nearest colour for each packed colour, shape (n,)."""
    wanted = np.stack([asked, asked >> 8, asked >> 16], axis=-1) & 0xFF
    colours = COLOURS * _WEIGHTS
    # The distance squared, without the part that is the same for all colours.
    far = (colours**2).sum(axis=1) - 2 * (wanted * _WEIGHTS) @ colours.T
    return np.argmin(far, axis=1).astype(np.uint8)
