"""The colours that a picture may have, so that it is written with one byte a pixel."""

import numpy as np
from numpy.typing import NDArray

from liqbot.charts import theme
from liqbot.charts.theme import Rgb, mix

_KEY_BITS = 7
_PRECISION = 8 - _KEY_BITS
_WEIGHTS = np.array([2.0, 4.0, 3.0])
"""How much a difference in red, green or blue matters to the eye, roughly."""


def _ramp(low: Rgb, high: Rgb, steps: int) -> list[Rgb]:
    return [mix(low, high, step / (steps - 1)) for step in range(steps)]


def _colours() -> NDArray[np.uint8]:
    """Return all colours, shape (n, 3): the heat ramp first, then what soft edges are blended from."""
    others = [theme.PANEL, theme.ZONE, theme.RULE, theme.GAP, theme.HATCH]
    others += _ramp(theme.BACKGROUND, theme.TEXT, 14)
    others += _ramp(theme.BACKGROUND, theme.SOFT, 7) + _ramp(theme.BACKGROUND, theme.DIM, 6)
    for hue, tint, shade, deep in zip(
        (theme.HUE.long, theme.HUE.short),
        (theme.TINT.long, theme.TINT.short),
        (theme.SHADE.long, theme.SHADE.short),
        (theme.DEEP.long, theme.DEEP.short),
        strict=True,
    ):
        others += [
            shade,
            deep,
            *_ramp(theme.PANEL, hue, 20),
            *_ramp(theme.PANEL, tint, 12),
            *_ramp(hue, tint, 6),
        ]
    heat = [tuple(int(part) for part in colour) for colour in theme.HEAT]
    unique = dict.fromkeys([*heat, *others])
    return np.array(list(unique), dtype=np.uint8)


COLOURS = _colours()
"""Shape (n, 3), n at most 256: colour i of the heat ramp is colour i here."""


def _keys(colours: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return where each colour (shape (..., 3) or more, red first) is looked up."""
    red, green, blue = (colours[..., part].astype(np.int32) >> _PRECISION for part in range(3))
    return red << (2 * _KEY_BITS) | green << _KEY_BITS | blue


def _search(keys: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the number of the nearest colour for each key."""
    parts = np.stack([keys >> (2 * _KEY_BITS), keys >> _KEY_BITS, keys], axis=-1) & ((1 << _KEY_BITS) - 1)
    wanted = ((parts << _PRECISION) + 0.5) * _WEIGHTS
    colours = COLOURS * _WEIGHTS
    # The distance squared, without the part that is the same for all colours.
    return np.argmin((colours**2).sum(axis=1) - 2 * wanted @ colours.T, axis=1).astype(np.uint8)


_nearest = np.zeros(1 << (3 * _KEY_BITS), dtype=np.uint8)
_known = np.zeros(len(_nearest), dtype=np.bool_)
_nearest[_keys(COLOURS)[::-1]] = np.arange(len(COLOURS), dtype=np.uint8)[::-1]
_known[_keys(COLOURS)] = True


def nearest(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the number of the colour nearest to each pixel; `pixels` has shape (h, w, 4), red first.

    A colour of the heat ramp gives itself. What is remembered between calls only saves time: the answer for
    a pixel never depends on other pixels.
    """
    keys = _keys(pixels)
    missing = np.unique(keys[~_known[keys]])
    if len(missing):
        _nearest[missing] = _search(missing)
        _known[missing] = True
    return _nearest[keys]
