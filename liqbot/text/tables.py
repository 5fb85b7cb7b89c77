"""Tables as lines of equal letters, within a phone's width: columns line up, and no line wraps by itself."""

import re
import textwrap
from collections.abc import Sequence
from typing import TypeAlias

from rich.cells import cell_len

PHONE = 34
"""So many letters of equal width stand side by side on a phone, in a code block of either platform."""
_GAP = 2
_INDENT = 2
_FIGURE = re.compile(r"[-−+<>$]*[\d.,]+ ?[%A-Za-z]{0,3}")
Rows: TypeAlias = Sequence[Sequence[str]]


def columns(rows: Rows, width: int = PHONE, *, alongside: Rows = ()) -> list[str]:
    """Return rows as lines of at most `width` letters, figures to the right.

    Where a row has no room on one line, all rows break after the same column, and what follows is indented.
    A cell that is too long for a line by itself wraps between words. Rows that are shown `alongside` have
    their columns at the same places, as far as they have as many.
    """
    count = max((len(row) for row in rows), default=0)
    if not count:
        return []
    everywhere = [_filled(row, count) for row in (*rows, *alongside) if len(row) <= count]
    widths = [max(cell_len(row[place]) for row in everywhere) for place in range(count)]
    figures = [_are_figures([row[place] for row in everywhere if row[place]]) for place in range(count)]
    shown: list[str] = []
    for row in rows:
        for first, last in _breaks(widths, width):
            indent = _INDENT if first else 0
            cells = _padded(_filled(row, count), widths, figures)[first:last]
            line = " " * indent + (" " * _GAP).join(cells)
            shown += _wrapped(line.rstrip(), width, indent) if line.strip() else []
    return shown


def _filled(row: Sequence[str], count: int) -> list[str]:
    return [*row, *[""] * (count - len(row))]


def _are_figures(cells: Sequence[str]) -> bool:
    return all(_FIGURE.fullmatch(cell) for cell in cells)


def _breaks(widths: Sequence[int], width: int) -> list[tuple[int, int]]:
    """Return which columns share a line, as ranges."""
    breaks: list[tuple[int, int]] = []
    first, used = 0, 0
    for place, own in enumerate(widths):
        gap = _GAP if place > first else 0
        if place > first and used + gap + own > width:
            breaks.append((first, place))
            first, used, gap = place, _INDENT, 0
        used += gap + own
    return [*breaks, (first, len(widths))]


def _padded(row: Sequence[str], widths: Sequence[int], figures: Sequence[bool]) -> list[str]:
    padding = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
    return [
        space + cell if to_the_right else cell + space
        for cell, space, to_the_right in zip(row, padding, figures, strict=True)
    ]


def _wrapped(line: str, width: int, indent: int) -> list[str]:
    if cell_len(line) <= width:
        return [line]
    return textwrap.wrap(
        " ".join(line.split()),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + _INDENT),
        break_on_hyphens=False,
    )
