"""Fills: what a trade did to one account, from a node's files, from streams and from providers.

A fill names the account whose position has just changed, and says where it was a liquidation: whose, at which
mark price, and by which method. Both sides of a trade have a fill each, with one `tid`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from liqbot.market.accounts import PastTrade, PastTrades
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance
from liqbot.sources.hyperliquid.decoding import PayloadError, decode, decoder
from liqbot.sources.hyperliquid.discovery import address_of
from liqbot.sources.hyperliquid.payloads import Fill

SELLS = "A"
"""The side of who sells; who buys is `B`."""
MOST_FILLS = 2_000
"""The Info API tells so many of an account's fills, the newest."""
NOTHING = 1e-6
"""What is left of a position below this share of the trade is what floats cannot say: it is gone."""


class Block(msgspec.Struct):
    """The fills of one block: pairs of an account and its fill."""

    events: list[msgspec.Raw]


class UserFills(msgspec.Struct):
    """The `data` of a `userFills` frame."""

    user: str
    fills: list[Fill]
    is_snapshot: bool = msgspec.field(default=False, name="isSnapshot")


@dataclass(frozen=True, slots=True)
class AccountFill:
    """A fill and whose it is."""

    account: str
    fill: Fill

    @property
    def start(self) -> float:
        """What the account held before, coins."""
        return self.fill.start_position

    @property
    def usd(self) -> float:
        """What was traded, USD; 0 where that cannot be said."""
        usd = self.fill.px * self.fill.sz
        return usd if 0 < usd < math.inf else 0.0


def is_spot(coin: str) -> bool:
    """Return whether a coin is a spot pair: those are not leveraged."""
    return coin.startswith("@") or "/" in coin


def read_line(line: bytes) -> tuple[list[AccountFill], int]:
    """Return the fills of a line, and how many of them cannot be read.

    A line is a block with its fills (`node_fills_by_block`), or one fill (`node_fills`).

    Raises `PayloadError`.
    """
    if line.lstrip().startswith(b"["):
        found = _pair(msgspec.Raw(line))
        if found is None:
            raise PayloadError("fill: cannot be read")
        return [found], 0
    block = decode(line, _BLOCK, "block")
    fills = [found for event in block.events if (found := _pair(event)) is not None]
    return fills, len(block.events) - len(fills)


def liquidation_in(one: AccountFill, now_ms: int, *, late_ms: int) -> Liquidation | None:
    """Return the liquidation that a fill tells of, None where it tells of none or makes no sense.

    One that is older than `late_ms` counts as asked for afterwards.
    """
    fill = one.fill
    told = fill.liquidation
    if told is None or not (0 < fill.px < math.inf and 0 < fill.sz < math.inf):
        return None
    liquidated = address_of(told.liquidated_user or one.account)
    sells = fill.side == SELLS
    if liquidated != one.account:  # the other side of the trade
        sells = not sells
    mark, time_ms = told.mark_px, min(fill.time, now_ms) if fill.time > 0 else now_ms
    return Liquidation(
        coin=fill.coin,
        time_ms=time_ms,
        side=Side.LONG if sells else Side.SHORT,
        price=mark if mark is not None and 0 < mark < math.inf else fill.px,
        size=fill.sz,
        provenance=Provenance.BACKFILLED if time_ms < now_ms - late_ms else Provenance.STREAMED,
        account=liquidated,
        method=told.method,
    )


def fills_of(user: str, fills: Sequence[Fill]) -> list[AccountFill]:
    """Return an account's fills; none where that is no account."""
    account = address_of(user)
    return [AccountFill(account, fill) for fill in fills] if account else []


def past_trades(user: str, fills: Sequence[Fill], since_ms: int, now_ms: int) -> PastTrades:
    """Return an account's trades since a time from its newest fills, in whatever order those are told.

    Where they are as many as are told at most, it begins with the oldest of them. What makes no sense, and
    what is traded without leverage, is left out.
    """
    told = [fill for fill in fills if 0 < fill.time <= now_ms]
    if len(told) > 1 and told[0].time > told[-1].time:
        told.reverse()  # the newest is told first; those of one moment stay in their order
    told.sort(key=lambda fill: fill.time)
    if len(fills) >= MOST_FILLS and told:
        since_ms = max(since_ms, told[0].time)
    trades = [_past_trade(user, fill, now_ms) for fill in told if fill.time >= since_ms]
    return PastTrades(tuple(trade for trade in trades if trade is not None), since_ms)


def _past_trade(user: str, fill: Fill, now_ms: int) -> PastTrade | None:
    if is_spot(fill.coin) or not (0 < fill.px < math.inf and 0 < fill.sz < math.inf):
        return None
    after = fill.start_position + (-fill.sz if fill.side == SELLS else fill.sz)
    if not math.isfinite(after):
        return None
    liquidation = liquidation_in(AccountFill(user, fill), now_ms, late_ms=0)
    return PastTrade(
        fill.coin,
        fill.time,
        fill.px,
        fill.start_position,
        0.0 if abs(after) < NOTHING * fill.sz else after,
        liquidation if liquidation is not None and liquidation.account == user else None,
    )


def _pair(event: msgspec.Raw) -> AccountFill | None:
    try:
        user, fill = decode(event, _PAIR, "fill")
    except PayloadError:
        return None
    account = address_of(user)
    return AccountFill(account, fill) if account else None


_BLOCK = decoder(Block)
_PAIR = decoder(tuple[str, Fill])
USER_FILLS = decoder(UserFills)
