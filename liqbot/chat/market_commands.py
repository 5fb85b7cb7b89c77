"""Commands about a coin now: /heatmap, /map, /clusters, /regime, /trapped, /whales.

Not here: their words (`market_words.py`), liquidations and books (`flow_commands.py`), several maps
(`comparison_commands.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from liqbot.alerts.alert_message import live_page
from liqbot.chat import market_words as words
from liqbot.chat.command import Coin, CommandContext, Settings, Window, command
from liqbot.chat.context_words import surroundings
from liqbot.chat.layer_words import came_true, layer_facts
from liqbot.message import Button, Fact, Message, Picture, Table
from liqbot.service.layers import LayerQuery
from liqbot.service.market_answer import MarketAnswer
from liqbot.service.picture_query import BESIDE, ZOOM, PictureQuery, PictureStyle, Zoom
from liqbot.service.windows import WINDOWS
from liqbot.text import _

_PLAIN: Mapping[str, str] = MappingProxyType({})
"""No `venue=` and no part: a coin's own view."""


@command(public=True, draws=True, takes=("venue", "tier", "opened", "zoom", "beside"))
async def heatmap(
    context: CommandContext, coin: Coin, window: Window = "24h", settings: Settings = _PLAIN
) -> Message:
    """Where liquidations were clustered over time and where they are now, as a picture.

    For another venue add venue=binance, for all modelled venues added up venue=modelled. Of modelled
    positions, tier=25x shows one leverage tier alone, and opened=24h only what was opened lately.

    zoom=5%, zoom=20% or zoom=all says how far from spot it reaches; beside=binance outlines a second map over
    the first, never added. How pictures look in this chat: /look
    """
    query = await picture_query(context, settings)
    market = await context.services.markets.market(coin, query.layer)
    actions = [
        Button(_("Refresh"), f"/heatmap {coin} {window}{query.words}", renews=True),
        Button(_("Map"), f"/map {coin}{query.layer.words}{query.typed_style}", renews=True),
        *_zooms(coin, window, query),
        *(
            Button(other, f"/heatmap {coin} {other}{query.words}", renews=True)
            for other in WINDOWS
            if other != window
        ),
    ]
    picture = await context.services.pictures.heatmap(coin, window, query)
    return _linked(context, pictured(market, picture, actions), coin)


@command(public=True, draws=True)
async def map(context: CommandContext, coin: Coin, settings: Settings = _PLAIN) -> Message:  # noqa: A001 - it bears its command's name
    """Where liquidations are clustered right now, price by price, as a picture.

    Takes venue=, tier= and opened= as the heatmap does.
    """
    query = await picture_query(context, settings, but_not=(ZOOM, BESIDE))
    market = await context.services.markets.market(coin, query.layer)
    actions = [
        Button(_("Refresh"), f"/map {coin}{query.words}", renews=True),
        Button(_("Heatmap"), f"/heatmap {coin} 24h{query.words}", renews=True),
    ]
    return _linked(context, pictured(market, await context.services.pictures.map(coin, query), actions), coin)


@command(public=True)
async def clusters(context: CommandContext, coin: Coin, settings: Settings = _PLAIN) -> Message:
    """The nearest clusters of liquidations that matter, three above spot and three below.

    Each with its price, its distance from spot, its dollars and its age. The map shows all of them.
    """
    query = LayerQuery.of(settings)
    market = await context.services.markets.market(coin, query)
    actions = [
        Button(_("Map"), f"/map {coin}{query.words}"),
        Button(_("Heatmap"), f"/heatmap {coin} 24h{query.words}"),
    ]
    return _linked(context, _message(market, tables=words.clusters(market), actions=actions), coin)


