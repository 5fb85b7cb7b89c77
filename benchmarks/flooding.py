"""Floods: what others wait for answers and alerts while one person, group or server asks without end.

Each flood comes as fast as the loop takes it. Others ask and are alerted meanwhile, at Telegram's pace.
"""

import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chat.stand_ins import BTC, Room
from platforms import Paper

from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.platform import Limits, OutgoingMessage, Receipt
from liqbot.chat.command import CommandContext
from liqbot.rules.hit import Hit
from liqbot.store.alerts import NewAlert
from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.store import SqliteStore
from liqbot.store.urgency import urgently

SECONDS = 4.0
"""How long each flood lasts."""
MOST_ANSWER_S, MOST_ALERT_S = 1.0, 5.0
FLOODS: dict[str, Callable[[int], str]] = {
    "commands": lambda _: "/help",
    "taps": lambda number: f"/clusters {('BTC', 'ETH')[number % 2]}",
    "subscriptions": lambda number: f"/subscribe near-cluster BTC within={1 + number % 400 / 10}%",
    "pictures": lambda _: "/map BTC",
}
WHO: dict[str, Callable[[int], tuple[ChatKey, str]]] = {
    "a person": lambda _: (ChatKey("telegram", "666"), "666"),
    "a group": lambda number: (ChatKey("telegram", "-666"), str(1_000 + number % 200)),
    "a server": lambda number: (ChatKey("telegram", f"-{7_000 + number % 50}"), str(1_000 + number % 200)),
}


def main() -> int:
    """Print what others waited; return 1 where that was too long."""
    print(f"{'flood':<14}{'by':<10}{'asked':>8}{'answered':>10}{'answers p99':>13}{'alerts p99':>12}")
    is_good = True
    for what, who in itertools.product(FLOODS, WHO):
        with tempfile.TemporaryDirectory() as folder:
            asked, answered, answers, alerts = asyncio.run(_flooded(Path(folder), what, who))
        answer_s, alert_s = _p99(answers), _p99(alerts)
        is_good &= answer_s <= MOST_ANSWER_S and alert_s <= MOST_ALERT_S
        print(f"{what:<14}{who:<10}{asked:>8}{answered:>10}{answer_s:>11.3f} s{alert_s:>10.3f} s")
    said = "held" if is_good else "missed"
    print(f"answers p99 ≤ {MOST_ANSWER_S:.0f} s and alerts p99 ≤ {MOST_ALERT_S:.0f} s: {said}")
    return 0 if is_good else 1


async def _flooded(folder: Path, what: str, who: str) -> tuple[int, int, list[float], list[float]]:
    store = SqliteStore(folder / "liqbot.db")
    room = Room(store)
    began = time.monotonic()
    room.services.clock = room.services.quotas._clock = room.services.access._clock = (  # noqa: SLF001
        lambda: round(1000 * (time.monotonic() - began)) + 1
    )
    paper = _Timed(limits=Limits(a_second=30, a_chat_s=1.05, a_group_minute=19))
    dispatcher = Dispatcher(store, lambda *_: _nothing(), room.services.clock)
    dispatcher.connect("telegram", paper)
    sending = asyncio.create_task(dispatcher.run())
    counts, answers = [0, 0], list[float]()
    others = [ChatKey("telegram", str(number)) for number in range(20)]
    for chat in others:
        await store.subscriptions.subscribe(chat, rule="regime-flip", coin="BTC", parameters="{}", now_ms=1)
    until = time.monotonic() + SECONDS
    flood = asyncio.create_task(_flood(room, FLOODS[what], WHO[who], until, counts))
    await asyncio.gather(
        _ask(room, others, until, answers), _alert(store, dispatcher, others[0], until, paper), flood
    )
    await dispatcher.drained()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await store.close()
    return counts[0], counts[1], answers, paper.late


class _Timed(Paper):
    """Notes how late each alert comes."""

    def __init__(self, limits: Limits) -> None:
        super().__init__({}, limits=limits)
        self.raised: dict[str, float] = {}
        self.late: list[float] = []

    async def send(self, message: OutgoingMessage) -> Receipt:
        for text, at in list(self.raised.items()):
            if text in str(message.message):
                self.late.append(time.monotonic() - at)
        return await super().send(message)


async def _flood(
    room: Room,
    line: Callable[[int], str],
    who: Callable[[int], tuple[ChatKey, str]],
    until: float,
    counts: list[int],
) -> None:
    under_way: set[asyncio.Task[object]] = set()
    for number in itertools.count():
        if time.monotonic() >= until:
            break
        chat, person = who(number)
        counts[0] += 1
        if room.services.access.enter(chat, person, line(number)).is_open:
            counts[1] += 1
            task = asyncio.ensure_future(
                room.answering.answer(line(number), CommandContext(chat, room.services, person))
            )
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        if number % 20 == 0:
            await asyncio.sleep(0.001)
    await asyncio.gather(*under_way)


async def _ask(room: Room, others: list[ChatKey], until: float, answers: list[float]) -> None:
    for chat in itertools.cycle(others):
        if time.monotonic() >= until:
            return
        begun = time.monotonic()
        if room.services.access.enter(chat, chat.native_id, "/regime BTC").is_open:
            await room.answering.answer("/regime BTC", CommandContext(chat, room.services, chat.native_id))
            answers.append(time.monotonic() - begun)
        await asyncio.sleep(0.05)


async def _alert(
    store: SqliteStore, dispatcher: Dispatcher, chat: ChatKey, until: float, paper: _Timed
) -> None:
    [mine] = await store.subscriptions.of(chat)
    for number in itertools.count():
        if time.monotonic() >= until:
            return
        text = f"alert number {number:04}"
        paper.raised[text] = time.monotonic()
        with urgently():  # as where rules have read a view
            await store.alerts.commit(BTC, [], [NewAlert(mine.watch, Hit(text, text), "first")], 1)
        dispatcher.wake()
        await asyncio.sleep(1.2)


async def _nothing() -> None:
    return None


def _p99(times: list[float]) -> float:
    return sorted(times)[max(0, -(-99 * len(times) // 100) - 1)] if times else float("nan")


if __name__ == "__main__":
    sys.exit(main())
