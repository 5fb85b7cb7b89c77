"""The dispatcher against a counterpart on loopback: as fast as it goes, and at a platform's pace."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import aiohttp

from benchmarks.measure import Row
from liqbot.alerts.dispatcher import Dispatcher
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.platform import Limits, OutgoingMessage
from liqbot.engine.board import Board
from liqbot.market.view import MarketView
from liqbot.message import Message, Picture
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Hit, rule
from liqbot.sources.simulator import SimulatedMarket
from liqbot.sources.simulator.source import LAYER
from liqbot.store.chats import ChatKey
from liqbot.store.sqlite.database import open_database, transaction
from liqbot.store.sqlite.store import SqliteStore
from tests.counterparts.sink import process as sink
from tests.counterparts.sink.client import Platform

NAME = "plain"
MANY, PACED = 5_000, 450
IN_FLIGHT = 30
PACE = Limits(a_second=30, a_chat_s=1, a_group_minute=20, in_flight=IN_FLIGHT)
LOOK_S = 0.01
LONGEST_S = 120
Work = Callable[[Platform, Path], Awaitable[float]]
"""What is done with a platform and the path of a database; returns the seconds that it took."""


@rule("always")
def always(view: MarketView) -> Iterator[Hit]:
    """It says the same of every view."""
    yield Hit("key", f"{view.coin} is there", means="It means.", caveat="It does not.")


def rows() -> Iterator[Row]:
    """Yield how many messages a second go out without limits, and with those of Telegram."""
    free = Limits(in_flight=IN_FLIGHT)
    bare_s, _ = _against([], lambda platform, _: _bare(platform), free)
    sent_s, tally = _against([], _dispatched(MANY), free)
    _expect(tally, MANY)
    yield Row(
        f"dispatcher, {MANY:,} chats on a counterpart without limits",
        f"{MANY / sent_s:,.0f} messages a second",
        f"the bare client: {MANY / bare_s:,.0f}",
    )
    _, tally = _against(["--a-second", "30"], _dispatched(PACED), PACE)
    _expect(tally, PACED)
    pace = (PACED - 1) / tally["spread_s"]
    yield Row(
        "… on one that takes 30 a second",
        f"{pace:.1f} messages a second, {tally['too_many']} × 429",
        "no 429",
        tally["too_many"] == 0,
    )


def _expect(tally: dict[str, float], count: int) -> None:
    if tally["stored"] != count:
        raise AssertionError(f"{tally['stored']} messages arrived instead of {count}")


def _against(options: Sequence[str], work: Work, limits: Limits) -> tuple[float, dict[str, float]]:
    """Return in how many seconds `work` was done against a counterpart of its own, and what that counted."""
    counterpart = sink.start(*options)
    try:
        with tempfile.TemporaryDirectory() as folder:
            seconds = asyncio.run(_work(counterpart.url, work, limits, Path(folder) / "liqbot.db"))
        return seconds, counterpart.tally()
    finally:
        counterpart.stop()


async def _work(url: str, work: Work, limits: Limits, path: Path) -> float:
    groups = {f"{number}" for number in range(0, MANY, 5)}
    async with aiohttp.ClientSession() as session:
        return await work(Platform(session, url, NAME, limits, groups=groups), path)


async def _bare(platform: Platform) -> float:
    """Send as many messages with nothing but the client."""
    chats = iter(range(MANY))
    message = Message("BTC: BTC is there", ("It means.", "It does not."))

    async def send() -> None:
        for number in chats:
            await platform.send(OutgoingMessage(ChatKey(NAME, f"{number}"), message, f"liqbot-{number}"))

    start = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(IN_FLIGHT)))
    return time.perf_counter() - start


def _dispatched(count: int) -> Work:
    """Return work that lets the dispatcher bring an alert to `count` chats."""

    async def work(platform: Platform, path: Path) -> float:
        _subscribe(path, count)
        with SqliteStore(path) as store:
            dispatcher = Dispatcher(store, _undrawn, lambda: time.time_ns() // 1_000_000)
            dispatcher.connect(NAME, platform)
            await Evaluator(_rules(), store.alerts).take(_view(), time.time_ns() // 1_000_000)
            start = time.perf_counter()
            task = asyncio.create_task(dispatcher.run())
            async with asyncio.timeout(LONGEST_S):
                while await store.deliveries.owed():  # noqa: ASYNC110 - drained() is also true between two tries
                    await asyncio.sleep(LOOK_S)
            seconds = time.perf_counter() - start
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return seconds

    return work


async def _undrawn(*_: object) -> Picture | None:
    return None


def _rules() -> Rules:
    rules = Rules()
    rules.add([always])
    return rules


def _view() -> MarketView:
    market, board = SimulatedMarket(7, start_ms=0), Board(LAYER)
    board.apply_all(market.step(60))
    return replace(board.view("BTC"), time_ms=60_000)


def _subscribe(path: Path, count: int) -> None:
    form = _rules().by_name["always"].form
    with closing(open_database(path).conn) as database, transaction(database):
        database.executemany(
            "INSERT INTO chats (platform, native_id, created_ms) VALUES (?, ?, 0)",
            [(NAME, f"{number}") for number in range(count)],
        )
        parameters = form.canonical(form.defaults())
        database.execute(
            "INSERT INTO watches (rule, coin, parameters) VALUES ('always', 'BTC', ?)", [parameters]
        )
        database.execute(
            "INSERT INTO subscriptions (chat_id, watch_id, number, created_ms) SELECT id, 1, 1, 0 FROM chats"
        )
