"""Commands about what flows: /liquidations, /book, /stops, /cascade, /brief.

Not here: their words (`flow_words.py`, `book_words.py`, `stop_words.py`, `cascade_words.py`,
`brief_words.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol, TypeVar

from liqbot.chat import book_words, brief_words, cascade_words, market_words, stop_words
from liqbot.chat import flow_words as words
from liqbot.chat.command import Coin, CommandContext, Move, Settings, Span, command
from liqbot.chat.market_commands import picture_query
from liqbot.message import Button, Fact, Message, Table, Tone
from liqbot.rules.wording import quoted
from liqbot.service.books import BookAnswer
from liqbot.service.brief import BriefAnswer
from liqbot.service.cascades import CascadeAnswer
from liqbot.service.errors import UserError
from liqbot.service.layers import venue_of
from liqbot.service.liquidations import LiquidationsAnswer
from liqbot.service.stops import StopsAnswer
from liqbot.text import _

_PLAIN: Mapping[str, str] = MappingProxyType({})
_DAY_S = 86_400.0
_SPANS = ("1h", "4h", "24h", "7d")


@command(public=True, takes=("venue",))
async def liquidations(
    context: CommandContext, coin: Coin, window: Span = _DAY_S, settings: Settings = _PLAIN
) -> Message:
    """What was liquidated lately: sums by side and venue, the largest, the last hour beside a usual one.

    All venues of which the bot hears are added up; venue=binance shows one alone. Who tells only some of its
    liquidations is named, and its sums are lower bounds.
    """
    venue = _venue(settings)
    answer = await context.services.liquidations.liquidations(coin, window, venue=venue)
    chosen = _chosen(venue)
    actions = [Button(span, f"/liquidations {coin} {span}{chosen}", renews=True) for span in _SPANS]
    return told_liquidations(answer, (*actions, Button(_("Heatmap"), f"/heatmap {coin} 24h")))


def told_liquidations(answer: LiquidationsAnswer, actions: Sequence[Button] = ()) -> Message:
    """Return what was liquidated, as a message."""
    return _told(words, answer, actions, words.sources(answer))


@command(public=True)
async def book(context: CommandContext, coin: Coin, settings: Settings = _PLAIN) -> Message:
    """The order book: imbalance near the price, walls, what market orders would move, and who holds what.

    Bids against asks within 0.5, 1, 2 and 5% of the price, and the move that selling or buying $1M, $5M and
    $25M at once would cause. Beside it what whales, retail and market makers hold. venue=binance shows the
    book of one venue. A book older than a minute is no depth.
    """
    venue = _venue(settings)
    answer = await context.services.books.book(coin, venue)
    chosen = _chosen(venue)
    actions = (
        Button(_("Refresh"), f"/book {coin}{chosen}", renews=True),
        Button(_("Map"), f"/map {coin}{chosen}"),
    )
    return told_book(answer, actions)


def told_book(answer: BookAnswer, actions: Sequence[Button] = ()) -> Message:
    """Return an order book, as a message."""
    return _told(book_words, answer, actions, answer.provenance)


@command(public=True)
async def cascade(
    context: CommandContext, coin: Coin, move: Move = -3.0, settings: Settings = _PLAIN
) -> Message:
    """What a push would set off: how much would be force-closed, and where price would stop.

    Price is pushed by -3%, say. Positions on the way are liquidated and eat into the order book, which moves
    price on and sets off the next ones, until the book absorbs them. How fast the book refills is not known,
    so the answer is a range. venue=binance reads another map and its book.
    """
    venue = _venue(settings)
    answer = await context.services.cascades.cascade(coin, move, venue)
    chosen = _chosen(venue)
    actions = [
        Button(other, f"/cascade {coin} {other}{chosen}", renews=True)
        for other in ("-1%", "-3%", "-5%", "3%", "5%")
    ]
    return told_cascade(answer, (*actions, Button(_("Book"), f"/book {coin}{chosen}")))


def told_cascade(answer: CascadeAnswer, actions: Sequence[Button] = ()) -> Message:
    """Return what a push would set off, as a message."""
    return _told(cascade_words, answer, actions, answer.provenance)


@command(public=True)
async def stops(context: CommandContext, coin: Coin, settings: Settings = _PLAIN) -> Message:
    """Where stop-loss and take-profit orders wait, beside what would be liquidated on the same way.

    Both directions within 1, 2, 5 and 10% of the price, and the prices at which most wait. They are a layer
    of their own and never added to liquidations. Only a Hyperliquid node of one's own tells of them.
    """
    venue = _venue(settings)
    answer = await context.services.stops.stops(coin, venue)
    chosen = _chosen(venue)
    actions = (
        Button(_("Refresh"), f"/stops {coin}{chosen}", renews=True),
        Button(_("Clusters"), f"/clusters {coin}{chosen}"),
        Button(_("Book"), f"/book {coin}{chosen}"),
    )
    return told_stops(answer, actions)


def told_stops(answer: StopsAnswer, actions: Sequence[Button] = ()) -> Message:
    """Return stop orders, as a message."""
    return _told(stop_words, answer, actions, stop_words.provenance(answer))


@command(public=True)
async def brief(context: CommandContext, coin: Coin) -> Message:
    """What to check before a trade, in ten lines and a picture.

    Fuel on both sides, the nearest clusters, who is trapped, whales, funding and open interest against their
    past, the crowd and options, what was liquidated, the book, and what a push of 3% either way sets off.
    """
    answer = await context.services.briefs.brief(coin)
    actions = [
        Button(_("Refresh"), f"/brief {coin}", renews=True),
        *(
            Button(label, f"/{name} {coin}")
            for label, name in (
                (_("Clusters"), "clusters"),
                (_("Liquidations"), "liquidations"),
                (_("Book"), "book"),
                (_("Cascade"), "cascade"),
            )
        ),
    ]
    picture = await context.services.pictures.heatmap(coin, "24h", await picture_query(context, {}))
    return replace(told_brief(answer), picture=picture, actions=tuple(actions))


def told_brief(answer: BriefAnswer) -> Message:
    """Return what to check before a trade, as a message."""
    market = answer.market
    return Message(
        title=market_words.title(market),
        lines=(market_words.meaning(market),),
        facts=tuple(brief_words.facts(answer)),
        tone=market_words.tone(market.regime),
        time_ms=market.time_ms,
        provenance=market.provenance,
    )


COMMANDS = (brief, liquidations, book, stops, cascade)


class _Answer(Protocol):
    """What is answered of an instant."""

    @property
    def time_ms(self) -> int: ...


_A_contra = TypeVar("_A_contra", bound=_Answer, contravariant=True)


class _Words(Protocol[_A_contra]):
    """A module that says an answer in words."""

    def title(self, answer: _A_contra, /) -> str: ...
    def lines(self, answer: _A_contra, /) -> Sequence[str]: ...
    def facts(self, answer: _A_contra, /) -> Sequence[Fact]: ...
    def tables(self, answer: _A_contra, /) -> Sequence[Table]: ...
    def notes(self, answer: _A_contra, /) -> Sequence[str]: ...
    def tone(self, answer: _A_contra, /) -> Tone: ...


def _told(said: _Words[_A_contra], answer: _A_contra, actions: Sequence[Button], provenance: str) -> Message:
    """Return an answer as a message, in the words of its module."""
    return Message(
        title=said.title(answer),
        lines=tuple(said.lines(answer)),
        facts=tuple(said.facts(answer)),
        tables=tuple(said.tables(answer)),
        notes=tuple(said.notes(answer)),
        tone=said.tone(answer),
        actions=tuple(actions),
        time_ms=answer.time_ms,
        provenance=provenance,
    )


def _chosen(venue: str | None) -> str:
    """Return how a button's command names the venue that was asked for."""
    return "" if venue is None else f" venue={venue}"


def _venue(settings: Mapping[str, str]) -> str | None:
    """Return the venue that is asked for; None for any. Raises `UserError` for any other setting."""
    unknown = [name for name in settings if name != "venue"]
    if unknown:
        raise UserError("There is no {name} here, only venue=.", name=quoted(unknown[0]))
    return venue_of(settings)
