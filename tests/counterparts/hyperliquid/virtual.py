"""The exchange in the client's own process and time: hours pass as fast as the machine can count.

Time is the event loop's, which jumps to whatever is due next; what would run on other threads runs at once.
So a run depends on nothing but its seed, however busy the machine is. There is no websocket here: frames are
handed over by whoever drives the market (`Sockets` speaks over real ones).
"""

import asyncio
import heapq
import selectors
from collections.abc import Coroutine

import httpx

from liqbot.sources.hyperliquid.settings import HyperliquidSettings

from .exchange import Exchange

LATENCY_S = 0.08
"""From a request to its answer."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer as soon as there is nothing else to do."""

    def __init__(self):
        super().__init__(selectors.DefaultSelector())
        self._now_s = 0.0

    def time(self):
        return self._now_s

    def run_in_executor(self, _, func, *args):
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits it
            future.set_exception(error)
        return future

    def _run_once(self):
        if not self._ready and self._scheduled:
            while self._scheduled and self._scheduled[0]._cancelled:
                heapq.heappop(self._scheduled)._scheduled = False
                self._timer_cancelled_count -= 1
            if self._scheduled:
                self._now_s = max(self._now_s, self._scheduled[0]._when)
        super()._run_once()


class LoopClock:
    """The loop's time as the source's clock."""

    def __init__(self, start_ms: int):
        self.start_ms = start_ms

    def now_ms(self) -> int:
        try:
            return self.start_ms + round(asyncio.get_running_loop().time() * 1000)
        except RuntimeError:
            return self.start_ms

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class InProcess(httpx.AsyncBaseTransport):
    """Takes requests to the exchange, and brings its answers after a while."""

    def __init__(self, exchange: Exchange):
        self._exchange = exchange

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        await asyncio.sleep(LATENCY_S)
        if request.url.path == "/leaderboard":
            status, answer = 200, self._exchange.leaderboard()
        else:
            status, answer = self._exchange.ask(body, of_node=request.url.host == "node")
        kind = "application/json" if status == 200 else "text/html" if answer[:1] == b"<" else "text/plain"
        return httpx.Response(status, content=answer, headers={"content-type": kind})


def settings(**more) -> HyperliquidSettings:
    """Return settings that lead into this process; there is nothing behind the websocket's address."""
    own = {
        "api_url": "http://exchange",
        "ws_url": "ws://127.0.0.1:9",
        "leaderboard_url": "http://exchange/leaderboard",
    }
    return HyperliquidSettings(**own | more)


def run(work: Coroutine) -> object:
    """Run `work` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
