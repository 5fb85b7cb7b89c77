"""The commands that only Telegram has: coming by a link, and leaving."""

import re

from liqbot.chat.command import Ask, command
from liqbot.chat.telegram.choice import MARK
from liqbot.message import Button, Message

STOPPED = "stopped with /stop"
"""Why a chat that wanted to be left alone gets nothing."""
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


@command()
async def start(ask: Ask) -> Message:
    """What this bot is, and how to begin; after /stop, go on."""
    goes_on = ask.may_manage and await ask.desk.store.chats.activate(ask.chat)
    coin = next(iter(ask.desk.views), "BTC")
    return Message(
        "Back again: what this chat has subscribed to comes as before" if goes_on else "Welcome to liqbot",
        (
            "It watches where leveraged positions will be force-closed, draws it, and says when it matters.",
            f"See where forced orders sit: /heatmap {coin}",
            "Be told when something happens: /subscribe",
            "Every picture says where its figures come from, what they cover and how old they are.",
            "No advice: it shows where forced orders sit, not where price goes.",
        ),
        actions=(
            Button(f"{coin} heatmap", f"/heatmap {coin}"),
            Button("Subscribe", MARK),
            Button("Help", "/help"),
        ),
    )


@command(manages=True)
async def stop(ask: Ask) -> Message:
    """Send no more alerts to this chat; what it has subscribed to is kept."""
    desk = ask.desk
    await desk.store.chats.deactivate(ask.chat, STOPPED, desk.clock())
    return Message(
        "Stopped: no more alerts here",
        ("What you subscribed to is kept; /start goes on.",),
        actions=(Button("Go on", "/start"),),
    )


OWN_COMMANDS = (start, stop)


def followed(payload: str) -> str | None:
    """Return the line that a link stands for: `t.me/bot?start=heatmap_BTC_7d` for `/heatmap BTC 7d`.

    A link only shows: one that would subscribe asks first. None for a payload that no link of ours has.
    """
    if not _PAYLOAD.fullmatch(payload):
        return None
    name, *words = payload.split("_")
    if name == "subscribe":
        return MARK + " ".join(words[:2])
    return " ".join([f"/{name}", *words])
