"""What the market made of a trade: its stop or its target first, or neither yet."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from liqbot.market.price_path import Path
from liqbot.market.side import Side


class Result(StrEnum):
    """How a trade stands."""

    TARGET = "target"
    STOP = "stop"
    OPEN = "open"
    UNCLEAR = "unclear"
    """Stop and target were touched within the same step of the path: nobody can say which came first."""


@dataclass(frozen=True, slots=True)
class TradeOutcome:
    """What became of a trade up to now."""

    result: Result
    ended_ms: int | None
    """When the stop or the target was touched; None while it is open."""
    move_pct: float
    """How far price went its way, percent of the entry: up to the end, or up to now."""
    best_pct: float
    worst_pct: float
    """The farthest its way, and against it, up to then."""
    multiple: float | None
    """The move as a multiple of what was risked, entry to stop; None without a stop."""


def outcome_of(
    side: Side, entry: float, path: Path, since_ms: int, *, stop: float | None, target: float | None
) -> TradeOutcome | None:
    """Return what became of a trade that was taken at `since_ms`; None where no price is known since."""
    if path.until_ms <= since_ms:
        return None
    now_ms = path.until_ms
    stop_ms = None if stop is None else path.reached_ms(stop, since_ms, now_ms)
    target_ms = None if target is None else path.reached_ms(target, since_ms, now_ms)
    ended_ms = min((at for at in (stop_ms, target_ms) if at is not None), default=None)
    if ended_ms is None:
        result, last = Result.OPEN, float(path.close[-1])
    elif stop_ms == target_ms:
        result, last = Result.UNCLEAR, entry
    elif ended_ms == target_ms:
        result, last = Result.TARGET, float(target or entry)
    else:
        result, last = Result.STOP, float(stop or entry)
    begin, end = np.searchsorted(path.time_ms, [since_ms, ended_ms or now_ms], side="right")
    way = side.sign
    ends = (path.high, path.low) if way > 0 else (path.low, path.high)
    best, worst = (
        way * (float(pick(column[begin:end])) / entry - 1) * 100
        for column, pick in zip(ends, (np.max, np.min) if way > 0 else (np.min, np.max), strict=True)
    )
    move = way * (last / entry - 1) * 100
    risked = None if stop is None else abs(entry / stop - 1) * stop / entry * 100
    return TradeOutcome(
        result, ended_ms, move, max(best, 0.0), min(worst, 0.0), move / risked if risked else None
    )
