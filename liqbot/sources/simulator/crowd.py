"""What the crowd does: closes positions, opens new ones, and takes the other side of what was forced."""

import math
from collections.abc import Sequence

import numpy as np

from liqbot.market.positions import Bools, Floats
from liqbot.sources.simulator.accounts import Accounts
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Ledger, Places, Standing
from liqbot.sources.simulator.openings import Openings, Surroundings
from liqbot.sources.simulator.prices import HOUR_S, Prices

CLOSING_LOSS, CLOSING_PROFIT, CLOSING_DEEP = 0.00248, 0.00371, 0.01115
"""Hazard per hour of closing a position in loss, in profit, and below a return of -30% on its margin: measured
on Hyperliquid's isolated positions, 31 July to 3 August 2026 (mean 0.00276). What was measured holds forced
closings too; here they come on top."""
DEEP = -0.3
OPENING = 0.006
"""Hazard per hour at which an account without a position opens one, in quiet times."""
EXCITED = 6.0
"""At most so many times that when price moves, breaks out, or stands at a round price."""
NEAR = 0.0015
"""A price is at another when it is no farther away than this fraction."""
LEANING = 0.35
"""How far from even the odds lean towards the way that price is going."""
ANSWER_H = 0.2
"""Mean time in hours until somebody takes over what makers were left with."""
ANSWERED = 0.7
"""Share of it that is taken over at once."""
TRIFLE_USD = 1_000.0
"""Makers keep less than this."""


class Crowd:
    """All accounts but makers and vaults, acting on the ledger."""

    def __init__(
        self,
        accounts: Accounts,
        ledger: Ledger,
        openings: Openings,
        coins: Sequence[Coin],
        rng: np.random.Generator,
    ) -> None:
        self._accounts, self._ledger, self._openings, self._rng = accounts, ledger, openings, rng
        self._crowd = accounts.of_crowd[:, None]
        self._step: Floats = np.array([coin.round_step for coin in coins])
        self._usual_interest: Floats = np.array([coin.open_interest for coin in coins])

    def act(self, standing: Standing, prices: Prices, seconds: float) -> None:
        """Close and open what accounts decide to in `seconds`, at the marks of `standing`."""
        hours = seconds / HOUR_S
        luck = self._rng.random(self._ledger.size.shape)
        held = self._ledger.size != 0
        restless = self._accounts.restless[:, None]
        closing = held & self._crowd & (luck < self._closing(standing) * restless * hours)
        if closing.any():
            self._ledger.close(closing, standing)
        chance = OPENING * self._accounts.eager[:, None] * self._excitement(prices) * hours
        row, place = np.nonzero(self._accounts.trades & ~held & (luck < chance))
        self._open(row, place, self._sides(row, place, prices), self._openings.usual_usd(row, place), prices)
        for which in np.flatnonzero(self._rng.random(held.shape[1]) < -math.expm1(-hours / ANSWER_H)):
            self._answer(int(which), prices)

    def net(self) -> Floats:
        """Return what the crowd holds, longs less shorts, in coins by coin."""
        return (self._ledger.size * self._crowd).sum(axis=0)

    def _sides(self, row: Places, place: Places, prices: Prices) -> Floats:
        """Return +1 for long, -1 for short: as the account's other positions are, or as price is going."""
        odds = 0.5 + LEANING * np.tanh(prices.trend[place] / 2)
        leaning = np.where(self._rng.random(len(row)) < odds, 1.0, -1.0)
        others = np.sign(self._ledger.size[row]).sum(axis=1)
        return np.where(others == 0, leaning, np.sign(others))

    def _closing(self, standing: Standing) -> Floats:
        """Return the hazard per hour of closing each position, by how it fares."""
        ledger = self._ledger
        with np.errstate(invalid="ignore", divide="ignore"):
            gain = np.sign(ledger.size) * (standing.marks / ledger.entry - 1)
        outcome = gain * ledger.leverage
        in_loss = np.where(outcome < DEEP, CLOSING_DEEP, CLOSING_LOSS)
        return np.where(outcome > 0, CLOSING_PROFIT, in_loss)

    def _excitement(self, prices: Prices) -> Floats:
        """Return by coin how many times as many open as in quiet times."""
        marks = prices.marks
        off_round = np.abs(marks / self._step - np.round(marks / self._step)) * self._step / marks
        at_round = off_round < NEAR
        breaks_out = (marks < prices.lows * (1 + NEAR)) | (marks > prices.highs * (1 - NEAR))
        return np.minimum(0.6 + np.abs(prices.trend) + at_round + 1.5 * breaks_out, EXCITED)

    def _open(self, row: Places, place: Places, side: Floats, usd: Floats, prices: Prices) -> None:
        if len(row):
            seen = Surroundings(prices.marks[place], prices.lows[place], prices.highs[place])
            self._ledger.open(self._openings.draft(row, place, side, usd, seen))

    def _answer(self, which: int, prices: Prices) -> None:
        """Let somebody take over what makers hold of a coin: by opening against it, or by closing into it.

        Opening is likelier the less is open: so what a cascade destroyed grows again.
        """
        ledger, marks = self._ledger, prices.marks
        held = ledger.size[:, which]
        net = float((held * self._crowd[:, 0]).sum())
        budget = ANSWERED * abs(net) * float(marks[which])
        if budget < TRIFLE_USD:
            return
        missing = 1 - float(np.abs(held).sum()) / 2 / float(self._usual_interest[which])
        if self._rng.random() < np.clip(0.5 + 2 * missing, 0.1, 0.9):
            row = np.flatnonzero(self._accounts.trades[:, which] & (held == 0))
            place = np.full(len(row), which)
            usd = self._openings.usual_usd(row, place)
            chosen = self._within(budget, usd, row)
            side = np.full(len(chosen), -np.sign(net))
            self._open(row[chosen], place[chosen], side, usd[chosen], prices)
            return
        row = np.flatnonzero(self._crowd[:, 0] & (held * net > 0))
        chosen = self._within(budget, np.abs(held[row]) * marks[which], row)
        closing = np.zeros(ledger.size.shape, dtype=np.bool_)
        closing[row[chosen], which] = True
        ledger.close(closing, ledger.standing(marks))

    def _within(self, budget: float, usd: Floats, row: Places) -> Places:
        """Return which of some accounts act, the restless sooner, so that their `usd` stay in the budget."""
        fits = np.flatnonzero(usd <= budget)
        order = fits[np.argsort(self._rng.exponential(size=len(fits)) / self._accounts.restless[row[fits]])]
        return order[np.cumsum(usd[order]) <= budget]
