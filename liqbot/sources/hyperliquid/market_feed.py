"""The market as a whole: marks, funding and open interest of every coin."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from liqbot.market.updates import AssetContext
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.payloads import AssetCtx
from liqbot.sources.hyperliquid.reading import CoinFacts

_log = structlog.get_logger()

EVERY_S = 60.0
"""All coins are asked for so often (one request a dex, 20 weight); those watched are streamed besides."""
RETRY_S = 5.0
"""Without any price it is tried again after so long."""
JUMP = 3.0
"""A mark that is off by this factor from the one before is believed when it is told twice."""


class MarketFeed:
    """Keeps what is known of each coin, and tells of every change."""

    def __init__(
        self, client: InfoClient, dexes: Sequence[str], clock: Clock, tell: Callable[[AssetContext], None]
    ) -> None:
        """Hand contexts to `tell`. The exchange's own dex comes before `dexes`."""
        self._client = client
        self._dexes = ("", *dexes)
        self._clock = clock
        self._tell = tell
        self._doubted: dict[str, float] = {}
        self.coins: dict[str, CoinFacts] = {}
        self.listed: dict[str, float] = {}
        """Every market that is not delisted, with or without a price: its maximal leverage."""
        self.refused = Counter[str]()
        """What made no sense, by reason."""
        self.failures: dict[str, str] = {}
        """Why a dex did not answer when it was last asked."""
        self.heard_ms = 0
        """When a price was last told."""

    @property
    def marks(self) -> dict[str, float]:
        """The mark price of each coin, USD."""
        return {coin: facts.mark for coin, facts in self.coins.items()}

    def add_dexes(self, names: Sequence[str]) -> None:
        """Ask these dexes for their markets as well, from the next time on."""
        self._dexes = (*self._dexes, *(name for name in names if name not in self._dexes))

    async def ask(self) -> None:
        """Ask for every coin once, dex by dex. Raises `RequestFailed` where no dex answers."""
        for dex in self._dexes:
            try:
                told, unread = await self._client.contexts(dex)
            except RequestFailed as error:
                self.failures[dex] = str(error)
                continue
            self.failures.pop(dex, None)
            if unread:
                self.refused["a market that cannot be read"] += unread
            for asset, context in told:
                if not asset.is_delisted:
                    self.listed[asset.name] = asset.max_leverage
                    self.take_context(asset.name, context)
        if len(self.failures) == len(self._dexes):
            raise RequestFailed(next(iter(self.failures.values())))

    async def run(self) -> None:
        """Ask again and again."""
        while True:
            with contextlib.suppress(RequestFailed):  # told below
                await self.ask()
            for dex, reason in self.failures.items():
                _log.warning("market_not_answering", dex=dex or "main", reason=reason)
            await self._clock.sleep(EVERY_S if self.coins else RETRY_S)

    def take_context(self, coin: str, context: AssetCtx) -> None:
        """Take up what is said of a coin, unless it makes no sense."""
        mark, interest, funding = context.mark_px, context.open_interest, context.funding
        if mark is None:
            self.refused["a market without a price"] += 1
            return
        if not (0 < mark < math.inf and self._is_believed(coin, mark)):
            self.refused["a price that made no sense"] += 1
            return
        if interest is not None and not 0 <= interest < math.inf:
            self.refused["an open interest that made no sense"] += 1
            interest = None
        if funding is not None and not math.isfinite(funding):
            funding = None
        self.coins[coin] = CoinFacts(mark, interest or 0.0)
        self.heard_ms = self._clock.now_ms()
        self._tell(AssetContext(coin, self.heard_ms, mark, interest, funding))

    def _is_believed(self, coin: str, mark: float) -> bool:
        """Return whether a mark is near the last one, or near a doubted one: then the market has jumped."""
        known = self.coins.get(coin)
        doubted = self._doubted.pop(coin, None)
        if known is None or _near(mark, known.mark) or (doubted is not None and _near(mark, doubted)):
            return True
        self._doubted[coin] = mark
        return False


def _near(one: float, other: float) -> bool:
    return other / JUMP < one < other * JUMP
