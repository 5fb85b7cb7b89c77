"""A bot for tests of plugins: a market is shown to it (price, funding, …), lines typed, alerts awaited."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Limits, OutgoingMessage, Receipt
from liqbot.builtin import RULES
from liqbot.charts.request import ComparisonInput, HeatmapInput, MapInput, TerrainInput
from liqbot.charts.studio import Studio
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import CommandContext
from liqbot.chat.plugin_commands import chat_commands
from liqbot.engine.board import Board
from liqbot.hosting.plugins import Plugins
from liqbot.market.events import MarketEvent
from liqbot.market.neighbours import with_neighbours
from liqbot.market.updates import AssetContext
from liqbot.market.view import MarketView
from liqbot.message import Message, Picture
from liqbot.rules.hit import Hit
from liqbot.rules.parameters import Parameter
from liqbot.rules.plugin_discovery import find_at
from liqbot.rules.plugin_loading import LoadError, load
from liqbot.rules.units import Unit
from liqbot.service.services import Services
from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.store import SqliteStore
from liqbot.testing.market import LAYER, Position, seen

CHAT = ChatKey("test", "me")
_SPAN = Parameter("after", 0.0, unit=Unit.SECONDS)


class _PaperStudio(Studio):
    """Draws nothing."""

    async def heatmap(self, asked: HeatmapInput) -> Picture:
        coin = asked.view.coin
        return Picture(b"", f"{coin} over {asked.window}", f"{coin}-heatmap.png")

    async def map(self, asked: MapInput) -> Picture:
        return Picture(b"", f"{asked.view.coin} map", f"{asked.view.coin}-map.png")

    async def comparison(self, asked: ComparisonInput) -> Picture:
        coin = asked.panels[0].view.coin
        return Picture(b"", f"{coin} comparison", f"{coin}-comparison.png")

    async def terrain(self, asked: TerrainInput) -> Picture:
        return Picture(b"", f"{asked.view.coin} terrain", f"{asked.view.coin}-terrain.png")


class PluginBot:
    """Talks like a bot, in this process, so that a debugger stops in the plugin."""

    def __init__(self, folder: Path) -> None:
        """Keep the database in `folder`."""
        self.sent: list[Message] = []
        """Alerts, in the order in which they arrived."""
        self.plugins = Plugins()
        self.plugins.add(RULES)
        self._store = SqliteStore(folder / "liqbot.db")
        self._board = Board(LAYER)
        self._holders: dict[str, set[str]] = {}
        self._now_ms = 0
        self._runner = asyncio.Runner()
        self._evaluator = Evaluator(self.plugins.rules, self._store.alerts)
        self._studio = _PaperStudio()
        self._services = Services(
            self._store,
            self.plugins.rules,
            self._studio,
            lambda: self._now_ms,
            faults=self._evaluator.faults,
        )
        self.market()  # BTC at $100, and nobody in it

    def load(self, path: Path) -> None:
        """Load a plugin (a file, or a package's folder), or all of a folder.

        Raises `AssertionError` where one cannot be loaded.
        """
        for candidate in find_at(path):
            found = load(candidate)
            assert not isinstance(found, LoadError), str(found)  # noqa: S101 - this is for tests
            self.plugins.add(found)

    def market(
        self,
        *positions: Position,
        spot: float = 100.0,
        coin: str = "BTC",
        after: str = "1m",
        open_interest: float | None = None,
        funding: float | None = None,
    ) -> MarketView:
        """Let `after` pass until a coin has this price and these positions, and no others; return the view.

        What follows from it is in `sent` afterwards. Where a rule fails, that is raised.
        """
        self._now_ms += round(1000 * float(_SPAN.parse(after)))
        closed = self._holders.get(coin, set[str]()) - {position.account for position in positions}
        self._board.apply(AssetContext(coin, self._now_ms, spot, open_interest, funding))
        self._board.apply(seen(positions, coin, self._now_ms, flat=sorted(closed)))
        self._holders[coin] = {position.account for position in positions}
        known = [self._board.observe(name) for name in self._board.coins]
        events = {observation.coin: observation.events for observation in known}
        views = {view.coin: view for view in with_neighbours([observation.view for observation in known])}
        self._services.markets.views.update(views)
        self._runner.run(self._go_on(views[coin], events[coin]))
        return views[coin]

    def say(self, line: str) -> Message:
        """Type a line; return what is answered."""
        commands = chat_commands(self.plugins.commands.values(), [command.name for command in COMMANDS])
        answering = Answering((*COMMANDS, *commands))
        return self._runner.run(answering.answer(line, CommandContext(CHAT, self._services)))

    limits = Limits(hourly=False)

    def is_group(self, chat: ChatKey) -> bool:
        """Return False: one person talks to it."""
        del chat
        return False

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        """Take an alert, as a chat does."""
        self.sent.append(outgoing.message)
        return Receipt(str(len(self.sent)))

    def close(self) -> None:
        """Let go of the database."""
        self._runner.run(self._store.close())
        self._runner.close()
        self._studio.close()

    async def _go_on(self, view: MarketView, events: Sequence[MarketEvent]) -> None:
        await self._store.events.record(events)
        await self._store.observations.record([view])
        await self._store.history.record([view])
        await self._evaluator.take(view, self._now_ms, events)
        if self._evaluator.faults:
            raise AssertionError(f"a rule failed: {self._reason(view)}")
        await self._deliver()

    async def _illustrate(self, view: MarketView, hit: Hit, look: str) -> Picture:
        del hit, look
        return await self._studio.map(MapInput(view=view))

    async def _deliver(self) -> None:
        dispatcher = Dispatcher(self._store, self._illustrate, lambda: self._now_ms)
        dispatcher.connect(CHAT.platform, self)
        delivering = asyncio.create_task(dispatcher.run())
        await dispatcher.drained()
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)

    def _reason(self, view: MarketView) -> str:
        """Return why the first rule that failed did: its text names file and line."""
        name = next(iter(self._evaluator.faults))
        rule = self.plugins.rules.by_name.get(name)
        if rule is None:
            return f"{name} is not loaded"
        rule.read(view, rule.form.defaults())
        return f"{name}, with the parameters or the memory of a watch"
