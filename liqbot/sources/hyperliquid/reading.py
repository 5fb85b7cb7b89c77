"""From an account's answers to rows: checked, so that an answer that makes no sense closes nothing."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from liqbot.market.positions import MarginMode
from liqbot.market.updates import AccountsSeen
from liqbot.sources.hyperliquid.payloads import ClearinghouseState, Position

DAY_MS = 86_400_000
TOLD_AT_LEAST = 0.9
"""The positions of an answer must be worth this share of what it says they are worth together."""
MARK_WITHIN = 2.0
"""A position's mark lies within this factor of the coin's, or one of the two is nonsense."""
MOST_OF_INTEREST = 2.0
"""Nobody holds more than the open interest; by this factor it may have grown since we asked."""
TELLING = 3.0
"""Levels beyond this many times the mark tell nothing of an account's margin."""
SAME_LEVEL = 1e-3
"""An account is plain where its margin explains one of its levels to this share."""


class Implausible(ValueError):  # noqa: N818 - a finding, not an error of ours
    """An answer that cannot be true. The text says why, without figures: it is a reason to be counted."""


@dataclass(frozen=True, slots=True)
class CoinFacts:
    """What is known of a coin, to judge answers by."""

    mark: float
    open_interest: float
    """Coins, one-sided."""


@dataclass(frozen=True, slots=True)
class Row:
    """One position as it was told. Figures are finite; `liquidation` and `maintenance_rate` may be NaN."""

    coin: str
    size: float
    entry: float
    liquidation: float
    leverage: float
    mode: MarginMode
    mark: float
    maintenance_rate: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One account, complete."""

    account: str
    time_ms: int
    rows: tuple[Row, ...]
    is_plain: bool
    """Whether its perpetuals' margin is its pool; not so for unified and portfolio-margin accounts."""

    @property
    def usd(self) -> float:
        """Open size, both sides."""
        return sum(abs(row.size) * row.mark for row in self.rows)


def read_account(
    account: str, states: Iterable[ClearinghouseState], coins: Mapping[str, CoinFacts], now_ms: int
) -> Reading:
    """Return what the answers of all dexes say of an account. Raises `Implausible`.

    It is as old as the oldest of the answers says it is, and never of the future: a clock that is wrong must
    not age out all the others.
    """
    rows: list[Row] = []
    time_ms, plain = now_ms, True
    for state in states:
        positions = [item.position for item in state.asset_positions]
        for position in positions:
            _require_sound(position, coins.get(position.coin))
        _require_complete(state, positions)
        time_ms = min(time_ms, _bounded(state.time, now_ms))
        plain_here = _is_plain(state, positions)
        plain = plain and plain_here
        rows += [_row(position, is_plain=plain_here) for position in positions]
    if len({row.coin for row in rows}) < len(rows):
        raise Implausible("one coin twice in an account")
    return Reading(account, time_ms, tuple(rows), plain)


