"""Liquidations as they happened: sums by side and venue, the largest, and the hour beside a usual one."""

from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.market.events import LiquidationSeen, LiquidationSum, MarketEvent
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.liquidations import HOUR_MS, USUAL_DAYS, usual_hour
from liqbot.market.side import Side
from liqbot.market.updates import Provenance
from liqbot.market.view import MarketView
from liqbot.service.errors import UserError
from liqbot.service.layers import Layers
from liqbot.service.markets import Markets
from liqbot.store.events import Events

LONGEST_S = 30 * 86_400
SHORTEST_S = 60
LARGEST_SHOWN = 5
KINDS = (LiquidationSum.kind, LiquidationSeen.kind)
"""The events that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueLiquidations:
    """What one venue told. USD."""

    venue: str
    basis: Basis
    """Of the venue's map: liquidations themselves are never modelled."""
    origin: Origin
    label: str
    long_usd: float
    """Longs that were liquidated: forced sells."""
    short_usd: float
    count: int
    """How many were told of: fills, where a venue tells each by itself."""
    sampled: bool
    """Whether the venue tells only some, so that its sums are lower bounds."""
    since_ms: int | None
    """The oldest that is known, from a week before the window on; None where the venue told of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestLiquidation:
    """One of the largest. Only those of at least $100k are kept one by one."""

    venue: str
    time_ms: int
    side: Side
    price: float
    usd: float
    sampled: bool
    provenance: Provenance
    """Whether it was streamed, asked for afterwards, or inferred from a position that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationsAnswer:
    """What was liquidated of a coin within a window. USD; venues are added up, since each told its own."""

    coin: str
    time_ms: int
    """When the window ends: the time of the newest view."""
    since_ms: int
    """When it begins."""
    spot: float
    origin: Origin
    """Of all venues that are counted: live, recorded or simulated ones are never mixed."""
    long_usd: float
    short_usd: float
    count: int
    is_lower_bound: bool
    """Whether a venue that told of some tells only a sample."""
    known_since_ms: int | None
    """The oldest liquidation that is known; None without any. One after `since_ms` means that earlier
    ones may be lacking."""
    hour_usd: float
    """What was liquidated in the hour that ends now, both sides."""
    hour_long_usd: float
    usual_hour_usd: float | None
    """The median of the whole hours of the week before that; None where less than a day is known."""
    usual_hours: int
    """Of how many hours."""
    venues: tuple[VenueLiquidations, ...]
    """The one with the most first."""
    largest: tuple[LargestLiquidation, ...]
    """The largest first."""

    @property
    def usd(self) -> float:
        """Both sides together."""
        return self.long_usd + self.short_usd

    @property
    def times_usual(self) -> float | None:
        """The hour over a usual hour; None where that is unknown, or nothing."""
        return self.hour_usd / self.usual_hour_usd if self.usual_hour_usd else None


class Liquidations:
    """Answers questions about what was liquidated."""

    def __init__(self, markets: Markets, log: Events) -> None:
        """Answer from the event log, for the layers of `markets`."""
        self._markets = markets
        self._log = log

    async def liquidations(
        self, coin: str, window_s: float, *, venue: str | None = None
    ) -> LiquidationsAnswer:
        """Return what was liquidated of `coin` in the `window_s` seconds up to its newest view.

        Of all venues of one origin, or of the `venue` that is named. Raises `UserError`.
        """
        view = self._markets.view(coin)
        if view is None:
            raise UserError("There is no data of {coin} yet. /status says what is being read.", coin=coin)
        layers = layers_beside(self._markets.layers, view)
        if venue is not None:
            named = [one for one in layers if venue.lower() in (one.venue.lower(), one.label.lower())]
            if not named:
                raise UserError(
                    "{venue} has no {coin} here. Choose from {names}.",
                    venue=venue,
                    coin=coin,
                    names=", ".join(layer.venue.lower() for layer in layers),
                )
            layers = named
        return await read_liquidations(self._log, view, layers, window_s)


def layers_beside(layers: Layers, view: MarketView) -> list[Layer]:
    """Return the layers of a coin that may be added to that of its `view`: those of the same origin."""
    known = dict.fromkeys([view.layer, *(other.layer for other in layers.of(view.coin))])
    return [layer for layer in known if layer.origin is view.layer.origin]


