"""The board of measured layers: takes updates of positions and prices, gives views; refuses nonsense.

Not here: the Protocol of all boards (`board_protocol.py`), modelled layers (`modelled_board.py`), who holds
what (`position_book.py`).
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from liqbot.engine.cluster_remainder import HeldBy
from liqbot.engine.clusters import find_in_all
from liqbot.engine.cohorts import cohorts
from liqbot.engine.context_series import ContextSeries, Sample
from liqbot.engine.event_detector import EventDetector
from liqbot.engine.extremes import Extremes
from liqbot.engine.level_table import LevelTable
from liqbot.engine.measured import Levels
from liqbot.engine.modelled import ALL, Choice
from liqbot.engine.order_books import Books
from liqbot.engine.position_book import Book
from liqbot.engine.readings import Readings, holdings, readings
from liqbot.engine.stop_orders import StopOrders
from liqbot.engine.track_matching import Passage
from liqbot.engine.track_memory import Memory, recalled, remembered
from liqbot.engine.tracking import Followed, Tracks, follow_all
from liqbot.engine.update_checks import is_recent, nonsense_in, sensible_context
from liqbot.market.events import Observation
from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.maps import LiquidationMap
from liqbot.market.positions import Bools, Floats
from liqbot.market.side import BySide, Side
from liqbot.market.updates import (
    AccountsSeen,
    AssetContext,
    Beat,
    DepthSeen,
    Liquidation,
    StopOrdersSeen,
    TakerFlowSeen,
    Update,
)
from liqbot.market.view import MarketView

DAY_MS = 24 * 60 * 60 * 1000
AT_ONCE = 8
"""So many coins are worked out at once: what goes to and fro fits into the cache of a core."""
AGED_WITHIN = 2e-4
"""Levels move with their accounts whenever a price has moved by more than this share: a fifth of a bin."""


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
    viewed_ms: int | None = None
    """Time of the last view."""
    happenings: EventDetector = field(default_factory=EventDetector)
    series: ContextSeries = field(default_factory=ContextSeries)
    levels: Levels | None = None
    made_of: tuple[tuple[int, int] | None, int] | None = None
    passed: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """What `levels` was made of: a version of the book, how often levels had been moved, and which of them
    price had been through."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What takes long of a view of one coin."""

    levels: Levels
    map: LiquidationMap
    followed: Followed
    readings: Readings


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
        self._books = Books()
        self._stops = StopOrders()
        self._markets: dict[str, _Market] = {}
        self._rejected: Counter[str] = Counter()
        self._memories: dict[str, Memory] = {}
        self._version: tuple[int, int] | None = None
        self._makers: Bools = np.zeros(0, dtype=np.bool_)
        self._aged = 0
        """How often levels were moved with their accounts."""
        self._aged_for: tuple[int, int] | None = None
        self._aged_at: dict[str, float] = {}
        self._aged_levels: dict[str, Floats] = {}
        self._made: dict[str, _Made] = {}
        """What is made already of what the next views are put together from; any update makes it void."""
        self._asked: dict[str, None] = {}
        """The coins that were observed since the last update, in their order."""
        self._asked_before: dict[str, None] = {}
        """Those that were observed between two updates before: they will be asked for again."""

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
        elif isinstance(update, DepthSeen):
            taken = self._books.take(update.depth) or self._refuse("a book older than the one before")
        elif isinstance(update, StopOrdersSeen):
            taken = self._stops.take(update) or self._refuse("stop orders older than those before")
        elif isinstance(update, TakerFlowSeen):
            self._take_takers(update)
        if taken:
            self.time_ms = max(self.time_ms, update.time_ms)
        if self._asked:
            self._asked_before, self._asked = self._asked, {}
            self._made.clear()

    def apply_all(self, updates: Iterable[Update]) -> Beat | None:
        """Take up `updates` until a beat, and return it; None when they end first."""
        for update in updates:
            self.apply(update)
            if isinstance(update, Beat):
                return update
        return None

    def observe(self, coin: str) -> Observation:
        """Return the coin as it is now with what happened since the observation before, and move on.

        Clusters are followed from one observation to the next.

        Raises `NoViewError` for a coin whose price the source never gave.
        """
        market = self._markets.get(coin)
        if market is None:
            raise NoViewError(f"{self.layer.venue} has no price for {coin}")
        made = self._made.pop(coin, None)
        if made is None:
            self._make(coin)
            made = self._made.pop(coin)
        self._asked[coin] = None
        market.tracks = made.followed.tracks
        context, read = market.context, made.readings
        view = MarketView(
            coin=coin,
            layer=self.layer,
            time_ms=self.time_ms,
            spot=context.mark,
            low=market.low,
            high=market.high,
            map=made.map,
            clusters=made.followed.clusters,
            ended=made.followed.ended,
            up_usd=read.up_usd,
            down_usd=read.down_usd,
            open_usd=read.open_usd,
            beyond=read.beyond,
            stale=read.stale,
            unreachable=read.unreachable,
            liquidated=BySide(market.liquidated[Side.LONG], market.liquidated[Side.SHORT]),
            accounts=read.accounts,
            trapped=read.trapped,
            cohorts=read.cohorts,
            holdings=holdings(made.levels, self._book.names, context.mark),
            funding=context.funding,
            open_interest=context.open_interest,
            coverage=_coverage(read.open_usd, context),
            age_s=read.age_s,
            oldest_s=read.oldest_s,
            depth=self._books.of(coin, self.time_ms),
            stops=self._stops.of(coin, context.mark, self.time_ms, self._book),
            context=market.series.context(self.time_ms, context.open_interest, context.funding),
        )
        market.low = market.high = context.mark
        market.liquidated = dict.fromkeys(Side, 0.0)
        market.viewed_ms = view.time_ms
        return Observation(view, market.happenings.since_last(view, made.followed))

    def view(self, coin: str) -> MarketView:
        """Return the view of `observe`, without what happened before it."""
        return self.observe(coin).view

    def grid(self, coin: str, window_ms: int, part: Choice = ALL) -> Grid | None:
        """Return None: the past of what was measured is what the history has kept of it."""
        del coin, window_ms, part
        return None

    def part(self, coin: str, choice: Choice) -> MarketView:
        """Raise `NoViewError`: of measured positions there is no choice by tier or by age."""
        del choice
        raise NoViewError(f"{self.layer.label}: only modelled positions of {coin} can be told apart")

    def snapshot(self, coin: str) -> None:
        """Return None: views of a part are made of modelled layers only."""
        del coin

    def memories(self, coins: Collection[str] | None = None) -> dict[str, bytes]:
        """Return by coin what outlasts a restart: the clusters that live now or are yet to be met again.

        Of `coins` alone where these are given.
        """
        markets = self._markets if coins is None else self._markets.keys() & set(coins)
        living = [
            replace(
                remembered(self._markets[coin].tracks, self._book.names),
                past=tuple(self._markets[coin].series.samples),
            )
            for coin in markets
        ]
        known = [*living, *(one for one in self._memories.values() if coins is None or one.coin in coins)]
        return {memory.coin: msgspec.json.encode(memory) for memory in known}

    def recall(self, memories: Iterable[bytes]) -> None:
        """Take up identities that an earlier board remembered, for coins that are still to come.

        Raises `msgspec.DecodeError` for what another version wrote.
        """
        read = [msgspec.json.decode(memory, type=Memory) for memory in memories]
        self._memories.update({memory.coin: memory for memory in read})

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
            market.series.add_past((Sample(*one) for one in memory.past), context.time_ms)
            self._markets[context.coin] = market
        market.context = context
        market.series.add(context.time_ms, context.open_interest, context.funding)
        market.low = min(market.low, context.mark)
        market.high = max(market.high, context.mark)
        market.extremes.add(context.time_ms, context.mark)
        return True

    def _take_takers(self, update: TakerFlowSeen) -> None:
        market = self._markets.get(update.coin)
        if market is not None:
            market.series.hear_takers(update.time_ms, update.buy_share)

    def _take_liquidation(self, event: Liquidation) -> bool:
        market = self._markets.get(event.coin)
        if market is None:
            return self._refuse("liquidation of an unknown coin")
        nonsense = nonsense_in(event)
        if nonsense is not None:
            return self._refuse(nonsense)
        if is_recent(event, market.viewed_ms):
            market.liquidated[event.side] += event.price * event.size
        market.happenings.take(event)
        return True

    def _refuse(self, reason: str) -> bool:
        self._rejected[reason] += 1
        return False

    def _make(self, coin: str) -> None:
        """Make what a view of `coin` is put together from, and with it that of all that are asked for now.

        Those are the coins that were asked for between two updates the last time. To work out many at once
        costs a fraction of what it does one by one.
        """
        too_old_ms = self.time_ms - self._max_age_ms
        self._book.forget_before(too_old_ms)
        self._find_market_makers()
        self._age()
        others = [one for one in self._asked_before if one not in self._asked and one != coin]
        coins = [coin, *(one for one in others if one not in self._made)]
        for place in range(0, len(coins), AT_ONCE):
            self._make_all(coins[place : place + AT_ONCE], too_old_ms)

    def _make_all(self, coins: Sequence[str], too_old_ms: int) -> None:
        markets = [self._markets[coin] for coin in coins]
        for market in markets:
            market.extremes.forget_before(too_old_ms)
        levels = [self._levels(coin, market) for coin, market in zip(coins, markets, strict=True)]
        spots = [market.context.mark for market in markets]
        maps = [one.map(spot) for one, spot in zip(levels, spots, strict=True)]
        table = LevelTable(levels, np.array(spots))
        followed = follow_all(
            [market.tracks for market in markets],
            find_in_all(maps, table),
            [Passage(market.context.mark, market.low, market.high, self.time_ms) for market in markets],
            lambda numbers: self._book.have_been_seen(numbers, too_old_ms),
            HeldBy(table),
        )
        made = map(_Made, levels, maps, followed, readings(table, self.time_ms))
        self._made.update(zip(coins, made, strict=True))

    def _levels(self, coin: str, market: _Market) -> Levels:
        positions = self._book.positions(coin)
        passed = market.extremes.passed(positions)
        made_of = (self._version, self._aged)
        same = market.made_of == made_of and np.array_equal(passed, market.passed)
        if market.levels is None or not same:
            aged = replace(positions, liquidation=self._aged_levels.get(coin, positions.liquidation))
            market.levels = Levels(aged, cohorts(positions, self._makers), passed)
            market.made_of, market.passed = made_of, passed
        return market.levels

    def _age(self) -> None:
        """Move levels with their accounts anew where positions have changed, or a price has moved."""
        marks = {coin: market.context.mark for coin, market in self._markets.items()}
        if self._aged_for == self._version and _are_near(marks, self._aged_at):
            return
        levels = self._book.aged_levels(marks)
        self._aged += bool(levels or self._aged_levels)
        self._aged_for, self._aged_at, self._aged_levels = self._version, marks, levels

    def _find_market_makers(self) -> None:
        """Find who is a market maker anew where positions have changed, or another price became known."""
        version = (self._book.generation, len(self._markets))
        if version != self._version:
            marks = {coin: market.context.mark for coin, market in self._markets.items()}
            self._makers = self._book.market_makers(marks)
            self._version = version


def _are_near(marks: Mapping[str, float], others: Mapping[str, float]) -> bool:
    return marks.keys() == others.keys() and all(
        abs(mark - others[coin]) <= AGED_WITHIN * others[coin] for coin, mark in marks.items()
    )


def _coverage(open_usd: BySide[float], context: AssetContext) -> float | None:
    if not context.open_interest or not math.isfinite(context.open_interest):
        return None
    return (open_usd.long + open_usd.short) / 2 / (context.open_interest * context.mark)
