"""The position book of a board: who holds what in all coins, as last seen; accounts by number.

Not here: order books, which are depth (`order_books.py`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.cohorts import market_makers
from liqbot.engine.level_ageing import aged_levels
from liqbot.market.positions import Bools, Floats, Ints, Positions
from liqbot.market.updates import AccountsSeen

_NOTHING = Positions.empty()
_NEVER = np.iinfo(np.int64).min
_MOST_WAITING = 4096
"""So many updates are put aside before they are worked in, whether anybody asks or not."""


class Book:
    """The open positions of every account, by coin.

    What is seen is put aside and worked in when somebody asks, many updates at once: a poll of one account
    costs nothing until the next view.
    """

    def __init__(self) -> None:
        self.generation = 0
        """Rises whenever positions may have changed."""
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._seen_ms: Ints = np.zeros(0, dtype=np.int64)
        self._positions: dict[str, Positions] = {}
        self._waiting: list[AccountsSeen] = []
        self._forgotten: tuple[int, int] | None = None
        """Before when positions were last dropped, and the generation that was left."""
        self._rejected: Counter[str] = Counter()

    @property
    def rejected(self) -> Counter[str]:
        """How many accounts or positions were refused, by reason."""
        self._work_in()
        return self._rejected

    @property
    def names(self) -> Sequence[str]:
        """Account names, each at its number."""
        return self._names

    def number(self, name: str) -> int:
        """Return the number of the account `name`, a new one where it was never heard of."""
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = len(self._names)
            self._names.append(name)
        return known

    def known_number(self, name: str) -> int:
        """Return the number of the account `name`, -1 where it was never heard of."""
        return self._numbers.get(name, -1)

    def see(self, update: AccountsSeen) -> None:
        """Take up what was seen of some accounts. An account seen later already keeps what it has."""
        if update.kept is not None and len(update.kept):
            self._work_in()  # what it leaves as it was must not stand in an update that is passed over
        self._waiting.append(update)
        if len(self._waiting) >= _MOST_WAITING:
            self._work_in()

    def have_been_seen(self, numbers: Ints, since_ms: int) -> Bools:
        """Return whether the positions of the accounts `numbers` were seen at `since_ms` or later."""
        self._work_in()
        if not len(self._seen_ms):
            return np.zeros(len(numbers), dtype=np.bool_)
        known = numbers < len(self._seen_ms)
        return known & (self._seen_ms[np.where(known, numbers, 0)] >= since_ms)

    def coins(self) -> list[str]:
        """Return the coins in which there are positions."""
        self._work_in()
        return [coin for coin, positions in self._positions.items() if len(positions)]

    def positions(self, coin: str) -> Positions:
        """Return the open positions of `coin`; none where nobody holds it."""
        self._work_in()
        return self._positions.get(coin, _NOTHING)

    def aged_levels(self, marks: Mapping[str, float]) -> dict[str, Floats]:
        """Return by coin the levels as they are at `marks` (USD by coin), see `engine/level_ageing.py`."""
        self._work_in()
        return aged_levels(self._positions, marks, len(self._names))

    def forget_before(self, time_ms: int) -> None:
        """Drop positions that were last seen before `time_ms`."""
        self._work_in()
        asked = (time_ms, self.generation)
        if asked == self._forgotten:
            return  # every coin asks for it: looking at all of them for each would cost coins times coins
        for coin, positions in self._positions.items():
            fresh = positions.seen_ms >= time_ms
            if not fresh.all():
                self._positions[coin] = positions.take(fresh)
                self.generation += 1
        self._forgotten = (time_ms, self.generation)

    def market_makers(self, marks: Mapping[str, float]) -> Bools:
        """Return by account number who is a market maker, at the mark prices `marks` (USD by coin)."""
        self._work_in()
        accounts: list[Ints] = [np.zeros(0, dtype=np.int64)]
        notional: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = [np.zeros(0)]
        for coin, mark in marks.items():
            positions = self._positions.get(coin)
            if positions is not None:
                accounts.append(positions.account)
                notional.append(positions.size * mark)
        return market_makers(np.concatenate(accounts), np.concatenate(notional), len(self._names))

    def _work_in(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        numbers = [
            np.fromiter((self.number(name) for name in update.accounts), np.int64, len(update.accounts))
            for update in waiting
        ]
        newest = self._newest(waiting, numbers)
        incoming: dict[str, list[Positions]] = {}
        kept: dict[str, list[Ints]] = {}
        for place, (update, number) in enumerate(zip(waiting, numbers, strict=True)):
            for coin, rows in _rows_by_coin(update, number, newest[number] == place, self._rejected):
                incoming.setdefault(coin, []).append(rows)
            for coin, accounts in _kept_by_coin(update, number, newest[number] == place):
                kept.setdefault(coin, []).append(accounts)
        self._replace(newest >= 0, incoming, kept)
        self.generation += 1

    def _newest(self, waiting: Iterable[AccountsSeen], numbers: Iterable[Ints]) -> Ints:
        """Return each account's newest update by its place, -1 where none is newer than what is known."""
        newest = np.full(len(self._names), -1)
        more = len(self._names) - len(self._seen_ms)
        self._seen_ms = np.concatenate([self._seen_ms, np.full(more, _NEVER)])
        for place, (update, number) in enumerate(zip(waiting, numbers, strict=True)):
            newer = number[update.time_ms >= self._seen_ms[number]]
            if len(newer) < len(number):
                self._rejected["older than what is known"] += len(number) - len(newer)
            newest[newer] = place
            self._seen_ms[newer] = update.time_ms
        return newest

    def _replace(
        self,
        accounts: Bools,
        incoming: Mapping[str, Sequence[Positions]],
        kept: Mapping[str, Sequence[Ints]],
    ) -> None:
        for coin in self._positions.keys() | incoming.keys():
            old, new = self._positions.get(coin, _NOTHING), incoming.get(coin, ())
            stays = ~accounts[old.account]
            for stay in kept.get(coin, ()):
                stays |= np.isin(old.account, stay)
            if new or not stays.all():
                rest = old if stays.all() else old.take(stays)
                self._positions[coin] = Positions.joined([rest, *new] if len(rest) or not new else new)


