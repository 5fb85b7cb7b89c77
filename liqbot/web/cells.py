"""Dollars by price, and by time and price, in few bytes.

A map's dollars have three digits, which are what people read everywhere (`$15.8M`). A grid's cells are codes
of 16 bits, bin by bin along time, each XOR the one before it: what has not changed is zero, which is written
in next to nothing.
"""

import base64
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Floats

LEAST_USD = 1.0
"""Cells below are nothing."""
LIMIT = 64_000
"""Bytes that a grid's cells take at most."""
STEPS = 2_000
"""Codes to one unit of ln(USD): a cell is right to 0.025%."""


def codes(usd: Floats) -> NDArray[np.uint16]:
    """Return a code for each cell: 0 for nothing, else 1 + 900 * exponent + (three digits - 100).

    `usd` of any shape, below 1e72.
    """
    found = np.zeros(usd.shape, dtype=np.uint16)
    held = usd >= LEAST_USD
    value = usd[held].astype(np.float64)
    exponent = np.floor(np.log10(value)).astype(np.int64)
    digits = np.rint(value / 10.0 ** (exponent - 2)).astype(np.int64)
    over = digits >= 1000  # 9.996 is 10.0
    exponent[over] += 1
    digits[over] = 100
    digits = np.maximum(digits, 100)
    found[held] = 1 + 900 * exponent + (digits - 100)
    return found


def dollars(coded: NDArray[np.uint16]) -> Floats:
    """Return what codes stand for, USD."""
    return _every_code()[coded]


@cache
def _every_code() -> Floats:
    """Return what each code there can be stands for: half a megabyte, and ten times as fast as to reckon."""
    coded = np.arange(2**16)
    exponent, digits = np.divmod(np.maximum(coded - 1, 0), 900)
    return np.where(coded == 0, 0.0, (digits + 100.0) * 10.0 ** (exponent - 2.0))


@dataclass(frozen=True, slots=True)
class Packed:
    """A grid's cells in few bytes."""

    text: str
    first: int
    """The first bin that is told of, counted from the grid's own first one."""
    count: int
    """How many bins are told of."""
    least_usd: float
    """Cells below are told as nothing."""


def packed(usd: Floats, spot: Floats, limit: int = LIMIT) -> Packed:
    """Return cells, shape (columns, bins), and the price of each column in at most `limit` bytes.

    What does not fit begins with the smallest cells: they are left out, and `least_usd` says below which.
    """
    least_usd = LEAST_USD
    while True:
        shown = np.where(usd >= least_usd, usd, 0.0)
        held = np.flatnonzero(shown.max(axis=0)) if len(shown) else np.zeros(0, dtype=np.int64)
        begin, end = (int(held[0]), int(held[-1]) + 1) if len(held) else (0, 1)
        coded = _in_coins(shown[:, begin:end], spot).T.copy()
        changes = coded.copy()
        changes[:, 1:] ^= coded[:, :-1]
        squeezed = zlib.compress(changes.astype("<u2").tobytes(), 6)
        if len(squeezed) <= limit:
            return Packed(base64.b64encode(squeezed).decode(), begin, end - begin, least_usd)
        least_usd *= 4


def unpacked(text: str, bins: int, spot: Floats) -> Floats:
    """Return what `packed` wrote, USD, shape (columns, bins)."""
    changes = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<u2").reshape(bins, -1)
    coded = np.bitwise_xor.accumulate(changes, axis=1).astype(np.int64).T
    usd = np.exp((coded - 1) / STEPS) * (spot / spot[-1])[:, np.newaxis]
    return np.where(coded == 0, 0.0, usd)


def _in_coins(usd: Floats, spot: Floats) -> NDArray[np.uint16]:
    """Return a code for each cell: what it would be worth at the last price, in even steps of its logarithm.

    Measured so, a position that stands is one number however price moves.
    """
    found = np.zeros(usd.shape, dtype=np.uint16)
    held = usd > 0
    worth = usd * (spot[-1] / spot)[:, np.newaxis] if len(usd) else usd
    found[held] = np.clip(1 + np.rint(np.log(worth[held]) * STEPS), 1, 65_535).astype(np.uint16)
    return found


def rounded(value: float) -> float:
    """Return a figure of three significant digits, as a cell has it."""
    return float(dollars(codes(np.array([value], dtype=np.float64)))[0])
