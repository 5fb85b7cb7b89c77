"""The commands that look back: what the readings were, and what became of clusters."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from types import MappingProxyType

from liqbot.chat import phrases
from liqbot.chat import record_words as words
from liqbot.chat.command import Coin, CommandContext, Settings, Window, command
from liqbot.message import Button, Message
from liqbot.service.layers import LayerQuery
from liqbot.service.past_readings import PastAnswer
from liqbot.service.windows import WINDOWS
from liqbot.text import _

_PLAIN: Mapping[str, str] = MappingProxyType({})


@command(public=True)
async def history(
    context: CommandContext, coin: Coin, window: Window = "30d", settings: Settings = _PLAIN
) -> Message:
    """What ratio, regime and fuel were, by date, and what price did after each regime began.

    As a table and as a picture, from hours to a year; one reading an hour is kept. For another venue add
    venue=binance. Where one side was empty there is no ratio but a clean direction: 0 ↑ · $0.65B ↓.
    """
    query = LayerQuery.of(settings)
    answer, picture = await context.services.past_readings.pictured(coin, window, query)
    chat = await context.services.chats.settings(context.chat)
    others = [
        Button(other, f"/history {coin} {other}{query.words}", renews=True)
        for other in WINDOWS
        if other != window
    ]
    actions = (Button(_("Regime"), f"/regime {coin}{query.words}"), *others)
    told = told_history(answer, phrases.zone_of(chat))
    return replace(told, picture=picture, actions=actions)


def told_history(answer: PastAnswer, zone: tzinfo) -> Message:
    """Return the readings of a window as a message."""
    return Message(
        title=_("{coin}: readings of {window}", coin=answer.coin, window=answer.window),
        facts=tuple(words.regime_facts(answer)),
        tables=(words.readings(answer, zone),),
        notes=tuple(words.history_notes(answer)),
        time_ms=answer.until_ms,
        provenance=answer.label,
    )


COMMANDS = (history,)
