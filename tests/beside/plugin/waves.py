"""A plugin that two versions of liqbot have in common: a market, and a rule that tells of each minute.

The market's clock began at `WAVES_BEGUN_MS`, an hour behind ours, and goes `HASTE` times as fast: whichever
process follows it, it tells the same.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator

import numpy as np

from liqbot.plugin import (
    AccountsSeen,
    AssetContext,
    Basis,
    Beat,
    Hit,
    Layer,
    MarginMode,
    MarketView,
    Policy,
    SourceRequest,
    Update,
    rule,
    source,
)

MINUTE_MS = 60_000
HASTE = 20
BEAT_S = 0.5
BEHIND_MS = 60 * MINUTE_MS


def market_ms(begun_ms: int) -> int:
    """Return the market's time, ms since 1970 UTC; it began at `begun_ms` by ours."""
    return begun_ms - BEHIND_MS + HASTE * (time.time_ns() // 1_000_000 - begun_ms)


@rule("wave", policy=Policy(cooldown=0))
def wave(view: MarketView) -> Iterator[Hit]:
    """It tells of each minute."""
    number = view.time_ms // MINUTE_MS
    yield Hit(f"wave-{number}", f"wave {number}")


class Waves:
    """A price that stands, and two accounts that hold what they held."""

    name = "plugin:waves"
    layer = Layer("Waves", Basis.MEASURED)
    live_from_ms = 0

    def __init__(self, request: SourceRequest) -> None:
        self._request = request

    async def updates(self) -> AsyncIterator[Update]:
        """Yield it again and again."""
        while True:
            now_ms = market_ms(int(os.environ["WAVES_BEGUN_MS"]))
            for coin in self._request.coins:
                yield AssetContext(coin, now_ms, mark=100.0)
                yield AccountsSeen(
                    time_ms=now_ms,
                    accounts=(f"ann-{coin}", f"bob-{coin}"),
                    coins=(coin,),
                    account=np.array([0, 1]),
                    coin=np.array([0, 0]),
                    size=np.array([200_000.0, -150_000.0]),
                    entry=np.array([101.0, 99.0]),
                    liquidation=np.array([96.0, 103.0]),
                    leverage=np.array([20.0, 25.0]),
                    margin_mode=np.full(2, MarginMode.ISOLATED, dtype=np.int8),
                )
            yield Beat(now_ms)
            await asyncio.sleep(BEAT_S)


@source("waves")
def waves(request: SourceRequest) -> Waves:
    """Return the market."""
    return Waves(request)
