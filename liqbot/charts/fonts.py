"""The chain of fonts: for each letter the first font that has it.

DejaVu Sans comes with matplotlib and has Latin, Greek, Cyrillic and most symbols. Noto Emoji and Noto Sans
for other scripts come with the package `manimgx-fonts`, and Chinese, Japanese and Korean with
`manimgx-fonts-cjk`: both hold nothing but fonts. What none of them has is drawn as a box with the letter's
number in it. Letters stand side by side from left to right: those of Arabic are not joined, those of Indic
scripts form no ligatures, Hebrew and Arabic are not turned around, and emoji have one colour.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path as File

import matplotlib as mpl
import numpy as np
from matplotlib.font_manager import get_font  # pyright: ignore[reportUnknownVariableType] - PathLike of anything
from matplotlib.ft2font import FT2Font, Kerning, LoadFlags
from numpy.typing import NDArray

from liqbot.market.positions import Floats

EM = 100.0
"""Size in pixels at which outlines are taken from a font."""
_DEJAVU = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
_EMOJI, _CJK = "NotoEmoji[wght].ttf", "NotoSansCJK-VF.otf.ttc"
_THIN = 5.0
"""The file of Chinese, Japanese and Korean opens at its thinnest weight: its outlines grow by so much."""
_BOLD = 4.0
"""Fonts without a bold weight of their own grow by so much of `EM` where bold is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """One letter: how wide it is, its outline at `EM` pixels, and by how much that grows on all sides."""

    advance: float
    points: Floats
    codes: NDArray[np.uint8]
    grown: float = 0.0


@lru_cache(maxsize=2048)
def glyph(letter: str, *, bold: bool) -> Glyph | None:
    """Return the letter from the first font that has it; None where none has."""
    for name in _chain(bold=bold):
        font = _font(name)
        number = font.get_char_index(ord(letter))
        if number:
            loaded = font.load_glyph(number, flags=LoadFlags.NO_HINTING)
            points, codes = font.get_path()
            own = name in _DEJAVU.values()
            grown = (0.0 if own or not bold else _BOLD) + (_THIN if name == _CJK else 0.0)
            return Glyph(loaded.linearHoriAdvance / 65536, points, codes.astype(np.uint8), grown)
    return None


@lru_cache(maxsize=4096)
def kerning(left: str, right: str, *, bold: bool) -> float:
    """Return by how much `right` is nearer to `left` than the widths say, at `EM` pixels."""
    font = _font(_DEJAVU[bold])
    before, after = (font.get_char_index(ord(letter)) for letter in (left, right))
    return font.get_kerning(before, after, Kerning.UNFITTED) / 64 if before and after else 0.0


@cache
def _chain(*, bold: bool) -> tuple[str, ...]:
    scripts = sorted(name for name in _files() if name.startswith("NotoSans") and name != _CJK)
    upright = [name for name in scripts if "Italic" not in name]
    return (_DEJAVU[bold], *(name for name in (_EMOJI, _CJK) if name in _files()), *upright)


@cache
def _files() -> dict[str, File]:
    """Return where each font is, by the name of its file."""
    folder = File(mpl.get_data_path()) / "fonts" / "ttf"
    found = {name: folder / name for name in _DEJAVU.values()}
    for package in ("manimgx_fonts", "manimgx_fonts_cjk"):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            found |= {file.name: file for file in File(place).iterdir() if file.suffix in {".ttf", ".ttc"}}
    return found


def _font(name: str) -> FT2Font:
    font = get_font(_files()[name])
    font.set_size(EM, 72)
    return font
