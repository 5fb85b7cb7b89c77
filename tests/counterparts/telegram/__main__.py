"""`python -m counterparts.telegram`: serve on loopback until the standard input ends or a signal comes.

Prints one JSON line: {"port": …, "token": …, "username": …, "validates": …}.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from aiohttp import web

from .api import Api
from .published import Published
from .server import Server

TOKEN = "70000001:counterpart-token-of-no-real-bot-00"  # noqa: S105  names no bot anywhere
DEFAULT_SPEC = Path(__file__).resolve().parents[3].parent / "shared/specs/telegram-api.json"


def arguments():
    parser = argparse.ArgumentParser(prog="python -m counterparts.telegram", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--username", default="liqbot_test_bot")
    parser.add_argument(
        "--spec", type=Path, default=DEFAULT_SPEC, help="the published description of the API"
    )
    parser.add_argument("--no-validate", action="store_true", help="check nothing against the description")
    parser.add_argument("--stay", action="store_true", help="do not end with the standard input")
    return parser.parse_args()


async def serve(options):
    validates = not options.no_validate and options.spec.exists()
    published = Published(options.spec) if validates else None
    server = Server(lambda: Api(options.token, options.username, published))
    runner = web.AppRunner(
        server.app(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1, keepalive_timeout=75
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024)
    await site.start()
    line = {
        "port": runner.addresses[0][1],
        "token": options.token,
        "username": options.username,
        "validates": validates,
    }
    print(json.dumps(line), flush=True)  # noqa: T201  this line is how a caller learns the port
    await _until_told(stay=options.stay)
    await runner.cleanup()


async def _until_told(*, stay):
    """Wait for a signal, or for whoever started this to be gone."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, told.set)
    if not stay:
        loop.add_reader(sys.stdin.fileno(), lambda: told.set() if not sys.stdin.buffer.read1() else None)
    await told.wait()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
