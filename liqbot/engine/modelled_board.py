"""The board of modelled layers: takes candles, open interest and tiers of all coins, gives views.

Not here: measured positions (`board.py`), lining candles up with open interest (`candle_alignment.py`).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from liqbot.engine.assumptions import Assumptions, assumed_of, rungs_of
from liqbot.engine.board import NoViewError
from liqbot.engine.candle_alignment import CandleAlignment
from liqbot.engine.context_series import ContextSeries, Sample
from liqbot.engine.event_detector import EventDetector
from liqbot.engine.extremes import Extremes
from liqbot.engine.model_record import ModelRecord, model_from_bytes, model_to_bytes
from liqbot.engine.modelled import ALL, Choice, Model
from liqbot.engine.modelled_snapshot import ModelledSnapshot
from liqbot.engine.order_books import Books
from liqbot.engine.realised import Realisations
from liqbot.engine.track_memory import Memory, recalled, remembered
from liqbot.engine.tracking import Tracks
from liqbot.engine.update_checks import is_recent, nonsense_in, sensible_context
from liqbot.market.events import Observation
from liqbot.market.grid import Grid
from liqbot.market.layer import Layer
from liqbot.market.margin import MarginTiers
from liqbot.market.side import BySide, Side
from liqbot.market.updates import (
    AccountRatioSeen,
    AssetContext,
    Beat,
    CandlesSeen,
    DepthSeen,
    FundingSeen,
    Liquidation,
    MarginTiersSeen,
    OpenInterestSeen,
    TakerFlowSeen,
    Update,
)
from liqbot.market.view import MarketView

DAY_MS = 24 * 3_600_000
PAST_MS = 30 * DAY_MS
"""So much of the past is kept step by step; what is older is summed up."""


@dataclass(slots=True)
class _Market:
    """What the board keeps of one coin."""

    tracks: Tracks
    context: AssetContext | None = None
    tiers: MarginTiers | None = None
    model: Model | None = None
    aligning: CandleAlignment = field(default_factory=CandleAlignment)
    extremes: Extremes = field(default_factory=Extremes)
    """Of the mark, since the newest step ended."""
    low: float = float("inf")
    high: float = 0.0
    """Lowest and highest mark since the last view."""
    liquidated: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(Side, 0.0))
    """USD liquidated since the last view."""
    viewed_ms: int | None = None
    """Time of the last view."""
    happenings: EventDetector = field(default_factory=EventDetector)
    series: ContextSeries = field(default_factory=ContextSeries)
    realised: Realisations = field(default_factory=Realisations)


class ModelledBoard:
    """All that one source has told of a venue whose positions nobody sees, and the views that follow from it.

    Time is what updates say it is: the board reads no clock, and its own time never goes backwards.
    """

    def __init__(self, layer: Layer, *, assumptions: Assumptions | None = None) -> None:
        """Start empty, with what is to be assumed of positions; None: of each coin its own, `assumed_of`."""
        self.layer = layer
        self.time_ms = 0
        self._assumptions = assumptions
        self._markets: dict[str, _Market] = {}
        self._rejected: Counter[str] = Counter()
        self._books = Books()

    @property
    def coins(self) -> list[str]:
        """The coins of which there is a view: their price is known, and there is a model."""
        for market in self._markets.values():
            self._work_in(market)
        return [coin for coin, market in self._markets.items() if market.context is not None and market.model]

    @property
    def rejected(self) -> Counter[str]:
        """How many updates or figures were refused since the start, by reason."""
        return self._rejected.copy()

    def apply(self, update: Update) -> None:
        """Take up one update. What makes no sense is refused and counted in `rejected`."""
        if not isinstance(update, Beat):
            self._take(update)
        self.time_ms = max(self.time_ms, update.time_ms)

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

        Raises `NoViewError` for a coin whose price or whose open interest and candles the source never gave.
        """
        snapshot, market = self.snapshot(coin), self._markets[coin]
        view, followed = snapshot.view(tracks=market.tracks)
        market.tracks = followed.tracks
        liquidated = BySide(market.liquidated[Side.LONG], market.liquidated[Side.SHORT])
        view = replace(
            view,
            low=min(market.low, view.spot),
            high=max(market.high, view.spot),
            liquidated=liquidated,
            depth=self._books.of(coin, self.time_ms),
            context=market.series.context(
                view.time_ms, view.open_interest, market.context.funding if market.context else None
            ),
        )
        market.low = market.high = view.spot
        market.liquidated = dict.fromkeys(Side, 0.0)
        market.viewed_ms = view.time_ms
        return Observation(view, market.happenings.since_last(view, followed))

    def view(self, coin: str) -> MarketView:
        """Return the view of `observe`, without what happened before it."""
        return self.observe(coin).view

    def grid(self, coin: str, window_ms: int, part: Choice = ALL) -> Grid | None:
        """Return the past maps of the `window_ms` until now, of the chosen positions alone."""
        return self.snapshot(coin).grid(window_ms, part)

    def part(self, coin: str, choice: Choice) -> MarketView:
        """Return the coin as it is now, of the chosen positions alone. Raises `NoViewError`."""
        return self.snapshot(coin).view(choice)[0]

    def snapshot(self, coin: str) -> ModelledSnapshot:
        """Return the coin as it is now, for views of a part and for past maps. Raises `NoViewError`."""
        market = self._markets.get(coin)
        if market is None or market.context is None:
            raise NoViewError(f"{self.layer.venue} has no price for {coin}")
        self._work_in(market)
        if market.model is None:
            raise NoViewError(f"{self.layer.venue} has no candles with open interest for {coin}")
        mark = market.context.mark
        low, high = market.extremes.after(market.model.state.time_ms)
        return ModelledSnapshot(
            layer=self.layer,
            context=market.context,
            model=market.model,
            time_ms=self.time_ms,
            low=min(low, mark),
            high=max(high, mark),
            swept=market.realised.beside(market.model, self.time_ms),
            realised_share=market.realised.share(market.model, self.time_ms),
        )

    def memories(self, coins: Collection[str] | None = None) -> dict[str, bytes]:
        """Return by coin what is worth knowing again after a restart: the model, and its clusters.

        Of `coins` alone where these are given.
        """
        memories: dict[str, bytes] = {}
        for coin, market in self._markets.items():
            if market.model is not None and (coins is None or coin in coins):
                heard = market.realised
                kept = ModelRecord(
                    market.model,
                    remembered(market.tracks, ()),
                    tuple(heard.events),
                    heard.since_ms,
                    heard.days,
                    heard.is_sampled,
                )
                memories[coin] = model_to_bytes(kept)
        return memories

    def recall(self, memories: Iterable[bytes]) -> None:
        """Take up what an earlier board remembered, before the first update.

        Raises `msgspec.DecodeError` for what another version wrote.
        """
        for memory in memories:
            kept = model_from_bytes(memory, self._assumed)
            market = self._market(kept.tracks.coin)
            market.tracks = recalled(kept.tracks, lambda _: 0)
            market.model = kept.model
            state = kept.model.state
            market.aligning = CandleAlignment(until_ms=state.time_ms)
            market.aligning.hear_interest(np.array([state.time_ms]), np.array([state.interest]))
            market.realised = Realisations(
                list(kept.realised), kept.heard_since_ms, kept.realised_days, kept.is_sampled
            )

    def _assumed(self, coin: str) -> Assumptions:
        return self._assumptions or assumed_of(coin)

    def _take(self, update: Update) -> None:
        if isinstance(update, AssetContext):
            self._take_context(update)
        elif isinstance(update, CandlesSeen):
            self._market(update.coin).aligning.hear_candles(update.candles)
        elif isinstance(update, OpenInterestSeen):
            self._hear_interest(update)
        elif isinstance(update, MarginTiersSeen):
            self._take_tiers(update)
        elif isinstance(update, Liquidation):
            self._take_liquidation(update)
        elif isinstance(update, DepthSeen | FundingSeen | AccountRatioSeen | TakerFlowSeen):
            self._take_surroundings(update)
        else:
            self._rejected[f"{type(update).__name__} does not belong in a modelled layer"] += 1

    def _take_surroundings(self, update: DepthSeen | FundingSeen | AccountRatioSeen | TakerFlowSeen) -> None:
        """Take up what the model does not use, and views carry."""
        if isinstance(update, DepthSeen):
            if not self._books.take(update.depth):
                self._rejected["a book older than the one before"] += 1
            return
        series = self._market(update.coin).series
        if isinstance(update, FundingSeen):
            told = zip(update.times_ms.tolist(), update.rates.tolist(), strict=True)
            series.add_past(
                [Sample(time_ms, None, rate) for time_ms, rate in told], max(update.time_ms, self.time_ms)
            )
        elif isinstance(update, TakerFlowSeen):
            series.hear_takers(update.time_ms, update.buy_share)
        elif len(update.times_ms):
            series.hear_accounts(update.time_ms, float(update.long_share[-1]))

    def _market(self, coin: str) -> _Market:
        return self._markets.setdefault(coin, _Market(recalled(Memory(coin), lambda _: 0)))

    def _take_context(self, context: AssetContext) -> None:
        market = self._market(context.coin)
        sensible, refused = sensible_context(context, market.context)
        self._rejected.update(refused)
        if sensible is None:
            return
        market.context = sensible
        market.low, market.high = min(market.low, sensible.mark), max(market.high, sensible.mark)
        market.extremes.add(sensible.time_ms, sensible.mark)
        market.series.add(sensible.time_ms, sensible.open_interest, sensible.funding)
        if sensible.open_interest:
            seen = OpenInterestSeen.of(context.coin, [sensible.time_ms], [sensible.open_interest])
            market.aligning.hear_interest(seen.times_ms, seen.coins)

    def _hear_interest(self, seen: OpenInterestSeen) -> None:
        told = zip(seen.times_ms.tolist(), seen.coins.tolist(), strict=True)
        past = [Sample(time_ms, coins, None) for time_ms, coins in told if coins > 0]
        self._market(seen.coin).series.add_past(past, max(seen.time_ms, self.time_ms))
        refused = self._market(seen.coin).aligning.hear_interest(seen.times_ms, seen.coins)
        if refused:
            self._rejected["open interest is not a number above 0"] += refused

    def _take_tiers(self, seen: MarginTiersSeen) -> None:
        """Take up margin tiers. Where a venue has changed them, what is open keeps its levels."""
        market = self._market(seen.coin)
        market.tiers = seen.tiers
        if market.model is None:
            return
        self._work_in(market)
        rungs = rungs_of(self._assumed(seen.coin), seen.tiers)
        if not np.array_equal(rungs.offsets, market.model.rungs.offsets):
            market.model = market.model.onto(rungs)

    def _take_liquidation(self, event: Liquidation) -> None:
        nonsense = nonsense_in(event)
        if nonsense is not None:
            self._rejected[nonsense] += 1
            return
        market = self._market(event.coin)
        if is_recent(event, market.viewed_ms):
            market.liquidated[event.side] += event.price * event.size
        market.happenings.take(event)
        market.realised.take(event)

    def _work_in(self, market: _Market) -> None:
        """Let the model take the steps that have become complete."""
        steps = market.aligning.ready()
        if not len(steps):
            return
        if market.model is None:
            assumed = self._assumed(market.tracks.coin)
            rungs = rungs_of(assumed, market.tiers)
            first, interest, price = int(steps.end_ms[0]), float(steps.interest[0]), float(steps.close[0])
            market.model = Model.begin(first, interest, rungs, assumed, price)
            steps = steps.take(slice(1, None))
        market.model = _without_what_is_old(market.model.then(steps))
        market.extremes.forget_before(market.model.state.time_ms)


def _without_what_is_old(model: Model) -> Model:
    """Return `model` with a month of steps; a day more is let gather before it is cut."""
    first = model.steps.end_ms[0] if len(model.steps) else model.state.time_ms
    if model.state.time_ms - first <= PAST_MS + DAY_MS:
        return model
    return model.since(model.state.time_ms - PAST_MS)
