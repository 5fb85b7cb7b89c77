"""Stamps: dots, crosses, arrows composed once and put in many places of a canvas."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from liqbot.charts.lettering import Mask, shares
from liqbot.charts.theme import Pixels, Rgb, pixel

_RED_BLUE, _GREEN, _OPAQUE = np.uint32(0xFF00FF), np.uint32(0x00FF00), np.uint32(0xFF000000)
_HALVES = np.uint32(0x800080), np.uint32(0x008000)
_WHOLE, _EIGHT = np.uint32(256), np.uint32(8)
Stroke = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """What covers how much of each pixel around a place, and in which colours."""

    mask: Mask
    paint: Pixels
    """Shape of the mask: the colour of each pixel."""
    partly: Pixels
    """Shape (n,): the colours of those that are covered in part."""


def blended(ground: Pixels, paint: Pixels | np.uint32, share: NDArray[np.uint32]) -> Pixels:
    """Return `share` (0 to 256) of `paint` over `ground`, two parts of each packed colour at a time."""
    rest = _WHOLE - share
    red_blue = (ground & _RED_BLUE) * rest + (paint & _RED_BLUE) * share + _HALVES[0]
    green = (ground & _GREEN) * rest + (paint & _GREEN) * share + _HALVES[1]
    return ((red_blue >> _EIGHT) & _RED_BLUE) | ((green >> _EIGHT) & _GREEN) | _OPAQUE


@lru_cache(maxsize=128)
def disc(halves: int) -> Mask:
    """Return the mask of a circle with a radius of so many half pixels."""
    room = halves // 2 + 1
    away = np.hypot(*np.mgrid[-room : room + 1, -room : room + 1])
    covered = np.rint(np.clip(halves / 2 + 0.5 - away, 0, 1) * 255).astype(np.uint8)
    return Mask.of(covered, -room, -room)


@lru_cache(maxsize=64)
def stroked(strokes: tuple[Stroke, ...], thick: float) -> Mask:
    """Return the mask of lines with round ends around a place: x to the right and y downwards."""
    room = int(max(abs(at) for stroke in strokes for point in stroke for at in point) + thick) + 1
    agg = RendererAgg(2 * room, 2 * room, dpi=72)
    context = agg.new_gc()
    context.set_capstyle("round")
    context.set_linewidth(thick)
    context.set_foreground((0.0, 0.0, 0.0))
    for stroke in strokes:
        agg.draw_path(context, Path(np.array(stroke)), Affine2D().scale(1, -1).translate(room, room), None)
    return Mask.of(np.asarray(agg.buffer_rgba())[..., 3].copy(), -room, -room)


@lru_cache(maxsize=512)
def dot(*rings: tuple[float, Rgb]) -> Stamp:
    """Return circles about one centre, each with its radius and colour, the largest first."""
    return _composed([(disc(round(2 * radius)), colour) for radius, colour in rings])


@lru_cache(maxsize=64)
def mark(strokes: tuple[Stroke, ...], *layers: tuple[float, Rgb]) -> Stamp:
    """Return lines drawn again and again, each time in a thickness and a colour, the thickest first."""
    return _composed([(stroked(strokes, thick), colour) for thick, colour in layers])


def _composed(layers: Sequence[tuple[Mask, Rgb]]) -> Stamp:
    """Return masks over each other as one stamp; the first covers all that the others do."""
    mask, ground = layers[0]
    paint = np.full(mask.covered.shape, pixel(ground), np.uint32)
    for above, colour in layers[1:]:
        top, left = above.top - mask.top, above.left - mask.left
        height, wide = above.covered.shape
        area = paint[top : top + height, left : left + wide]
        area[:] = blended(area, np.uint32(pixel(colour)), shares(above.covered))
    return Stamp(mask, paint, paint[mask.y, mask.x])
