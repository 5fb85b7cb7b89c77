"""Five exchanges on loopback, as one process: `PYTHONPATH=tests python -m counterparts.exchanges`."""

import argparse
import asyncio
import time

from aiohttp import web
from counterparts.exchanges.server import Exchanges
from counterparts.exchanges.world import World


async def _serve(arguments):
    world = World(
        now_ms=arguments.now_ms or time.time_ns() // 1_000_000,
        days=arguments.days,
        seed=arguments.seed,
        scenario=arguments.scenario,
    )
    exchanges = Exchanges(world, follows_the_clock=not arguments.now_ms)
    runner = web.AppRunner(exchanges.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", arguments.port, shutdown_timeout=1)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201 - whoever starts it reads where it is
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--days", type=float, default=1.0, help="how long a past the market has")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scenario", default="mixed")
    parser.add_argument("--now-ms", type=int, default=0, help="its time, which then only moves when told to")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
