"""From an account's clearinghouse states to rows of positions: checked, what makes no sense closes nothing.

An answer of which nothing can be believed is refused whole. One that has a position which cannot be read, or
that lacks a dex, is taken as far as it goes: those positions stand as they were.

Not here: JSON to structs (`decoding.py`), batching for the engine (`gathering.py`).
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from liqbot.market.positions import MarginMode
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
    """Coins, one-sided; 0 where unknown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One position as it was told. Level, leverage and maintenance rate may be NaN, all else is finite."""

    coin: str
    size: float
    entry: float
    liquidation: float
    leverage: float
    mode: MarginMode
    mark: float
    maintenance_rate: float


@dataclass(frozen=True, slots=True)
class Unread:
    """A position that is left out of a reading: what was known of it stands."""

    coin: str | None
    """None where it is not known which."""
    usd: float
    """What it is said to be worth; 0 where that is not known."""
    reason: str
    """Without figures: it is to be counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One account, complete but for the coins in `kept`."""

    account: str
    time_ms: int
    rows: tuple[Row, ...]
    is_plain: bool
    """Whether its perpetuals' margin is its pool; not so for unified and portfolio-margin accounts."""
    kept: tuple[str, ...] = ()
    """Coins that it held and of which this reading says nothing: what was known of them stands."""
    unread: tuple[Unread, ...] = ()
    equity_usd: float | None = None
    """What the account is worth on all dexes together; None where one did not answer, or where its pool lies
    elsewhere."""

    @property
    def usd(self) -> float:
        """Open size, both sides."""
        return sum(abs(row.size) * row.mark for row in self.rows)


def dex_of(coin: str) -> str:
    """Return the dex on which a coin is traded: what stands before the colon; empty for its own."""
    return coin.partition(":")[0] if ":" in coin else ""


def read_account(
    account: str,
    states: Iterable[ClearinghouseState],
    coins: Mapping[str, CoinFacts],
    now_ms: int,
    *,
    held: Collection[str] = (),
    without: Collection[str] = (),
) -> Reading:
    """Return what the answers of all dexes say of an account. Raises `Implausible`.

    `held` are the coins that it is known to hold, `without` the dexes that did not answer. It is as old as
    the oldest of the answers says it is, and never of the future: a clock that is wrong must not age out all
    the others.
    """
    rows, unread, kept = list[Row](), list[Unread](), set[str]()
    time_ms, plain, equity_usd = now_ms, True, 0.0
    for state in states:
        positions, left_out = _sorted_out(state, coins)
        if not _is_complete(state, positions, left_out) or any(item.coin is None for item in left_out):
            if not left_out:
                raise Implausible("fewer positions than it says")
            kept.update(held)  # which of them are missing cannot be said: nothing is closed
        time_ms = min(time_ms, _bounded(state.time, now_ms))
        plain_here = _is_plain(state, positions)
        plain = plain and plain_here
        equity_usd += state.margin_summary.account_value
        rows += [_row(position, is_plain=plain_here) for position in positions]
        unread += left_out
    kept.update(item.coin for item in unread if item.coin)
    kept.update(coin for coin in held if dex_of(coin) in without)
    told = {row.coin for row in rows}
    is_told = plain and not without and math.isfinite(equity_usd)
    return Reading(
        account,
        time_ms,
        tuple(rows),
        plain,
        tuple(sorted(kept - told)),
        tuple(unread),
        equity_usd if is_told else None,
    )


def _sorted_out(
    state: ClearinghouseState, coins: Mapping[str, CoinFacts]
) -> tuple[list[Position], list[Unread]]:
    """Return the positions that can be believed, and what is left out; those of size 0 are closed."""
    unread = [
        Unread(item.coin, item.usd if math.isfinite(item.usd) else 0.0, "a position that cannot be read")
        for item in state.unread
    ]
    found: dict[str, Position] = {}
    for position in (item.position for item in state.asset_positions):
        if position.szi == 0 and position.position_value == 0:
            continue
        reason = _nonsense_in(position, coins.get(position.coin))
        if position.coin in found:
            del found[position.coin]
            reason = "one coin twice in an account"
        if reason is None:
            found[position.coin] = position
        else:
            usd = abs(position.position_value)
            unread.append(Unread(position.coin, usd if math.isfinite(usd) else 0.0, reason))
    return list(found.values()), unread


def _nonsense_in(position: Position, facts: CoinFacts | None) -> str | None:
    """Return why a position cannot be, None where it can."""
    figures = (position.szi, position.position_value, _entry(position), position.liquidation_px or 0.0)
    if not all(map(math.isfinite, figures)):
        return "a figure that is not finite"
    if position.szi == 0 or min(_entry(position), position.position_value) <= 0:
        return "a position of no size, price or value"
    if facts is None:
        return None
    mark = position.position_value / abs(position.szi)
    if not facts.mark / MARK_WITHIN <= mark <= facts.mark * MARK_WITHIN:
        return "a mark price far from the coin's"
    if facts.open_interest > 0 and abs(position.szi) > MOST_OF_INTEREST * facts.open_interest:
        return "a position larger than the open interest"
    return None


def _entry(position: Position) -> float:
    """Return the entry price; where it is not told, it follows from what the position has gained."""
    if position.entry_px is not None:
        return position.entry_px
    if position.szi == 0:
        return math.nan
    mark = position.position_value / abs(position.szi)
    return mark - position.unrealized_pnl / position.szi


def _bounded(told_ms: int | None, now_ms: int) -> int:
    if told_ms is None:
        return now_ms
    if told_ms < now_ms - DAY_MS:
        raise Implausible("an answer of another day")
    return min(told_ms, now_ms)


def _is_complete(state: ClearinghouseState, positions: Iterable[Position], unread: Iterable[Unread]) -> bool:
    together = state.margin_summary.total_ntl_pos
    if not math.isfinite(together):
        raise Implausible("a figure that is not finite")
    told = sum(position.position_value for position in positions) + sum(item.usd for item in unread)
    return told >= TOLD_AT_LEAST * together


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
    return level is not None and 0 < level < TELLING * mark


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
    modes = {"cross": cross, "isolated": MarginMode.ISOLATED}
    level, most, leverage = position.liquidation_px, position.max_leverage, position.leverage.value
    return Row(
        coin=position.coin,
        size=position.szi,
        entry=_entry(position),
        liquidation=level if level is not None and level > 0 else math.nan,
        leverage=leverage if 0 < leverage < math.inf else math.nan,
        mode=modes.get(position.leverage.type, MarginMode.UNKNOWN),
        mark=position.position_value / abs(position.szi),
        maintenance_rate=1 / (2 * most) if most is not None and 0.5 < most < math.inf else math.nan,
    )


def coins_of(reading: Reading) -> tuple[str, ...]:
    """Return the coins that an account holds by a reading, those that it keeps among them."""
    return (*(row.coin for row in reading.rows), *reading.kept)