@dataclass(slots=True)
class Batch:
    """Readings on their way to the engine, gathered by the second: a few updates instead of hundreds."""

    _by_second: dict[int, dict[str, Reading]] = field(default_factory=dict[int, dict[str, Reading]])

    def add(self, reading: Reading) -> None:
        """Take up a reading."""
        self._by_second.setdefault(reading.time_ms // 1000, {})[reading.account] = reading

    def take(self) -> list[AccountsSeen]:
        """Return what was gathered, the oldest first, and begin anew."""
        gathered, self._by_second = self._by_second, {}
        return [_seen(second * 1000, list(found.values())) for second, found in sorted(gathered.items())]


def _seen(time_ms: int, readings: Sequence[Reading]) -> AccountsSeen:
    rows = [(place, row) for place, reading in enumerate(readings) for row in reading.rows]
    coins = tuple(dict.fromkeys(row.coin for _, row in rows))
    places = {coin: place for place, coin in enumerate(coins)}
    return AccountsSeen(
        time_ms=time_ms,
        accounts=tuple(reading.account for reading in readings),
        coins=coins,
        account=np.array([place for place, _ in rows], dtype=np.int64),
        coin=np.array([places[row.coin] for _, row in rows], dtype=np.int64),
        size=np.array([row.size for _, row in rows], dtype=np.float64),
        entry=np.array([row.entry for _, row in rows], dtype=np.float64),
        liquidation=np.array([row.liquidation for _, row in rows], dtype=np.float64),
        leverage=np.array([row.leverage for _, row in rows], dtype=np.float64),
        margin_mode=np.array([row.mode for _, row in rows], dtype=np.int8),
        mark=np.array([row.mark for _, row in rows], dtype=np.float64),
        maintenance_rate=np.array([row.maintenance_rate for _, row in rows], dtype=np.float64),
    )


def _bounded(told_ms: int | None, now_ms: int) -> int:
    if told_ms is None:
        return now_ms
    if told_ms < now_ms - DAY_MS:
        raise Implausible("an answer of another day")
    return min(told_ms, now_ms)


def _require_sound(position: Position, facts: CoinFacts | None) -> None:
    level = position.liquidation_px
    figures = (position.szi, position.entry_px, position.position_value, position.leverage.value)
    if not all(map(math.isfinite, figures)) or (level is not None and not math.isfinite(level)):
        raise Implausible("a figure that is not finite")
    if position.szi == 0 or min(position.entry_px, position.position_value, position.leverage.value) <= 0:
        raise Implausible("a position of no size, price, value or leverage")
    if level is not None and level <= 0:
        raise Implausible("a liquidation price that is not above 0")
    if position.max_leverage is not None and not 0.5 < position.max_leverage < math.inf:
        raise Implausible("a maximal leverage that cannot be")
    if facts is None:
        return
    mark = position.position_value / abs(position.szi)
    if not facts.mark / MARK_WITHIN <= mark <= facts.mark * MARK_WITHIN:
        raise Implausible("a mark price far from the coin's")
    if facts.open_interest > 0 and abs(position.szi) > MOST_OF_INTEREST * facts.open_interest:
        raise Implausible("a position larger than the open interest")


def _require_complete(state: ClearinghouseState, positions: Iterable[Position]) -> None:
    together = state.margin_summary.total_ntl_pos
    if not math.isfinite(together):
        raise Implausible("a figure that is not finite")
    if sum(position.position_value for position in positions) < TOLD_AT_LEAST * together:
        raise Implausible("fewer positions than it says")


def _is_plain(state: ClearinghouseState, positions: Sequence[Position]) -> bool:
    """Return whether the perpetuals' own margin explains a cross level of the account, or there is none.

    The pool of unified and portfolio-margin accounts lies elsewhere: their `crossMarginSummary` does not.
    """
    telling = [item for item in positions if item.leverage.type == "cross" and _is_in_reach(item)]
    if not telling:
        return True
    if state.cross_margin_summary is None:
        return False
    available = state.cross_margin_summary.account_value - state.cross_maintenance_margin_used
    return any(_explains(available, position) for position in telling)


def _is_in_reach(position: Position) -> bool:
    """Return whether a position has a level that is not absurdly far, where other tiers hold."""
    level, mark = position.liquidation_px, position.position_value / abs(position.szi)
    return level is not None and level < TELLING * mark


def _explains(available: float, position: Position) -> bool:
    """Return whether a pool of `available` USD puts the level where it is, all in one tier."""
    if position.max_leverage is None or position.liquidation_px is None:
        return False
    side, size = math.copysign(1, position.szi), abs(position.szi)
    mark = position.position_value / size
    level = mark - side * available / size / (1 - side / (2 * position.max_leverage))
    return abs(level - position.liquidation_px) <= SAME_LEVEL * mark


def _row(position: Position, *, is_plain: bool) -> Row:
    cross = MarginMode.CROSS if is_plain else MarginMode.UNKNOWN
    level, most = position.liquidation_px, position.max_leverage
    return Row(
        coin=position.coin,
        size=position.szi,
        entry=position.entry_px,
        liquidation=math.nan if level is None else level,
        leverage=position.leverage.value,
        mode=cross if position.leverage.type == "cross" else MarginMode.ISOLATED,
        mark=position.position_value / abs(position.szi),
        maintenance_rate=math.nan if most is None else 1 / (2 * most),
    )