@command(public=True)
async def regime(context: CommandContext, coin: Coin, settings: Settings = _PLAIN) -> Message:
    """Which side has more to be liquidated: the ratio of fuel above spot to fuel below it.

    Fuel is what would be liquidated within 5% of spot. Above a ratio of 2 it is called a short-squeeze setup,
    below 0.5 a long-liquidation setup. What other layers say stands below it, never added to it.
    """
    market = await context.services.markets.market(coin, LayerQuery.of(settings))
    facts = [
        *words.fuel(market),
        *words.cohort_fuel(market),
        *words.funding(market.funding),
        *surroundings(market),
        *layer_facts(market),
    ]
    return _linked(context, _message(market, words.meaning(market), facts=facts), coin)


@command(public=True)
async def trapped(context: CommandContext, coin: Coin) -> Message:
    """How much of each side is underwater, and how much of it by more than 5%."""
    market = await context.services.markets.market(coin)
    caveat = _(
        "Underwater is not liquidated. Trapped positions tend to be closed into the next move their way."
    )
    return _message(market, facts=words.trapped(market), notes=[caveat])


@command(public=True)
async def whales(context: CommandContext, coin: Coin) -> Message:
    """Who holds the most, and where the largest positions would be liquidated.

    Whales are the largest accounts that together hold the top half of the coin's money.
    """
    market = await context.services.markets.market(coin)
    facts, tables = words.cohorts(market), words.holdings(market)
    lines = [] if facts or tables else [_("Nobody is known to hold it.")]
    return _message(market, *lines, facts=facts, tables=tables)


def about(market: MarketAnswer, picture: Picture) -> Message:
    """Return a market with its picture, as a message."""
    return _message(market, facts=words.fuel(market), picture=picture)


def described(market: MarketAnswer) -> Message:
    """Return all that the commands say of a market: regime, trapped shares, clusters, cohorts."""
    facts = [*words.fuel(market), *words.trapped(market), *words.cohorts(market)]
    return _message(market, words.meaning(market), facts=facts, tables=words.clusters(market))


COMMANDS = (heatmap, map, clusters, regime, trapped, whales)


async def picture_query(
    context: CommandContext, settings: Mapping[str, str], *, but_not: tuple[str, ...] = ()
) -> PictureQuery:
    """Return what is asked of a picture, in the chat's own style."""
    chat = await context.services.chats.settings(context.chat)
    return PictureQuery.of(settings, PictureStyle.kept(chat.look), but_not=but_not)


def _zooms(coin: str, window: str, query: PictureQuery) -> list[Button]:
    """Return a button for each range that is not shown."""
    labels = {Zoom.AUTO: _("Zoom auto"), Zoom.NEAR: "±5%", Zoom.WIDE: "±20%", Zoom.ALL: _("All prices")}
    return [
        Button(label, f"/heatmap {coin} {window}{replace(query, zoom=zoom).words}", renews=True)
        for zoom, label in labels.items()
        if zoom is not query.zoom
    ]


def pictured(market: MarketAnswer, picture: Picture | None, actions: Sequence[Button]) -> Message:
    """Return the message that goes with a picture; where that fails, what it would have shown in figures."""
    if picture is not None:
        facts = [*words.fuel(market), *came_true(market)]
        return _message(market, facts=facts, picture=picture, actions=actions)
    return _message(
        market,
        _("The picture could not be drawn. Its figures:"),
        facts=words.fuel(market),
        tables=words.clusters(market),
        actions=actions,
    )


def _linked(context: CommandContext, message: Message, coin: str) -> Message:
    """Return a message that links to the coin's live page, where people can reach it."""
    page = live_page(context.services.page_of(coin))
    return replace(message, notes=(*message.notes, page)) if page else message


def _message(
    market: MarketAnswer,
    *lines: str,
    facts: Sequence[Fact] = (),
    tables: Sequence[Table] = (),
    notes: Sequence[str] = (),
    picture: Picture | None = None,
    actions: Sequence[Button] = (),
) -> Message:
    return Message(
        title=words.title(market),
        lines=lines,
        facts=tuple(facts),
        tables=tuple(tables),
        notes=tuple(notes),
        tone=words.tone(market.regime),
        picture=picture,
        actions=tuple(actions),
        time_ms=market.time_ms,
        provenance=market.provenance,
    )
