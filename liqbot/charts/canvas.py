"""A sheet of pixels to draw on: rectangles, pictures, lines, shapes, letters; then a PNG of bounded size.

Places are in pixels from the top left corner. Rectangles and pictures are whole pixels, for crisp edges;
the rest has soft edges. A canvas is made for one picture and thrown away, so nothing of a failed drawing is
left in the next one.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox
from numpy.typing import NDArray

from liqbot.charts import lettering, palette, png
from liqbot.charts.lettering import Mask
from liqbot.charts.stamps import Stamp, blended, disc, shares
from liqbot.charts.theme import Letters, Pixels, Rgb, Theme, pixel
from liqbot.market.positions import Floats

LARGEST = 90 * 1024
"""Bytes that a picture should not exceed, so that it is on a phone at once."""
Word = tuple[str, Letters]
Align = Literal["left", "middle", "right"]
_CAP_HEIGHT = 0.73
"""Height of digits and capitals as a share of a letter's size."""


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

    def holds(self, other: "Box") -> bool:
        """Return whether `other` lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


class Canvas:
    """A sheet of pixels in the colours of a theme."""

    def __init__(self, width: int, height: int, theme: Theme) -> None:
        self.width, self.height, self.theme = width, height, theme
        self._agg = RendererAgg(width, height, dpi=72)
        self._to_agg = Affine2D().scale(1, -1).translate(0, height)
        self._clip: Bbox | None = None
        self._edges = (0, 0, width, height)
        self._parts: NDArray[np.uint8] = np.asarray(self._agg.buffer_rgba())
        self.pixels: Pixels = self._parts.view("<u4")[..., 0]
        self._flat = self.pixels.reshape(-1)
        """Shape (height, width): what has been drawn so far; may be written to."""
        self.pixels[:] = pixel(theme.background)

    def fill(self, left: int, top: int, right: int, bottom: int, colour: Rgb) -> None:
        """Fill the pixels from `left` and `top` up to, without, `right` and `bottom`."""
        self.pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = pixel(colour)

    def blend(self, box: tuple[int, int, int, int], colour: Rgb, share: float) -> None:
        """Mix `share` (0 to 1) of `colour` into the pixels of `box`: left, top, right, bottom."""
        left, top, right, bottom = (max(edge, 0) for edge in box)
        area = self._parts[top:bottom, left:right, :3]
        area[:] = np.rint(area * (1 - share) + np.multiply(colour, share))

    def frame(self, box: tuple[int, int, int, int], colour: Rgb, thick: int = 1) -> None:
        """Draw the edges of `box`: left, top, right, bottom."""
        left, top, right, bottom = box
        self.fill(left, top, right, top + thick, colour)
        self.fill(left, bottom - thick, right, bottom, colour)
        self.fill(left, top, left + thick, bottom, colour)
        self.fill(right - thick, top, right, bottom, colour)

    @contextmanager
    def clipped(self, left: float, top: float, right: float, bottom: float) -> Generator[None]:
        """Let no line and no shape go beyond these edges meanwhile."""
        before = self._clip, self._edges
        self._clip = Bbox.from_extents(left, self.height - bottom, right, self.height - top)
        self._edges = (round(left), round(top), round(right), round(bottom))
        try:
            yield
        finally:
            self._clip, self._edges = before

    def line(
        self, points: Floats, colour: Rgb, width: float, *, share: float = 1.0, dash: Sequence[float] = ()
    ) -> None:
        """Draw a line through `points`, shape (n, 2), that covers `share` (0 to 1) of what lies beneath.

        It breaks where a point is NaN. `dash` alternates lengths of stroke and gap.
        """
        if len(points) < 2:
            return
        context = self._context(width, colour, share)
        context.set_capstyle("butt" if dash else "round")
        if dash:
            context.set_dashes(0, list(dash))
        self._draw(context, Path(points))

    def shape(
        self,
        points: Sequence[tuple[float, float]] | Floats,
        colour: Rgb,
        *,
        share: float = 1.0,
        is_crisp: bool = False,
    ) -> None:
        """Fill the polygon with the corners `points`, to cover `share` (0 to 1) of what lies beneath.

        A crisp one has no soft edges: fewer bytes, where a line is drawn along them anyway.
        """
        corners = np.asarray(points, dtype=np.float64)
        path = Path(np.concatenate([corners, corners[:1]]), closed=True)
        context = self._context(0, colour, share)
        context.set_antialiased(not is_crisp)
        self._draw(context, path, colour)

    def text(
        self, x: float, baseline: float, *words: Word, align: Align = "left", halo: Rgb | None = None
    ) -> Box:
        """Set `words` one after the other and return the box around them.

        `x` is where the text begins, has its middle or ends. A `halo` of that colour parts it from what lies
        beneath.
        """
        total = width(*words)
        left = round(x - {"left": 0.0, "middle": total / 2, "right": total}[align])
        place, line = float(left), round(baseline)
        for text, letters in words:
            if halo is not None:
                grown = max(2, round(letters.size / 10))
                self._stamp(lettering.mask(text, letters.size, grown, bold=letters.bold), place, line, halo)
            self._stamp(lettering.mask(text, letters.size, 0, bold=letters.bold), place, line, letters.colour)
            place += lettering.width(text, letters.size, bold=letters.bold)
        size = max((letters.size for _, letters in words), default=0)
        return Box(left, baseline - _CAP_HEIGHT * size, place, baseline + 0.22 * size)

    def png(self) -> bytes:
        """Return the picture as a PNG.

        One that would be larger than `LARGEST` takes more effort, and then is written without the faintest
        heat.
        """
        own = palette.of(self.theme)
        numbers = own.nearest(self.pixels)
        written = png.encode(numbers, own.colours)
        if len(written) > LARGEST:
            written = png.encode(numbers, own.colours, png.THOROUGH)
        if len(written) > LARGEST:
            written = png.encode(own.without_the_faintest(numbers), own.colours, png.THOROUGH)
        return written

    def disc(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        """Fill a circle; its centre and its edge are rounded to half a pixel."""
        self._stamp(disc(round(2 * radius)), round(x), round(y), colour)

    def stamp(self, x: float, y: float, stamp: Stamp) -> None:
        """Put a small picture around a place."""
        self._stamp(stamp.mask, round(x), round(y), stamp)

    def _stamp(self, mask: Mask, x: float, line: int, ink: "Rgb | Stamp") -> None:
        """Let `ink` cover what `mask` covers, its origin at `x` and `line`, as far as it may be drawn."""
        edges = self._edges
        left, top = round(x) + mask.left, line + mask.top
        height, wide = mask.covered.shape
        if left >= edges[0] and top >= edges[1] and left + wide <= edges[2] and top + height <= edges[3]:
            paint, partly = (
                (ink.paint, ink.partly) if isinstance(ink, Stamp) else (np.uint32(pixel(ink)),) * 2
            )
            np.copyto(self.pixels[top : top + height, left : left + wide], paint, where=mask.full)
            places = mask.y * self.width + (mask.x + (top * self.width + left))
            self._flat[places] = blended(self._flat[places], partly, mask.share)
        elif mask.covered.size:
            self._stamp_part(mask, (left, top), edges, ink)

    def _stamp_part(
        self, mask: Mask, at: tuple[int, int], edges: tuple[int, int, int, int], ink: "Rgb | Stamp"
    ) -> None:
        """Do the same with a mask that goes beyond `edges`."""
        left, top = at
        height, wide = mask.covered.shape
        right, bottom = min(left + wide, edges[2]), min(top + height, edges[3])
        x, y = max(left, edges[0]), max(top, edges[1])
        if right <= x or bottom <= y:
            return
        part = slice(y - top, bottom - top), slice(x - left, right - left)
        paint = ink.paint[part] if isinstance(ink, Stamp) else np.uint32(pixel(ink))
        area = self.pixels[y:bottom, x:right]
        area[:] = blended(area, paint, shares(mask.covered[part]))

    def _context(self, width: float, colour: Rgb, share: float) -> GraphicsContextBase:
        context = self._agg.new_gc()
        context.set_linewidth(width)
        context.set_foreground(_light(colour))
        context.set_alpha(share)
        context.set_joinstyle("round")
        return context

    def _draw(self, context: GraphicsContextBase, path: Path, inside: Rgb | None = None) -> None:
        if self._clip is not None:
            context.set_clip_rectangle(self._clip)
        self._agg.draw_path(context, path, self._to_agg, None if inside is None else _light(inside))


def width(*words: Word) -> float:
    """Return how wide `words` are together, in pixels."""
    return sum(lettering.width(text, letters.size, bold=letters.bold) for text, letters in words)


def baseline(middle: float, size: float) -> float:
    """Return the baseline on which digits and capitals of `size` stand around `middle`."""
    return middle + _CAP_HEIGHT / 2 * size


def fitting(options: Sequence[tuple[Word, ...]], room: float) -> tuple[Word, ...]:
    """Return the first of `options` that fits into `room` pixels, or the last, made smaller until it does.

    Nothing becomes smaller than `FLOOR`: what is too long even then is cut, and ends in an ellipsis.
    """
    for option in options:
        if width(*option) <= room:
            return option
    last = options[-1]
    share = max(room, 0.0) / width(*last)
    smaller = tuple((text, letters.sized(int(letters.size * share))) for text, letters in last)
    return smaller if width(*smaller) <= room else _cut(smaller, room)


def _cut(words: tuple[Word, ...], room: float) -> tuple[Word, ...]:
    kept: list[Word] = []
    for text, letters in words:
        if width(*kept, (text, letters)) <= room:
            kept.append((text, letters))
            continue
        length = len(text)
        while length and width(*kept, (f"{text[:length].rstrip()}…", letters)) > room:
            length -= 1
        return (*kept, (f"{text[:length].rstrip()}…", letters)) if length else tuple(kept)
    return tuple(kept)


def _light(colour: Rgb) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in colour)
    return red, green, blue
