"""Run the counterpart: it says in one line of JSON where it listens, and serves until it is stopped."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import msgspec

from .churning import Churning
from .clock import FastClock
from .exchange import Exchange
from .node import NodeData, write_down
from .recorded import Recorded
from .simulated import Simulated
from .sockets import Sockets, pace
from .web import Web

HOST = "127.0.0.1"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m counterparts.hyperliquid", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scenario", default="mixed")
    parser.add_argument("--crowd", type=float, default=1.0, help="times as many accounts as the usual 4,000")
    parser.add_argument("--speed", type=float, default=60.0, help="simulated seconds a second")
    parser.add_argument("--limit", type=float, default=1200.0, help="weight a minute, 0 for none")
    parser.add_argument("--listed", type=float, default=0.7, help="share of accounts on the leaderboard")
    parser.add_argument("--batches", default="unknown", help="how batches are answered: served, null …")
    parser.add_argument("--dexes", default="", help="builder-deployed dexes that there are, as xyz,flx")
    parser.add_argument("--step", type=int, default=10, help="simulated seconds a step of the market")
    parser.add_argument("--still", action="store_true", help="nobody trades and no price moves")
    parser.add_argument("--event-after", type=float, default=1800.0, help="when the scenario's event begins")
    parser.add_argument("--churn", type=int, default=0, help="so many accounts that trade all the time")
    parser.add_argument("--rate", type=float, default=200.0, help="their fills a second")
    parser.add_argument("--node", type=Path, help="a node's data folder, which those are written to")
    parser.add_argument("--recording", type=Path, help="a recording in place of the simulated market")
    asyncio.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    clock = FastClock(options.speed, time.time(), time.time_ns() // 1_000_000)
    if options.churn:
        market = Churning(
            accounts=options.churn, fills_a_second=options.rate, start_ms=clock.start_ms, seed=options.seed
        )
    elif options.recording:
        market = Recorded(options.recording, start_ms=clock.start_ms)
    else:
        market = Simulated(
            seed=options.seed,
            scenario=options.scenario,
            crowd=options.crowd,
            start_ms=clock.start_ms,
            still=options.still,
            event_after_s=options.event_after,
        )
    clock = FastClock(options.speed, time.time(), clock.start_ms)
    exchange = Exchange(
        market,
        clock,
        limit=options.limit,
        listed=options.listed,
        seed=options.seed,
        dexes=tuple(options.dexes.split(",")) if options.dexes else (),
    )
    exchange.faults.batches = options.batches
    if not options.churn:
        exchange.step(options.step)
    sockets = Sockets(exchange)
    control = Control(exchange, sockets)
    loop = asyncio.get_running_loop()
    web = await loop.create_server(lambda: Web(control.answer), HOST, 0)
    ws = await sockets.run(HOST, 0)
    where = {
        "http": web.sockets[0].getsockname()[1],
        "ws": ws.sockets[0].getsockname()[1],
        "speed": clock.speed,
        "began_s": clock.began_s,
        "start_ms": clock.start_ms,
        "accounts": len(market.names),
    }
    sys.stdout.write(f"{msgspec.json.encode(where).decode()}\n")
    sys.stdout.flush()
    if options.node:
        await write_down(market, exchange, sockets, NodeData(options.node))
    await pace(exchange, sockets, options.step)


class Control:
    """What is asked of the exchange, and, beside it, what a test asks of the counterpart."""

    def __init__(self, exchange: Exchange, sockets: Sockets):
        self._exchange = exchange
        self._sockets = sockets
        self._tasks: set[asyncio.Task] = set()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if (method, path) == ("POST", "/info"):
            return self._exchange.ask(body)
        if (method, path) == ("POST", "/node/info"):
            return self._exchange.ask(body, of_node=True)
        if path == "/leaderboard":
            return 200, self._exchange.leaderboard()
        if path.startswith("/heatmap/"):
            return self._heatmap(path.removeprefix("/heatmap/"))
        if (method, path) == ("POST", "/control"):
            return 200, msgspec.json.encode(self._control(msgspec.json.decode(body)))
        market = self._exchange.market
        told = {
            "/stats": self._stats,
            "/truth": market.truth,
            "/truths": lambda: list(self._exchange.truths),
            "/positions": market.positions,
        }.get(path)
        return (404, b"not found") if told is None else (200, msgspec.json.encode(told()))

    def _control(self, asked: dict) -> object:  # noqa: C901 - a line a wish
        exchange = self._exchange
        if "faults" in asked:
            exchange.faults.shares = asked["faults"]
        if "silent" in asked:
            exchange.faults.silent = asked["silent"]
        if "limit" in asked:
            exchange.weight.limit = asked["limit"]
        if "batches" in asked:
            exchange.faults.batches = asked["batches"]
        if "batch_weight" in asked:
            exchange.batch_weight = asked["batch_weight"]
        if "answers" in asked:
            exchange.faults.answers = asked["answers"]
        if "dexes_down" in asked:
            exchange.faults.dexes_down = asked["dexes_down"]
        if "rate" in asked:
            exchange.market.rate = asked["rate"]
        if asked.get("drop"):
            self._do(self._sockets.drop())
        if asked.get("say"):
            self._do(self._sockets.say(asked["say"]))
        return {"pooled": exchange.pool(asked["pool"]) if "pool" in asked else []}

    def _do(self, work) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stats(self) -> dict:
        exchange = self._exchange
        return {
            "now_ms": exchange.clock.now_ms(),
            "peak_weight": exchange.weight.peak,
            "weight": exchange.weight.granted,
            "refused": exchange.weight.refused,
            "requests": exchange.requests,
            "asked": exchange.asked,
            "faults": exchange.faults.made,
            "sockets": self._sockets.open,
            "opened": self._sockets.opened,
        }

    def _heatmap(self, coin: str) -> tuple[int, bytes]:
        """Return a heatmap as HyperPerps shows it: of all that is true, less a tenth."""
        truth = self._exchange.market.truth().get(coin)
        if truth is None:
            return 404, b"no such coin"
        mark = truth["mark"]
        row = {"wallet_count": 3, "distance_pct": 2.0}
        told = {
            "spot_at_compute": mark,
            "updated_at": "2026-11-21T00:00:00Z",
            "sample_size": 5000,
            "longs": [{**row, "price": mark * 0.98, "notional_usd": 0.9 * truth["down"]}],
            "shorts": [
                {**row, "price": mark * 1.02, "notional_usd": str(0.9 * truth["up"])},
                {"price": None},
            ],
            "_meta": {"age_seconds": 10},
        }
        return 200, msgspec.json.encode(told)


if __name__ == "__main__":
    main()
