"""What a process hears of the others of its bot: their troubles, what nobody does, and how they differ."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog

from liqbot.app.backend import Shared
from liqbot.app.bot import Bot
from liqbot.app.expected_leases import missing
from liqbot.app.process_differences import barred_from, difference, is_replaceable
from liqbot.app.process_report import report_of
from liqbot.chat.adapter import CLOCK_ERROR_S
from liqbot.market.figures import duration
from liqbot.service.processes import Unled, short_name
from liqbot.service.troubles import Finding
from liqbot.store.errors import StoreError
from liqbot.store.presence import PresentProcess, ProcessReport
from liqbot.text import _

_log = structlog.get_logger()
T = TypeVar("T")

ANSWER_S = 5.0
"""A database that has not answered for so long is named: a network that fell silent refuses nothing."""


class OtherProcesses:
    """Tells the other processes of a bot how this one does, and hears how they do."""

    def __init__(self, bot: Bot, clock: Callable[[], int]) -> None:
        """`clock` tells the time in ms since 1970 UTC."""
        self._bot = bot
        self._clock = clock
        self._begun_ms = clock()
        self._is_deaf = False
        """Whether others could not be heard: the log hears of it once."""
        self._unled_before: frozenset[str] = frozenset()
        """What nobody did at the last look."""
        self.ahead_s = 0.0
        """How far this machine's clock is ahead of the one that all processes share."""

    @property
    def is_clock_off(self) -> bool:
        """Whether this machine's clock is too far off to be gone by."""
        return abs(self.ahead_s) > CLOCK_ERROR_S

    async def exchange(self, now_ms: int, due_ms: Mapping[str, int]) -> list[Finding]:
        """Say how this process does; return what is wrong with others, or with all of them together.

        `due_ms` is by platform since when something is due there.
        """
        shared = self._bot.backend.shared
        if shared is None:
            return []
        report = report_of(
            self._bot,
            shared.name,
            begun_ms=self._begun_ms,
            now_ms=now_ms,
            due_ms=due_ms,
            ahead_s=self.ahead_s,
        )
        others = await self._heard(self._told(shared, report))
        if others is None:
            return []
        self._bot.barred = barred_from(report, others)
        shared.leases.stands_aside = self.is_clock_off and is_replaceable(report, others)
        differing = difference(report, others)
        return [
            *(
                _elsewhere(one.report, name, whole)
                for one in others
                for name, whole in one.report.troubles.items()
            ),
            *([] if differing is None else [differing]),
        ]

    async def unled(self) -> list[Finding]:
        """Return what nobody does of what one process has to do."""
        house = await self._heard(self._bot.services.status.processes.all())
        unled: dict[str, Unled] = {}
        if house is not None:
            unled = {one.lease: one for one in missing(house, self._bot.settings, self._bot.layers)}
            if not self._bot.services.accounts.places:
                unled.pop("accounts", None)
        before, self._unled_before = self._unled_before, frozenset(unled)
        return [  # right after an outage of all, somebody is about to do it
            Finding(
                _("role {name}", name=name),
                _("No process has done it for {time}.", time=duration(unled[name].for_s)),
                _("Start a process with that role: liqbot run --role"),
            )
            for name in sorted(before & unled.keys())
        ]

    def forget(self) -> None:
        """Note that nobody can be heard at present."""
        self._unled_before = frozenset()

    async def _told(self, shared: Shared, report: ProcessReport) -> Sequence[PresentProcess]:
        """Tell others how this process does; return how they do. Raises `StoreError`."""
        asked_ms = self._clock()
        shared_ms = await shared.presence.tell(report)
        self.ahead_s = ((asked_ms + self._clock()) / 2 - shared_ms) / 1000
        return [one for one in await shared.presence.all() if one.report.name != report.name]

    async def _heard(self, asked: Awaitable[T]) -> T | None:
        """Return what is heard; None where nothing is, which the log is told once."""
        try:
            found = await answered(asked)
        except StoreError as error:
            if not self._is_deaf:
                _log.warning("processes_not_heard", reason=str(error))
            self._is_deaf = True
            return None
        self._is_deaf = False
        return found


async def answered(asked: Awaitable[T]) -> T:
    """Return what a database answers in time. Raises `StoreError`."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return await asked
    except TimeoutError:
        raise StoreError(_("it has not answered for {time}", time=duration(ANSWER_S))) from None


def _elsewhere(report: ProcessReport, name: str, whole: str) -> Finding:
    """Return what another process has found wrong; one of an older version does not say what is public."""
    public, own = report.public_troubles.get(name), short_name(report.name)
    if public is None:
        text = _("Process {name}: {text}", name=own, text=_("The operator is told more."))
        return Finding(name, text, detail=whole, is_elsewhere=True)
    text = _("Process {name}: {text}", name=own, text=public)
    return Finding(name, text, detail=whole.removeprefix(public).strip(), is_elsewhere=True)
