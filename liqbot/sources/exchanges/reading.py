"""Paging and row reading that all five clients share: asks page by page, leaves out rows it cannot read.

One row that cannot be read is left out and counted, and the others stand. Only an answer of which no row can
be read has another form than promised, and is refused by the name of what is wrong.

Not here: what a row becomes (`rows.py`), the HTTP request (`rest.py`).
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from liqbot.market.depth import Depth, DepthError
from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.rest import Params, Rest
from liqbot.sources.exchanges.rows import Loose, Sieve, loosely
from liqbot.sources.exchanges.stream import Stream
from liqbot.sources.exchanges.symbols import Instrument
from liqbot.sources.source import NoDataError

Row = TypeVar("Row")
Raws: TypeAlias = Sequence[msgspec.Raw]
ANOTHER_FORM = 3
"""So many rows in a first page, none of which can be read: the others will have that form too."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """Rows that an exchange gives at one path: their form, what they are, and what asking for them costs."""

    path: str
    form: type[Row]
    what: str
    """As in "open interest of another form"."""
    budget: Budget
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class _Page(Generic[Row]):
    """What could be read of an answer, how much could not, and why the first of it."""

    rows: list[Row]
    unread: int
    why: str


class Level(msgspec.Struct, array_like=True):
    """A level of a book as most exchanges write it: price, size, and more that is not wanted."""

    price: Loose
    size: Loose


class RowReader:
    """Reads what one exchange answers."""

    def __init__(self, rest: Rest, sieve: Sieve, envelope: object, rows_of: Callable[[Any], Raws]) -> None:
        """Ask `rest`. `envelope` is the form of an answer with rows, which `rows_of` takes out of it."""
        self._rest = rest
        self._refused = sieve.refused
        self._envelope: Any = envelope
        self._rows_of = rows_of

    async def rows(self, rows: Rows[Row], params: Params) -> list[Row]:
        """Return the rows of one answer. Raises `NoDataError`, also where none of them can be read."""
        return await self.pages(rows, [(0, 0)], lambda _first, _last: params)

    async def one(self, rows: Rows[Row], params: Params, instrument: Instrument) -> Row:
        """Return the first row. Raises `NoDataError`, also where there is none."""
        read = await self.rows(rows, params)
        if not read:
            raise NoDataError(f"{self._rest.venue} {rows.path}: nothing about {instrument.symbol}")
        return read[0]

    async def pages(
        self, rows: Rows[Row], spans: Iterable[tuple[int, int]], params: Callable[[int, int], Params]
    ) -> list[Row]:
        """Return the rows of several answers: `params` says how to ask for a span of ms, both ends included.

        Raises `NoDataError` where a page cannot be had, or where none of all rows can be read.
        """
        read: list[Row] = []
        unread, why = 0, ""
        for first, last in spans:
            asked = params(first, last)
            answer = await self._rest.get(rows.path, self._envelope, rows.budget, asked, weight=rows.weight)
            page = _read(self._rows_of(answer), rows.form)
            read += page.rows
            unread += page.unread
            why = why or page.why
            if not read and page.unread >= ANOTHER_FORM:
                break
        if unread and not read:
            raise NoDataError(f"{self._rest.venue} {rows.path}: unexpected answer: {why}")
        if unread:
            self._refused[f"{rows.what} of another form"] += unread
        return read

    def levels(self, raws: Raws, unit: float, contract: float = 1.0) -> list[tuple[float, float]]:
        """Return the levels of one side of a book in USD and coins, those that cannot be read left out.

        `unit` is how many coins one of the exchange's units is, `contract` how many units a contract.
        """
        page = _read(raws, Level)
        if page.unread:
            self._refused["a level of a book of another form"] += page.unread
        found = ((loosely(level.price), loosely(level.size)) for level in page.rows)
        return [(price / unit, size * contract * unit) for price, size in found if price and size]

    def book(
        self,
        instrument: Instrument,
        time_ms: int,
        bids: Iterable[tuple[float, float]],
        asks: Iterable[tuple[float, float]],
    ) -> Depth:
        """Return a book of levels in USD and coins. Raises `NoDataError` where it cannot be one."""
        try:
            return Depth.of(instrument.coin, self._rest.venue, time_ms, bids, asks)
        except DepthError as error:
            self._refused["a book that is crossed or has an empty side"] += 1
            raise NoDataError(f"{self._rest.venue}: the book of {instrument.symbol}: {error}") from None

    async def frames(self, stream: Stream, form: type[Row], what: str) -> AsyncIterator[Row]:
        """Yield the frames of `stream` that have a form; others are counted as `what` of another form."""
        async for frame in stream.frames():
            if frame == "pong":
                continue
            try:
                yield msgspec.json.decode(frame, type=form, strict=False)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self._refused[f"{what} of another form"] += 1

    def told(self, raws: Raws, form: type[Row], what: str) -> list[Row]:
        """Return the events of a batch; each that cannot be read is left out and counted."""
        page = _read(raws, form)
        if page.unread:
            self._refused[f"{what} of another form"] += page.unread
        return page.rows


def _read(raws: Raws, form: type[Row]) -> _Page[Row]:
    rows: list[Row] = []
    unread, why = 0, ""
    for raw in raws:
        try:
            rows.append(msgspec.json.decode(raw, type=form, strict=False))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            unread, why = unread + 1, why or str(error)
    return _Page(rows, unread, why)
