"""The page and the API: what is loaded, how fast they answer while the bot ticks, what many streams cost."""

import asyncio
import gzip
import json
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import numpy as np

from benchmarks.measure import Row, lags, percentile, resident_mb
from benchmarks.simulated import view_with_grid
from benchmarks.ticking import Market
from liqbot.app.clock import clock_ms
from liqbot.app.memory import set_aside
from liqbot.charts.studio import Studio
from liqbot.market.view import MarketView
from liqbot.sections import WebSettings
from liqbot.service.windows import WINDOWS
from liqbot.store.history import TIERS
from liqbot.web.answers import grid_answer
from liqbot.web.api import layer_topics
from liqbot.web.ports import Shown, WebQuestions
from liqbot.web.pushes import Pushes
from liqbot.web.server import web_server

STATIC = Path(__file__).parents[1] / "liqbot" / "web" / "static"
COINS, ACCOUNTS = 30, 6_000
A_SECOND, SECONDS = 200, 8
STREAMS = 500
BEAT_S = 1.0


class Served(WebQuestions):
    """Answers what the web asks with the views of a market that ticks in a thread of its own."""

    def __init__(self) -> None:
        self.market = Market(COINS, ACCOUNTS)
        self.views: dict[str, MarketView] = {}
        self.pushes = Pushes(STREAMS, clock_ms)
        self.beats = 0

    def revision(self, _coin: str) -> int:
        """Return how often all coins had a newer view."""
        return self.beats

    def coins(self) -> dict[str, list[MarketView]]:
        """Return the views by coin."""
        return {coin: [view] for coin, view in self.views.items()}

    async def shown(self, coin: str, _part: object) -> Shown:
        """Return a coin's view."""
        view = self.views[coin]
        return Shown(view, view.provenance, {}, ())

    async def tick(self) -> None:
        """Move on by a beat, and tell the streams."""
        self.views = await asyncio.to_thread(self._ticked)
        self.beats += 1
        for view in self.views.values():
            reading = {"coin": view.coin, "time_ms": view.time_ms, "spot": view.spot}
            self.pushes.send("view", reading, coin=view.coin, **layer_topics(view.layer))

    def _ticked(self) -> dict[str, MarketView]:
        self.market.tick()
        return {coin: self.market.board.view(coin) for coin in self.market.coins}


def rows() -> Iterator[Row]:
    """Yield the budgets of the page and the API."""
    script = len(gzip.compress((STATIC / "main.js").read_bytes(), 9)) / 1000
    yield Row("the page's script, gzipped", f"{script:.0f} kB", "at most 120 kB", script <= 120)
    view = view_with_grid()
    sizes = {window: _grid_kb(view, window) for window in WINDOWS}
    largest = max(sizes, key=lambda window: sizes[window])
    yield Row(
        "a grid of the API, compressed, the largest of all windows",
        f"{sizes[largest]:.0f} kB ({largest})",
        "at most 100 kB",
        sizes[largest] <= 100,
    )
    yield from asyncio.run(_measure())


def _grid_kb(view: MarketView, window: str) -> float:
    """Return what a window takes; those beyond the week there is are made of its columns in any order."""
    if view.grid is None:
        raise RuntimeError("the simulated market has no past")
    span_ms = WINDOWS[window]
    count, steps = 0, [*TIERS]
    for newer, tier in zip([0, *(tier.age_ms for tier in steps)], steps, strict=False):
        count += max(0, min(span_ms, tier.age_ms) - newer) // tier.step_ms
    random, whole = np.random.default_rng(1), len(view.grid)
    if count <= whole:
        chosen = np.arange(whole - count, whole)
    else:
        chosen = np.append(np.sort(random.integers(0, whole, count - 1)), whole - 1)
    grid = replace(
        view.grid,
        **{
            name: getattr(view.grid, name)[chosen]
            for name in ("time_ms", "until_ms", "spot", "low", "high", "usd")
        },
    )
    return len(gzip.compress(msgspec.json.encode(grid_answer(view, grid, window)), 5)) / 1000


