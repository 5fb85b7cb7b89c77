"""Polling one coin of an exchange: what is new since last time (candle, interest, funding), part by part.

Not here: its past (`history.py`), the loop over coins (`source.py`).
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from liqbot.market.updates import AccountRatioSeen, AssetContext, MarginTiersSeen, TakerFlowSeen, Update
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.history import candles_seen, funding_seen, open_interest_seen
from liqbot.sources.exchanges.notes import Missing
from liqbot.sources.exchanges.rows import DAY_MS, HOUR_MS, PERIOD_MS, Candle, OpenInterest
from liqbot.sources.exchanges.symbols import Instrument
from liqbot.sources.source import NoDataError

T = TypeVar("T")


@dataclass(slots=True)
class Following:
    """How far a coin has been told."""

    instrument: Instrument
    candles_ms: int
    """The end of the last candle."""
    interest_ms: int
    context_ms: int
    tiers_ms: int
    paid_ms: int
    """The last payment of funding that was told."""
    asked_paid_ms: int
    """When payments were last asked for."""
    ratio_ms: int = 0
    taker_ms: int = 0
    """The newest period of which is known who crossed the spread."""
    asked_taker_ms: int = 0

    @property
    def coin(self) -> str:
        """The coin's name."""
        return self.instrument.coin


class News:
    """Asks one exchange what is new."""

    def __init__(self, client: Client, missing: Missing, longest_ms: int) -> None:
        """Fill gaps of at most `longest_ms`."""
        self._client = client
        self._missing = missing
        self._longest_ms = longest_ms

    async def of(self, following: Following, now_ms: int) -> list[Update]:
        """Return what is new. Raises `NoDataError` where not even the price can be had.

        A gap, of this program or of the exchange, is filled from history.
        """
        client, which = self._client, following.instrument
        now = await client.now(which)
        interest = [now.open_interest._replace(time_ms=min(now.open_interest.time_ms, now_ms))]
        told = await self._market(following, interest, now_ms)
        said_ms = now_ms if now.time_ms is None else min(now.time_ms, now_ms)
        following.context_ms = max(following.context_ms, said_ms)
        told.append(
            AssetContext(which.coin, following.context_ms, now.mark, now.open_interest.coins, now.funding)
        )
        return [*await self._crowd(following, now_ms), *told]

    async def _market(self, following: Following, interest: list[OpenInterest], now_ms: int) -> list[Update]:
        """Return open interest and candles; nothing where one fails, so that none outruns the other."""
        client, which, coin = self._client, following.instrument, following.coin
        closed_ms = now_ms // PERIOD_MS * PERIOD_MS
        candles_ms = max(following.candles_ms, closed_ms - self._longest_ms)
        candles: list[Candle] = []
        try:
            if closed_ms - candles_ms > PERIOD_MS:
                past = await client.open_interest(which, candles_ms, interest[0].time_ms - 1)
                interest = [*past, *interest]
            if closed_ms > candles_ms:
                candles = await client.candles(which, candles_ms, closed_ms)
        except NoDataError as error:
            self._missing.note(f"candles of {coin}", str(error))
            return []
        self._missing.found(f"candles of {coin}")
        told: list[Update] = []
        interest = [row for row in interest if row.time_ms > following.interest_ms]
        if interest:
            following.interest_ms = interest[-1].time_ms
            told.append(open_interest_seen(coin, interest))
        if candles:
            following.candles_ms = candles[-1].begin_ms + PERIOD_MS
            told.append(candles_seen(coin, candles))
        return told

    async def _crowd(self, following: Following, now_ms: int) -> list[Update]:
        """Return margin tiers once a day, funding once an hour, accounts and takers if new."""
        client, which, coin = self._client, following.instrument, following.coin
        told: list[Update] = []
        if now_ms - following.tiers_ms > DAY_MS:
            tiers = await self._part(f"margin tiers of {coin}", client.margin_tiers(which))
            if tiers is not None:
                following.tiers_ms = now_ms
                told.append(MarginTiersSeen(coin, now_ms, tiers))
        if now_ms - following.asked_paid_ms > HOUR_MS:
            following.asked_paid_ms = now_ms
            from_ms = max(following.paid_ms + 1, now_ms - self._longest_ms)
            paid = await self._part(f"funding of {coin}", client.funding(which, from_ms, now_ms))
            if paid:
                told.append(funding_seen(coin, paid, following.paid_ms))
                following.paid_ms = paid[-1].time_ms
        if now_ms // PERIOD_MS > following.ratio_ms // PERIOD_MS:
            ratio = await self._part(f"account ratio of {coin}", client.account_ratio(which))
            if ratio is not None and following.ratio_ms < ratio.time_ms <= now_ms:
                following.ratio_ms = ratio.time_ms
                told.append(AccountRatioSeen.of(coin, [ratio.time_ms], [ratio.long_share]))
        if now_ms // PERIOD_MS > following.asked_taker_ms // PERIOD_MS:
            following.asked_taker_ms = now_ms
            flow = await self._part(f"takers of {coin}", client.taker_flow(which))
            if flow is not None and following.taker_ms < flow.time_ms <= now_ms:
                following.taker_ms = flow.time_ms
                told.append(TakerFlowSeen(coin, flow.time_ms, flow.buy_share))
        return told

    async def _part(self, what: str, question: Awaitable[T]) -> T | None:
        try:
            answer = await question
        except NoDataError as error:
            self._missing.note(what, str(error))
            return None
        self._missing.found(what)
        return answer
