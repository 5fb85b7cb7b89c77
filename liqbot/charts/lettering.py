"""Letters as masks of coverage, at 90% of their width: each is rasterised once, then put in its place."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from liqbot.charts import fonts
from liqbot.charts.fonts import EM, Glyph
from liqbot.market.positions import Floats

NARROW = 0.9
"""Width of letters, as a share of the font's own."""
_UNSEEN = frozenset("\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff")
"""Letters that only say how others are to be joined or shown."""
_BOX = 62.0
"""Width at `EM` pixels of the box that stands for a letter that no font has."""

Coverage = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """How much of each pixel is covered, 0 to 255, and where that lies: from the start of the baseline."""

    covered: Coverage
    left: int
    top: int
    full: NDArray[np.bool_]
    """Which pixels are covered wholly."""
    y: NDArray[np.intp]
    x: NDArray[np.intp]
    share: NDArray[np.uint32]
    """Shape (n,): which pixels are covered in part, and how much, 0 to 256."""

    @staticmethod
    def of(covered: Coverage, left: int, top: int) -> "Mask":
        """Return a mask, sorted by how much is covered once and for all."""
        y, x = np.nonzero((covered > 0) & (covered < 255))
        return Mask(covered, left, top, covered == 255, y, x, shares(covered[y, x]))


def shares(covered: Coverage) -> NDArray[np.uint32]:
    """Return coverage of 0 to 255 as shares of 256, which are quick to multiply with."""
    return np.add(covered, covered >> 7, dtype=np.uint32)


def shown(text: str) -> str:
    """Return the letters of `text` that take room."""
    return "".join(letter for letter in text if letter not in _UNSEEN and letter.isprintable())


@lru_cache(maxsize=4096)
def width(text: str, size: int, *, bold: bool) -> float:
    """Return how wide `text` is, in pixels."""
    return _advances(shown(text), bold=bold)[-1] * size / EM * NARROW


@lru_cache(maxsize=1024)
def mask(text: str, size: int, halo: int, *, bold: bool) -> Mask:
    """Return the mask of a line, its letters grown by `halo` pixels on all sides.

    Each letter begins at a whole pixel: the same letter then is the same pixels everywhere, which reads more
    evenly and is written in fewer bytes.
    """
    text = shown(text)
    scale = size / EM * NARROW
    places = [round(place * scale) for place in _advances(text, bold=bold)]
    parts = [
        (place, _mask(letter, size, halo, bold=bold)) for letter, place in zip(text, places, strict=False)
    ]
    parts = [(place, part) for place, part in parts if part.covered.size]
    if not parts:
        return Mask.of(np.zeros((0, 0), np.uint8), 0, 0)
    left, top = min(place + part.left for place, part in parts), min(part.top for _, part in parts)
    right = max(place + part.left + part.covered.shape[1] for place, part in parts)
    bottom = max(part.top + part.covered.shape[0] for _, part in parts)
    covered = np.zeros((bottom - top, right - left), np.uint8)
    for place, part in parts:
        height, wide = part.covered.shape
        x, y = place + part.left - left, part.top - top
        area = covered[y : y + height, x : x + wide]
        np.maximum(area, part.covered, out=area)
    return Mask.of(covered, left, top)


@lru_cache(maxsize=2048)
def _advances(text: str, *, bold: bool) -> tuple[float, ...]:
    """Return where each letter begins and, last, where the text ends, at `EM` pixels."""
    places = [0.0]
    before: str | None = None
    for letter in text:
        glyph = fonts.glyph(letter, bold=bold)
        if before is not None:
            places[-1] += fonts.kerning(before, letter, bold=bold)
        places.append(places[-1] + (_BOX if glyph is None else glyph.advance))
        before = letter
    return tuple(places)


@lru_cache(maxsize=4096)
def _mask(letter: str, size: int, halo: int, *, bold: bool) -> Mask:
    glyph = fonts.glyph(letter, bold=bold)
    if glyph is not None:
        return _rasterised(glyph, size, halo)
    return _rasterised(_boxed(letter), size, halo)


def _rasterised(glyph: Glyph, size: int, halo: int) -> Mask:
    scale: Floats = np.array([size / EM * NARROW, size / EM])
    points = glyph.points * scale
    if not len(points):
        return Mask.of(np.zeros((0, 0), np.uint8), 0, 0)
    grown = 2 * halo + 2 * glyph.grown * size / EM / 2
    room = halo + 2 + round(grown)
    low = np.floor(points.min(axis=0)).astype(int) - room
    high = np.ceil(points.max(axis=0)).astype(int) + room
    wide, height = (int(length) for length in high - low)
    agg = RendererAgg(wide, height, dpi=72)
    context = agg.new_gc()
    context.set_joinstyle("round")
    context.set_linewidth(grown)
    context.set_foreground((0.0, 0.0, 0.0))
    agg.draw_path(context, Path(points, glyph.codes), Affine2D().translate(*(-low)), (0.0, 0.0, 0.0))
    covered = np.asarray(agg.buffer_rgba())[..., 3].copy()
    return Mask.of(covered, int(low[0]), -int(high[1]))


def _boxed(letter: str) -> Glyph:
    """Return the box of a letter that no font has: its number in hexadecimal digits, in two rows."""
    number = f"{ord(letter):04X}"
    half = -(-len(number) // 2)
    rows = (number[:half], number[half:])
    frame = [(4.0, -12.0), (58.0, -12.0), (58.0, 76.0), (4.0, 76.0), (4.0, -12.0)]
    inner = [(8.0, -8.0), (8.0, 72.0), (54.0, 72.0), (54.0, -8.0), (8.0, -8.0)]
    one = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]
    points: list[Floats] = [np.array(frame), np.array(inner)]
    codes = [np.array(one, np.uint8), np.array(one, np.uint8)]
    for row, baseline in zip(rows, (36.0, -4.0), strict=True):
        for place, digit in enumerate(row):
            drawn = fonts.glyph(digit, bold=False)
            if drawn is not None:
                shrunk = 44.0 / max(half, 2) / drawn.advance
                points.append(
                    drawn.points * shrunk + np.array([10.0 + place * 44.0 / max(half, 2), baseline])
                )
                codes.append(drawn.codes)
    return Glyph(_BOX, np.concatenate(points), np.concatenate(codes))
