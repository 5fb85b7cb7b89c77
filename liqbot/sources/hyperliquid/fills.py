"""Fills: what a trade did to one account, from a node's files, from streams and from providers.

A fill names the account whose position has just changed, and says where it was a liquidation: whose, at which
mark price, and by which method. Both sides of a trade have a fill each, with one `tid`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance
from liqbot.sources.hyperliquid.decoding import PayloadError, decode, decoder
from liqbot.sources.hyperliquid.discovery import address_of

SELLS = "A"
"""The side of who sells; who buys is `B`."""


class FillLiquidation(msgspec.Struct, rename="camel"):
    """What a fill says where it liquidated somebody."""

    liquidated_user: str | None = None
    mark_px: float | None = None
    method: str = ""


class Fill(msgspec.Struct, rename="camel"):
    """A fill as the exchange tells it; only the fields that are used."""

    coin: str
    px: float
    sz: float
    side: str
    time: int
    tid: int = 0
    start_position: float = 0.0
    """Coins that the account held before."""
    liquidation: FillLiquidation | None = None


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