async def read_liquidations(
    log: Events, view: MarketView, layers: Sequence[Layer], window_s: float
) -> LiquidationsAnswer:
    """Return what `log` has of `layers` in the `window_s` seconds up to `view`. Raises `UserError`."""
    if not SHORTEST_S <= window_s <= LONGEST_S:
        raise UserError("A window of liquidations is between a minute and 30 days long.")
    since_ms = view.time_ms - round(window_s * 1000)
    read_from = min(since_ms, view.time_ms - HOUR_MS - USUAL_DAYS * 24 * HOUR_MS)
    told = {
        layer: [
            logged.event
            for logged in await log.between(layer, view.coin, read_from - 1, view.time_ms, kinds=KINDS)
        ]
        for layer in layers
    }
    return liquidations_answer(view, told, since_ms)


def liquidations_answer(
    view: MarketView, told: dict[Layer, list[MarketEvent]], since_ms: int
) -> LiquidationsAnswer:
    """Return what was liquidated from `since_ms` up to `view`, of the events that each layer has told.

    They should reach a week and an hour back, so that the usual hour is known.
    """
    now_ms = view.time_ms
    sums = [one for events in told.values() for one in events if isinstance(one, LiquidationSum)]
    single = [one for events in told.values() for one in events if isinstance(one, LiquidationSeen)]
    # A minute that began within the window counts; one that began before it lies outside by its larger part.
    within = [one for one in sums if one.time_ms >= since_ms]
    hour = [one for one in sums if one.time_ms >= now_ms - HOUR_MS]
    usual = _by_hour(sums, now_ms - HOUR_MS)
    venues = [
        _of_venue(layer, [one for one in events if isinstance(one, LiquidationSum)], since_ms)
        for layer, events in told.items()
    ]
    largest = sorted((one for one in single if one.time_ms >= since_ms), key=lambda one: -one.usd)
    return LiquidationsAnswer(
        coin=view.coin,
        time_ms=now_ms,
        since_ms=since_ms,
        spot=view.spot,
        origin=view.layer.origin,
        long_usd=_sum(within, Side.LONG),
        short_usd=_sum(within, Side.SHORT),
        count=sum(one.count for one in within),
        is_lower_bound=any(one.sampled for one in within),
        known_since_ms=min((one.time_ms for one in sums), default=None),
        hour_usd=_sum(hour),
        hour_long_usd=_sum(hour, Side.LONG),
        usual_hour_usd=usual_hour(usual),
        usual_hours=len(usual),
        venues=tuple(sorted(venues, key=lambda one: -(one.long_usd + one.short_usd))),
        largest=tuple(_largest(one) for one in largest[:LARGEST_SHOWN]),
    )


def _by_hour(sums: Sequence[LiquidationSum], until_ms: int) -> list[float]:
    """Return the USD of each whole hour before `until_ms`, from the first that is known, at most a week.

    Hours in which nothing was liquidated are hours as well.
    """
    before = [one for one in sums if one.time_ms < until_ms]
    if not before:
        return []
    first_ms = min(one.time_ms for one in before)
    hours = min((until_ms - first_ms) // HOUR_MS, USUAL_DAYS * 24)
    usd = [0.0] * hours
    for one in before:
        place = (until_ms - 1 - one.time_ms) // HOUR_MS
        if place < hours:
            usd[place] += one.usd
    return usd


def _of_venue(layer: Layer, sums: Sequence[LiquidationSum], since_ms: int) -> VenueLiquidations:
    within = [one for one in sums if one.time_ms >= since_ms]
    return VenueLiquidations(
        venue=layer.venue,
        basis=layer.basis,
        origin=layer.origin,
        label=layer.label,
        long_usd=_sum(within, Side.LONG),
        short_usd=_sum(within, Side.SHORT),
        count=sum(one.count for one in within),
        sampled=any(one.sampled for one in sums),
        since_ms=min((one.time_ms for one in sums), default=None),
    )


def _largest(event: LiquidationSeen) -> LargestLiquidation:
    return LargestLiquidation(
        venue=event.layer.venue,
        time_ms=event.time_ms,
        side=event.side,
        price=event.price,
        usd=event.usd,
        sampled=event.sampled,
        provenance=event.provenance,
    )


def _sum(sums: Sequence[LiquidationSum], side: Side | None = None) -> float:
    return sum(one.usd for one in sums if side in (None, one.side))
