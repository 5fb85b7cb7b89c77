"""Every order as a node writes it down when asked for `l4Snapshots`: those that rest, and those that wait.

The file is `[height, [[coin, {"book_orders": [bids, asks], "untriggered_orders": orders}], …]]`, an order a
pair of its owner and the fields of `frontendOpenOrders`. So it is published by the exchange's order book
server and by providers that serve the same; the exchange itself documents the request alone. Unverified: what
the request is answered, and whether a node writes an order twice (it is reported of some versions).
"""

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from . import shapes
from .shapes import number

if TYPE_CHECKING:
    from .exchange import Exchange

STOPS, TAKES, WHOLE = 0.5, 0.3, 0.5
"""Shares of positions with a stop-loss and with a take-profit, and of orders those for a whole position."""
NEAREST, FARTHEST = 0.005, 0.15
"""How far from the mark they wait, as a share of it."""
SLIPPAGE = 0.08
"""A market order may go so far beyond its price."""
BLOCK_MS = 70
"""So often there is a block: the height rises with time."""


class NodeOrders:
    """Gives positions stop-losses and take-profits, the same each time."""

    def __init__(self, seed: int):
        self._seed = seed

    def waiting(self, exchange: "Exchange") -> list[tuple[str, dict]]:
        """Return the orders that wait for their price, each with its owner."""
        rng = np.random.default_rng(self._seed)
        marks = {coin.name: coin.mark for coin in exchange.market.coins()}
        told = []
        for user, held in sorted(exchange.market.positions().items()):
            for coin, size in held.items():
                for share, name, sign in ((STOPS, "Stop Market", -1), (TAKES, "Take Profit Market", 1)):
                    has, whole, far = (
                        rng.random() < share,
                        rng.random() < WHOLE,
                        rng.uniform(NEAREST, FARTHEST),
                    )
                    if has:
                        trigger = marks[coin] * (1 + sign * np.sign(size) * far)
                        order = _order(
                            coin, buys=size < 0, size=0.0 if whole else abs(size) / 2, oid=len(told) + 1,
                            trigger=float(trigger), kind=name, is_above=trigger > marks[coin], whole=whole,
                        )  # fmt: skip
                        told.append((user, order))
        return told

    def snapshot(self, exchange: "Exchange", *, triggers: bool) -> bytes:
        """Return the file."""
        waiting = self.waiting(exchange) if triggers else []
        owner, coins = exchange.market.names[0], []
        for coin in exchange.market.coins():
            levels = shapes.l2_book(coin, exchange.clock.now_ms())["levels"]
            book = [
                [
                    [
                        owner,
                        _order(coin.name, buys=buys, size=float(level["sz"]), oid=place, price=level["px"]),
                    ]
                    for place, level in enumerate(side, start=10_000_000)
                ]
                for buys, side in zip((True, False), levels, strict=True)
            ]
            own = [pair for pair in waiting if pair[1]["coin"] == coin.name]
            coins.append([coin.name, {"book_orders": book, "untriggered_orders": own}])
        coins.append(["@107", {"book_orders": [[], []], "untriggered_orders": []}])
        return msgspec.json.encode([exchange.clock.now_ms() // BLOCK_MS, coins])


def _order(
    coin: str,
    *,
    buys: bool,
    size: float,
    oid: int,
    price: str = "",
    trigger: float = 0.0,
    kind: str = "Limit",
    is_above: bool = False,
    whole: bool = False,
) -> dict:
    limit = price or number(trigger * (1 + SLIPPAGE if buys else 1 - SLIPPAGE))
    waits_for = f"Price {'above' if is_above else 'below'} {number(trigger)}" if trigger else "N/A"
    return {
        "coin": coin,
        "side": "B" if buys else "A",
        "limitPx": limit,
        "sz": number(size),
        "oid": oid,
        "timestamp": 1_800_000_000_000,
        "triggerCondition": waits_for,
        "isTrigger": trigger > 0,
        "triggerPx": number(trigger),
        "children": [],
        "isPositionTpsl": whole,
        "reduceOnly": trigger > 0,
        "orderType": kind,
        "origSz": number(size),
        "tif": None if trigger else "Gtc",
        "cloid": None,
    }
