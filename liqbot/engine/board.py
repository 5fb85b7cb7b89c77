"""The board: takes updates from a source, gives views of each coin."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from liqbot.engine.book import Book
from liqbot.engine.clusters import find_clusters
from liqbot.engine.cohorts import cohorts
from liqbot.engine.extremes import Extremes
from liqbot.engine.hearing import nonsense_in, sensible_context
from liqbot.engine.measured import Levels
from liqbot.engine.readings import ages, cohort_readings, fuel_by_cohort, holdings, trapped
from liqbot.engine.tracking import Memory, Passage, Tracks, follow, recalled, remembered
from liqbot.market.layer import Layer
from liqbot.market.positions import Bools
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
    since_ms: int
    """When its price was first told."""
    low: float
    high: float
    """Lowest and highest mark since the last view."""
    tracks: Tracks
    extremes: Extremes = field(default_factory=Extremes)
    liquidated: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(Side, 0.0))
    """USD liquidated since the last view."""
    levels: Levels | None = None
    made_of: tuple[int, int] | None = None
    passed: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """What `levels` was made of: a version of the book, and whose levels price had been through."""


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
        self._version: tuple[int, int] | None = None
        self._makers: Bools = np.zeros(0, dtype=np.bool_)

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
        taken = True
        if isinstance(update, AccountsSeen):
            self._book.see(update)
        elif isinstance(update, AssetContext):
            taken = self._take_context(update)
        elif isinstance(update, Liquidation):
            taken = self._take_liquidation(update)
        if taken:
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
        too_old_ms = self.time_ms - self._max_age_ms
        self._book.forget_before(too_old_ms)
        market.extremes.forget_before(too_old_ms)
        spot, levels = market.context.mark, self._levels(coin, market)
        liquidation_map = levels.map(spot)
        market.tracks, clusters, ended = follow(
            market.tracks,
            find_clusters(liquidation_map, levels),
            Passage(spot, market.low, market.high, self.time_ms),
            lambda number: market.since_ms < too_old_ms or self._book.has_seen(number),
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
        """Return the clusters that live now or are yet to be met again: identities outlast a restart."""
        living = [remembered(market.tracks, self._book.names) for market in self._markets.values()]
        return living + list(self._memories.values())

    def recall(self, memories: Iterable[Memory]) -> None:
        """Take up identities that an earlier board remembered, for coins that are still to come."""
        self._memories.update({memory.coin: memory for memory in memories})

    def _take_context(self, context: AssetContext) -> bool:
        market = self._markets.get(context.coin)
        sensible, refused = sensible_context(context, market and market.context)
        self._rejected.update(refused)
        if sensible is None:
            return False
        context = sensible
        if market is None:
            memory = self._memories.pop(context.coin, Memory(context.coin))
            tracks = recalled(memory, self._book.number)
            market = _Market(context, context.time_ms, context.mark, context.mark, tracks)
            self._markets[context.coin] = market
        market.context = context
        market.low = min(market.low, context.mark)
        market.high = max(market.high, context.mark)
        market.extremes.add(context.time_ms, context.mark)
        return True

    def _take_liquidation(self, event: Liquidation) -> bool:
        market = self._markets.get(event.coin)
        if market is None:
            return self._refuse("liquidation of an unknown coin")
        nonsense = nonsense_in(event)
        if nonsense is not None:
            return self._refuse(nonsense)
        market.liquidated[event.side] += event.price * event.size
        return True

    def _refuse(self, reason: str) -> bool:
        self._rejected[reason] += 1
        return False

    def _levels(self, coin: str, market: _Market) -> Levels:
        positions = self._book.positions(coin)
        passed = market.extremes.passed(positions)
        self._find_market_makers()
        same = market.made_of == self._version and np.array_equal(passed, market.passed)
        if market.levels is None or not same:
            market.levels = Levels(positions, cohorts(positions, self._makers), passed)
            market.made_of, market.passed = self._version, passed
        return market.levels

    def _find_market_makers(self) -> None:
        """Find who is a market maker anew where positions have changed, or another price became known."""
        version = (self._book.generation, len(self._markets))
        if version != self._version:
            marks = {coin: market.context.mark for coin, market in self._markets.items()}
            self._makers = self._book.market_makers(marks)
            self._version = version


def _coverage(open_usd: BySide[float], context: AssetContext) -> float | None:
    if not context.open_interest or not math.isfinite(context.open_interest):
        return None
    return (open_usd.long + open_usd.short) / 2 / (context.open_interest * context.mark)
