"""What accounts may hold that were never asked, from what the leaderboard tells of them.

It tells what an account is worth, and what it gained and traded in a day, a week, a month and altogether. How
much of that goes with open size nobody says, so it is learned from the answers: the fourth root of what
accounts hold is regressed on the fourth roots of what was told of them, and each of the others is guessed by
that. (Sizes spread over eight powers of ten: such a root lets neither the largest nor the smallest rule.)
Until enough were answered, and where gains are not told, what an account is worth is the guess.

That gains say something is measured: of the real accounts of a recording (February 2026) what one gains or
loses in a day gives its size to a factor of about three, and orders accounts nearly as their sizes do.
"""

from collections.abc import Sequence

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints
from liqbot.sources.hyperliquid.roster import Roster

ENOUGH = 100
"""So many answers there must be before anything is learned from them."""
GROWN = 1.2
"""It is learned anew when there are so many times as many answers."""
ROOT = 0.25
MOST_USD = 1e11
"""No guess is larger."""
RIDGE = 1.0


class SizeEstimates:
    """Guesses what accounts of the leaderboard hold, until they are asked."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._numbers: Ints = np.zeros(0, dtype=np.int64)
        self._told: Floats = np.zeros((0, 1))
        """Shape (accounts, figures + 1): roots, each figure of mean 0 and spread 1, and a constant."""
        self._guess: Floats = np.zeros(0)
        """What was guessed last, USD: whoever is worth more for another reason stays so."""
        self._learned_from = 0

    def take(self, numbers: Sequence[int], figures: Sequence[Sequence[float]]) -> None:
        """Take up a leaderboard: of each account by number some figures, USD, the first what it is worth."""
        self._numbers = np.array(numbers, dtype=np.int64)
        self._guess = self._roster.column("guess")[self._numbers]
        self._learned_from = 0
        usd = np.abs(np.nan_to_num(np.array(figures, dtype=np.float64), posinf=0.0, neginf=0.0))
        if not len(numbers):
            self._told = np.zeros((0, 1))
            return
        told = usd**ROOT
        spread = told.std(axis=0)
        told = (told - told.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        self._told = np.column_stack([told, np.ones(len(told))])

    def learn(self) -> bool:
        """Guess anew where enough was answered since it was last done; return whether it was."""
        answered: Bools = self._roster.column("polled_ms")[self._numbers] > 0
        count = int(np.count_nonzero(answered))
        if count < max(ENOUGH, GROWN * self._learned_from) or count == len(answered):
            return False
        self._learned_from = count
        told, held = self._told[answered], self._roster.column("held")[self._numbers[answered]]
        normal = told.T @ told + RIDGE * np.eye(told.shape[1])
        factors = np.linalg.solve(normal, told.T @ held**ROOT)
        guess: Floats = np.clip(self._told @ factors, 0.0, MOST_USD**ROOT) ** (1 / ROOT)
        others = ~answered & (self._roster.column("recalled")[self._numbers] == 0)
        mine = others & (self._roster.column("guess")[self._numbers] == self._guess)
        self._roster.guess_anew(self._numbers[mine], guess[mine])
        self._guess[mine] = guess[mine]
        return True