@dataclass(frozen=True, slots=True)
class _Check:
    reason: str
    passes: Bools


def _rows_by_coin(
    update: AccountsSeen, number: Ints, wanted: Bools, rejected: Counter[str]
) -> Iterable[tuple[str, Positions]]:
    """Yield the sound rows of an update coin by coin.

    `number` and `wanted` tell of each of its accounts the number, and whether this update is its newest.
    """
    sound = np.ones(len(update.size), dtype=np.bool_)
    for check in _checks(update, number):
        failed = int(np.count_nonzero(sound & ~check.passes))
        if failed:
            rejected[check.reason] += failed
        sound &= check.passes
    sound &= wanted[update.account]
    if not sound.any():
        return
    rows = np.flatnonzero(sound)
    rows = rows[np.argsort(update.coin[rows], kind="stable")]
    level, leverage = update.liquidation[rows], update.leverage[rows]
    positions = Positions(
        account=number[update.account[rows]],
        size=update.size[rows],
        entry=update.entry[rows],
        liquidation=np.where(np.isfinite(level) & (level > 0), level, np.nan),
        leverage=np.where(np.isfinite(leverage) & (leverage > 0), leverage, np.nan),
        margin_mode=update.margin_mode[rows],
        seen_ms=np.full(len(rows), update.time_ms, dtype=np.int64),
        mark=_known(update.mark, rows),
        maintenance_rate=_known(update.maintenance_rate, rows),
    )
    coins, starts = np.unique(update.coin[rows], return_index=True)
    for coin, part in zip(coins, np.split(np.arange(len(rows)), starts[1:]), strict=True):
        yield update.coins[int(coin)], positions.take(part)


def _kept_by_coin(update: AccountsSeen, number: Ints, wanted: Bools) -> Iterable[tuple[str, Ints]]:
    """Yield by coin the accounts whose position an update leaves as it was; it has no row of them."""
    if update.kept is None:
        return
    account, coin = update.kept[wanted[update.kept[:, 0]]].T
    told = update.account * len(update.coins) + update.coin
    untold = ~np.isin(account * len(update.coins) + coin, told)
    for place in np.unique(coin[untold]).tolist():
        yield update.coins[place], number[account[untold & (coin == place)]]


def _known(column: Floats | None, rows: Ints) -> Floats:
    return np.full(len(rows), np.nan) if column is None else column[rows]


def _checks(update: AccountsSeen, number: Ints) -> tuple[_Check, ...]:
    return (
        _Check("size is zero or not a number", np.isfinite(update.size) & (update.size != 0)),
        _Check("entry price is not a number above 0", np.isfinite(update.entry) & (update.entry > 0)),
        _Check("account and coin twice in one update", _last_of_each(update, number)),
    )


def _last_of_each(update: AccountsSeen, number: Ints) -> Bools:
    """Return which rows are the last of their account and coin, by name: places may name one twice."""
    place = {coin: place for place, coin in enumerate(update.coins)}
    coin = np.array([place[coin] for coin in update.coins], dtype=np.int64)
    key = number[update.account] * len(coin) + coin[update.coin]
    _, last = np.unique(key[::-1], return_index=True)
    mask = np.zeros(len(key), dtype=np.bool_)
    mask[len(key) - 1 - last] = True
    return mask
