"""Commands about the past: /history and /scoreboard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from types import MappingProxyType

from liqbot.chat import phrases, score_words
from liqbot.chat import record_words as words
from liqbot.chat.command import Coin, CommandContext, Settings, Window, command
from liqbot.chat.market_commands import picture_query
from liqbot.message import Button, Message
from liqbot.service.past_readings import PastAnswer
from liqbot.service.picture_query import BESIDE, ZOOM
from liqbot.service.scoreboards import ScoreboardAnswer, ScoreQuery
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
    query = await picture_query(context, settings, but_not=(ZOOM, BESIDE))
    answer, picture = await context.services.past_readings.pictured(coin, window, query.layer, query.style)
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


@command(public=True)
async def scoreboard(
    context: CommandContext, coin: Coin, window: Window = "30d", settings: Settings = _PLAIN
) -> Message:
    """What became of clusters: how many were reached, beside levels without one, and what came after.

    Counts clusters within 5% of spot; within=2% and least=5M count fewer. Beside them stand empty levels at
    the same distance, the price as far on the other side, and a random walk as wild as the coin. Where
    clusters do not pull, it says so.
    """
    query = ScoreQuery.of(settings)
    answer = await context.services.scoreboards.scoreboard(coin, window, query)
    typed = "".join(f" {name}={value}" for name, value in settings.items())
    others = [
        Button(other, f"/scoreboard {coin} {other}{typed}", renews=True)
        for other in ("7d", "30d", "90d", "1y")
        if other != window
    ]
    actions = (Button(_("Clusters"), f"/clusters {coin}{query.layer.words}"), *others)
    return replace(told_scoreboard(answer), actions=actions)


def told_scoreboard(answer: ScoreboardAnswer) -> Message:
    """Return a scoreboard as a message."""
    return Message(
        title=score_words.title(answer),
        lines=tuple(score_words.lines(answer)),
        facts=tuple(score_words.afterwards(answer)),
        tables=tuple(
            table for table in (score_words.horizons(answer), *score_words.groups(answer)) if table.rows
        ),
        notes=tuple(score_words.notes(answer)),
        time_ms=answer.until_ms,
        provenance=answer.label,
    )


COMMANDS = (history, scoreboard)
