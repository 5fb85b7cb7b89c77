"""A desk in a market of two lines, and somebody who types at it."""

import asyncio
from dataclasses import replace

from markets import HOUR, long, short, view_of
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.builtin import RULES
from liqbot.charts.request import MapInput
from liqbot.charts.studio import DrawingError
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import CommandContext
from liqbot.message import Message, Picture
from liqbot.rules.plugin_loading import Rules
from liqbot.service.picture_query import PictureStyle
from liqbot.service.services import Services
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store

ME, SOMEBODY_ELSE = ChatKey("console", "me"), ChatKey("console", "somebody else")
NOW_MS = 100 * HOUR

# A coin of BTC is $64,000: longs for $20.5M around 62,700, 2% below spot; shorts for $5M at 66,500.
BTC = replace(
    view_of(
        long("0x1111222233334444", 200, at=62_700, entry=70_000),
        long("ann", 120, at=62_600, entry=60_000),
        short("bob", 78.125, at=66_500, entry=63_000),
        spot=64_000,
        funding=0.0000125,
    ),
    time_ms=NOW_MS,
    age_s=240.0,
)
ETH = replace(
    view_of(long("ann", 2_000, at=1_700, coin="ETH"), spot=2_000, coin="ETH"), time_ms=NOW_MS, age_s=60.0
)


class PaperStudio:
    """Draws nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.inputs = []
        self.broken = False

    async def heatmap(self, asked) -> Picture:
        assert len(asked.grid)
        self.inputs.append(asked)
        about = "" if asked.highlight is None else f" about {asked.highlight}"
        return self._drawn(asked.view, f"heatmap-{asked.window}{about}")

    async def map(self, asked) -> Picture:
        self.inputs.append(asked)
        return self._drawn(asked.view, "map")

    async def comparison(self, asked) -> Picture:
        self.inputs.append(asked)
        return self._drawn(asked.panels[0].view, "comparison")

    async def terrain(self, asked) -> Picture:
        self.inputs.append(asked)
        return self._drawn(asked.view, f"terrain-{asked.window}")

    async def history(self, asked) -> Picture:
        self.inputs.append(asked)
        return self._drawn(asked, f"history-{asked.window}")

    async def screener(self, asked) -> Picture:
        self.inputs.append(asked)
        return self._drawn(asked.rows[0], f"screener-{asked.sort}")

    def _drawn(self, view, what) -> Picture:
        self.asked.append(f"{view.coin}-{what}")
        if self.broken:
            raise DrawingError(f"could not draw the {view.coin} {what}: no ink")
        return Picture(b"png", f"{view.coin} {what} in words", f"{view.coin}-{what}.png")


class Room:
    """A chat: what is typed, and what comes back."""

    def __init__(self, store: Store, **more) -> None:
        rules = Rules()
        rules.add(RULES)
        self.studio = PaperStudio()
        self.now_ms = NOW_MS
        self.evaluator = Evaluator(rules, store.alerts)
        self.store = store
        self.sources = []
        self.services = Services(
            store,
            rules,
            self.studio,
            lambda: self.now_ms,
            sources=self.sources,
            faults=self.evaluator.faults,
            evaluating=self.evaluator.evaluating,
            **more,
        )
        self.services.markets.views.update({"BTC": BTC, "ETH": ETH})
        self.answering = Answering(COMMANDS)
        self.paper = Paper()

    async def say(self, line: str, chat: ChatKey = ME, **who) -> Message:
        return await self.answering.answer(line, CommandContext(chat, self.services, **who))

    async def title(self, line: str, chat: ChatKey = ME) -> str:
        return (await self.say(line, chat)).title

    async def text(self, line: str, chat: ChatKey = ME) -> str:
        return as_text(await self.say(line, chat))

    async def see(self, view) -> None:
        """Let the market go on to `view`, and what follows be delivered."""
        self.services.markets.views[view.coin] = view
        await self.evaluator.take(view, self.now_ms)
        await self.deliver()

    async def _illustrate(self, view, _hit, look) -> Picture:
        return await self.studio.map(MapInput(view=view, look=PictureStyle.kept(look).look))

    async def deliver(self) -> None:
        """Let what is owed be delivered."""
        dispatcher = Dispatcher(
            self.store,
            self._illustrate,
            self.services.clock,
            illustrate_account=lambda alert, state, look: self.services.account_alerts.picture(
                alert, state, PictureStyle.kept(look)
            ),
        )
        dispatcher.connect("console", self.paper)
        await run_until_drained(dispatcher)

    def wait(self, hours: float) -> None:
        """Let time pass."""
        self.now_ms += round(hours * HOUR)

    @property
    def messages(self) -> list[Message]:
        """What came, to whomever."""
        return [message for _, message in self.paper.messages]

    @property
    def got(self) -> list[tuple[str, str]]:
        """What came to whom."""
        return self.paper.got


async def run_until_drained(dispatcher: Dispatcher) -> None:
    task = asyncio.create_task(dispatcher.run())
    await dispatcher.drained()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def as_text(message: Message) -> str:
    return "\n".join([message.title, *message.text])


def later(view, minutes, **changes):
    return replace(view, time_ms=view.time_ms + minutes * 60_000, **changes)
