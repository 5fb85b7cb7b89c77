"""How prices move: volatility that remembers, news, BTC in the lead, forced orders that push.

A price is a lasting part and a displacement. Forced orders move both, in proportion to their size over the
depth of the order book; the displacement then fades, and the book, which they have thinned, fills up again.

Returns are Gaussian given the volatility, so that a step may be of any length: the fat tails are those of the
volatility (`volatility.py`) and of news, whose moves follow a power law and leave high volatility behind. The
constants were fitted to 31,066 real 15-minute candles of BTC, 2023; docs/how-real.md compares.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.market.positions import Floats
from liqbot.sources.simulator.coins import LEADER, Coin
from liqbot.sources.simulator.scenario import Phase
from liqbot.sources.simulator.volatility import Volatility

HOUR_S = 3600
HOURS_A_YEAR = 8766.0
NEWS_SHARE = 0.25
"""Share of the variance that is left to news."""
NEWS_A_DAY, OWN_NEWS_A_DAY = 1.0, 0.5
"""How often news comes that moves all coins, and such that moves one coin only, in usual volatility."""
LEAST_NEWS, NEWS_TAIL, MOST_NEWS = 0.005, 2.3, 0.15
"""News moves BTC's log price by at least this; the chance of more falls with this power; and at most this."""
NEWS_S = (60.0, 300.0)
"""How long it takes until a piece of news is in the price, in seconds: from, to."""
LAG_S = 50.0
"""For about so long other coins go on following a move of BTC."""
HOME_H = 1500.0
"""Relaxation time in hours of the pull back to where the simulation began, so that months stay plausible."""
LASTING = 0.45
"""Share of a forced order's push that stays."""
FADE_H = 0.7
"""Relaxation time in hours of the rest."""
REFILL_H = 0.4
"""Relaxation time in hours of the order book."""
BRITTLE = 25.0
"""An order that would push the log price by 1% thins the book by about so many percent."""
THINNEST = 0.35
"""A book is never thinner than this share of its usual depth."""
FASTEST, FARTHEST = 0.006, 0.05
"""Forced orders push the log price at most so far in a minute, and never farther away than so; beyond, the
backstop takes positions over instead."""
TREND_H = 3.0
"""Relaxation time in hours of the average that tells which way price is going."""
MEMORY_H = 72
"""For so many hours highs and lows are remembered."""


@dataclass(slots=True)
class _Push:
    """A move that was asked for."""

    place: int
    log_move: float
    seconds: float


