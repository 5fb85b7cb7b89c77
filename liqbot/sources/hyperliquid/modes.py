"""Account modes: who is unified or portfolio-margined, so that their margin lies elsewhere."""

from collections import Counter

import structlog

from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.reading import Reading

_log = structlog.get_logger()

EVERY_S = 60.0
"""One account a minute is asked how it pools its margin: that weighs as much as ten looks."""


class Modes:
    """Who is not plain, and what the exchange calls it.

    Readings tell it for nothing (see `Reading.is_plain`), at every look anew; the name is asked for once, the
    largest accounts first.
    """

    def __init__(self, client: InfoClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._usd: dict[str, float] = {}
        self.named: dict[str, str] = {}
        """What the exchange calls it, by account."""

    def take(self, reading: Reading) -> None:
        """Take note of how an account is margined now."""
        if reading.is_plain:
            self._usd.pop(reading.account, None)
            self.named.pop(reading.account, None)
        else:
            self._usd[reading.account] = reading.usd

    async def run(self) -> None:
        """Ask for names until cancelled."""
        while True:
            await self._clock.sleep(EVERY_S)
            unnamed = self._usd.keys() - self.named.keys()
            if unnamed:
                await self.ask(max(unnamed, key=lambda account: (self._usd[account], account)))

    async def ask(self, account: str) -> None:
        """Ask how an account pools its margin."""
        try:
            mode = await self._client.abstraction(account)
        except RequestFailed as error:
            _log.info("account_mode_unknown", account=account, reason=str(error))
            return
        self.named[account] = mode

    def words(self) -> str:
        """Return how many there are, and what they are called; empty where there are none."""
        if not self._usd:
            return ""
        names = Counter(self.named[account] for account in self._usd if account in self.named)
        told = ", ".join(f"{count} {name}" for name, count in names.most_common())
        return f"{len(self._usd):,} accounts whose margin lies elsewhere" + (f" ({told})" if told else "")
