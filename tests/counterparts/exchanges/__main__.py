"""Five exchanges on loopback, as one process: `PYTHONPATH=tests python -m counterparts.exchanges`."""

import argparse
import asyncio
import os
import signal
import sys
import time

from aiohttp import web
from counterparts.exchanges.server import Exchanges
from counterparts.exchanges.world import World


async def _serve(world, *, port, follows_the_clock):
    exchanges = Exchanges(world, follows_the_clock=follows_the_clock)
    runner = web.AppRunner(exchanges.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=1)
    await site.start()
    bound = site._server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{bound} pid {os.getpid()}", flush=True)  # noqa: T201 - whoever starts it reads it
    await asyncio.Event().wait()


def _fork(world):
    """Fork exchanges for each line that comes in, as the market's past takes a second; end them with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    children = []
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asyncio.run(_serve(world, port=0, follows_the_clock=False))
        children.append(child)
    for child in children:
        try:
            os.kill(child, signal.SIGTERM)
        except ProcessLookupError:
            continue


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--days", type=float, default=1.0, help="how long a past the market has")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scenario", default="mixed")
    parser.add_argument("--now-ms", type=int, default=0, help="its time, which then only moves when told to")
    parser.add_argument("--forks", action="store_true", help="fork exchanges for each line of standard input")
    asked = parser.parse_args()
    now_ms = asked.now_ms or time.time_ns() // 1_000_000
    world = World(now_ms=now_ms, days=asked.days, seed=asked.seed, scenario=asked.scenario)
    if asked.forks:
        _fork(world)
    else:
        asyncio.run(_serve(world, port=asked.port, follows_the_clock=not asked.now_ms))


if __name__ == "__main__":
    main()
