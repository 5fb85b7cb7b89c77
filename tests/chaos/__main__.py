"""An hour of chaos: `make chaos`. Its last line counts what came of it."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from chaos.campaign import Chaos
from counterparts.discord import Discord
from counterparts.telegram.control import Telegram
from counterparts.telegram.process import start


async def run(seconds, chats):
    """Return what came of so many seconds of chaos."""
    telegram_process = start()
    try:
        async with Discord.start() as discord, Telegram(telegram_process) as telegram:
            with tempfile.TemporaryDirectory() as folder:
                chaos = Chaos(Path(folder), discord, telegram, chats=chats, every_s=20)
                return await chaos.run(seconds, kill_every_s=60)
    finally:
        telegram_process.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--chats", type=int, default=500)
    asked = parser.parse_args()
    outcome = asyncio.run(run(asked.seconds, asked.chats))
    for one in outcome.too_fast:
        print(one)  # noqa: T201 - its result
    print(outcome)  # noqa: T201
    good = not (outcome.lost or outcome.doubled or outcome.own_429)
    sys.exit(0 if good and outcome.log_bytes < 2_000_000 and outcome.lag_ms <= 20 else 1)


if __name__ == "__main__":
    main()
