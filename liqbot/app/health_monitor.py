"""The health monitor: looks at the whole bot every few seconds, and says what is wrong."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import structlog

from liqbot.alerts.evaluation import STALE_MS
from liqbot.app.bot import Bot
from liqbot.app.clock import ClockError, ClockWatch
from liqbot.app.findings import findings_of
from liqbot.app.lost_bots import LostBots
from liqbot.app.operator_chat import Operator
from liqbot.app.other_processes import OtherProcesses, answered
from liqbot.app.roles import ALERTS, ENGINE, WEB
from liqbot.chat.adapter import CLOCK_ERROR_S, WithClock
from liqbot.market.figures import duration
from liqbot.market.layer import Origin
from liqbot.service.findings import WELL
from liqbot.service.past_backfill import fill_past
from liqbot.service.troubles import Finding
from liqbot.store.address import local_folder
from liqbot.store.errors import StoreError
from liqbot.store.leases import fenced
from liqbot.text import N_, _

_log = structlog.get_logger()

LOOK_S = 5.0
LAG_S = 0.1
"""How often the event loop's lag is measured."""
DAY_MS = 86_400_000
FIRST_FILL_S = 60.0
"""So long after the start what older versions kept is taken in."""
FIRST_TRIAL_S = 600.0
"""So long after the start the modelled maps are scored for the first time."""
KEEP_DAYS = 30
"""How long alerts, and chats that cannot be reached, are kept."""
CARRY_MS = 30_000
"""So often it is seen to that what other processes have decided of people holds for all of their chats."""
LATE_MS = 600_000
"""A delivery that has been due for so long means that something holds them up."""
LEAST_DISK_MB = 100


