"""Playing a script against a running bot, and the tour that a newcomer sees."""

import asyncio
from collections.abc import Sequence

from liqbot.app.bot import Bot
from liqbot.chat.command import CommandContext
from liqbot.chat.console.printer import CONSOLE_CHAT, Printer
from liqbot.chat.console.script import Move, Say, Step, Type, WaitMarket
from liqbot.sources.simulator import Simulator

TOUR = """
# Three coins of a simulated market, and where their liquidations cluster
/clusters BTC
/clusters ETH
/clusters SOL
# The picture
/heatmap BTC
# Hear of it when the market comes near a heavy cluster
/subscribe near-cluster BTC within=1% at_least=5M
/subscriptions
# The market falls ...
move BTC -5 over 15m
wait alert
/status
"""
ALERT_TIMEOUT_S = 40.0
"""How long a script waits for an alert where nothing else is said, in seconds of the clock."""


class ScriptFailed(Exception):  # noqa: N818 - it says what happened, not what went wrong in us
    """A script asked for something impossible, or waited for something that did not come."""


class Player:
    """Plays scripts on a bot whose only source is the simulated market."""

    def __init__(
        self, bot: Bot, simulator: Simulator, printer: Printer, alert_timeout_s: float = ALERT_TIMEOUT_S
    ) -> None:
        """Play on `bot` and its `simulator`, and wait at most `alert_timeout_s` seconds for an alert."""
        self._bot = bot
        self._simulator = simulator
        self._printer = printer
        self._ask = CommandContext(CONSOLE_CHAT, bot.services)
        self._alert_timeout_s = alert_timeout_s
        self._alerts_seen = 0

    async def play(self, steps: Sequence[Step]) -> None:
        """Take one step after the other. Raises `ScriptFailed` at the first that is not possible.

        Nobody is there who could ask again: a line waits for the past, also where reading it takes minutes.
        """
        self._bot.services.startup.wait_out()
        for step in steps:
            await self._take(step)

    async def _take(self, step: Step) -> None:
        if isinstance(step, Say):
            self._printer.narrate(step.text)
        elif isinstance(step, Type):
            self._printer.echo(step.line)
            self._printer.show(await self._bot.answering.answer(step.line, self._ask))
        elif isinstance(step, Move):
            await self._bot.services.startup.settled()  # it is the present that moves
            self._move(step)
        elif isinstance(step, WaitMarket):
            until_ms = self._time_ms() + step.seconds * 1000
            await self._bot.until(lambda: self._time_ms() >= until_ms)
        else:
            await self._wait_for_alert()

    def _move(self, step: Move) -> None:
        try:
            self._simulator.shock(step.coin, step.percent, step.over_s)
        except ValueError as error:
            raise ScriptFailed(f"move {step.coin} {step.percent:g}: {error}") from None

    async def _wait_for_alert(self) -> None:
        try:
            async with asyncio.timeout(self._alert_timeout_s):
                await self._printer.alerted(more_than=self._alerts_seen)
        except TimeoutError:
            raise ScriptFailed(f"no alert came within {self._alert_timeout_s:g} s") from None
        self._alerts_seen = self._printer.alerts

    def _time_ms(self) -> int:
        return max((view.time_ms for view in self._bot.services.markets.views.values()), default=0)
