"""A sheet of pixels to draw on: rectangles, pictures, lines, shapes and letters; then a PNG.

Places are in pixels from the top left corner. Rectangles and pictures are whole pixels, for crisp edges;
the rest has soft edges. A canvas is made for one picture and thrown away, so nothing of a failed drawing is
left in the next one.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from liqbot.charts import lettering, palette, png
from liqbot.charts.theme import BACKGROUND, HEIGHT, WIDTH, Letters, Pixels, Rgb, pixel
from liqbot.market.positions import Floats

LARGEST = 80 * 1024
"""Bytes that a picture should not exceed, so that it is on a phone at once."""
Word = tuple[str, Letters]
Align = Literal["left", "middle", "right"]
_CAP_HEIGHT = 0.73
"""Height of digits and capitals as a share of a letter's size."""
_TURN = 8
"""After so many strokes, about a millisecond, the event loop's thread has a turn; Python would let this one
run on for 5 ms."""
_TO_MATPLOTLIB = Affine2D().scale(1, -1).translate(0, HEIGHT)
"""From places counted from the top left to matplotlib's, from the bottom left."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in pixels from the top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Return whether the two share any area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Canvas:
    """A sheet of `WIDTH` by `HEIGHT` pixels."""

    def __init__(self) -> None:
        self._agg = RendererAgg(WIDTH, HEIGHT, dpi=72)
        self._strokes = 0
        self._parts: NDArray[np.uint8] = np.asarray(self._agg.buffer_rgba())
        self.pixels: Pixels = self._parts.view("<u4")[..., 0]
        """Shape (height, width): what has been drawn so far; may be written to."""
        self.pixels[:] = pixel(BACKGROUND)

    def fill(self, left: int, top: int, right: int, bottom: int, colour: Rgb) -> None:
        """Fill the pixels from `left` and `top` up to, without, `right` and `bottom`."""
        self.pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = pixel(colour)

    def blend(self, box: tuple[int, int, int, int], colour: Rgb, share: float) -> None:
        """Mix `share` (0 to 1) of `colour` into the pixels of `box`: left, top, right, bottom."""
        left, top, right, bottom = box
        area = self._parts[top:bottom, left:right, :3]
        area[:] = np.rint(area * (1 - share) + np.multiply(colour, share))

    def line(
        self, points: Floats, colour: Rgb, width: float, *, share: float = 1.0, dash: Sequence[float] = ()
    ) -> None:
        """Draw a line through `points`, shape (n, 2), that covers `share` (0 to 1) of what lies beneath.

        It breaks where a point is NaN. `dash` alternates lengths of stroke and gap.
        """
        if len(points) < 2:
            return
        context = self._agg.new_gc()
        context.set_linewidth(width)
        context.set_foreground(_light(colour))
        context.set_alpha(share)
        context.set_joinstyle("round")
        context.set_capstyle("butt" if dash else "round")
        if dash:
            context.set_dashes(0, list(dash))
        self._draw(context, Path(points), _TO_MATPLOTLIB)

    def shape(self, points: Sequence[tuple[float, float]], colour: Rgb) -> None:
        """Fill the polygon with the corners `points`."""
        context = self._agg.new_gc()
        context.set_linewidth(0)
        self._draw(context, Path([*points, points[0]], closed=True), _TO_MATPLOTLIB, colour)

    def text(
        self, x: float, baseline: float, *words: Word, align: Align = "left", halo: Rgb | None = None
    ) -> Box:
        """Set `words` one after the other and return the box around them.

        `x` is where the text begins, has its middle or ends. A `halo` of that colour parts it from what lies
        beneath.
        """
        total = width(*words)
        left = round(x - {"left": 0.0, "middle": total / 2, "right": total}[align])
        place = float(left)
        for text, letters in words:
            self._set(text, letters, place, baseline, halo)
            place += lettering.width(text, letters)
        size = max((letters.size for _, letters in words), default=0.0)
        return Box(left, baseline - _CAP_HEIGHT * size, place, baseline + 0.22 * size)

    def png(self) -> bytes:
        """Return the picture as a PNG.

        One that would be larger than `LARGEST` is written with fewer shades of heat.
        """
        colours = palette.nearest(self.pixels)
        written = png.encode(colours, palette.COLOURS)
        for fewer in (2, 4):
            if len(written) > LARGEST:
                written = png.encode(palette.with_fewer_shades(colours, fewer), palette.COLOURS)
        return written

    def _set(self, text: str, letters: Letters, x: float, baseline: float, halo: Rgb | None) -> None:
        path = lettering.outline(text, letters)
        place = Affine2D().translate(round(x), HEIGHT - round(baseline))
        context = self._agg.new_gc()
        if halo is not None:
            context.set_linewidth(max(4.0, letters.size / 6))
            context.set_foreground(_light(halo))
            context.set_joinstyle("round")
            self._draw(context, path, place)
        context.set_linewidth(0)
        self._draw(context, path, place, letters.colour)

    def _draw(
        self, context: GraphicsContextBase, path: Path, place: Affine2D, inside: Rgb | None = None
    ) -> None:
        self._agg.draw_path(context, path, place, None if inside is None else _light(inside))
        self._strokes += 1
        if self._strokes % _TURN == 0:
            time.sleep(0)


def width(*words: Word) -> float:
    """Return how wide `words` are together, in pixels."""
    return sum(lettering.width(*word) for word in words)


def baseline(middle: float, size: float) -> float:
    """Return the baseline on which digits and capitals of `size` stand around `middle`."""
    return middle + _CAP_HEIGHT / 2 * size


def fitting(options: Sequence[tuple[Word, ...]], room: float) -> tuple[Word, ...]:
    """Return the first of `options` that fits into `room` pixels, or the last, made smaller until it does."""
    for option in options:
        if width(*option) <= room:
            return option
    last = options[-1]
    return tuple((text, letters.scaled(room / width(*last))) for text, letters in last)


def _light(colour: Rgb) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in colour)
    return red, green, blue
