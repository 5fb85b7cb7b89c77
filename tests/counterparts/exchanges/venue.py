"""What the five exchanges have in common behind their doors."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from counterparts.exchanges.world import Series, World

from liqbot.market.side import Side


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """The exchange says no: with a status, and a body of its own form."""

    def __init__(self, status, body):
        super().__init__(body)
        self.status = status
        self.body = body


class Query(dict):
    """The parameters of a request, and which of them nobody has looked at: the misspelt ones."""

    def __init__(self, parameters):
        super().__init__(parameters)
        self.unread = set(parameters)

    def __getitem__(self, name):
        self.unread.discard(name)
        return super().__getitem__(name)

    def __contains__(self, name):
        self.unread.discard(name)
        return super().__contains__(name)

    def get(self, name, usual=None):
        self.unread.discard(name)
        return super().get(name, usual)

    def demand(self, **values):
        """Raise `ValueError` for a parameter that is not what this counterpart serves."""
        for name, value in values.items():
            if self[name] != value:
                raise ValueError(f"{name} is {self[name]}, where {value} is served")


@dataclass(frozen=True)
class Listing:
    """What an exchange lists: a coin of the world, in units and contracts of its own."""

    coin: str
    unit: float = 1.0
    """Coins in one unit."""
    contract: float = 1.0
    """Units in one contract."""


@dataclass(frozen=True)
class Limit:
    """Requests allowed to one address in so many seconds, over paths that begin so."""

    prefix: str
    requests: float
    seconds: float


@dataclass(frozen=True)
class Book:
    """One instrument of an exchange: the world's market, in its units."""

    world: World
    listing: Listing
    share: float
    """Open interest and volume here, as a multiple of the world's."""

    @property
    def series(self) -> Series:
        return self.world.series[self.listing.coin]

    @property
    def now_ms(self):
        return self.world.now_ms

    @property
    def mark(self):
        return self.price(self.series.mark)

    @property
    def open_interest(self):
        return self.units(self.series.open_interest)

    def price(self, usd):
        """Return the price of one unit."""
        return usd * self.listing.unit

    def units(self, coins):
        return coins * self.share / self.listing.unit

    def contracts(self, coins):
        return self.units(coins) / self.listing.contract


Handler = Callable[[dict, World], object]


def text(number, digits=12):
    """Return a number as exchanges write them: as text, without an exponent."""
    return f"{number:.{digits}f}".rstrip("0").rstrip(".") if number else "0"


def bankruptcy(event, coins, tiers):
    """Return the price at which a position of `coins` that was liquidated at its price is worth nothing.

    The margin that was just not enough is what lies between; `tiers` are `(floor_usd, rate)`.
    """
    notional, margin, rate = event.price * coins, 0.0, 0.0
    for (floor, rate), (top, _) in zip(tiers, (*tiers[1:], (math.inf, 0)), strict=True):
        margin += rate * max(min(notional, top) - floor, 0.0)
    return event.price - margin / coins * (1 if event.side is Side.LONG else -1)


def levels(at, side, count, contract=1.0):
    """Return one side of a book, the best level first: prices of a unit, sizes in units over `contract`.

    They lie 0.01% apart around the mark, each with the same notional in USD.
    """
    sign = -1 if side == "bids" else 1
    usd = at.series.open_interest * at.series.mark * at.share / 1000
    prices = [at.mark * (1 + sign * 1e-4 * (place + 0.5)) for place in range(count)]
    return [(price, usd / price / contract) for price in prices]


def number(query, name, usual=None):
    """Return a parameter as a whole number."""
    return usual if name not in query else int(query[name])


def newest(rows, count):
    """Return the last `count` rows, the newest first."""
    return list(reversed(rows[-count:])) if count else []
