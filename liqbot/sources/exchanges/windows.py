"""Paging by time: a long span as windows, none with more rows than an exchange gives at once.

Windows need no cursor: a gap in the data is a window with fewer rows, and no answer can lead in a circle.
"""

from collections.abc import Iterator


def windows(from_ms: int, to_ms: int, length_ms: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last ms of each window of `length_ms`, oldest first, up to `to_ms` included."""
    while from_ms <= to_ms:
        yield from_ms, min(from_ms + length_ms, to_ms + 1) - 1
        from_ms += length_ms
