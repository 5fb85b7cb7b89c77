"""What a coin's ratio, regime and fuel were over the past, and what became of price after each regime."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from liqbot.charts.history_input import HistoryInput
from liqbot.charts.studio import DrawingError
from liqbot.engine.combined_venues import combine_readings
from liqbot.engine.intervals import Interval
from liqbot.engine.regime_outcomes import RegimeOutcome, Spell, outcomes_of, spells_of
from liqbot.market.dated_reading import DatedReading
from liqbot.market.events import RegimeChanged
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.price_path import Path
from liqbot.market.regime import Regime
from liqbot.market.view import MarketView
from liqbot.message import Picture
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery, Seen
from liqbot.service.map_readings import path_of_maps, readings_of_maps
from liqbot.service.market_answer import RatioBasis, ratio_basis
from liqbot.service.markets import Markets
from liqbot.service.picture_query import DEFAULT_STYLE, PictureStyle
from liqbot.service.pictures import Pictures
from liqbot.service.windows import WINDOWS
from liqbot.store.store import Store

__all__ = ["Interval", "PastAnswer", "PastReading", "PastReadings", "RegimeOutcome", "RegimeShare", "thinned"]

_log = structlog.get_logger()

DAY_MS = 86_400_000
_NOW = 2**62
"""Later than any reading."""
MOST_READINGS = 400
"""So many are answered at most: of a long window one of each few hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReading:
    """The figures of one instant. USD are at its spot."""

    time_ms: int
    spot: float
    ratio: float | None
    """None where one side is empty, or too little is known."""
    ratio_basis: RatioBasis
    regime: Regime
    up_usd: float
    down_usd: float
    coverage: float | None
    funding: float | None
    """Fraction per hour, positive where longs pay."""
    open_interest_usd: float | None


