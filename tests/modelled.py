"""Steps of the modelled layer for tests, drawn or made."""

import numpy as np
from hypothesis import strategies as st

from liqbot.engine.assumptions import Assumptions, Rungs, rungs_of
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.engine.modelled_board import ModelledBoard
from liqbot.market.candles import Candles
from liqbot.market.layer import Basis, Layer
from liqbot.market.maps import BIN_WIDTH, Bins
from liqbot.market.margin import MarginTiers
from liqbot.market.updates import AssetContext, Beat, CandlesSeen, MarginTiersSeen, OpenInterestSeen

FIVE_MINUTES = 300_000
START_MS = 1_770_000_000_000
SPOT_BIN = 11_002
"""About 60,000 USD."""
BINS = Bins(SPOT_BIN - 1200, 2400)
TIERS = MarginTiers.flat(150, 0.004)


def at_bin(place: float | np.ndarray) -> np.ndarray:
    """Return the price in the middle of the bin `place`, counted from that of the start."""
    return np.exp((SPOT_BIN + np.asarray(place, dtype=np.float64) + 0.5) * BIN_WIDTH)


def steps_of(low, high, interest, close=None, *, traded=None) -> Steps:
    """Return five-minute steps of candles from bin `low` to bin `high`."""
    low, high = np.asarray(low), np.asarray(high)
    n = len(low)
    return Steps(
        end_ms=START_MS + FIVE_MINUTES * np.arange(1, n + 1),
        low=at_bin(low),
        high=at_bin(high),
        close=at_bin(low if close is None else close),
        interest=np.asarray(interest, dtype=np.float64),
        traded=np.ones(n, dtype=np.bool_) if traded is None else np.asarray(traded),
    )


@st.composite
def markets(draw, most: int = 120) -> Steps:
    """Return the steps of a market that drifts, jumps and gaps, and whose open interest comes and goes."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    wild = draw(st.sampled_from([0.5, 2.0, 8.0]))
    close = np.cumsum(np.rint(rng.standard_t(3, n) * wild)).clip(-400, 400)
    before = np.concatenate(([0], close[:-1]))
    gapped = rng.random(n) < 0.1
    low = np.minimum(np.where(gapped, close, before), close) - rng.integers(0, 3, n)
    high = np.maximum(np.where(gapped, close, before), close) + rng.integers(0, 3, n)
    interest = 1000 * np.exp(np.cumsum(rng.normal(0, draw(st.sampled_from([0.0, 0.01, 0.2])), n)))
    return steps_of(low, high, interest, close, traded=rng.random(n) < 0.9)


@st.composite
def assumptions(draw) -> Assumptions:
    return Assumptions(
        standing_share=draw(st.sampled_from([0.1, 0.5, 1.0])),
        turnover_per_hour=draw(st.sampled_from([0.0, 0.003, 0.1])),
        smear=draw(st.sampled_from([0.0, 0.003, 0.01])),
        spread=draw(st.sampled_from([0.0, 0.4])),
    )


def model_of(steps: Steps, assumed: Assumptions | None = None, rungs: Rungs | None = None) -> Model:
    """Return a model that began, five minutes before the first step, with 1,000 coins open."""
    assumed = assumed or Assumptions()
    rungs = rungs_of(assumed, TIERS) if rungs is None else rungs
    return Model.begin(START_MS, 1000.0, rungs, assumed).then(steps)


def one_by_one(steps: Steps, assumed: Assumptions, rungs: Rungs | None = None) -> Model:
    """Return the same, every step taken alone: the plain loop."""
    model = model_of(Steps.empty(), assumed, rungs)
    for place in range(len(steps)):
        model = model.then(steps.take(slice(place, place + 1)))
    return model


LAYER = Layer("Testex", Basis.MODELLED)
DAY = 288
"""Candles of five minutes in a day."""


def history(candles: int, seed: int = 1, *, coin: str = "BTC"):
    """Return open interest, candles and the price of BTC up to now, as a source tells them at the start."""
    rng = np.random.default_rng(seed)
    close = 60_000 * np.exp(np.cumsum(rng.normal(0, 0.001, candles)))
    before = np.concatenate(([60_000], close[:-1]))
    begin = START_MS + FIVE_MINUTES * np.arange(candles)
    seen = Candles.of(
        FIVE_MINUTES,
        begin,
        open=before,
        high=np.maximum(before, close) * 1.0005,
        low=np.minimum(before, close) * 0.9995,
        close=close,
    )
    interest = 1e5 * np.exp(np.cumsum(rng.normal(0, 0.003, candles)))
    return OpenInterestSeen(coin, begin + FIVE_MINUTES, interest), CandlesSeen(coin, seen)


def backfill(interest: OpenInterestSeen, candles: CandlesSeen, mark: float | None = None, **more):
    """Return what a source tells: margin tiers, open interest, candles, the price a second later, a beat."""
    end_ms, coin = candles.time_ms, candles.coin
    close = float(candles.candles.close[-1])
    return [
        MarginTiersSeen(coin, 0, TIERS),
        interest,
        candles,
        AssetContext(coin, end_ms + 1000, mark or close, **{"funding": 1e-5, **more}),
        Beat(end_ms + 1000),
    ]


def told(board: ModelledBoard, interest: OpenInterestSeen, candles: CandlesSeen) -> ModelledBoard:
    board.apply_all(backfill(interest, candles))
    return board


def cut(update, rows: slice):
    if isinstance(update, CandlesSeen):
        return CandlesSeen(update.coin, update.candles.take(rows))
    return OpenInterestSeen(update.coin, update.times_ms[rows], update.coins[rows])
