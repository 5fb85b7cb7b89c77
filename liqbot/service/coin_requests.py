"""Coins that somebody asked for: followed from then on, over restarts, until nobody wants them any more."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
import structlog

from liqbot.market.coins import canonical
from liqbot.market.layer import Origin
from liqbot.service.errors import UserError
from liqbot.service.markets import Markets
from liqbot.sources.source import Followed, WithCoins
from liqbot.store.errors import StoreError
from liqbot.store.store import Store

_log = structlog.get_logger()

NOTE = "coins on request"
PATIENCE_S = 12.0
"""Whoever asks waits so long for the first view; it mostly comes with the next beat."""
DISUSED_MS = 14 * 24 * 3_600_000
"""A coin for which nobody has asked for so long, and nobody is subscribed to, is followed no longer."""
EVERY_S = 15.0
"""How often what is not followed yet, as after a restart, is tried again."""
NOTED_MS = 3_600_000
"""When a coin was asked for last is written down to the hour."""
LEFT_MS = 60_000
"""A coin that no source follows is shown no longer once its newest view is so old."""


def _always() -> bool:
    """Keep the list of what was asked for."""
    return True


def _nobody(coin: str) -> None:
    """Tell nobody that a coin is wanted."""
    del coin


class CoinRequests:
    """Has sources follow what is asked for; of several processes, whoever follows them keeps the list."""

    def __init__(
        self,
        sources: Sequence[WithCoins],
        markets: Markets,
        store: Store,
        clock: Callable[[], int],
        *,
        patience_s: float = PATIENCE_S,
        keeps: Callable[[], bool] = _always,
    ) -> None:
        """`sources` can follow more coins; what was asked for is kept in the notes of `store`.

        `keeps` says whether that is done by this process at the moment.
        """
        self._keeps = keeps
        self.used: Callable[[str], None] = _nobody
        """Is told of each coin that somebody uses, where another process keeps the list."""
        self._sources = sources
        self._markets = markets
        self._store = store
        self._clock = clock
        self._patience_s = patience_s
        self._asked_ms: dict[str, int] = {}
        """By coin: when it was asked for last."""
        self._noted_ms: dict[str, int] = {}
        """The same, as the store had it when it was looked at last."""

    @property
    def is_possible(self) -> bool:
        """Whether any source can follow more coins."""
        return bool(self._sources)

    @property
    def listed(self) -> list[str]:
        """The coins that could be followed."""
        return [coin for source in self._sources for coin in source.listed]

    def named(self, word: str) -> str | None:
        """Return the coin of a source that a word names, however it is written; None for none."""
        listed = {coin.lower(): coin for coin in reversed(self.listed)}
        return listed.get(word.lower()) or listed.get(canonical(word).lower())

    def use(self, coin: str) -> None:
        """Take note that a coin is still wanted."""
        if not self._keeps():
            self.used(coin)
        elif coin in self._asked_ms:
            self._asked_ms[coin] = self._clock()

    async def follow(self, coin: str) -> None:
        """Return once there is a view of one of `listed`. Raises `UserError` where there is none so soon."""
        said = await self.take(coin)
        if said is Followed.FULL:
            raise UserError(
                "{coin} is not followed here, and no more coins can be: their number is the operator's to "
                "say (LIQBOT_HYPERLIQUID__COINS_ON_REQUEST).",
                coin=coin,
            )
        if said not in (Followed.FOLLOWED, Followed.ALREADY):
            raise UserError("It is not known yet which coins there are. Try again in a minute.")
        if not await self._markets.arrives(coin, self._patience_s):
            raise UserError(
                "Reading {coin} now: who holds it is asked for, and it is followed from now on. "
                "Ask again in a minute.",
                coin=coin,
                again=True,
            )

    async def take(self, coin: str) -> Followed:
        """Have a coin followed that somebody asked for, here or through another process."""
        keeps = self._keeps()
        if keeps:
            await self.recall()
        said = await self._follow(coin)
        if keeps and (said is Followed.FOLLOWED or coin in self._asked_ms):
            self._asked_ms[coin] = self._clock()
            await self._write()
        return said

    async def run(self) -> None:
        """Follow again what was asked for before a restart, and let go of what nobody uses; never returns."""
        is_told = False
        while True:
            try:
                await self._keep_up()
            except StoreError as error:
                if not is_told:  # once an outage, not at each try
                    _log.warning("coins_not_kept", reason=str(error))
                is_told = True
            except Exception:  # noqa: BLE001 - whatever a source says of one coin, it is tried again
                _log.exception("coins_not_kept")
            else:
                is_told = False
            await asyncio.sleep(EVERY_S)

    async def recall(self) -> None:
        """Follow all that was asked for, here before a restart or elsewhere, as far as sources know of it."""
        self._noted_ms = _read(await self._store.notes.get(NOTE))
        self._asked_ms = _newest(self._asked_ms, self._noted_ms)
        for coin in list(self._asked_ms):
            await self._follow(coin)

    async def let_go(self) -> None:
        """Let go of coins that nobody has asked for lately, and to which nobody is subscribed."""
        since_ms = self._clock() - DISUSED_MS
        disused = {coin for coin, asked_ms in self._asked_ms.items() if asked_ms < since_ms}
        if not disused:
            return
        gone: set[str] = set()
        for coin in disused:
            if await self._store.alerts.watches(coin):
                continue
            gone.add(coin)
            del self._asked_ms[coin]
            for source in self._sources:
                await source.unfollow(coin)
            self._markets.forget(coin)
            _log.info("coin_let_go", coin=coin)
        if gone:
            await self._write(gone)

    async def _keep_up(self) -> None:
        if self._keeps():
            await self.recall()
            await self.let_go()
            if _hours(self._asked_ms) != self._noted_ms:  # some were used
                await self._write()
        self._forget_what_is_left()

    def _forget_what_is_left(self) -> None:
        """Show no longer what whoever follows the sources has let go of: nobody tells of that."""
        followed = {coin for source in self._sources for coin in source.coins}
        left, until_ms = set(self.listed) - followed, self._clock() - LEFT_MS
        for view in list(self._markets.all()) if followed else ():
            if view.coin in left and view.layer.origin is Origin.LIVE and view.time_ms < until_ms:
                self._markets.forget(view.coin)

    async def _follow(self, coin: str) -> Followed:
        """Return what the source says that has the coin, or the last one."""
        said = Followed.NO_MARKET
        for source in self._sources:
            said = await source.follow(coin)
            if said in (Followed.FOLLOWED, Followed.ALREADY, Followed.FULL):
                return said
        return said

    async def _write(self, gone: Collection[str] = ()) -> None:
        """Write down what was asked for, beside what another process has; `gone` is let go of."""
        hours = _hours(self._asked_ms)

        def joined(text: str | None) -> str:
            asked_ms = _newest(_read(text), hours)
            kept = {coin: at_ms for coin, at_ms in asked_ms.items() if coin not in gone}
            return msgspec.json.encode(kept).decode()

        self._noted_ms = _read(await self._store.notes.change(NOTE, joined))


def _read(text: str | None) -> dict[str, int]:
    """Return by coin when it was asked for, as it is noted; what cannot be read is as good as nothing."""
    try:
        return {} if text is None else msgspec.json.decode(text, type=dict[str, int])
    except msgspec.DecodeError:
        return {}


def _newest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {coin: max(one.get(coin, 0), other.get(coin, 0)) for coin in {**one, **other}}


def _hours(asked_ms: Mapping[str, int]) -> dict[str, int]:
    return {coin: at_ms // NOTED_MS * NOTED_MS for coin, at_ms in asked_ms.items()}
