"""Updates that the simulated market tells: accounts found and looked at in turn, contexts, books."""

from collections.abc import Sequence

import numpy as np

from liqbot.market.accounts import AccountState, HeldPosition
from liqbot.market.positions import Bools, Ints, MarginMode
from liqbot.market.updates import AccountsSeen
from liqbot.sources.simulator.accounts import Accounts, Kind
from liqbot.sources.simulator.coins import Coin
from liqbot.sources.simulator.ledger import Ledger, Standing

POLL_S, POLL_LARGE_S = 1200, 240
"""Every account that was found is looked at after so many seconds, large ones more often; after a trade,
at once."""


class Reports:
    """Decides whom to look at, and tells what is seen."""

    def __init__(self, accounts: Accounts, coins: Sequence[Coin], rng: np.random.Generator) -> None:
        self._account, self._coin = accounts.slot_account, accounts.slot_coin
        self._coins = tuple(coin.name for coin in coins)
        self._period_s: Ints = np.where(accounts.kind >= Kind.LARGE, POLL_LARGE_S, POLL_S)
        self._offset_s: Ints = rng.integers(0, self._period_s)
        self._names = accounts.names

    def due(self, time_s: float, seconds: float) -> Bools:
        """Return by account whose turn has come in the last `seconds`."""
        now = self._offset_s + int(time_s)
        return now // self._period_s > (now - int(seconds)) // self._period_s

    def seen(self, chosen: Bools, ledger: Ledger, standing: Standing, time_ms: int) -> AccountsSeen:
        """Return the positions of the accounts in `chosen` (shape (accounts,))."""
        rows = np.flatnonzero(chosen)
        slot = np.flatnonzero(chosen[self._account] & (ledger.size != 0))
        mode = np.where(ledger.isolated[slot], MarginMode.ISOLATED, MarginMode.CROSS)
        return AccountsSeen(
            time_ms=time_ms,
            accounts=tuple([self._names[row] for row in rows.tolist()]),
            coins=self._coins,
            account=(np.cumsum(chosen) - 1)[self._account[slot]],
            coin=self._coin[slot].astype(np.int64),
            size=ledger.size[slot],
            entry=ledger.entry[slot],
            liquidation=ledger.levels(slot, standing),
            leverage=ledger.leverage[slot],
            margin_mode=mode.astype(np.int8),
        )


def state_of(
    account: int,
    accounts: Accounts,
    ledger: Ledger,
    standing: Standing,
    *,
    coins: Sequence[str],
    time_ms: int,
) -> AccountState:
    """Return all that one account holds, as somebody who looks at it alone is told."""
    slots = np.flatnonzero((accounts.slot_account == account) & (ledger.size != 0))
    levels = ledger.levels(slots, standing)
    positions = tuple(
        HeldPosition(
            coin=coins[int(accounts.slot_coin[slot])],
            size=float(ledger.size[slot]),
            entry=float(ledger.entry[slot]),
            liquidation=None if np.isnan(level) else float(level),
            leverage=float(ledger.leverage[slot]),
            mode=MarginMode.ISOLATED if ledger.isolated[slot] else MarginMode.CROSS,
            mark=float(standing.marks[slot]),
        )
        for slot, level in zip(slots.tolist(), levels.tolist(), strict=True)
    )
    cross = slots[~ledger.isolated[slots]]
    pool = float(standing.pool[cross[0]]) if len(cross) else 0.0
    alone = float(standing.own_equity[slots[ledger.isolated[slots]]].sum())
    equity = pool + alone if positions else None  # what is behind no position is not seen
    return AccountState(accounts.names[account], time_ms, positions, equity_usd=equity)
