"""One market that all five exchanges show, each its own way: the simulator's, in rows of five minutes."""

import bisect
from dataclasses import dataclass, field, replace

from liqbot.market.side import Side
from liqbot.market.updates import AssetContext, Liquidation
from liqbot.sources.simulator import Scenario, SimulatedMarket

PERIOD_MS = 300_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FUNDING_MS = 8 * HOUR_MS
SIMULATED = ("BTC", "ETH", "SOL", "HYPE")
PEPE_OF_HYPE = 1.4e-7
"""PEPE follows HYPE, at this share of its price and with as many more coins."""
QUIET_EVERY = 50
"""Of HYPE every so manieth period is one without a trade."""
LIVE_STEP_MS = 60_000


@dataclass
class Bar:
    """A period: its candle, what was liquidated in it, and how it ended."""

    begin_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    open_interest: float = 0.0
    long_usd: float = 0.0
    short_usd: float = 0.0

    @property
    def end_ms(self):
        return self.begin_ms + PERIOD_MS

    @property
    def is_quiet(self):
        return self.volume == 0


@dataclass
class Series:
    """One coin's market so far."""

    bars: list[Bar] = field(default_factory=list)
    funding: list[tuple[int, float]] = field(default_factory=list)
    """Payments: when, and the rate for eight hours."""
    liquidations: list[Liquidation] = field(default_factory=list)
    mark: float = 0.0
    open_interest: float = 0.0
    """Coins, one-sided."""
    rate: float = 0.0
    """Funding for eight hours, as it stands."""

    def closed(self, first_ms, last_ms, now_ms):
        """Return the bars that begin from `first_ms` to `last_ms` and have closed by `now_ms`."""
        return [bar for bar in self.begun(first_ms, last_ms) if bar.end_ms <= now_ms]

    def begun(self, first_ms, last_ms):
        """Return the bars that begin from `first_ms` to `last_ms`."""
        begins = [bar.begin_ms for bar in self.bars]
        return self.bars[bisect.bisect_left(begins, first_ms) : bisect.bisect_right(begins, last_ms)]

    def paid(self, first_ms, last_ms):
        return [(at, rate) for at, rate in self.funding if first_ms <= at <= last_ms]


class World:
    """The market's past of some days and its present, which goes on when it is told to."""

    def __init__(self, *, now_ms, days=1.0, seed=7, scenario="mixed"):
        start_ms = (now_ms - round(days * DAY_MS)) // PERIOD_MS * PERIOD_MS
        self.now_ms = now_ms
        self.series = {coin: Series() for coin in (*SIMULATED, "PEPE")}
        self._market = SimulatedMarket(
            seed, Scenario(scenario), SIMULATED, start_ms=start_ms, step_s=PERIOD_MS // 1000
        )
        self._live_ms = now_ms // PERIOD_MS * PERIOD_MS
        self.until(now_ms)

    def until(self, now_ms):
        """Let time pass, and return the liquidations meanwhile."""
        before = {coin: len(series.liquidations) for coin, series in self.series.items()}
        self.now_ms = max(now_ms, self.now_ms)
        while (step_ms := self._step_ms()) and self._market.time_ms + step_ms <= self.now_ms:
            for update in orders(self._market.step(step_ms // 1000), step_ms):
                if isinstance(update, AssetContext):
                    self._see(update, step_ms)
                elif isinstance(update, Liquidation):
                    self._liquidate(update)
        return {coin: series.liquidations[before[coin] :] for coin, series in self.series.items()}

    def shock(self, percent):
        for coin in SIMULATED:
            self._market.shock(coin, percent, 60)

    def _step_ms(self):
        return PERIOD_MS if self._market.time_ms < self._live_ms else LIVE_STEP_MS

    def _see(self, context, step_ms):
        self._add(context.coin, context, context.mark, context.open_interest, step_ms)
        if context.coin == "HYPE":
            share = PEPE_OF_HYPE
            self._add("PEPE", context, context.mark * share, context.open_interest / share, step_ms)

    def _add(self, coin, context, mark, open_interest, step_ms):
        series, end_ms = self.series[coin], context.time_ms
        begin_ms = (end_ms - 1) // PERIOD_MS * PERIOD_MS
        before = series.bars[-1].close if series.bars else mark
        if not series.bars or series.bars[-1].begin_ms < begin_ms:
            series.bars.append(Bar(begin_ms, before, before, before, before))
        bar = series.bars[-1]
        is_quiet = coin == "HYPE" and (begin_ms // PERIOD_MS) % QUIET_EVERY == 0
        wick = 0.0 if is_quiet else abs(context.funding) * 4 + 0.0003 * step_ms / PERIOD_MS
        price = before if is_quiet else mark
        bar.high = max(bar.high, price * (1 + wick))
        bar.low = min(bar.low, price * (1 - wick))
        bar.close, bar.open_interest = price, open_interest
        bar.volume += 0.0 if is_quiet else open_interest * 0.004 * step_ms / PERIOD_MS
        series.mark, series.open_interest, series.rate = mark, open_interest, context.funding * 8
        if end_ms % FUNDING_MS == 0:
            series.funding.append((end_ms, context.funding * 8))

    def _liquidate(self, event):
        events = [event]
        if event.coin == "HYPE":
            share = PEPE_OF_HYPE
            events.append(
                Liquidation("PEPE", event.time_ms, event.side, event.price * share, event.size / share)
            )
        for one in events:
            series = self.series[one.coin]
            series.liquidations.append(one)
            usd = one.price * one.size
            if one.side is Side.LONG:
                series.bars[-1].long_usd += usd
            else:
                series.bars[-1].short_usd += usd


def orders(updates, step_ms):
    """Yield updates with the fills of each order as one, as exchanges tell them, spread over the step.

    The market tells all of a step at its end; no exchange closes a hundred positions in one millisecond.
    """
    told = []
    for update in updates:
        last = told[-1] if told else None
        if (
            isinstance(update, Liquidation)
            and isinstance(last, Liquidation)
            and (last.coin, last.side, last.price) == (update.coin, update.side, update.price)
        ):
            told[-1] = replace(last, size=last.size + update.size)
        else:
            told.append(update)
    left = sum(isinstance(update, Liquidation) for update in told)
    for update in told:
        if isinstance(update, Liquidation):
            left -= 1
            yield replace(update, time_ms=update.time_ms - min(left, step_ms - 1))
        else:
            yield update
