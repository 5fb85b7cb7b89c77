"""What is seen of the simulated market: the accounts that were found, looked at one after the other."""

from collections.abc import Sequence

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints, MarginMode
from liqbot.market.updates import AccountsSeen
from liqbot.sources.simulator.accounts import Accounts, Kind
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Ledger, Places, Standing

POLL_S, POLL_LARGE_S = 1200, 240
"""Every account that was found is looked at after so many seconds, large ones more often; after a trade,
at once."""


class Reports:
    """Decides whom to look at, and tells what is seen."""

    def __init__(self, accounts: Accounts, coins: Sequence[Coin], rng: np.random.Generator) -> None:
        self._accounts = accounts
        self._coins = tuple(coin.name for coin in coins)
        self._period_s: Ints = np.where(accounts.kind >= Kind.LARGE, POLL_LARGE_S, POLL_S)
        self._offset_s: Ints = rng.integers(0, self._period_s)
        self._names = np.array(accounts.names)

    def due(self, time_s: float, seconds: float) -> Bools:
        """Return by account whose turn has come in the last `seconds`."""
        now, before = time_s + self._offset_s, time_s - seconds + self._offset_s
        return now // self._period_s > before // self._period_s

    def seen(self, chosen: Bools, ledger: Ledger, standing: Standing, time_ms: int) -> AccountsSeen:
        """Return the positions of the accounts in `chosen` (shape (accounts,))."""
        rows = np.flatnonzero(chosen)
        account, place = np.nonzero(ledger.size[rows])
        row = rows[account]
        return AccountsSeen(
            time_ms=time_ms,
            accounts=tuple(self._names[rows].tolist()),
            coins=self._coins,
            account=account.astype(np.int64),
            coin=place.astype(np.int64),
            size=ledger.size[row, place],
            entry=ledger.entry[row, place],
            liquidation=ledger.levels(row, place, standing),
            leverage=ledger.leverage[row, place],
            margin_mode=np.where(ledger.isolated[row, place], MarginMode.ISOLATED, MarginMode.CROSS).astype(
                np.int8
            ),
        )
