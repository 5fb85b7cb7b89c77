"""The board: takes updates from a source, gives views of each coin."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from liqbot.engine.book import Book
from liqbot.engine.clusters import find_clusters
from liqbot.engine.cohorts import cohorts
from liqbot.engine.measured import Levels
from liqbot.engine.readings import ages, cohort_readings, fuel_by_cohort, holdings, trapped
from liqbot.engine.tracking import Memory, Passage, Tracks, follow, recalled, remembered
from liqbot.market.layer import Layer
from liqbot.market.side import BySide, Side
from liqbot.market.updates import AccountsSeen, AssetContext, Beat, Liquidation, Update
from liqbot.market.view import MarketView

DAY_MS = 24 * 60 * 60 * 1000


class NoViewError(LookupError):
    """There is nothing to see of a coin: the source never gave its price."""


@dataclass(slots=True)
class _Market:
    """What the board keeps of one coin besides its positions."""

    context: AssetContext
    low: float
    high: float
    """Lowest and highest mark since the last view."""
    liquidated: dict[Side, float]
    """USD liquidated since the last view."""
    tracks: Tracks
    levels: Levels | None = None
    generation: int = -1
    """The book's generation that `levels` was made of."""


class Board:
    """All that one source has told, and the views that follow from it.

    Time is what updates say it is: the board reads no clock, and its own time never goes backwards.
    """

    def __init__(self, layer: Layer, *, max_age_ms: int = DAY_MS) -> None:
        """Start empty. Positions that were not seen for `max_age_ms` are dropped."""
        self.layer = layer
        self.time_ms = 0
        self._max_age_ms = max_age_ms
        self._book = Book()
        self._markets: dict[str, _Market] = {}
        self._rejected: Counter[str] = Counter()
        self._memories: dict[str, Memory] = {}

    @property
    def coins(self) -> list[str]:
        """The coins whose price is known, in the order in which they were first heard of."""
        return list(self._markets)

    @property
    def rejected(self) -> Counter[str]:
        """How many updates or positions were refused since the start, by reason."""
        return self._rejected + self._book.rejected

    def apply(self, update: Update) -> None:
        """Take up one update. What makes no sense is refused and counted in `rejected`."""
        if isinstance(update, AccountsSeen):
            self._book.see(update)
        elif isinstance(update, AssetContext):
            self._take_context(update)
        elif isinstance(update, Liquidation):
            self._take_liquidation(update)
        self.time_ms = max(self.time_ms, update.time_ms)

    def apply_all(self, updates: Iterable[Update]) -> Beat | None:
        """Take up `updates` until a beat, and return it; None when they end first."""
        for update in updates:
            self.apply(update)
            if isinstance(update, Beat):
                return update
        return None

    def view(self, coin: str) -> MarketView:
        """Return the coin as it is now, and move on: clusters are followed from one view to the next.

        Raises `NoViewError` for a coin whose price the source never gave.
        """
        market = self._markets.get(coin)
        if market is None:
            raise NoViewError(f"{self.layer.venue} has no price for {coin}")
        self._book.forget_before(self.time_ms - self._max_age_ms)
        spot, levels = market.context.mark, self._levels(coin, market)
        liquidation_map = levels.map(spot)
        market.tracks, clusters, ended = follow(
            market.tracks,
            find_clusters(liquidation_map, levels),
            Passage(spot, market.low, market.high, self.time_ms),
        )
        fuel = fuel_by_cohort(levels, spot)
        open_usd = levels.open_usd(spot)
        age_s, oldest_s = ages(levels.positions, self.time_ms)
        long_accounts = int(np.count_nonzero(levels.positions.is_long))
        view = MarketView(
            coin=coin,
            layer=self.layer,
            time_ms=self.time_ms,
            spot=spot,
            low=market.low,
            high=market.high,
            map=liquidation_map,
            clusters=clusters,
            ended=ended,
            up_usd=float(fuel.short.sum()),
            down_usd=float(fuel.long.sum()),
            open_usd=open_usd,
            beyond=levels.beyond(spot),
            stale=levels.stale(spot),
            unreachable=levels.unreachable(spot),
            liquidated=BySide(market.liquidated[Side.LONG], market.liquidated[Side.SHORT]),
            accounts=BySide(long_accounts, len(levels.positions) - long_accounts),
            trapped=trapped(levels.positions, spot),
            cohorts=cohort_readings(levels, spot),
            holdings=holdings(levels, self._book.names, spot),
            funding=market.context.funding,
            open_interest=market.context.open_interest,
            coverage=_coverage(open_usd, market.context),
            age_s=age_s,
            oldest_s=oldest_s,
        )
        market.low = market.high = spot
        market.liquidated = dict.fromkeys(Side, 0.0)
        return view

    def memory(self) -> list[Memory]:
        """Return the clusters that live now, so that their identities outlast a restart."""
        return [remembered(market.tracks, self._book.names) for market in self._markets.values()]

    def recall(self, memories: Iterable[Memory]) -> None:
        """Take up identities that an earlier board remembered, for coins that are still to come."""
        self._memories.update({memory.coin: memory for memory in memories})

    def _take_context(self, context: AssetContext) -> None:
        if not (math.isfinite(context.mark) and context.mark > 0):
            self._rejected["mark price is not a number above 0"] += 1
            return
        market = self._markets.get(context.coin)
        if market is None:
            memory = self._memories.pop(context.coin, Memory(context.coin))
            tracks = recalled(memory, self._book.number)
            nothing = dict.fromkeys(Side, 0.0)
            self._markets[context.coin] = _Market(context, context.mark, context.mark, nothing, tracks)
        elif context.time_ms < market.context.time_ms:
            self._rejected["older than what is known"] += 1
        else:
            market.context = context
            market.low = min(market.low, context.mark)
            market.high = max(market.high, context.mark)

    def _take_liquidation(self, event: Liquidation) -> None:
        market = self._markets.get(event.coin)
        usd = event.price * event.size
        if market is None or not (math.isfinite(usd) and usd > 0):
            self._rejected["liquidation of an unknown coin or without a size"] += 1
            return
        market.liquidated[event.side] += usd

    def _levels(self, coin: str, market: _Market) -> Levels:
        positions = self._book.positions(coin)
        if market.levels is None or market.generation != self._book.generation:
            marks = {coin: market.context.mark for coin, market in self._markets.items()}
            makers = self._book.market_makers(marks)
            market.levels = Levels(positions, cohorts(positions, makers))
            market.generation = self._book.generation
        return market.levels


def _coverage(open_usd: BySide[float], context: AssetContext) -> float | None:
    if not context.open_interest or not math.isfinite(context.open_interest):
        return None
    return (open_usd.long + open_usd.short) / 2 / (context.open_interest * context.mark)
