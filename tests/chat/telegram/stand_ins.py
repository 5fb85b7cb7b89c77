"""Markets whose fuel lies on one side, and waiting for what comes of it."""

import asyncio
import socket
import time

from app.stand_ins import Told
from markets import long, price, seen, short

from liqbot.market.updates import Beat
from liqbot.store.chats import ChatKey

MINUTE = 60_000
START_MS = (time.time_ns() // 1_000_000 // MINUTE - 30) * MINUTE
"""When the markets here begin: what is hours old nobody is told of, where another process may have been."""
WITHIN = 15
"""How long a test waits for what should come at once, s."""


def fuel(minute, *, above=2.0, below=20.0, coin="BTC", spot=100.0):
    """Return a minute of a market with so many million dollars of fuel within 5% above and below spot."""
    return [
        price(spot, time_ms=START_MS + minute * MINUTE, coin=coin),
        seen(
            long(f"ann of {coin}", below * 1e6 / spot, at=spot * 0.97, coin=coin),
            short(f"bob of {coin}", above * 1e6 / spot, at=spot * 1.03, coin=coin),
            time_ms=START_MS + minute * MINUTE,
        ),
        Beat(START_MS + minute * MINUTE),
    ]


def chat_of(person_or_room, topic=""):
    """Return the key of a chat on Telegram."""
    return ChatKey("telegram", str(person_or_room.id), str(topic))


async def eventually(ask, is_so):
    """Wait until what awaiting `ask()` gives `is_so`; the database tells nobody when it changes."""
    async with asyncio.timeout(WITHIN):
        while not is_so(await ask()):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


class Market(Told):
    """A market whose fuel lies below spot; at `flip()` it moves above, and stays for a quarter of an hour."""

    def __init__(self):
        self._flips, self._flips_back = asyncio.Event(), asyncio.Event()
        after = [update for minute in range(2, 15) for update in fuel(minute, above=50)]
        again = [update for minute in range(15, 30) for update in fuel(minute)]
        super().__init__([*fuel(1), self._flips, *after, self._flips_back, *again])

    def flip(self):
        self._flips.set()

    def flip_back(self):
        self._flips_back.set()


async def subscribe(bot, *chats, rule="regime-flip", **parameters):
    form = bot.services.rules.by_name[rule].form
    for chat in chats:
        await bot.store.subscriptions.subscribe(
            chat, rule=rule, coin="BTC", parameters=form.canonical(form.parse(parameters)), now_ms=1
        )


async def seen_by_rules(bot):
    """Let the rules see the market once, so that there is a regime to leave."""
    await bot.evaluator.take(bot.services.markets.views["BTC"], bot.services.clock())


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
