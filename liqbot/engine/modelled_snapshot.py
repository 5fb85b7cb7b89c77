"""One coin of a modelled layer at one instant: view, clusters and past maps (grid) worked out of its model.

Not here: the Protocol by which others ask it (`market/layer_source.py`), the model itself (`modelled.py`).
"""

from dataclasses import dataclass, replace

import numpy as np

from liqbot.engine.cluster_remainder import InPlace
from liqbot.engine.clusters import find_in_bins
from liqbot.engine.methods import by_method
from liqbot.engine.modelled import ALL, Choice, Model
from liqbot.engine.track_matching import Passage
from liqbot.engine.tracking import Followed, Tracks, follow
from liqbot.market import figures
from liqbot.market.cohort import Cohort
from liqbot.market.elsewhere import Swept
from liqbot.market.grid import Grid, held_until
from liqbot.market.layer import Layer
from liqbot.market.layer_source import WHOLE, Method, Part
from liqbot.market.maps import BIN_WIDTH, Bins, LiquidationMap, absolute_bin
from liqbot.market.positions import Floats, Ints
from liqbot.market.realised import RealisedShare
from liqbot.market.regime import FUEL_PCT
from liqbot.market.side import BySide, Side
from liqbot.market.updates import AssetContext
from liqbot.market.view import MarketView, Trapped

COLUMNS = 500
"""A grid has at most so many columns, and one more after each gap."""


