"""Liquidations of an exchange as updates, each once: remembered by coin, side, second and size.

Not here: streaming and asking for them (`liquidation_feed.py`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from liqbot.market.margin import MarginTiers
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance
from liqbot.sources.exchanges.bankruptcy import liquidated_at
from liqbot.sources.exchanges.rows import Sieve, is_plausible
from liqbot.sources.exchanges.symbols import Instrument

_Key = tuple[str, Side, int, str]
REMEMBERED_S = 4 * 86_400
"""So far back a question about the past reaches at most, and a little more."""
FORGET_AT = 200_000
"""So many keys are remembered before old ones are looked for."""


@dataclass(frozen=True, slots=True)
class Report:
    """A liquidation as an exchange tells of it, in its own units."""

    time_ms: int
    side: Side | None
    price: float
    units: float
    sampled: bool = False


def liquidation_of(
    report: Report, instrument: Instrument, sieve: Sieve, *, bankrupt_by: MarginTiers | None = None
) -> Liquidation | None:
    """Return the liquidation in coins and USD; None, which is counted, where it makes no sense.

    Where the price told is the one at which the position is worth nothing, `bankrupt_by` are the tiers that
    lead from it to the price that liquidated it.
    """
    if report.side is None or not (is_plausible(report.price) and is_plausible(report.units)):
        sieve.refused["a liquidation without a side, a price or a size"] += 1
        return None
    price, coins = report.price / instrument.unit, report.units * instrument.unit
    if bankrupt_by is not None:
        price = liquidated_at(report.side, price, coins, bankrupt_by)
    return Liquidation(instrument.coin, report.time_ms, report.side, price, coins, sampled=report.sampled)


class OnceEach:
    """Tells each liquidation once.

    No exchange numbers them. Two of the same coin, side, second and size are the same where one of them was
    streamed and the other asked for; two that came the same way are two. Prices are no help: some are told by
    the order's limit here and by what was paid there.
    """

    def __init__(self) -> None:
        self._told: Counter[_Key] = Counter()
        self._streamed: Counter[_Key] = Counter()

    def streamed(self, event: Liquidation) -> Liquidation | None:
        """Return an event of the stream, None where it is known already."""
        key = _key(event)
        self._streamed[key] += 1
        if self._streamed[key] <= self._told[key]:
            return None
        self._told[key] = self._streamed[key]
        self._forget(key[2])
        return event

    def asked_for(self, events: Iterable[Liquidation]) -> list[Liquidation]:
        """Return those of one answer about the past that are not known yet, as backfilled, by time."""
        fresh: list[Liquidation] = []
        listed: Counter[_Key] = Counter()
        for event in sorted(events, key=lambda event: event.time_ms):
            key = _key(event)
            listed[key] += 1
            if listed[key] > self._told[key]:
                self._told[key] = listed[key]
                fresh.append(replace(event, provenance=Provenance.BACKFILLED))
        return fresh

    def _forget(self, now_s: int) -> None:
        if len(self._told) < FORGET_AT:
            return
        for counter in (self._told, self._streamed):
            for key in [key for key in counter if key[2] < now_s - REMEMBERED_S]:
                del counter[key]


def _key(event: Liquidation) -> _Key:
    return event.coin, event.side, event.time_ms // 1000, f"{event.size:.8g}"
