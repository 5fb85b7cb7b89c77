"""Hyperliquid's liquidations put together: from trades, streamed fills, and looks at accounts.

Each is told once and says how it became known: a *backstop* from the trades of everybody, a fill of an
account that is streamed, or *inferred*. They are a part of all (`sampled`). Where a node or a provider tells
of all liquidations, nothing is told here.

Not here: inferring (`inferred.py`), vaults (`backstops.py`), telling each once (`liquidation_register.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from liqbot.market.updates import AssetContext, Liquidation
from liqbot.sources.hyperliquid.backstops import Backstops
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.fills import AccountFill, liquidation_in
from liqbot.sources.hyperliquid.inferred import InferredLiquidations
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.payloads import Trade
from liqbot.sources.hyperliquid.reading import Reading

LATE_MS, PAST_MS = 30_000, 600_000
"""A fill that is older than the one counts as asked for afterwards; one older than the other, not at all."""


class Liquidations:
    """Finds liquidations in what is told of other things."""

    def __init__(
        self,
        clock: Clock,
        register: LiquidationRegister,
        take: Callable[[Liquidation], None],
        *,
        all_are_told: bool,
    ) -> None:
        """Hand each to `take`; none where another feed tells of all."""
        self._clock = clock
        self._register = register
        self._take = take
        self._all_are_told = all_are_told
        self._backstops = Backstops(register)
        self._inferred = InferredLiquidations(register)

    def in_trades(self, trades: Sequence[Trade]) -> None:
        """Look for backstop liquidations among trades."""
        if self._all_are_told:
            return
        for liquidation in self._backstops.among(trades, self._clock.now_ms()):
            self._take(liquidation)

    def in_fills(self, fills: Sequence[AccountFill]) -> None:
        """Look at the fills of streamed accounts; at the start they tell of long ago as well."""
        now_ms = self._clock.now_ms()
        for one in fills:
            fill = one.fill
            is_old = fill.time < now_ms - PAST_MS
            if self._all_are_told or fill.liquidation is None or is_old:
                continue
            liquidation = liquidation_in(one, now_ms, late_ms=LATE_MS)
            if liquidation is not None and self._register.is_new(fill.coin, fill.tid):
                self._take(replace(liquidation, sampled=True))

    def in_reading(self, reading: Reading) -> None:
        """Conclude from a look at an account, and from the one before, what was liquidated."""
        if self._all_are_told:
            return
        for liquidation in self._inferred.compare(reading):
            self._take(liquidation)

    def hear(self, context: AssetContext) -> None:
        """Take up a price."""
        if not self._all_are_told:
            self._inferred.hear(context.coin, context.time_ms, context.mark)
