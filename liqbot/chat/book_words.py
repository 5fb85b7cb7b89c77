"""An order book in words: who outweighs whom near the price, walls, and what market orders would move."""

from liqbot.chat.market_words import cohorts
from liqbot.market.depth_readings import ORDERS_USD, Band, MarketOrder, Wall
from liqbot.market.side import Side
from liqbot.message import Fact, Table, Tone
from liqbot.service.books import BookAnswer, BookReading
from liqbot.text import _
from liqbot.text.figures import duration, percent, price, share, usd

_EVEN = 0.1
"""Within this imbalance neither side is called heavier."""
_SHOWN = 0.01
"""The band that the title and the comparison of venues speak of."""


def title(answer: BookAnswer) -> str:
    """Return a book in a line: `BTC 64,000: bids outweigh asks, 62% within 1%`."""
    words = {"coin": answer.coin, "price": price(answer.spot)}
    if answer.book is None:
        return _("{coin} {price}: no depth", **words)
    band = widest(answer.book.bands, _SHOWN)
    if band is None or band.imbalance is None:
        return _("{coin} {price}: the book ends before {within}", within=percent(50 * _SHOWN), **words)
    within = percent(100 * band.share)
    if abs(band.imbalance) < _EVEN:
        return _("{coin} {price}: bids and asks are even within {within}", within=within, **words)
    heavier = share((1 + abs(band.imbalance)) / 2)
    if band.imbalance > 0:
        return _("{coin} {price}: bids outweigh asks, {share} of the book within {within}", share=heavier,
                 within=within, **words)  # fmt: skip
    return _("{coin} {price}: asks outweigh bids, {share} of the book within {within}", share=heavier,
             within=within, **words)  # fmt: skip


def lines(answer: BookAnswer) -> list[str]:
    """Return what it means."""
    if answer.book is None:
        return [
            _(
                "No order book of {coin} is known that is at most a minute old. That is not an empty book.",
                coin=answer.coin,
            )
        ]
    return [_("Resting orders can be withdrawn at any time: they say what stands there, not what will stay.")]


def facts(answer: BookAnswer) -> list[Fact]:
    """Return spread, age and reach of the book, and who is positioned how."""
    return [*(_of_book(answer.book) if answer.book else ()), *cohorts(answer)]


def tables(answer: BookAnswer) -> list[Table]:
    """Return imbalances, walls, market orders, and the books of other venues."""
    book = answer.book
    if book is None:
        return []
    tables = [
        Table(tuple(map(_band, book.bands)), _("Within: bids, asks, heavier")),
        Table(tuple(_order(book, place) for place in range(len(ORDERS_USD))), _("Market order: sells, buys")),
    ]
    if book.walls:
        tables.append(Table(tuple(map(_wall, book.walls)), _("Walls")))
    if len(answer.venues) > 1:
        rows = tuple(
            (one.venue, *_band(band)[1:], _("{age} old", age=duration(one.age_s)))
            for one in answer.venues
            if (band := widest(one.bands, _SHOWN)) is not None
        )
        tables.append(Table(rows, _("Books by venue: bids, asks, heavier")))
    return tables


def notes(answer: BookAnswer) -> list[str]:
    """Return what the book does not say."""
    said: list[str] = []
    book = answer.book
    if book is not None and any(order.price is None for order in book.orders):
        said.append(
            _("Beyond: the order is larger than the part of the book that {venue} shows.", venue=book.venue)
        )
    if answer.cohorts_of is not None:
        said.append(_("Whales, retail and makers: {layer}.", layer=answer.cohorts_of))
    return said


def tone(answer: BookAnswer) -> Tone:
    """Return the tone of a book: that of who is squeezed where the heavier side pushes."""
    band = None if answer.book is None else widest(answer.book.bands, _SHOWN)
    if band is None or band.imbalance is None or abs(band.imbalance) < _EVEN:
        return Tone.NEUTRAL
    return Tone.SHORTS if band.imbalance > 0 else Tone.LONGS


def widest(bands: tuple[Band, ...], most: float) -> Band | None:
    """Return the widest band up to `most` of which both sides are known; None without one."""
    known = [band for band in bands if band.share <= most and band.imbalance is not None]
    return known[-1] if known else None


def _of_book(book: BookReading) -> list[Fact]:
    reach = _("{down} below, {up} above", down=percent(book.reach_bids_pct), up=percent(book.reach_asks_pct))
    return [
        Fact(_("Spread"), f"{book.spread_pct:.3f}%"),
        Fact(_("Known to"), reach),
        Fact(_("Book"), _("{venue}, {age} old", venue=book.venue, age=duration(book.age_s))),
    ]


def _band(band: Band) -> tuple[str, ...]:
    within = percent(100 * band.share)
    bids, asks = (_("unknown") if one is None else usd(one) for one in (band.bid_usd, band.ask_usd))
    if band.imbalance is None:
        return (within, bids, asks, "")
    heavier = share((1 + abs(band.imbalance)) / 2)
    who = _("{share} bids", share=heavier) if band.imbalance >= 0 else _("{share} asks", share=heavier)
    return (within, bids, asks, who)


def _order(book: BookReading, place: int) -> tuple[str, ...]:
    sells = [order for order in book.orders if order.side is Side.SHORT]
    buys = [order for order in book.orders if order.side is Side.LONG]
    return (usd(sells[place].usd), _moved(sells[place]), _moved(buys[place]))


def _moved(order: MarketOrder) -> str:
    if order.moved_pct is None:
        return _("beyond")
    shown = f"{abs(order.moved_pct):.2f}%"
    return f"−{shown}" if order.moved_pct < 0 else f"+{shown}"


def _wall(wall: Wall) -> tuple[str, ...]:
    side = _("bids") if wall.side is Side.LONG else _("asks")
    return (price(wall.price), percent(wall.distance_pct, signed=True), usd(wall.usd), side)