class HealthMonitor:
    """Looks after a bot while it runs."""

    def __init__(self, bot: Bot, operator: Operator, clock: Callable[[], int]) -> None:
        """`clock` tells the time in ms since 1970 UTC."""
        self._bot = bot
        self._operator = operator
        self._clock = clock
        self._clock_watch = ClockWatch(clock)
        self._clock_error = ClockError()
        self._begun_ms = clock()
        self._tidied_ms = 0
        self._carried_ms = 0
        self._lost_bots = LostBots(bot)
        self._due_ms: Mapping[str, int] = {}
        """By platform, since when a delivery is due there, as far as is known."""
        self._unanswered: Finding | None = None
        """Set where the database does not answer: nothing more is asked of it."""
        self._is_failing = False
        """Whether the database was away at the last look, which the log has been told."""
        self._others = OtherProcesses(bot, clock)
        self._elsewhere: list[Finding] = []
        """What other processes of the bot have found wrong."""
        self.lag_s = 0.0
        """The longest time that the event loop kept others waiting, since the last look."""

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measure_lag())
            group.create_task(self._look_again_and_again())
            group.create_task(self._fill_past_daily())
            group.create_task(self._try_models_daily())

    async def look(self) -> None:
        """Look once: note what has gone blind, tell what is wrong, remove what is old."""
        now_ms = self._clock()
        back_ms = self._clock_watch.put_back_ms()
        if back_ms:
            _log.warning("clock_put_back", by_s=back_ms // 1000)
            self._bot.clock_put_back.set()
        await self._keep_ends()
        troubles = self._bot.services.troubles
        found = [finding async for finding in self.troubles(now_ms)]
        troubles.renew([*self._elsewhere, *found], now_ms)
        self._elsewhere = await self._others.exchange(now_ms, self._due_ms) if self._answers else []
        troubles.renew([*self._elsewhere, *found], now_ms)
        await self._operator.tell({name: one.finding.whole for name, one in troubles.by_name.items()})
        if (
            self._answers and self._keeps_house and not self._is_clock_doubtful()
        ):  # this writes, and may fail for the very reason that has just been told
            with fenced(self._bot.alerts.lease):
                await self._keep_house(now_ms)

    def _is_clock_doubtful(self) -> bool:
        is_awaited = any(
            isinstance(serving.adapter, WithClock) and serving.clock_ahead_s is None
            for serving in self._bot.servings
        )
        return self._others.is_clock_off or self._clock_error.is_doubtful(is_awaited=is_awaited)

    async def _keep_ends(self) -> None:
        """Let what people asked for end when they meant it to, however this machine's clock is set.

        Where several machines have a part in the bot, their clocks differ, and nobody knows which was read.
        """
        error_ms = self._clock_error.told_ms(serving.clock_ahead_s for serving in self._bot.servings)
        if error_ms is None or self._bot.backend.leases is not None:
            return
        by_ms = await self._bot.store.date_by_clock(self._clock(), error_ms)
        if by_ms:
            _log.warning("ends_moved", by_s=by_ms // 1000, clock_ahead_s=error_ms // 1000)
            self._bot.dispatcher.wake()

    @property
    def _keeps_house(self) -> bool:
        """Whether it is this process that does what is to be done once: whoever evaluates."""
        return self._bot.duties.has(ALERTS) and self._bot.alerts.leads

    async def _keep_house(self, now_ms: int) -> None:
        await self._note_what_is_over(now_ms)
        if now_ms - self._carried_ms >= CARRY_MS:
            await self._bot.services.access.carry_through()
            self._carried_ms = now_ms
        if now_ms - self._tidied_ms >= DAY_MS:
            await self._tidy(now_ms)
            self._tidied_ms = now_ms

    @property
    def _answers(self) -> bool:
        return self._unanswered is None

    def hindrances(self) -> Iterator[Finding]:
        """Yield what keeps this process from serving: where there are others, they had better be asked."""
        if self._unanswered is not None:
            yield self._unanswered
        shared = self._bot.backend.shared
        if shared is not None and (deaf := shared.trouble()) is not None:
            yield _deaf(deaf)
        if self._bot.duties.has(WEB) and not self._bot.services.markets.views:
            yield Finding(_("views"), _("The market is still being read."))

    async def troubles(self, now_ms: int) -> AsyncIterator[Finding]:
        """Yield what is wrong now. A part that cannot be looked at is logged, and hides no other."""
        parts: tuple[Callable[[int], Iterable[Finding]], ...] = (
            lambda now_ms: findings_of(self._bot, now_ms, self._begun_ms),
            self._blind,
            self._platforms,
            self._database,
            self._ports,
            self._disk,
        )
        for part in parts:
            try:
                found = list(part(now_ms))
            except Exception:  # noqa: BLE001 - as of a plugin's source whose report fails
                _log.exception("health_check_failed")
                continue
            for finding in found:
                yield finding
        async for finding in self._late(now_ms):
            yield finding
        if not self._answers:
            self._others.forget()
            return
        for finding in await self._others.unled():
            yield finding
        async for finding in self._lost_bots.findings(now_ms):
            yield finding

    async def _note_what_is_over(self, now_ms: int) -> None:
        """Note which markets have gone blind, and end the subscriptions whose time is over."""
        for view in self._bot.services.markets.layers.all():
            if view.layer.origin is Origin.LIVE and now_ms - view.time_ms >= STALE_MS:
                await self._bot.evaluator.miss(view.coin, now_ms, view.layer)
        ended = await self._bot.store.subscriptions.end_over(now_ms)
        if ended:
            _log.info("subscriptions_over", count=ended)

    def _blind(self, now_ms: int) -> Iterator[Finding]:
        for coin in self._blind_coins(now_ms):
            age_s = (now_ms - self._bot.services.markets.views[coin].time_ms) / 1000
            yield Finding(
                _("no data of {coin}", coin=coin),
                _(
                    "The newest is {age} old. No alerts are sent for it until there is more.",
                    age=duration(age_s),
                ),
            )

    def _database(self, _now_ms: int) -> Iterator[Finding]:
        bot = self._bot
        trouble = bot.trouble or bot.dispatcher.trouble
        if trouble is not None:
            yield Finding(
                _("database"),
                _("It cannot be written."),
                _("Alerts wait until it can be written again."),
                detail=f"{trouble}.",
            )
        shared = bot.backend.shared
        if shared is not None and (deaf := shared.trouble()) is not None:
            yield _deaf(deaf)
        if bot.backups.trouble is not None:
            yield Finding(_("backups"), _("The last backup could not be made."), detail=bot.backups.trouble)

    def _ports(self, _now_ms: int) -> Iterator[Finding]:
        names = {"page": _("page"), "metrics": _("metrics")}
        for what, reason in self._bot.ports.taken.items():
            yield Finding(
                names.get(what, what),
                _("It is not served."),
                _("It is tried again twice a minute; free its port, or set another."),
                detail=reason,
            )

    def _platforms(self, _now_ms: int) -> Iterator[Finding]:
        for serving in self._bot.servings:
            if serving.state not in WELL:
                yield Finding(_("platform {name}", name=serving.name), serving.state)
            ahead_s = serving.clock_ahead_s
            if ahead_s is not None and abs(ahead_s) > CLOCK_ERROR_S:
                yield Finding(_("clock"), _clock_error(ahead_s, serving.name.capitalize()))
        if self._others.is_clock_off:
            yield Finding(_("clock"), _clock_error(self._others.ahead_s, "PostgreSQL"))

    def _disk(self, _now_ms: int) -> Iterator[Finding]:
        folder = local_folder(self._bot.store.address)
        free_mb = _free_mb(folder)
        if free_mb < LEAST_DISK_MB:
            yield Finding(
                _("disk"), _("Only {free} MB are free.", free=free_mb), _("Make room."), detail=f"{folder}."
            )

    async def _late(self, now_ms: int) -> AsyncIterator[Finding]:
        try:
            self._due_ms = await answered(self._bot.store.deliveries.oldest_due())
        except StoreError as error:
            self._unanswered = Finding(
                _("database"),
                _("It cannot be read."),
                _("Alerts wait until it can be read again."),
                detail=f"{error}.",
            )
            yield self._unanswered
            return
        self._unanswered = None
        is_alone = self._bot.backend.shared is None
        led = {sender.name for sender in self._bot.dispatcher.platforms if sender.leads}
        own = [due_ms for name, due_ms in self._due_ms.items() if is_alone or name in led]
        due_ms = min(own, default=now_ms)
        if now_ms - due_ms > LATE_MS:
            late = duration((now_ms - due_ms) / 1000)
            yield Finding(_("deliveries"), _("The oldest has been due for {time}.", time=late))

    def _blind_coins(self, now_ms: int) -> list[str]:
        live = [
            view for view in self._bot.services.markets.views.values() if view.layer.origin is Origin.LIVE
        ]
        return [view.coin for view in live if now_ms - view.time_ms >= STALE_MS]

    async def _tidy(self, now_ms: int) -> None:
        before_ms = now_ms - KEEP_DAYS * DAY_MS
        await self._bot.store.events.thin(now_ms)
        await self._bot.store.cases.thin(now_ms)
        removed = await self._bot.store.alerts.prune(before_ms)
        gone = await self._bot.store.chats.inactive_before(before_ms)
        for chat in gone:
            await self._bot.store.chats.forget(chat)
        _log.info("old_data_removed", alerts=removed, chats=len(gone))

    async def _fill_past_daily(self) -> None:
        """Take into what is read now what older versions kept: at first, and the day after the rest."""
        await asyncio.sleep(FIRST_FILL_S)
        while True:
            try:
                _log.info("past_filled_in", readings=await self._fill_past())
            except Exception:  # noqa: BLE001 - it is tried again tomorrow
                _log.exception("past_not_filled_in")
            await asyncio.sleep(DAY_MS / 1000)

    async def _fill_past(self) -> int:
        views = self._bot.services.markets.layers.all() if self._bot.duties.has(ENGINE) else []
        live = [view for view in views if view.layer.origin is Origin.LIVE]
        return sum([await fill_past(self._bot.store, view) for view in live])

    async def _try_models_daily(self) -> None:
        """Score the modelled maps against what is known, once a day; not while the bot has just started."""
        await asyncio.sleep(FIRST_TRIAL_S)
        while True:
            if not self._keeps_house:
                await asyncio.sleep(LOOK_S)
                continue
            try:
                _log.info("models_scored", scores=await self._bot.services.model_scores.try_all())
            except Exception:  # noqa: BLE001 - it is tried again tomorrow
                _log.exception("models_not_scored")
            await asyncio.sleep(DAY_MS / 1000)

    async def _look_again_and_again(self) -> None:
        while True:
            try:
                await self.look()
            except StoreError as error:
                if not self._is_failing:
                    _log.warning("health_check_failed", reason=str(error))
                self._is_failing = True
            except Exception:  # noqa: BLE001 - it looks again in a moment
                _log.exception("health_check_failed")
            else:
                self._is_failing = False
            await asyncio.sleep(LOOK_S)

    async def _measure_lag(self) -> None:
        """Note how late the loop wakes, over the last look's time."""
        loop = asyncio.get_running_loop()
        while True:
            times = [loop.time()]
            while times[-1] - times[0] < LOOK_S:
                await asyncio.sleep(LAG_S)
                times.append(loop.time())
            self.lag_s = max(later - earlier - LAG_S for earlier, later in pairwise(times))


def _deaf(reason: str) -> Finding:
    return Finding(_("bus"), _("Other processes are not heard."), detail=f"{reason}.")


def _clock_error(ahead_s: float, name: str) -> str:
    key = (
        N_("This machine's clock is {span} ahead of {name}'s. Put it right, best with NTP.")
        if ahead_s > 0
        else N_("This machine's clock is {span} behind {name}'s. Put it right, best with NTP.")
    )
    return _(key, span=duration(abs(ahead_s)), name=name)


def _free_mb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 2**20
