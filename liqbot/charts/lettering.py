"""Letters as outlines, at 90% of their width, from the fonts that come with matplotlib."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File

import matplotlib as mpl
import numpy as np
from matplotlib.font_manager import get_font  # pyright: ignore[reportUnknownVariableType] - PathLike of anything
from matplotlib.ft2font import FT2Font, Kerning, LoadFlags
from matplotlib.path import Path
from numpy.typing import NDArray

from liqbot.charts.theme import Letters
from liqbot.market.positions import Floats

NARROW = 0.9
"""Width of letters, as a share of the font's own."""
_EM = 100.0
"""Size in pixels at which outlines are taken from the font."""
_MISSING = "?"
"""Stands for letters that the font does not have, such as a coin's name in Chinese."""


@dataclass(frozen=True, slots=True, eq=False)
class _Glyph:
    advance: float
    points: Floats
    codes: NDArray[np.uint8]


def width(text: str, letters: Letters) -> float:
    """Return how wide `text` is set in `letters`, in pixels."""
    return _advances(text, bold=letters.bold)[-1] * _scale(letters)[0]


def outline(text: str, letters: Letters) -> Path:
    """Return the outline of `text` in pixels, y upwards, the start of its baseline at (0, 0).

    Each letter begins at a whole pixel: the same letter then is the same pixels everywhere, which reads more
    evenly and is written in fewer bytes.
    """
    scale = np.array(_scale(letters))
    points, codes = [np.empty((0, 2))], [np.empty(0, dtype=np.uint8)]
    for letter, place in zip(text, _advances(text, bold=letters.bold), strict=False):
        glyph = _glyph(letter, bold=letters.bold)
        points.append(glyph.points * scale + np.array([round(place * scale[0]), 0]))
        codes.append(glyph.codes)
    return Path(np.concatenate(points), np.concatenate(codes))


def _scale(letters: Letters) -> tuple[float, float]:
    return letters.size / _EM * NARROW, letters.size / _EM


@lru_cache(maxsize=1024)
def _advances(text: str, *, bold: bool) -> tuple[float, ...]:
    """Return where each letter begins and, last, where the text ends."""
    places = [0.0]
    before: str | None = None
    for letter in text:
        glyph = _glyph(letter, bold=bold)
        if before is not None:
            places[-1] += _kerning(before, letter, bold=bold)
        places.append(places[-1] + glyph.advance)
        before = letter
    return tuple(places)


def _font(*, bold: bool) -> FT2Font:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    font = get_font(File(mpl.get_data_path()) / "fonts" / "ttf" / name)
    font.set_size(_EM, 72)
    return font


@lru_cache(maxsize=1024)
def _glyph(letter: str, *, bold: bool) -> _Glyph:
    font = _font(bold=bold)
    number = font.get_char_index(ord(letter))
    if not number:
        return _glyph(_MISSING, bold=bold)
    loaded = font.load_glyph(number, flags=LoadFlags.NO_HINTING)
    points, codes = font.get_path()
    return _Glyph(loaded.linearHoriAdvance / 65536, points, codes.astype(np.uint8))


@lru_cache(maxsize=4096)
def _kerning(left: str, right: str, *, bold: bool) -> float:
    font = _font(bold=bold)
    before, after = (font.get_char_index(ord(letter)) for letter in (left, right))
    return font.get_kerning(before, after, Kerning.UNFITTED) / 64
