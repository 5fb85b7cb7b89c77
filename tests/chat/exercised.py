"""A row of the table of verdicts, tried: an alert, the platform's answer, the state after it, its end."""

from dataclasses import dataclass

from alerts.stand_ins import Clock
from chat.stand_ins import BTC, run_until_drained
from chat.verdict_rows import AGAIN, DEGRADE, GONE, WAIT
from databases import look

from liqbot.alerts.absence import HOUR_MS
from liqbot.alerts.dispatcher import Dispatcher
from liqbot.rules.hit import Hit
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.store.subscriptions import Watch

WATCH = Watch(0, "near-cluster", "BTC", "{}")
OPEN = ("due", "unknown", "sending")


@dataclass
class Exercise:
    """A store, a dispatcher to a platform, and a clock that the test turns."""

    store: Store
    platform: object
    name: str

    def __post_init__(self):
        self.clock = Clock()

        async def undrawn(*_):
            return None

        self.dispatcher = Dispatcher(self.store, undrawn, self.clock)
        self.dispatcher.connect(self.name, self.platform)

    async def alert(self, chat: ChatKey, text: str) -> None:
        await self.store.alerts.sample(chat, WATCH, Hit(text, text, means="It means."), BTC, self.clock())

    async def deliver(self) -> None:
        """Let be sent what is due by the clock that stands."""
        self.dispatcher.wake()
        await run_until_drained(self.dispatcher)

    async def state(self, chat: ChatKey) -> str:
        """Return how a chat stands, in a word: reached, away, gone; owed where something is still to come."""
        if (await self.store.chats.settings(chat)).inactive is not None:
            return "gone"
        if await self.store.absences.of_chat(chat) is not None:
            return "away"
        owed = look(
            self.store,
            "SELECT count(*) FROM deliveries AS d JOIN chats AS c ON c.id = d.chat_id "
            "WHERE c.native_id = ? AND d.status IN (?, ?, ?)",
            [chat.native_id, *OPEN],
        )[0][0]
        return "owed" if owed else "reached"

    async def row(self, chat: ChatKey, verdict, messages) -> tuple[str, str]:
        """Return the state after an answer that is ordered already, and the message that comes in the end.

        `messages` returns the texts of the chat's messages.
        """
        await self.alert(chat, "first")
        await self.deliver()
        after = await self.state(chat)
        if verdict is GONE:
            await self.store.chats.activate(chat)  # somebody there speaks to the bot
            await self.alert(chat, "second")
        self.clock.now_ms += 2 * HOUR_MS if verdict is WAIT else 60_000
        for _ in range(3):
            await self.deliver()
            if found := await messages():
                break
        return after, " / ".join(found)


EXPECTED = {
    AGAIN: (("owed", "reached"), "first"),
    WAIT: (("away",), "1 alert while this chat could not be reached"),
    DEGRADE: (("reached",), "first"),
    GONE: (("gone",), "second"),
}


def wrong(verdict, after: str, heard: str) -> bool:
    states, text = EXPECTED[verdict]
    return after not in states or text not in heard or " / " in heard