async def _measure() -> list[Row]:
    served = Served()
    await served.tick()
    set_aside()  # as a bot does after its start
    settings = WebSettings(port=0, rate_per_s=0, streams=STREAMS)
    web = web_server(served, served.pushes, settings)
    with Studio():  # as a bot has one: with it threads take turns more often
        async with web as (host, port), _ticking(served):
            return await _asked_and_streamed(served, host, port)


async def _asked_and_streamed(served: Served, host: str, port: int) -> list[Row]:
    base = f"http://{host}:{port}"
    quiet = percentile(await lags(asyncio.sleep(SECONDS / 2)), 99) * 1000
    answered = await _client(base, "asked")
    before_mb = resident_mb()
    streaming = asyncio.create_task(_client(base, "streamed"))
    while served.pushes.streams < STREAMS and not streaming.done():  # noqa: ASYNC110 - they come from outside
        await asyncio.sleep(0.05)
    late = percentile(await lags(asyncio.sleep(SECONDS)), 99) * 1000
    grown_mb = resident_mb() - before_mb
    pushed = await streaming
    p50, p99 = percentile(answered, 50), percentile(answered, 99)
    return [
        Row(
            f"a view of the API at {A_SECOND} requests a second while {COINS} coins tick: p50, p99",
            f"{p50:.1f} ms, {p99:.1f} ms",
            "p99 at most 10 ms",
            p99 <= 10,
        ),
        Row(
            f"the event loop's lag with {STREAMS} streams of all coins, p99",
            f"{late:.1f} ms",
            f"at most 20 ms; {quiet:.1f} ms with none",
            late <= 20,
        ),
        Row(
            f"… their memory, and the pushes they got in {SECONDS} s",
            f"{grown_mb:+.0f} MB, {sum(pushed):,.0f}",
            "",
        ),
    ]


@asynccontextmanager
async def _ticking(served: Served) -> AsyncGenerator[None]:
    async def tick() -> None:
        while True:
            start = time.perf_counter()
            await served.tick()
            await asyncio.sleep(max(0.0, BEAT_S - (time.perf_counter() - start)))

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _client(base: str, what: str) -> list[float]:
    """Return what a client in a process of its own measures: answers in ms, or pushes by stream."""
    program = f"import asyncio; from benchmarks import serving; asyncio.run(serving.{what}({base!r}))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=STATIC.parents[2]
    )
    out, _ = await process.communicate()
    return json.loads(out)


async def asked(base: str) -> None:
    """Ask for views at an even pace, and print how long each took, in ms."""
    taken: list[float] = []

    async def ask(client: aiohttp.ClientSession, number: int) -> None:
        start = time.perf_counter()
        async with client.get(f"/api/v1/coins/C{number % COINS}/view") as answer:
            answer.raise_for_status()
            await answer.read()
        taken.append((time.perf_counter() - start) * 1000)

    async with aiohttp.ClientSession(base) as client:
        for number in range(COINS):  # loads what the client needs, and opens its first connections
            await ask(client, number)
        taken.clear()
        set_aside()  # the client's own search for garbage is not the bot's
        asking: list[asyncio.Task[None]] = []
        begin = time.perf_counter()
        for number in range(A_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, begin + number / A_SECOND - time.perf_counter()))
            asking.append(asyncio.create_task(ask(client, number)))
        await asyncio.gather(*asking)
    print(json.dumps(taken))


async def streamed(base: str) -> None:
    """Hold streams open for a while, and print how many pushes each got."""
    host, _, port = base.removeprefix("http://").partition(":")
    got = [0] * STREAMS

    async def read(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        try:
            while chunk := await reader.read(65_536):
                got[number] += chunk.count(b"event: view")
        finally:
            writer.close()

    reading = [asyncio.create_task(read(number)) for number in range(STREAMS)]
    await asyncio.sleep(SECONDS + 4)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    print(json.dumps(got))


if __name__ == "__main__":
    for row in rows():
        print(row)
