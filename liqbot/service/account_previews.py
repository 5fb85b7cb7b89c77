"""What a watch on an account would have told lately: counted from its past trades, or from what was seen.

Where a venue tells what an account has traded, the same reading counts it that decides live. Where it does
not, the event log is all there is: large liquidations of the account, as far as their account was told.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import structlog

from liqbot.alerts.account_past import PastAlert, past_alerts
from liqbot.market.accounts import Change, PastTrades
from liqbot.market.events import LiquidationSeen
from liqbot.rules.parameters import Value
from liqbot.service.accounts import AccountPlace
from liqbot.service.markets import Markets
from liqbot.service.previews import DAY_MS, DAYS, PATIENCE_S
from liqbot.store.errors import StoreError
from liqbot.store.events import Events

_log = structlog.get_logger()

MOST_COINS = 12
"""In the log of so many coins it is looked for liquidations of an account."""
MOST_EVENTS = 5_000
ONE_MS = 60_000
"""Liquidations of one position within so long are told as one."""


@dataclass(frozen=True, slots=True)
class AccountPreview:
    """What would have been told of an account."""

    state: Literal["trades", "seen", "counting", "skipped"]
    """Counted from its `trades`, or from what was `seen` of it; or why it is not counted."""
    span_s: float = 0.0
    """How long a time that was."""
    counts: Mapping[Change, int] = field(default_factory=dict[Change, int])
    """How often, by what happened."""
    last: PastAlert | None = None
    trades: int = 0
    """How many trades were read."""

    @property
    def times(self) -> int:
        """How often something would have come."""
        return sum(self.counts.values())


class AccountPreviews:
    """Counts what would have been told of accounts."""

    def __init__(
        self,
        events: Events,
        markets: Markets,
        clock: Callable[[], int],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._events = events
        self._markets = markets
        self._clock = clock
        self._patience_s = patience_s
        self._counting: set[asyncio.Task[AccountPreview]] = set()
        """Counts that nobody waits for any more."""

    async def lately(
        self, place: AccountPlace, account: str, values: Mapping[str, Value], coins: Sequence[str] = ()
    ) -> AccountPreview:
        """Return what a watch with these parameters would have told in the last days.

        `coins` are those that the account holds now.
        """
        task = asyncio.create_task(self._count(place, account, values, coins))
        self._counting.add(task)
        task.add_done_callback(self._counting.discard)
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(task)
        except TimeoutError:
            return AccountPreview("counting")

    async def _count(
        self, place: AccountPlace, account: str, values: Mapping[str, Value], coins: Sequence[str]
    ) -> AccountPreview:
        now_ms = self._clock()
        past = await self._trades(place, account, now_ms - DAYS * DAY_MS)
        if past is not None:
            look_ms = round(1000 * place.watch.interval_s)
            told = await asyncio.to_thread(past_alerts, account, past.trades, values, look_ms)
            return _preview("trades", told, now_ms - past.since_ms, len(past.trades))
        seen = await self._liquidations(place, account, now_ms, coins)
        return _preview("seen", seen, DAYS * DAY_MS)

    async def _trades(self, place: AccountPlace, account: str, since_ms: int) -> PastTrades | None:
        try:
            return await place.watch.past_trades(account, since_ms)
        except Exception as error:  # noqa: BLE001 - however a venue fails, the watch stands
            _log.warning("past_trades_failed", source=place.name, error=type(error).__name__)
            return None

    async def _liquidations(
        self, place: AccountPlace, account: str, now_ms: int, coins: Sequence[str]
    ) -> list[PastAlert]:
        """Return the large liquidations of an account that were seen, the oldest first."""
        found: list[PastAlert] = []
        for coin in list(dict.fromkeys((*coins, *self._markets.coins)))[:MOST_COINS]:
            view = self._markets.in_layer(coin, place.layer.key)
            until_ms = now_ms if view is None else view.time_ms  # what is simulated has a time of its own
            try:
                logged = await self._events.between(
                    place.layer,
                    coin,
                    until_ms - DAYS * DAY_MS,
                    until_ms,
                    kinds=(LiquidationSeen.kind,),
                    limit=MOST_EVENTS,
                )
            except StoreError as error:
                _log.error("events_unread", coin=coin, layer=place.layer.key, reason=str(error))
                continue
            mine = [one.event.time_ms for one in logged if _is_of(one.event, account)]
            for time_ms, before_ms in zip(mine, [-ONE_MS, *mine], strict=False):
                if time_ms - before_ms >= ONE_MS:
                    found.append(PastAlert(time_ms, Change.LIQUIDATED, coin))
        return sorted(found, key=lambda one: one.time_ms)


def _is_of(event: object, account: str) -> bool:
    return isinstance(event, LiquidationSeen) and event.account == account


def _preview(
    state: Literal["trades", "seen"], told: Sequence[PastAlert], span_ms: int, trades: int = 0
) -> AccountPreview:
    return AccountPreview(
        state,
        span_s=max(span_ms, 0) / 1000,
        counts=Counter(one.change for one in told),
        last=told[-1] if told else None,
        trades=trades,
    )