class Prices:
    """The mark prices of some coins. All arrays are of shape (coins,)."""

    def __init__(self, coins: Sequence[Coin], rng: np.random.Generator) -> None:
        self._rng = rng
        self._beta: Floats = np.array([coin.beta for coin in coins])
        self._depth: Floats = np.array([coin.depth_usd for coin in coins])
        hourly = np.array([coin.volatility for coin in coins]) / math.sqrt(HOURS_A_YEAR)
        self._leader_hourly = LEADER.volatility / math.sqrt(HOURS_A_YEAR)
        self._own_hourly: Floats = np.sqrt(np.maximum(hourly**2 - (self._beta * self._leader_hourly) ** 2, 0))
        self._follows: Floats = np.array([0.0 if coin is LEADER else 1.0 for coin in coins])
        self._trend_spread: Floats = hourly * math.sqrt(TREND_H)
        self._home: Floats = np.log([coin.spot for coin in coins])
        self._lasting: Floats = self._home.copy()
        self._displaced: Floats = np.zeros(len(coins))
        self._average: Floats = self._home.copy()
        self._book: Floats = np.ones(len(coins))
        self._room: Floats = np.zeros(len(coins))
        self._hourly_spread: Floats = np.concatenate([[self._leader_hourly], self._own_hourly])
        self._volatility = Volatility(len(coins) + 1, rng)
        rates = np.concatenate([[NEWS_A_DAY], OWN_NEWS_A_DAY * self._follows])
        self._news_rate: Floats = rates / 24
        self._leader_before = 0.0
        self._phase = Phase(0.0)
        self._pushes: list[_Push] = []
        self._hourly: deque[Floats] = deque([self._home], maxlen=MEMORY_H)
        self._past_hour_s = 0.0
        self._is_silent = False

    @property
    def marks(self) -> Floats:
        """Mark prices in USD."""
        return np.exp(self._lasting + self._displaced)

    @property
    def displaced(self) -> Floats:
        """How far forced orders hold the log price away from where it would be."""
        return self._displaced

    @property
    def depth_usd(self) -> Floats:
        """USD of forced orders that move each price by a percent: what the books hold at present."""
        return self._depth * self._book * self._phase.depth

    @property
    def trend(self) -> Floats:
        """How far the log price is from its average of a few hours, in usual standard deviations."""
        return (self._lasting + self._displaced - self._average) / self._trend_spread

    @property
    def volatility(self) -> Floats:
        """How volatile each coin is at present, in units of its usual volatility."""
        variance = (self._volatility.now * self._hourly_spread) ** 2
        whole = (self._beta * self._leader_hourly) ** 2 + self._own_hourly**2
        return np.sqrt((self._beta**2 * variance[0] + self._follows * variance[1:]) / whole)

    @property
    def lows(self) -> Floats:
        """Lowest hourly price that is remembered, USD."""
        return np.exp(np.min(self._hourly, axis=0))

    @property
    def highs(self) -> Floats:
        """Highest hourly price that is remembered, USD."""
        return np.exp(np.max(self._hourly, axis=0))

    def stand_in(self, phase: Phase, *, is_silent: bool) -> None:
        """Go on in a phase; where it `is_silent`, forced orders move nothing."""
        self._phase, self._is_silent = phase, is_silent

    def push(self, place: int, log_move: float, seconds: float) -> None:
        """Move the coin at `place` by `log_move` over the next `seconds`, besides what it does anyway."""
        self._pushes.append(_Push(place, log_move, seconds))

    def step(self, seconds: float, phase: Phase) -> None:
        """Let time pass: everything but forced orders."""
        hours = seconds / HOUR_S
        self._phase = phase
        self._room = np.full(len(self._beta), FASTEST * math.sqrt(seconds / 60))
        self._volatility.step(hours)
        if phase.news > 0:
            self._hear_news(hours, phase)
        self._lasting += self._returns(seconds, phase) + self._pushed(seconds)
        self._lasting += phase.drift * hours * self._beta
        self._lasting += (self._home - self._lasting) * -math.expm1(-hours / HOME_H)
        self._displaced *= math.exp(-hours / FADE_H)
        self._book += (1 - self._book) * -math.expm1(-hours / REFILL_H)
        log_marks = self._lasting + self._displaced
        self._average += (log_marks - self._average) * -math.expm1(-hours / TREND_H)
        self._past_hour_s += seconds
        if self._past_hour_s >= HOUR_S:
            self._past_hour_s = 0.0
            self._hourly.append(log_marks)

    def force(self, usd: Floats) -> None:
        """Let forced orders of `usd` (buys above 0, sells below) push. Bounded, whatever their size."""
        if self._is_silent:
            return
        wanted = 0.01 * usd / self.depth_usd
        room = np.maximum(FARTHEST - np.sign(wanted) * self._displaced, 0.0)
        room = np.minimum(room, self._room)
        fading = np.clip((1 - LASTING) * wanted, -room, room)
        self._room -= np.abs(fading)
        self._displaced += fading
        self._lasting += fading * (LASTING / (1 - LASTING))
        self._book = np.maximum(self._book * np.exp(-np.abs(wanted) * BRITTLE), THINNEST)

    def rebase(self, marks: Floats) -> None:
        """Make `marks` (USD) the present prices and home, and keep what is remembered relative to them."""
        shift = np.log(marks) - (self._lasting + self._displaced)
        self._lasting += shift
        self._average += shift
        self._home = np.log(marks)
        self._hourly = deque((log_marks + shift for log_marks in self._hourly), maxlen=MEMORY_H)
        self._pushes.clear()

    def _returns(self, seconds: float, phase: Phase) -> Floats:
        """Return the log returns of `seconds`: BTC's, felt by all, and each coin's own. News comes on top."""
        hours = seconds / HOUR_S
        calm = math.sqrt((1 - NEWS_SHARE) * hours) * phase.volatility
        shocks = self._rng.standard_normal(len(self._hourly_spread))
        shocks *= self._volatility.now * self._hourly_spread * calm
        leader = float(shocks[0])
        lag = self._follows * math.exp(-seconds / LAG_S)
        common = self._beta * ((1 - lag) * leader + lag * self._leader_before)
        self._leader_before = leader
        return common + self._follows * shocks[1:]

    def _hear_news(self, hours: float, phase: Phase) -> None:
        """Draw the news of the next `hours`: the first factor's moves all coins, the others' one each."""
        counts = self._rng.poisson(self._news_rate * self._volatility.activity * (hours * phase.news))
        for factor in np.flatnonzero(counts).tolist():
            for _ in range(int(counts[factor])):
                size = min(LEAST_NEWS * self._rng.random() ** (-1 / NEWS_TAIL), MOST_NEWS)
                size *= self._hourly_spread[factor] / self._leader_hourly
                move = math.copysign(size, self._rng.random() - 0.5)
                over_s = self._rng.uniform(*NEWS_S)
                for place in range(len(self._beta)) if factor == 0 else (factor - 1,):
                    self.push(place, move * float(self._beta[place]) if factor == 0 else move, over_s)
                self._volatility.excite(factor, size / float(self._hourly_spread[factor]))

    def _pushed(self, seconds: float) -> Floats:
        moved = np.zeros(len(self._beta))
        for push in self._pushes:
            share = min(1.0, seconds / push.seconds) if push.seconds > 0 else 1.0
            moved[push.place] += share * push.log_move
            push.log_move *= 1 - share
            push.seconds -= seconds
        self._pushes = [push for push in self._pushes if push.seconds > 0]
        return moved