@dataclass(frozen=True, eq=False)
class ModelledSnapshot:
    """What is known of one coin in a modelled layer at one instant. Immutable: any thread may look."""

    layer: Layer
    context: AssetContext
    model: Model
    time_ms: int
    low: float
    high: float
    """Lowest and highest mark price since the newest candle closed, USD: those levels are gone as well."""
    swept: Swept
    realised_share: RealisedShare

    def view(self, choice: Choice = ALL, tracks: Tracks | None = None) -> tuple[MarketView, Followed]:
        """Return the coin as it is now, of the chosen positions alone, and what became of its clusters.

        Without `tracks` all clusters are new ones.
        """
        spot, coin = self.context.mark, self.context.coin
        parts = self._parts(choice)
        usd = np.zeros((2, len(Cohort), parts.bins.count))
        usd[:, Cohort.UNKNOWN] = parts.coins * spot
        liquidation_map = LiquidationMap(parts.bins, spot, usd)
        followed = follow(
            tracks or Tracks(coin),
            find_in_bins(liquidation_map),
            Passage(spot, min(self.low, spot), max(self.high, spot), self.time_ms),
            left=InPlace(liquidation_map),
        )
        open_usd = parts.by_side(parts.open_coins * spot)
        view = MarketView(
            coin=coin,
            layer=_named(self.layer, choice, self.time_ms),
            time_ms=self.time_ms,
            spot=spot,
            low=min(self.low, spot),
            high=max(self.high, spot),
            map=liquidation_map,
            clusters=followed.clusters,
            ended=followed.ended,
            up_usd=_between(parts, Side.SHORT, spot, (1 + FUEL_PCT / 100) * spot) * spot,
            down_usd=_between(parts, Side.LONG, (1 - FUEL_PCT / 100) * spot, spot) * spot,
            open_usd=open_usd,
            beyond=parts.by_side(parts.beyond * spot),
            stale=parts.by_side(parts.stale * spot),
            unreachable=parts.by_side(parts.residual * spot),
            liquidated=BySide(0.0, 0.0),
            accounts=BySide(0, 0),
            trapped=Trapped(underwater=BySide(None, None), deep=BySide(None, None)),
            cohorts={},
            holdings=(),
            funding=self.context.funding,
            open_interest=self.model.state.interest,
            coverage=float(parts.coins.sum()) / 2 / self.model.state.interest,
            age_s=(self.time_ms - self.model.state.time_ms) / 1000,
            oldest_s=(self.time_ms - self.model.state.time_ms) / 1000,
            swept=self.swept if choice == ALL else None,
            realised_share=self.realised_share,
        )
        return view, followed

    @property
    def leverages(self) -> tuple[float, ...]:
        """The leverage tiers that can be asked for."""
        return tuple(self.model.rungs.leverages.tolist())

    def view_of(self, part: Part = WHOLE) -> MarketView:
        """Return the coin as it is now, of a part alone."""
        return self.view(self._choice(part))[0]

    def grid_of(self, window_ms: int, part: Part = WHOLE) -> Grid:
        """Return the maps of the `window_ms` until now, of a part alone."""
        return self.grid(window_ms, self._choice(part))

    def by_method(self, method: Method) -> "ModelledSnapshot":
        """Return the same candles and open interest as another method reads them."""
        return replace(self, model=by_method(self.model, method))

    def _choice(self, part: Part) -> Choice:
        since_ms = None if part.opened_within_ms is None else self.time_ms - part.opened_within_ms
        return Choice(part.leverages, since_ms)

    def grid(self, window_ms: int, choice: Choice = ALL) -> Grid:
        """Return the maps of the `window_ms` until now, of the chosen positions alone; the last one is now's.

        Each column is exactly what the model had then, not what was kept of it.
        """
        steps, since_ms = self.model.steps, self.time_ms - window_ms
        first = int(np.searchsorted(steps.end_ms, since_ms, side="left"))
        held = held_until(np.append(steps.end_ms[first:], self.time_ms))
        at = np.union1d(_spread(first, len(steps)), first + _after_gaps(steps.end_ms[first:], held))
        bins = self._bins_of(first)
        coins = self.model.coins_at(at, bins, choice)
        now = self._parts(choice, bins)
        close = steps.close[at]
        usd = coins.sum(axis=0) * close[:, np.newaxis]
        time_ms = np.append(steps.end_ms[at], self.time_ms)
        bounds = np.concatenate(([first - 1], at))
        runs = [slice(before + 1, place + 1) for before, place in zip(bounds, at, strict=False)]
        spot = self.context.mark
        return Grid(
            bins=bins,
            time_ms=time_ms,
            until_ms=np.append(held[np.append(at, len(steps))[1:] - 1 - first], self.time_ms),
            spot=np.append(close, spot),
            low=np.array([*(float(steps.low[run].min()) for run in runs), min(self.low, spot)]),
            high=np.array([*(float(steps.high[run].max()) for run in runs), max(self.high, spot)]),
            usd=np.vstack([usd, now.coins.sum(axis=0) * spot]).astype(np.float32),
            open_interest=np.append(steps.interest[at] * close, self.model.state.interest * spot),
        )

    def _parts(self, choice: Choice, bins: Bins | None = None) -> "_Parts":
        """Return the chosen positions, those that price has been through since the newest candle apart."""
        spot, state = self.context.mark, self.model.state
        bins = bins or Bins.around(spot)
        whole = Bins(state.first, state.coins.shape[2])
        if choice == ALL:
            coins, residual = state.coins.sum(axis=1), state.residual
        else:
            coins = self.model.coins_at(np.array([len(self.model.steps) - 1]), whole, choice)[:, 0]
            residual = np.zeros(2)
        stale = np.zeros(2)
        coins = coins.copy()
        gone = max(absolute_bin(min(self.low, spot)) - whole.first, 0)
        stale[0], coins[0, gone:] = coins[0, gone:].sum(), 0.0
        gone = max(absolute_bin(max(self.high, spot)) - whole.first + 1, 0)
        stale[1], coins[1, :gone] = coins[1, :gone].sum(), 0.0
        inside = _within(coins, whole, bins)
        beyond = np.maximum(coins.sum(axis=1) - inside.sum(axis=1), 0.0)
        return _Parts(bins, inside, beyond, stale, residual)

    def _bins_of(self, first: int) -> Bins:
        """Return bins that hold the maps at all prices since the step at place `first`."""
        lows = [self.context.mark, *self.model.steps.low[first:].tolist()]
        highs = [self.context.mark, *self.model.steps.high[first:].tolist()]
        low, high = Bins.around(min(lows)), Bins.around(max(highs))
        return Bins(low.first, high.first + high.count - low.first)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Modelled coins: those in the bins of a map, shape (2 sides, bins), and the rest, shapes (2,)."""

    bins: Bins
    coins: Floats
    beyond: Floats
    stale: Floats
    residual: Floats

    @property
    def open_coins(self) -> Floats:
        return self.coins.sum(axis=1) + self.beyond + self.stale + self.residual

    @staticmethod
    def by_side(values: Floats) -> BySide[float]:
        return BySide(float(values[0]), float(values[1]))


def _named(layer: Layer, choice: Choice, now_ms: int) -> Layer:
    """Return the layer with the choice in its name: a part must not pass for the whole."""
    parts: list[str] = []
    if choice.leverages is not None:
        parts += [f"{leverage:g}x" for leverage in choice.leverages]
    if choice.opened_since_ms is not None:
        parts.append(f"opened within {figures.duration((now_ms - choice.opened_since_ms) / 1000)}")
    return replace(layer, venue=f"{layer.venue} ({', '.join(parts)} only)") if parts else layer


def _within(coins: Floats, own: Bins, bins: Bins) -> Floats:
    """Return those of `coins`, shape (2, own bins), that lie in `bins`."""
    inside = np.zeros((2, bins.count))
    low, high = max(own.first, bins.first), min(own.first + own.count, bins.first + bins.count)
    if low < high:
        inside[:, low - bins.first : high - bins.first] = coins[:, low - own.first : high - own.first]
    return inside


def _between(parts: _Parts, side: Side, low: float, high: float) -> float:
    """Return the coins of one side from `low` to `high`; a bin counts as evenly filled in ln(price)."""
    start, stop = np.log([low, high]) / BIN_WIDTH - parts.bins.first
    place = np.arange(parts.bins.count)
    share = np.clip(np.minimum(place + 1, stop) - np.maximum(place, start), 0.0, 1.0)
    return float(parts.coins[side.row] @ share)


def _spread(first: int, stop: int) -> Ints:
    """Return at most `COLUMNS` places from `first` to `stop - 1`, the last one among them."""
    every = -(-(stop - first) // COLUMNS) if stop > first else 1
    return np.arange(stop - 1, first - 1, -every)[::-1]


def _after_gaps(end_ms: Ints, until_ms: Ints) -> Ints:
    """Return the places of the steps that follow a gap: there a column begins."""
    return np.flatnonzero(until_ms[: len(end_ms) - 1] < end_ms[1:]) + 1
