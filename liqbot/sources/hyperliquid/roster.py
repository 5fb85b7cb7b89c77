"""The roster: every account that is known, and what its next look is worth, in columns."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from liqbot.market.positions import Bools, Floats, Ints
from liqbot.sources.hyperliquid.reading import Reading, coins_of
from liqbot.sources.scanning import slot_of
from liqbot.store.accounts import KnownAccount

DAY_MS = 86_400_000
NEAREST = 6
"""Of each account so many positions are kept to judge it by: those with the nearest levels."""
FORGOTTEN_AFTER_MS = 14 * DAY_MS
"""An account that is flat and has not traded for so long is forgotten."""
RETRY_MS, LONGEST_RETRY_MS = 5_000, 300_000
"""A failed poll is tried again after so long, twice as long after the next in a row."""
ENOUGH_FAILURES = 3


@dataclass(slots=True, eq=False)
class _Columns:
    """What is kept of each account; arrays have spare room at their end."""

    found_ms: Ints
    polled_ms: Ints
    """When it was last answered, 0 for never."""
    lively_ms: Ints
    """When it was last seen to hold or to trade something."""
    guess: Floats
    """Open size before the first answer, USD: a guess, or what it was when it was last known."""
    recalled: Floats
    """Open size that an earlier run last saw, USD; 0 for whom it did not know."""
    held: Floats
    """Open size at the last answer, USD."""
    unread: Floats
    """USD of positions that could not be read at the last answer."""
    traded: Floats
    """USD traded since the last answer."""
    retry_ms: Ints
    failures: Ints
    busy: Bools
    gone: Bools
    """Forgotten until it is seen trading again."""
    slot: Ints
    """Which of the processes that scan together asks for it: `sources/scanning.py`."""
    coin: Ints
    """Shape (accounts, NEAREST): places in the roster's coins, of the positions with the nearest levels."""
    level: Floats
    """The same shape: USD, NaN for none."""
    size: Floats
    """The same shape: coins, above 0, and 0 where there is no position."""

    @staticmethod
    def of(room: int) -> "_Columns":
        def ints() -> Ints:
            return np.zeros(room, dtype=np.int64)

        return _Columns(
            found_ms=ints(),
            polled_ms=ints(),
            lively_ms=ints(),
            guess=np.zeros(room),
            recalled=np.zeros(room),
            held=np.zeros(room),
            unread=np.zeros(room),
            traded=np.zeros(room),
            retry_ms=ints(),
            failures=ints(),
            busy=np.zeros(room, dtype=np.bool_),
            gone=np.zeros(room, dtype=np.bool_),
            slot=ints(),
            coin=np.zeros((room, NEAREST), dtype=np.int64),
            level=np.full((room, NEAREST), np.nan),
            size=np.zeros((room, NEAREST)),
        )


