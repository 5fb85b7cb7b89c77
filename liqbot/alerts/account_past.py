"""What a watch on an account would have told of its past trades: the same reading as of looks. Pure.

Of the past a venue tells trades, and neither margin nor liquidation prices: how near an account came to its
liquidation is not known afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from liqbot.alerts.account_reading import AccountMemory, read_liquidation, read_state
from liqbot.market.accounts import AccountState, Change, HeldPosition, PastTrade
from liqbot.market.positions import MarginMode
from liqbot.rules.parameters import Value


@dataclass(frozen=True, slots=True)
class PastAlert:
    """Something that would have been told."""

    time_ms: int
    change: Change
    coin: str


@dataclass(slots=True)
class _Held:
    """What an account holds after some of its trades."""

    account: str
    sizes: dict[str, float] = field(default_factory=dict[str, float])
    prices: dict[str, float] = field(default_factory=dict[str, float])

    def take(self, trade: PastTrade, *, is_done: bool = True) -> None:
        """Take up a trade, or, where it `is_done` not yet, only what it found."""
        self.sizes[trade.coin] = trade.after if is_done else trade.before
        self.prices[trade.coin] = trade.price

    def at(self, time_ms: int) -> AccountState:
        """Return it as a look at that time would have shown it, but for margin and levels."""
        return AccountState(
            self.account,
            time_ms,
            tuple(
                HeldPosition(coin, size, price, None, None, MarginMode.UNKNOWN, mark=price)
                for coin, size in self.sizes.items()
                if size and (price := self.prices[coin])
            ),
        )


def past_alerts(
    account: str, trades: Sequence[PastTrade], values: Mapping[str, Value], look_ms: int
) -> list[PastAlert]:
    """Return what a watch with these parameters would have told of `trades`, in the order of time.

    It is looked at every `look_ms`: what happens within that time is told as one.
    """
    ordered = sorted(trades, key=lambda trade: trade.time_ms)
    if not ordered:
        return []
    held, memory = _Held(account), AccountMemory()
    for trade in reversed(ordered):  # the first of each coin says what was held before
        held.take(trade, is_done=False)
    memory, _first = read_state(memory, held.at(ordered[0].time_ms - 1), values)
    told: list[PastAlert] = []
    for look in _looks(ordered, look_ms):
        for trade in look:
            held.take(trade)
            if trade.liquidation is not None:
                memory = read_liquidation(memory, trade.liquidation)
        state = held.at(look[-1].time_ms)
        memory, hits = read_state(memory, state, values)
        for hit in hits:
            kind, _colon, coin = hit.key.partition(":")
            told.append(PastAlert(state.time_ms, Change(kind), coin))
    return told


def _looks(trades: Sequence[PastTrade], look_ms: int) -> Iterator[list[PastTrade]]:
    """Yield the trades that one look shows."""
    look: list[PastTrade] = []
    for trade in trades:
        if look and trade.time_ms >= look[0].time_ms + max(look_ms, 1):
            yield look
            look = []
        look.append(trade)
    if look:
        yield look
