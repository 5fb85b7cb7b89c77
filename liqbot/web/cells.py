"""A grid's dollars in few bytes: codes of three significant digits, each column XOR the one before it.

What has not changed from one column to the next is zero, which gzip writes in next to nothing. Three digits
are what people read everywhere else (`$15.8M`): a cell of the page, of the API and of a chat is one figure.
"""

import base64

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Floats

LEAST_USD = 1.0
"""Cells below are nothing."""


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
    exponent, digits = np.divmod(np.maximum(coded.astype(np.int64) - 1, 0), 900)
    return np.where(coded == 0, 0.0, (digits + 100.0) * 10.0 ** (exponent - 2.0))


def packed(usd: Floats) -> str:
    """Return cells, shape (columns, bins), as base64 of little-endian codes."""
    coded = codes(usd)
    changes = coded.copy()
    changes[1:] ^= coded[:-1]
    return base64.b64encode(changes.astype("<u2").tobytes()).decode()


def unpacked(text: str, bins: int) -> Floats:
    """Return what `packed` wrote, shape (columns, bins)."""
    changes = np.frombuffer(base64.b64decode(text), dtype="<u2").reshape(-1, bins)
    return dollars(np.bitwise_xor.accumulate(changes, axis=0).astype(np.uint16))


def rounded(value: float) -> float:
    """Return a figure of three significant digits, as a cell has it."""
    return float(dollars(codes(np.array([value], dtype=np.float64)))[0])
