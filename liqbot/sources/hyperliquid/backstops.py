"""Backstop liquidations, told from the trades of everybody: whoever trades with a liquidator vault.

When the margin of an account falls below two thirds of what it must keep, a vault takes its positions over.
The trades feed names both sides of a trade, and so such a liquidation. Ordinary ones, by market order, look
like any trade: what is told here is a part of all, and says so (`sampled`).
"""

import math
from collections.abc import Iterable, Iterator

from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.sources.hyperliquid.discovery import address_of
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.payloads import Trade

LIQUIDATORS = frozenset({"0x2e3d94f0562703b25c83308a05046ddaf9a8dd14"})
"""Vaults of HLP that take over what is liquidated."""
METHOD = "backstop"
"""What the exchange calls this way of liquidating."""


class Backstops:
    """Finds liquidations among trades, each once: after a break the stream tells the last ones once more."""

    def __init__(self, register: LiquidationRegister) -> None:
        self._register = register

    def among(self, trades: Iterable[Trade], now_ms: int) -> Iterator[Liquidation]:
        """Yield those of `trades` that are backstop liquidations; times of the future are now."""
        for trade in trades:
            buyer, seller = (user.lower() for user in trade.users)
            if (buyer in LIQUIDATORS) == (seller in LIQUIDATORS) or not self._register.is_new(
                trade.coin, trade.tid
            ):
                continue
            if not (0 < trade.px < math.inf and 0 < trade.sz < math.inf):
                continue
            # A long that is liquidated is sold, to the vault.
            side = Side.LONG if buyer in LIQUIDATORS else Side.SHORT
            time_ms = min(trade.time, now_ms) if trade.time > 0 else now_ms
            whose = address_of(seller if side is Side.LONG else buyer)
            yield Liquidation(
                trade.coin,
                time_ms,
                side,
                trade.px,
                trade.sz,
                sampled=True,
                account=whose,
                method=METHOD,
            )
