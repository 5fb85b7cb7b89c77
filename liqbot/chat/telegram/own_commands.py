"""The commands that only Telegram has: coming by a link, and leaving."""

import re

from liqbot.chat.command import CommandContext, command
from liqbot.chat.telegram.choice import MARK
from liqbot.message import Button, Message
from liqbot.text import _

STOPPED = "stopped with /stop"
"""Why a chat that wanted to be left alone gets nothing."""
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


@command()
async def start(context: CommandContext) -> Message:
    """What this bot is, and how to begin; after /stop, go on."""
    goes_on = context.may_manage and await context.services.chats.activate(context.chat)
    coin = next(iter(context.services.markets.coins), "BTC")
    return Message(
        _("Back again: what this chat has subscribed to comes as before")
        if goes_on
        else _("Welcome to liqbot"),
        (
            _("It watches where leveraged positions will be force-closed, draws it, and alerts on it."),
            _("See where forced orders sit: /heatmap {coin}", coin=coin),
            _("Get alerts: /subscribe"),
            _("Every picture says where its figures come from, what they cover and how old they are."),
        ),
        notes=(_("Not financial advice: it shows where forced orders sit, not where price goes."),),
        actions=(
            Button(_("{coin} heatmap", coin=coin), f"/heatmap {coin}"),
            Button(_("Subscribe"), MARK),
            Button(_("Help"), "/help"),
        ),
    )


@command(manages=True)
async def stop(context: CommandContext) -> Message:
    """Send no more alerts to this chat; what it has subscribed to is kept."""
    await context.services.chats.deactivate(context.chat, STOPPED)
    await context.services.in_flight(context.chat)
    return Message(
        _("Stopped: no more alerts here"),
        (_("What you subscribed to is kept. /start goes on."),),
        actions=(Button(_("Go on"), "/start"),),
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