Dated = TypeVar("Dated", DatedReading, PastReading)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeShare:
    """How much of the time a regime held."""

    regime: Regime
    share: float
    """0 to 1, of the readings of the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAnswer:
    """The readings of a window, and what followed the regimes that began in it."""

    coin: str
    venue: str
    basis: Basis
    origin: Origin
    label: str
    window: str
    since_ms: int
    until_ms: int
    readings: tuple[PastReading, ...]
    """The oldest first."""
    shares: tuple[RegimeShare, ...]
    after: tuple[RegimeOutcome, ...]
    """What became of price after each regime began, by regime and horizon."""


class PastReadings:
    """Answers `/history`."""

    def __init__(self, store: Store, markets: Markets, pictures: Pictures) -> None:
        self._store = store
        self._markets = markets
        self._pictures = pictures

    async def past(self, coin: str, window: str, query: LayerQuery | None = None) -> PastAnswer:
        """Return the readings of a `window` (a key of `WINDOWS`) up to now. Raises `UserError`."""
        return (await self._read(self._markets.seen(coin, query or LayerQuery()), window)).answer

    async def pictured(
        self,
        coin: str,
        window: str,
        query: LayerQuery | None = None,
        style: PictureStyle = DEFAULT_STYLE,
    ) -> tuple[PastAnswer, Picture | None]:
        """Return the same with its picture; None in its place where that cannot be drawn."""
        past = await self._read(self._markets.seen(coin, query or LayerQuery()), window)
        asked = HistoryInput(
            coin=coin,
            label=past.answer.label,
            window=window,
            readings=past.readings,
            path=past.path,
            look=style.look,
        )
        try:
            return past.answer, await self._pictures.studio.history(asked)
        except DrawingError as error:
            _log.error("picture_failed", coin=coin, window=window, reason=str(error))
            return past.answer, None

    async def by_day(self, coin: str, days: int, query: LayerQuery | None = None) -> list[PastReading]:
        """Return the newest reading of each of the last days (UTC), the oldest first. Raises `UserError`."""
        seen = self._markets.seen(coin, query or LayerQuery())
        since_ms = seen.view.time_ms - days * DAY_MS
        if seen.is_part:
            grid = await asyncio.to_thread(seen.grid, days * DAY_MS)
            found = [] if grid is None else await asyncio.to_thread(readings_of_maps, grid)
        else:
            found = await _readings(self._store, coin, seen.layers, since_ms, _NOW)
        newest = {one.time_ms // DAY_MS: one for one in found}
        return [past_reading(one) for one in newest.values()]

    async def _read(self, seen: Seen, window: str) -> "Past":
        """Return the past of what was asked for: as it is kept, added up, or of a part out of its maps."""
        if not seen.is_part:
            return await read_past(self._store, seen.view, window, seen.layers)
        grid = await asyncio.to_thread(seen.grid, WINDOWS[window])
        readings = [] if grid is None else await asyncio.to_thread(readings_of_maps, grid)
        path = Path.empty() if grid is None else path_of_maps(grid)
        return await asyncio.to_thread(_put_together, seen.view, window, readings, path, None)


@dataclass(frozen=True, slots=True)
class Past:
    """What was read of the past, and what is answered of it."""

    answer: PastAnswer
    readings: tuple[DatedReading, ...]
    path: Path


async def read_past(store: Store, view: MarketView, window: str, layers: Sequence[Layer] = ()) -> Past:
    """Return the readings of a `window` (a key of `WINDOWS`) up to a view. Raises `UserError`.

    Of a sum, `layers` are those that are added up, the one whose price it has first.
    """
    coin, layers, until_ms = view.coin, layers or (view.layer,), view.time_ms
    since_ms = until_ms - WINDOWS[window]
    readings = await _readings(store, coin, layers, since_ms, until_ms)
    path = await store.history.path(layers[0], coin, since_ms, until_ms)
    began: list[Spell] | None = None
    if len(layers) == 1:
        changes = await store.events.between(layers[0], coin, since_ms, until_ms, kinds=[RegimeChanged.kind])
        began = [
            Spell(event.after, event.time_ms) for _, event in changes if isinstance(event, RegimeChanged)
        ]
    # A year is thousands of readings: what they come to is worked out off the loop.
    return await asyncio.to_thread(_put_together, view, window, readings, path, began)


async def _readings(
    store: Store, coin: str, layers: Sequence[Layer], since_ms: int, until_ms: int
) -> list[DatedReading]:
    """Return the readings of a layer, or the sum of those of several."""
    pasts = [await store.history.readings(layer, coin, since_ms, until_ms) for layer in layers]
    return pasts[0] if len(pasts) == 1 else await asyncio.to_thread(combine_readings, pasts)


def _put_together(
    view: MarketView,
    window: str,
    readings: list[DatedReading],
    path: Path,
    began: Sequence[Spell] | None,
) -> Past:
    """Return the past up to a view; `began` are the regimes that began, None where no log has them."""
    if not readings or readings[-1].time_ms < view.time_ms:
        readings = [*readings, DatedReading.of(view)]
    if len(readings) < 2:
        raise UserError(
            "There is no history of {coin} in {layer} yet. One reading an hour is kept.",
            coin=view.coin,
            layer=view.layer.label,
        )
    after = outcomes_of(spells_of(readings) if began is None else began, path)
    return Past(_answer(view.coin, view.layer, window, readings, after), tuple(readings), path)


def thinned(readings: Sequence[Dated], most: int) -> list[Dated]:
    """Return at most so many readings, evenly apart: the newest of each step of time."""
    if len(readings) <= most:
        return list(readings)
    first, last = readings[0].time_ms, readings[-1].time_ms
    step_ms = max(-(-(last - first) // (most - 1)), 1)
    newest = {(last - one.time_ms) // step_ms: one for one in readings}
    return sorted(newest.values(), key=lambda one: one.time_ms)


def _answer(
    coin: str,
    layer: Layer,
    window: str,
    readings: Sequence[DatedReading],
    after: Sequence[RegimeOutcome],
) -> PastAnswer:
    regimes = [one.regime for one in readings]
    return PastAnswer(
        coin=coin,
        venue=layer.venue,
        basis=layer.basis,
        origin=layer.origin,
        label=layer.label,
        window=window,
        since_ms=readings[0].time_ms,
        until_ms=readings[-1].time_ms,
        readings=tuple(map(past_reading, thinned(readings, MOST_READINGS))),
        shares=tuple(
            RegimeShare(regime=regime, share=regimes.count(regime) / len(regimes))
            for regime in Regime
            if regime in regimes
        ),
        after=tuple(after),
    )


def past_reading(one: DatedReading) -> PastReading:
    """Return a reading as it is answered."""
    return PastReading(
        time_ms=one.time_ms,
        spot=one.spot,
        ratio=one.ratio,
        ratio_basis=ratio_basis(one.fuel),
        regime=one.regime,
        up_usd=one.up_usd,
        down_usd=one.down_usd,
        coverage=one.coverage,
        funding=one.funding,
        open_interest_usd=one.open_interest_usd,
    )
