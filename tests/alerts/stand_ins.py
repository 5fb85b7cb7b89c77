"""A store with rules, a clock that stands until it is told, and a rule that always says the same."""

import asyncio
import shutil
from collections.abc import Iterable
from contextlib import asynccontextmanager

from liqbot.rules.common_parameters import Policy
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Hit, Rule, rule
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import Outcome
from liqbot.store.opening import open_store
from liqbot.store.sqlite.store import SqliteStore
from liqbot.store.store import Store

ANN, BOB = ChatKey("paper", "ann"), ChatKey("paper", "bob")


class Clock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


@asynccontextmanager
async def at_work(dispatcher):
    """Let a dispatcher run meanwhile."""
    task = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class House:
    """A store and the rules that are loaded in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rules = Rules()

    def as_a_kill_leaves_it(self) -> Store:
        """Return a store on what is written down by now: nothing closed, nothing in anybody's head."""
        if not isinstance(self.store, SqliteStore):
            return open_store(self.store.address)
        path = self.store.path
        folder = path.parent / "after the kill"
        folder.mkdir()
        for file in (path, path.with_name(f"{path.name}-wal")):
            shutil.copy(file, folder)
        return SqliteStore(folder / path.name)

    def with_rules(self, *rules: Rule) -> "House":
        self.rules.add(rules)
        return self

    async def subscribe(self, chat: ChatKey, rule: str, coin: str = "BTC", **written: str):
        form = self.rules.by_name[rule].form
        parameters = form.canonical(form.parse(written))
        return (
            await self.store.subscriptions.subscribe(
                chat, rule=rule, coin=coin, parameters=parameters, now_ms=0
            )
        )[0]

    async def due(self, platform: str = "paper"):
        """Return what is due, as (native id of the chat, text of the hit); it is sent by that."""
        taken = []
        while heads := await self.store.deliveries.queue_heads(platform, 1_000, 10**15, but_not=()):
            await self.store.deliveries.claim(heads)
            await self.store.deliveries.settle(Outcome(head, "sent", 1) for head in heads)
            taken += heads
        alerts = [
            (head.chat.native_id, await self.store.alerts.alert(number))
            for head in taken
            for number in head.alerts
        ]
        return [(name, alert.hit.text) for name, alert in alerts]


def saying(name: str, *texts: str, **policy: float) -> Rule:
    """Return a rule that says the same of every view, each text under its own key."""

    @rule(name, policy=Policy(**policy))
    def says(view) -> Iterable[Hit]:
        """It always says the same."""
        return [Hit(text, f"{view.coin} {text}", means="It means.", caveat="It does not.") for text in texts]

    return says
