"""Writing a palette PNG: one byte a pixel, nothing but the pixels in it."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
QUICK, THOROUGH = 3, 6
"""Efforts of compression: the thorough one saves a tenth of the bytes for two and a half times the time, and
beyond it a few percent of size cost several times the time."""
_PALETTE_COLOURS = 3
"""The colour type `indexed` of the PNG specification."""


def encode(indices: NDArray[np.uint8], palette: NDArray[np.uint8], effort: int = QUICK) -> bytes:
    """Return a PNG of `indices`, shape (height, width), into `palette`, shape (n <= 256, 3)."""
    height, width = indices.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _PALETTE_COLOURS, 0, 0, 0)
    # Each line begins with the number of its filter; 0 is none, the best for a palette.
    lines = np.zeros((height, width + 1), dtype=np.uint8)
    lines[:, 1:] = indices
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), effort)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
