"""What people do in a simulated market: they open and close positions, defend themselves, and retreat."""

import math
from collections.abc import Sequence

import numpy as np

from liqbot.market.positions import Bools, Floats
from liqbot.sources.simulator.accounts import Accounts, Kind, Places
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Ledger, Standing, sums
from liqbot.sources.simulator.openings import Openings, Surroundings
from liqbot.sources.simulator.prices import HOUR_S, HOURS_A_YEAR, Prices

CLOSING_LOSS, CLOSING_PROFIT, CLOSING_DEEP = 0.00248, 0.00371, 0.01115
"""Hazard per hour of closing a position in loss, in profit, and in deep loss, as measured on Hyperliquid's
isolated positions, 31 July to 3 August 2026 (mean 0.00276). That counts forced closings too; here they come
on top."""
DEEP = -0.3
"""Loss is deep below this return on the margin that the leverage asks for."""
DEFENDING = 2.0
"""Hazard per hour at which an attentive account acts when its liquidation is at hand: it closes, or it adds
margin."""
DANGER_DAYS = 0.8
"""A liquidation is near when it is within so many daily standard deviations, at the present volatility."""
LEAST_WARY, MOST_WARY = 0.3, 2.5
"""For that, volatility counts at least and at most so many times the usual one."""
RETREATING = 0.5
"""Share of those who act that close; the others add margin."""
SAFE = (1.5, 4.0)
"""They add as much as puts it so many times that far away: from, to."""
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
SHOCKED_H = 10.0
"""Mean time in hours for which who was liquidated stays away; the restless come back sooner."""
TRIFLE_USD = 1_000.0
"""Makers keep less than this."""


