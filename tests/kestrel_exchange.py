"""The exchange of docs/pages/plugins.md on loopback: two days of candles, and an outage on request."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from aiohttp import web

STEP_MS = 300_000
DAY_MS = 86_400_000


class Kestrel:
    """Answers its seven questions in its own rows, and notes what it was asked."""

    def __init__(self) -> None:
        self.now_ms = time.time_ns() // 1_000_000
        self.url, self.is_away, self.asked, self.refused = "", False, 0, 0
        begins = np.arange(self.now_ms - 2 * DAY_MS, self.now_ms - STEP_MS, STEP_MS)
        walk = 60_000 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.002, len(begins))))
        opens = np.concatenate([walk[:1], walk[:-1]])
        high, low = np.maximum(opens, walk) * 1.001, np.minimum(opens, walk) * 0.999
        self.rows = {
            "tiers": [[0, 100], [1e6, 50], [1e7, 20]],
            "candles": np.column_stack([begins, opens, high, low, walk, np.full(len(begins), 900.0)]),
            "interest": np.column_stack([begins + STEP_MS, 80_000 + 40 * np.arange(len(begins))]),
            "ticker": [[float(walk[-1]), 0.00001]],
            "funding": np.column_stack([begins[::12], np.linspace(-0.00001, 0.00001, len(begins[::12]))]),
            "bids": [[float(walk[-1]) * (1 - step / 1000), 2.0] for step in range(1, 20)],
            "asks": [[float(walk[-1]) * (1 + step / 1000), 3.0] for step in range(1, 20)],
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Give the rows since a time; a page in no language of its own while it is away."""
        self.asked += 1
        if self.is_away:
            self.refused += 1
            return web.Response(status=503, text="<html>Be right back</html>")
        rows = self.rows[request.match_info["what"]]
        if "since" in request.query:
            rows = rows[rows[:, 0] >= int(request.query["since"])].tolist()
        return web.json_response({"rows": rows})


@asynccontextmanager
async def kestrel_exchange() -> AsyncIterator[Kestrel]:
    """Serve it on a free port."""
    exchange, app = Kestrel(), web.Application()
    app.router.add_get("/{what}", exchange.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        exchange.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield exchange
    finally:
        await runner.cleanup()
