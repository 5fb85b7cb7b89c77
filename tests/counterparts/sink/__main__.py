"""`python -m counterparts.sink`: serve on loopback until the standard input ends.

Prints one JSON line: {"port": …}.
"""

import argparse
import asyncio
import json
import sys

from aiohttp import web

from .server import Server


def arguments():
    parser = argparse.ArgumentParser(prog="python -m counterparts.sink", description=__doc__)
    parser.add_argument("--share", type=float, default=0.0, help="which share of requests meets trouble")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--a-second", type=int, help="more requests within any second get a 429")
    return parser.parse_args()


async def serve(options):
    server = Server(share=options.share, seed=options.seed, a_second=options.a_second)
    runner = web.AppRunner(server.app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)  # noqa: T201 - how a caller learns it
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), lambda: ended.set() if not sys.stdin.buffer.read1() else None)
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