class Crowd:
    """All accounts but makers and the vault, acting on the ledger."""

    def __init__(
        self,
        accounts: Accounts,
        ledger: Ledger,
        openings: Openings,
        coins: Sequence[Coin],
        rng: np.random.Generator,
    ) -> None:
        self._ledger, self._openings, self._rng = ledger, openings, rng
        self._account, self._coin = accounts.slot_account, accounts.slot_coin
        self._accounts = len(accounts.names)
        self._crowd = accounts.slot_of_crowd
        self._restless: Floats = accounts.restless[self._account]
        self._eager: Floats = accounts.eager[self._account]
        self._answering: Bools = accounts.slot_of_crowd & (accounts.kind[self._account] > Kind.SMALL)
        self._attentive: Floats = DEFENDING * accounts.attentive[self._account]
        daily = np.array([coin.volatility for coin in coins]) / math.sqrt(HOURS_A_YEAR / 24)
        self._danger: Floats = DANGER_DAYS * daily
        self._step: Floats = np.array([coin.round_step for coin in coins])
        self._away_h: Floats = np.zeros(len(self._coin))
        self._usual_interest: Floats = np.array([coin.open_interest for coin in coins])

    def act(self, standing: Standing, prices: Prices, seconds: float) -> None:
        """Close and open what accounts decide to in `seconds`, at the marks of `standing`."""
        hours = seconds / HOUR_S
        self._away_h -= hours
        luck = self._rng.exponential(size=len(self._coin)) / hours
        held = self._ledger.size != 0
        acting = held & self._crowd
        closing = acting & (luck < self._closing(standing) * self._restless)
        cushion = self._ledger.cushion(standing)
        danger = (self._danger * np.clip(prices.volatility, LEAST_WARY, MOST_WARY))[self._coin]
        threat = self._attentive * np.clip(1 - cushion / danger, 0.0, 1.0) ** 2
        # Fresh luck: what decides whether somebody closes anyway must not decide whether they see danger.
        near = np.flatnonzero(acting & ~closing & (threat > 0))
        seeing = near[self._rng.exponential(size=len(near)) / hours < threat[near]]
        retreats = self._rng.random(len(seeing)) < RETREATING
        closing[seeing[retreats]] = True
        self._defend(seeing[~retreats], danger, cushion, standing)
        if closing.any():
            self._ledger.close(np.flatnonzero(closing), self._ledger.standing(prices.marks))
        wish = OPENING * self._excitement(prices)[self._coin] * self._eager
        slot = np.flatnonzero(~held & self._crowd & (luck < wish) & (self._away_h <= 0))
        if len(slot):
            self._open(slot, self._sides(slot, prices), self._openings.usual_usd(slot), prices)
        for place in np.flatnonzero(self._rng.random(len(self._step)) < -math.expm1(-hours / ANSWER_H)):
            self._answer(int(place), prices)

    def _defend(self, slot: Places, danger: Floats, cushion: Floats, standing: Standing) -> None:
        """Add so much margin that liquidation is at a safe distance again."""
        if len(slot):
            target = danger[slot] * self._rng.uniform(*SAFE, len(slot))
            value = np.abs(self._ledger.size[slot]) * standing.marks[slot]
            self._ledger.add_margin(slot, np.maximum(target - cushion[slot], 0.0) * value)

    def mourn(self, slot: Places) -> None:
        """Keep accounts that were liquidated away from their slots for a while."""
        mean_h = SHOCKED_H / np.maximum(self._restless[slot], 1.0)
        self._away_h[slot] = self._rng.exponential(mean_h)

    def net(self) -> Floats:
        """Return what the crowd holds, longs less shorts, in coins, shape (coins,)."""
        return self._ledger.by_coin(self._ledger.size * self._crowd)

    def _sides(self, slot: Places, prices: Prices) -> Floats:
        """Return +1 for long, -1 for short: as the account's other positions are, or as price is going."""
        odds = 0.5 + LEANING * np.tanh(prices.trend[self._coin[slot]] / 2)
        leaning = np.where(self._rng.random(len(slot)) < odds, 1.0, -1.0)
        others = self._leaning()[slot]
        return np.where(others == 0, leaning, others)

    def _leaning(self) -> Floats:
        """Return by slot whether its account holds rather longs (+1) or shorts (-1), 0 for neither."""
        held = sums(np.sign(self._ledger.size), self._account, self._accounts)
        return np.sign(held)[self._account]

    def _closing(self, standing: Standing) -> Floats:
        """Return the hazard per hour of closing each position, by how it fares."""
        ledger = self._ledger
        with np.errstate(invalid="ignore", divide="ignore"):
            gain = np.sign(ledger.size) * (standing.marks / ledger.entry - 1) * ledger.leverage
        in_loss = np.where(gain < DEEP, CLOSING_DEEP, CLOSING_LOSS)
        return np.where(gain > 0, CLOSING_PROFIT, in_loss)

    def _excitement(self, prices: Prices) -> Floats:
        """Return by coin how many times as many open as in quiet times."""
        marks = prices.marks
        off_round = np.abs(marks / self._step - np.round(marks / self._step)) * self._step / marks
        at_round = off_round < NEAR
        breaks_out = (marks < prices.lows * (1 + NEAR)) | (marks > prices.highs * (1 - NEAR))
        return np.minimum(0.6 + np.abs(prices.trend) + at_round + 1.5 * breaks_out, EXCITED)

    def _open(self, slot: Places, side: Floats, usd: Floats, prices: Prices) -> None:
        place = self._coin[slot]
        seen = Surroundings(prices.marks[place], prices.lows[place], prices.highs[place])
        self._ledger.open(self._openings.draft(slot, side, usd, seen))

    def _answer(self, place: int, prices: Prices) -> None:
        """Let somebody take over what makers hold of a coin: by opening against it, or by closing into it.

        Small accounts do not: all of them would have to be on one side. Opening is likelier the less is open:
        so what a cascade destroyed grows again.
        """
        size, marks = self._ledger.size, prices.marks
        here = self._answering & (self._coin == place)
        net = float(size[self._crowd & (self._coin == place)].sum())
        budget = ANSWERED * abs(net) * float(marks[place])
        if budget < TRIFLE_USD:
            return
        missing = 1 - float(np.abs(size[here]).sum()) / 2 / float(self._usual_interest[place])
        if self._rng.random() < np.clip(0.5 + 2 * missing, 0.1, 0.9):
            free = (size == 0) & (self._away_h <= 0)
            slot = np.flatnonzero(here & free & (self._leaning() * net <= 0))
            usd = self._openings.usual_usd(slot)
            chosen = self._within(budget, usd, slot)
            if len(chosen):
                self._open(slot[chosen], np.full(len(chosen), -np.sign(net)), usd[chosen], prices)
            return
        slot = np.flatnonzero(here & (size * net > 0))
        chosen = self._within(budget, np.abs(size[slot]) * marks[place], slot)
        if len(chosen):
            self._ledger.close(slot[chosen], self._ledger.standing(marks))

    def _within(self, budget: float, usd: Floats, slot: Places) -> Places:
        """Return which of some slots act, the restless sooner, so that their `usd` stay in the budget."""
        fits = np.flatnonzero(usd <= budget)
        order = fits[np.argsort(self._rng.exponential(size=len(fits)) / self._restless[slot[fits]])]
        return order[np.cumsum(usd[order]) <= budget]
