"""`python -m counterparts.discord`: serve until stopped; the first line of output tells the port, as JSON."""

import argparse
import asyncio
import json
import signal
from contextlib import suppress

from .server import Options, Sites


def _options() -> tuple[argparse.Namespace, Options]:
    default = Options()
    parser = argparse.ArgumentParser(prog="counterparts.discord", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", help="the bot's; by default one is made up")
    parser.add_argument("--no-validate", action="store_true", help="check nothing against the schemas")
    parser.add_argument("--validate-every", type=int, default=1, metavar="N", help="check one payload in N")
    parser.add_argument(
        "--per-second", type=int, default=default.per_second, help="limit of requests; 0: no limits"
    )
    parser.add_argument("--heartbeat", type=float, default=default.heartbeat, help="seconds")
    parser.add_argument("--max-concurrency", type=int, default=default.max_concurrency)
    parser.add_argument("--identify-every", type=float, default=default.identify_every, help="seconds")
    parser.add_argument(
        "--take-binary", action="store_true", help="take JSON in binary frames of the gateway"
    )
    asked = parser.parse_args()
    return asked, Options(
        token=asked.token,
        validate_every=0 if asked.no_validate else asked.validate_every,
        per_second=asked.per_second,
        heartbeat=asked.heartbeat,
        max_concurrency=asked.max_concurrency,
        identify_every=asked.identify_every,
        takes_binary=asked.take_binary,
    )


async def _serve(host: str, port: int, options: Options) -> None:
    sites = Sites(host, options)
    port = await sites.open(port)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    print(json.dumps({"port": port, "validating": sites.specs.active}), flush=True)  # noqa: T201 - its one answer
    await stop.wait()
    await sites.close_all()


def main() -> None:
    asked, options = _options()
    asyncio.run(_serve(asked.host, asked.port, options))


if __name__ == "__main__":
    main()
