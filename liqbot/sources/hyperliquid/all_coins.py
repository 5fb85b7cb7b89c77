"""`LIQBOT_COINS=all`: every market that is listed is followed, builder-deployed dexes where that is cheap.

The markets with the most open interest are streamed, as many as an address may have; of the others the
price is asked for every minute. The accounts are the same whatever coins are followed, but each
builder-deployed dex costs a request more an account: they are taken in while several accounts are answered at
once, or without a limit, and then asked of everybody.
"""

import structlog

from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.market_feed import MarketFeed
from liqbot.sources.hyperliquid.poller import Poller
from liqbot.sources.hyperliquid.stream import Stream
from liqbot.sources.hyperliquid.watched_accounts import WatchedAccounts

_log = structlog.get_logger()

EVERY_S, SOON_S = 60.0, 1.0
"""So often it is looked which markets there are; sooner until the first answer."""
MOST_DEXES = 4
"""With a limit so many dexes are taken in: in batches of fifty that costs as much as an account by itself."""


class AllCoins:
    """Follows whatever is listed."""

    def __init__(
        self,
        client: InfoClient,
        clock: Clock,
        *,
        feed: MarketFeed,
        poller: Poller,
        stream: Stream,
        watched: WatchedAccounts,
        finds_dexes: bool,
    ) -> None:
        """Take in dexes as well where `finds_dexes`: the operator has named none."""
        self._client = client
        self._clock = clock
        self._feed = feed
        self._poller = poller
        self._stream = stream
        self._watched = watched
        self._finds_dexes = finds_dexes
        self.coins: tuple[str, ...] = ()
        """What is followed, those with the most open interest first when they were first seen."""

    async def run(self) -> None:
        """Look for markets until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(EVERY_S if self.coins else SOON_S)

    async def look(self) -> None:
        """Take up the markets that are new."""
        if self._finds_dexes and self._feed.coins and self._poller.batches.is_cheap:
            await self._find_dexes()
        for coin in self._new():
            self.coins = (*self.coins, coin)
            await self._stream.add(coin)

    def _new(self) -> list[str]:
        known = self._feed.coins
        new = [coin for coin in self._feed.listed if coin in known and coin not in set(self.coins)]
        return sorted(new, key=lambda coin: -known[coin].open_interest * known[coin].mark)

    async def _find_dexes(self) -> None:
        try:
            names = await self._client.dexes()
        except RequestFailed as error:
            _log.info("dexes_unknown", reason=str(error))
            return
        self._finds_dexes = False
        taken = names if not self._poller.batches.is_limited else names[:MOST_DEXES]
        _log.info("dexes_taken_in", names=taken)
        self._feed.add_dexes(taken)
        self._poller.add_dexes(taken)
        self._watched.add_dexes(len(taken))
