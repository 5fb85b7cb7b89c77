"""The commands that show a market another way: maps side by side, and a map in three dimensions."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from liqbot.chat.command import Coin, CommandContext, Settings, Window, command
from liqbot.chat.market_commands import picture_query, pictured
from liqbot.message import Button, Fact, Message, Table
from liqbot.service.comparisons import (
    MODEL,
    VENUE,
    ComparedAnswer,
    ComparisonAnswer,
    compared,
    comparison_answer,
    read_by,
)
from liqbot.service.picture_query import BESIDE, BY, ZOOM
from liqbot.service.windows import WINDOWS
from liqbot.text import _
from liqbot.text.figures import price, ratio, share, usd

_PLAIN: Mapping[str, str] = MappingProxyType({})


@command(public=True, draws=True, takes=("venue", BY))
async def compare(
    context: CommandContext, coin: Coin, window: Window = "24h", settings: Settings = _PLAIN
) -> Message:
    """Venues side by side, or the models of one venue, and how far they agree on where the money is.

    by=venue compares measured and modelled maps as they are, never added. by=model reads the same candles and
    open interest in three ways: levels close with open interest (as here), are only swept, or are stacked up.
    """
    by = read_by(settings.get(BY, VENUE))
    left = {name: text for name, text in settings.items() if name != BY}
    query = await picture_query(context, left, but_not=(ZOOM, BESIDE, "tier", "opened"))
    maps = await asyncio.to_thread(compared, context.services.markets, coin, query.layer, by)
    answer = await comparison_answer(coin, maps)
    picture = await context.services.pictures.comparison(maps, window, query.style)
    other = MODEL if by == VENUE else VENUE
    words = f"{query.words} {BY}={by}"
    labels = {MODEL: _("Models"), VENUE: _("Venues")}
    return Message(
        title=_("{coin} {price}: side by side, never added", coin=coin, price=price(answer.spot)),
        facts=tuple(_agreement(answer)),
        tables=(Table(tuple(_row(one) for one in answer.maps), _("Within 5% of spot")),),
        picture=picture,
        actions=(
            Button(_("Refresh"), f"/compare {coin} {window}{words}", renews=True),
            Button(labels[other], f"/compare {coin} {window} {BY}={other}", renews=True),
            *(Button(one, f"/compare {coin} {one}{words}", renews=True) for one in WINDOWS if one != window),
        ),
        time_ms=answer.time_ms,
        provenance=" · ".join(dict.fromkeys(one.label for one in answer.maps)),
    )


@command(public=True, draws=True)
async def map3d(
    context: CommandContext, coin: Coin, window: Window = "7d", settings: Settings = _PLAIN
) -> Message:
    """Where liquidations are clustered, in three dimensions: price, time and money.

    Takes venue=, tier= and opened= as the heatmap does.
    """
    query = await picture_query(context, settings, but_not=(ZOOM, BESIDE))
    market = await context.services.markets.market(coin, query.layer)
    picture = await context.services.pictures.terrain(coin, window, query)
    actions = [
        Button(_("Refresh"), f"/map3d {coin} {window}{query.words}", renews=True),
        Button(_("Heatmap"), f"/heatmap {coin} {window}{query.words}", renews=True),
        *(
            Button(other, f"/map3d {coin} {other}{query.words}", renews=True)
            for other in WINDOWS
            if other != window
        ),
    ]
    return pictured(market, picture, actions)


COMMANDS = (compare, map3d)


def _agreement(answer: ComparisonAnswer) -> list[Fact]:
    """Return how much of each two maps' money is at the same prices."""
    return [
        Fact(
            _("{one} and {other}", one=pair.one, other=pair.other),
            _("nothing to compare")
            if pair.overlap is None
            else _("{share} of the money at the same prices", share=share(pair.overlap)),
        )
        for pair in answer.agreements
    ]


def _row(one: ComparedAnswer) -> tuple[str, ...]:
    most = _("up to ") if one.is_modelled else ""
    return (
        one.title,
        _("{amount} above", amount=most + usd(one.up_usd)),
        _("{amount} below", amount=most + usd(one.down_usd)),
        _("ratio {ratio}", ratio=ratio(one.ratio)),
    )
