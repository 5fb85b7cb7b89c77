"""The Protocol of an exchange's client: the questions that the source asks of each of the five.

Not here: an exchange's own answers (`binance/client.py` and so on).
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from liqbot.market.depth import Depth
from liqbot.market.margin import MarginTiers
from liqbot.market.updates import Liquidation
from liqbot.sources.exchanges.rows import AccountRatio, Candle, Funding, Now, OpenInterest, Sieve, TakerFlow
from liqbot.sources.exchanges.symbols import Instrument

Tell = Callable[[str | None], None]
"""Takes why a stream tells nothing at the moment, None once it does."""


class Client(Protocol):
    """The public market data of one exchange, in coins and USD.

    Every question raises `NoDataError`, which names the exchange and what it was asked;
    `UnknownSymbolError` where it does not list the instrument.
    """

    @property
    def venue(self) -> str:
        """The exchange's name as people write it."""
        ...

    @property
    def sieve(self) -> Sieve:
        """What keeps out rows that make no sense."""
        ...

    @property
    def assumed(self) -> Mapping[str, str]:
        """Coins whose margin tiers are assumed: what is taken for them, and why."""
        ...

    @property
    def liquidations_kept_ms(self) -> int:
        """How far back `past_liquidations` reaches; 0 where the exchange tells of none afterwards."""
        ...

    def session(self) -> AbstractAsyncContextManager[object]:
        """Return what must be entered before the first question, and left after the last."""
        ...

    async def now(self, instrument: Instrument) -> Now:
        """Return how the instrument stands."""
        ...

    async def open_interest(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[OpenInterest]:
        """Return open interest in this span, oldest first; nothing where the exchange keeps no history."""
        ...

    async def candles(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Candle]:
        """Return the candles that begin at `from_ms` or later and have closed by `to_ms`, oldest first."""
        ...

    async def funding(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Funding]:
        """Return the payments of funding in this span, oldest first."""
        ...

    async def account_ratio(self, instrument: Instrument) -> AccountRatio | None:
        """Return how accounts are divided now; None where the exchange has not counted any."""
        ...

    async def taker_flow(self, instrument: Instrument) -> TakerFlow | None:
        """Return who crossed the spread lately; None where the exchange publishes no such figure."""
        ...

    async def margin_tiers(self, instrument: Instrument) -> MarginTiers | None:
        """Return the margin tiers; None where the exchange does not publish any that make sense."""
        ...

    async def depth(self, instrument: Instrument) -> Depth:
        """Return the order book, its sizes in coins."""
        ...

    async def listed(self) -> list[str]:
        """Return the coins of which the exchange lists a perpetual contract in USDT."""
        ...

    def liquidations(
        self, instruments: Sequence[Instrument], tell: Tell, *, asks: bool = False
    ) -> AsyncIterator[Liquidation]:
        """Follow the liquidations of `instruments` for as long as it is iterated.

        It mends its own breaks, and tells `tell` of them. Where it `asks`, a websocket that says nothing
        until somebody is liquidated is asked for an answer: `tell` hears at once whether it works.
        """
        ...

    async def past_liquidations(self, instrument: Instrument, from_ms: int, to_ms: int) -> list[Liquidation]:
        """Return what was liquidated in this span, both ends included, in any order."""
        ...
