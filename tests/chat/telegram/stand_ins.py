"""Markets whose fuel lies on one side, and what comes of it."""

from markets import long, price, seen, short

from liqbot.market.updates import Beat
from liqbot.store.chats import ChatKey

MINUTE = 60_000


def fuel(minute, *, above=2.0, below=20.0, coin="BTC", spot=100.0):
    """Return a minute of a market with so many million dollars of fuel within 5% above and below spot."""
    return [
        price(spot, time_ms=minute * MINUTE, coin=coin),
        seen(
            long(f"ann of {coin}", below * 1e6 / spot, at=spot * 0.97, coin=coin),
            short(f"bob of {coin}", above * 1e6 / spot, at=spot * 1.03, coin=coin),
            time_ms=minute * MINUTE,
        ),
        Beat(minute * MINUTE),
    ]


def chat_of(person_or_room, topic=""):
    """Return the key of a chat on Telegram."""
    return ChatKey("telegram", str(person_or_room.id), str(topic))
