"""The clock that the sources, the states and the deliveries of a running bot share."""

import time


def clock_ms() -> int:
    """Return the time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