class Roster:
    """Who is known. Its columns are cut to the accounts that there are."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._columns = _Columns.of(1024)
        self._coins: dict[str, int] = {}
        self._changed: set[int] = set()
        self._typed: set[int] = set()
        """Accounts that are known only because people typed their addresses: they are not written down."""
        self.slots: Bools | None = None
        """The slots whose accounts this process asks for, by `slot_of`; None for all."""
        self._held: dict[int, tuple[str, ...]] = {}
        self.answered = 0
        """How many polls were answered since the start."""
        self.failed = 0
        """How many failed."""

    def __len__(self) -> int:
        """Return how many accounts are known; the forgotten are not."""
        return len(self.names) - int(np.count_nonzero(self.column("gone")))

    @property
    def asked(self) -> int:
        """How many of them were asked, with an answer or after three failures in a row without."""
        return int(np.count_nonzero(self._is_asked() & ~self.column("gone")))

    @property
    def known_again(self) -> float:
        """The share (0 to 1) of what an earlier run knew that was asked since; 1 where it knew nothing."""
        recalled, asked = self.column("recalled"), self._is_asked()
        total = float(recalled.sum())
        return float(recalled[asked].sum()) / total if total > 0 else 1.0

    def column(self, name: str) -> np.ndarray:
        """Return one of the columns, cut to the accounts that there are."""
        return getattr(self._columns, name)[: len(self.names)]

    def find(self, name: str, now_ms: int, *, guess_usd: float = 0.0, traded_usd: float = 0.0) -> None:
        """Take note of an account: found on a list, where it may be worth `guess_usd`, or seen trading."""
        number = self._numbers.get(name)
        if number is None:
            number = self._enter(name, now_ms)
            self._columns.lively_ms[number] = now_ms
        if number in self._typed:
            self._typed.remove(number)
            self._changed.add(number)
        columns = self._columns
        columns.guess[number] = max(columns.guess[number], guess_usd)
        if traded_usd > 0:
            columns.traded[number] += traded_usd
            columns.lively_ms[number] = now_ms
            columns.gone[number] = False

    def guess_anew(self, numbers: Ints, usd: Floats) -> None:
        """Guess what accounts hold that were never asked, USD, in place of what was guessed before."""
        self._columns.guess[numbers] = usd

    @property
    def is_others(self) -> Bools:
        """Which accounts other processes ask for."""
        slots = self.column("slot")
        return np.zeros(len(slots), dtype=np.bool_) if self.slots is None else ~self.slots[slots]

    def largest(self, count: int) -> list[str]:
        """Return the accounts that held most when they were asked last, the largest first."""
        held = self.column("held")
        return [self.names[place] for place in np.argsort(-held, kind="stable")[:count] if held[place] > 0]

    def held_usd(self, name: str) -> float:
        """Return what an account held when it was asked last, USD; 0 for one that is not known."""
        number = self._numbers.get(name)
        return 0.0 if number is None else float(self._columns.held[number])

    def take_back(self, known: Iterable[KnownAccount]) -> None:
        """Take up accounts that an earlier run knew; their positions are still to be asked for."""
        for account in known:
            if account.address in self._numbers:
                continue
            number = self._enter(account.address, account.first_seen_ms)
            self._columns.guess[number] = self._columns.recalled[number] = account.notional_usd
            self._columns.lively_ms[number] = account.lively_ms
            self._changed.discard(number)

    def number(self, name: str, now_ms: int) -> int:
        """Return the number of an account, which is taken up where it was not known."""
        known = self._numbers.get(name)
        return self._enter(name, now_ms) if known is None else known

    def note_typed(self, name: str, now_ms: int) -> None:
        """Take up an account that somebody typed; it is written down only once it is found elsewhere."""
        if name not in self._numbers:
            self._typed.add(self._enter(name, now_ms))

    def is_busy(self, number: int) -> bool:
        """Return whether an account is being asked for."""
        return bool(self._columns.busy[number])

    def put_back(self, number: int) -> None:
        """Note that an account is not being asked for any more, and that nothing was said of it."""
        self._columns.busy[number] = False

    def begin(self, number: int) -> None:
        """Note that an account is being asked for."""
        self._columns.busy[number] = True

    def answer(self, number: int, reading: Reading, now_ms: int) -> None:
        """Take up what was read of an account, at `now_ms`: a node that lags behind is not asked the more."""
        columns = self._columns
        columns.busy[number] = False
        columns.polled_ms[number] = now_ms
        columns.traded[number] = columns.failures[number] = 0
        columns.held[number] = columns.guess[number] = reading.usd
        columns.unread[number] = sum(item.usd for item in reading.unread)
        self._held[number] = tuple(map(sys.intern, coins_of(reading)))
        if reading.rows:
            columns.lively_ms[number] = now_ms
        self._keep_nearest(number, reading)
        self._changed.add(number)
        self.answered += 1

    def fail(self, number: int, now_ms: int) -> None:
        """Note that an account was not answered: what is known of it stands, and it is asked again soon."""
        columns = self._columns
        columns.busy[number] = False
        wait_ms = min(RETRY_MS * 2 ** min(int(columns.failures[number]), 10), LONGEST_RETRY_MS)
        columns.retry_ms[number] = now_ms + wait_ms
        columns.failures[number] += 1
        self.failed += 1

    def held_coins(self, number: int) -> tuple[str, ...]:
        """Return the coins that an account held at its last answer; none before the first."""
        return self._held.get(number, ())

    def start_over(self) -> None:
        """Note that nobody is being asked for any more."""
        self._columns.busy[:] = False

    def marks(self, marks: Mapping[str, float]) -> Floats:
        """Return the mark of each of the roster's coins, NaN where it is not in `marks`."""
        return np.array([marks.get(coin, np.nan) for coin in self._coins] or [np.nan])

    def unsaved(self, at_most: int | None = None) -> list[KnownAccount]:
        """Return the accounts that have changed since they were last returned here, or some of them."""
        changed = sorted(self._changed - self._typed)[:at_most]
        self._changed -= set(changed)
        columns = self._columns
        return [
            KnownAccount(
                address=self.names[number],
                first_seen_ms=int(columns.found_ms[number]),
                polled_ms=int(columns.polled_ms[number]),
                lively_ms=int(columns.lively_ms[number]),
                notional_usd=float(columns.guess[number]),
            )
            for number in changed
        ]

    def still_unsaved(self, accounts: Iterable[KnownAccount]) -> None:
        """Note that accounts could not be saved."""
        self._changed.update(self._numbers[account.address] for account in accounts)

    def forget_idle(self, now_ms: int) -> list[str]:
        """Forget the accounts that were flat, and did not trade, for long; return them."""
        quiet = self.column("lively_ms") < now_ms - FORGOTTEN_AFTER_MS
        flat = (self.column("polled_ms") > 0) & (self.column("held") == 0)
        idle = np.flatnonzero(quiet & flat & ~self.column("gone"))
        self._columns.gone[idle] = True
        self._changed -= set(idle.tolist())
        return [self.names[number] for number in idle]

    def _is_asked(self) -> Bools:
        return (self.column("polled_ms") > 0) | (self.column("failures") >= ENOUGH_FAILURES)

    def _enter(self, name: str, found_ms: int) -> int:
        number = self._numbers[name] = len(self.names)
        self.names.append(name)
        if number >= len(self._columns.found_ms):
            self._grow()
        self._columns.found_ms[number] = found_ms
        self._columns.slot[number] = slot_of(name)
        self._changed.add(number)
        return number

    def _grow(self) -> None:
        old, new = self._columns, _Columns.of(2 * len(self._columns.found_ms))
        for name in _Columns.__slots__:
            getattr(new, name)[: len(old.found_ms)] = getattr(old, name)
        self._columns = new

    def _keep_nearest(self, number: int, reading: Reading) -> None:
        def distance(place: int) -> float:
            row = reading.rows[place]
            far = abs(row.liquidation / row.mark - 1)
            return far if far == far else np.inf  # noqa: PLR0124 - NaN is as far as can be

        nearest = sorted(range(len(reading.rows)), key=distance)[:NEAREST]
        rows, columns = [reading.rows[place] for place in nearest], self._columns
        columns.size[number] = 0.0
        for place, row in enumerate(rows):
            columns.coin[number, place] = self._coins.setdefault(row.coin, len(self._coins))
            columns.level[number, place] = row.liquidation
            columns.size[number, place] = abs(row.size)
