"""How late a bot of several processes is: from the engine's commit to another process that evaluates.

The engine's part is played here: views of `COINS` coins every few seconds, of which the first of a minute are
observations. One other process is the real bot with the role `web`, which people see views by, one that with
the role `alerts` and a watch on each coin. All read the machine's clock, which is the server's.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row, percentile
from benchmarks.postgres import Server, database, not_measured, server
from benchmarks.processor_time import processor_s
from benchmarks.simulated import START_MS, STEP_S
from liqbot.app.bot import Bot
from liqbot.app.memory import set_aside
from liqbot.app.roles import ALERTS, WEB, Duties
from liqbot.bus import ObservationsKept, ViewsMade
from liqbot.engine.board import Board
from liqbot.logs import set_up_logs
from liqbot.market.layer import Basis, Layer
from liqbot.market.view import MarketView
from liqbot.market.wire import from_bytes, to_bytes
from liqbot.settings import Settings
from liqbot.sources.simulator import SimulatedMarket
from liqbot.sources.simulator.source import LAYER as SIMULATED
from liqbot.store.address import PostgresUrl
from liqbot.store.alerts import Read
from liqbot.store.chats import ChatKey
from liqbot.store.postgres.bus import PostgresBus
from liqbot.store.postgres.store import PostgresStore

COINS = 200
LAYER = Layer("Testex", Basis.MEASURED)
MINUTES = 8
BEATS = 2
"""A minute; what the others bring is only more of the same."""
BEAT_S = 5.0
BOUND_MS = 200
MINUTE_MS = 60_000
PATIENCE_S = 60.0
WHAT = f"views of {COINS} coins every {BEAT_S:.0f} s from the engine's process to others, on PostgreSQL"
_Place = tuple[str, int]
"""A coin, and the time of a view of it."""


def rows() -> Iterator[Row]:
    """Yield how late views and observations are in another process."""
    with server() as found:
        if found is None:
            yield not_measured(WHAT)
            return
        with database(found) as url:
            shown_ms, read_ms, costs = asyncio.run(_measure(found, url))
    for what, late_ms, cost in (
        (f"{WHAT}: at hand there, p50, p99", shown_ms, costs[0]),
        (
            "… and once a minute: from the engine's commit until all rules' words are committed",
            read_ms,
            costs[1],
        ),
    ):
        p99_ms = percentile(late_ms, 99)
        measured = f"{percentile(late_ms, 50):.0f} ms, {p99_ms:.0f} ms"
        yield Row(what, measured, f"p99 at most {BOUND_MS} ms; {cost}", p99_ms <= BOUND_MS)


async def _measure(on: Server, url: PostgresUrl) -> tuple[list[float], list[float], tuple[str, str]]:
    """Return in ms how late each view was at hand and each observation read, and what it cost.

    That is the processor time of each process, and what of it the bare bytes cost.
    """
    views = await asyncio.to_thread(_views)
    store, bus = PostgresStore(url), PostgresBus(url, "engine")
    await bus.begin()
    await _subscribe(store, url)
    others = [_Other(url, role) for role in (WEB, ALERTS)]
    try:
        for other in others:
            await other.told()
        parts = {"engine": os.getpid(), "server": on.pid} | {other.role: other.pid for other in others}
        spent = _Spent(parts)
        made_s, kept_s = await _tell(store, bus, views)
        costs = spent.since(MINUTES * BEATS)
        for other in others:
            other.pipe.send("all told")
        shown_s, read_s = [(await other.told())[place] for place, other in enumerate(others)]
    finally:
        for other in others:
            other.end()
        await store.close()
    if shown_s.keys() != made_s.keys() or read_s.keys() != kept_s.keys():
        raise AssertionError(f"{len(shown_s)} of {len(made_s)} shown, {len(read_s)} of {len(kept_s)} read")
    shown_ms = [1000 * (shown_s[place] - made_s[place]) for place in made_s]
    read_ms = [1000 * (read_s[place] - kept_s[place]) for place in kept_s]
    return shown_ms, read_ms, (costs, _bare(views))


class _Spent:
    """The processor time of each part, of its own and not of what it has begun where that is a part too."""

    def __init__(self, parts: Mapping[str, int]) -> None:
        self._parts = parts
        self._before = self._now()

    def since(self, beats: int) -> str:
        """Return in words what each has had since, by beat."""
        spent_ms = {name: 1000 * (now - self._before[name]) / beats for name, now in self._now().items()}
        each = ", ".join(f"{name} {spent:.0f} ms" for name, spent in spent_ms.items())
        return f"processor time of a beat: {each}"

    def _now(self) -> dict[str, float]:
        return {
            name: time.process_time() if pid == os.getpid() else processor_s(pid)
            for name, pid in self._parts.items()
        }


async def _tell(
    store: PostgresStore, bus: PostgresBus, views: Sequence[MarketView]
) -> tuple[dict[_Place, float], dict[_Place, float]]:
    """Tell of all beats as the engine does; return when views were made, and when observations were kept."""
    made_s: dict[_Place, float] = {}
    kept_s: dict[_Place, float] = {}
    begin_ms = int(time.time()) // 60 * MINUTE_MS - (MINUTES + 1) * MINUTE_MS
    for beat in range(MINUTES * BEATS):
        next_s = time.monotonic() + BEAT_S
        time_ms = begin_ms + beat * MINUTE_MS // BEATS
        told = [replace(view, time_ms=time_ms) for view in views]
        kept = await store.observations.record(told)
        kept_s.update(dict.fromkeys(((one.coin, time_ms) for one in kept), time.time()))
        await bus.publish(ObservationsKept(LAYER, [one.coin for one in kept], kept))
        made_s.update(dict.fromkeys(((view.coin, time_ms) for view in told), time.time()))
        await bus.publish(ViewsMade(LAYER, told))
        await asyncio.sleep(max(0.0, next_s - time.monotonic()))
    return made_s, kept_s


class _Other:
    """Another process of the bot."""

    def __init__(self, url: PostgresUrl, role: str) -> None:
        self.role = role
        self.pipe, theirs = get_context("spawn").Pipe()
        self._process = get_context("spawn").Process(target=_other, args=(url.url, role, theirs))
        self._process.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid or 0

    async def told(self) -> tuple[dict[_Place, float], dict[_Place, float]]:
        """Wait for what it says: that it is there, then when it was shown each view, and read each."""
        if not await asyncio.to_thread(self.pipe.poll, PATIENCE_S):
            raise TimeoutError("the other process says nothing")
        return self.pipe.recv()

    def end(self) -> None:
        """Wait for its end."""
        self._process.join(PATIENCE_S)
        self._process.kill()


def _other(url: str, role: str, pipe: Connection) -> None:
    """Be the other process."""
    set_up_logs("error")
    asyncio.run(_take_part(url, role, pipe))


async def _take_part(url: str, role: str, pipe: Connection) -> None:
    shown_s: dict[_Place, float] = {}
    read_s: dict[_Place, float] = {}

    async def shown(notice: ViewsMade) -> None:
        shown_s.update(dict.fromkeys(((view.coin, view.time_ms) for view in notice.views), time.time()))

    with TemporaryDirectory() as folder:
        bot = Bot(_settings(url, folder), [], {}, duties=Duties(frozenset({role})))
        commit_all = bot.store.alerts.commit_all

        async def committed(read: Sequence[Read], now_ms: int) -> int:
            due = await commit_all(read, now_ms)
            read_s.update(dict.fromkeys(((one.view.coin, one.view.time_ms) for one in read), time.time()))
            return due

        bot.store.alerts.commit_all = committed
        bot.bus.subscribe(ViewsMade, shown)
        async with bot:
            while role == ALERTS and not bot.alerts.leads:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.1)
            set_aside()  # as the bot does by itself after its start
            pipe.send(None)
            await asyncio.to_thread(pipe.recv)
            await asyncio.sleep(2 * BEAT_S)
        pipe.send((shown_s, read_s))


async def _subscribe(store: PostgresStore, url: PostgresUrl) -> None:
    """Let a chat watch each coin."""
    with TemporaryDirectory() as folder:
        bot = Bot(_settings(url.url, folder), [], {}, duties=Duties(frozenset({ALERTS})))
        form = bot.services.rules.by_name["near-cluster"].form
        parameters = form.canonical(form.defaults())
        for number in range(COINS):
            await store.subscriptions.subscribe(
                ChatKey("here", f"{number}"),
                rule="near-cluster",
                coin=_coin(number),
                parameters=parameters,
                now_ms=1,
            )
        await bot.store.close()


def _settings(url: str, folder: str) -> Settings:
    return Settings(
        database=PostgresUrl(url),
        coins=tuple(map(_coin, range(COINS))),
        plugins_path=Path(folder),
        pictures_path=Path(folder),
        plugins={"enabled": False},
    )


def _coin(number: int) -> str:
    return f"COIN{number}"


def _views() -> list[MarketView]:
    market, board = SimulatedMarket(7, start_ms=START_MS), Board(SIMULATED)
    for _ in range(10):
        board.apply_all(market.step(STEP_S))
    view = replace(board.view("BTC"), layer=LAYER)
    return [replace(view, coin=_coin(number)) for number in range(COINS)]


def _bare(views: Sequence[MarketView]) -> str:
    """Return what writing and reading these views takes, and nothing else."""
    begun_s = time.perf_counter()
    written = [to_bytes(view) for view in views]
    written_s = time.perf_counter()
    for one in written:
        from_bytes(one)
    read_s = time.perf_counter()
    size = sum(map(len, written)) / len(written) / 1024
    return (
        f"{size:.0f} KiB a view; all of them are written in {1000 * (written_s - begun_s):.0f} ms "
        f"and read in {1000 * (read_s - written_s):.0f} ms"
    )


if __name__ == "__main__":
    for row in rows():
        print(row)
