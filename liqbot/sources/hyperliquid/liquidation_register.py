"""Which liquidations were told: several feeds may tell of one, and each tells some again after a break."""

from collections import OrderedDict

from liqbot.market.updates import Liquidation

REMEMBERED = 65_536
"""So many trades are known again."""
ACCOUNTS = 16_384
"""Of so many accounts and coins it is known when they were last liquidated."""


class LiquidationRegister:
    """Knows each liquidation by its trade, and who was liquidated lately."""

    def __init__(self) -> None:
        self._trades: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._lately: OrderedDict[tuple[str, str], int] = OrderedDict()

    def is_new(self, coin: str, tid: int) -> bool:
        """Return whether a trade was not told yet, and take note of it; without a number it always is new."""
        key = (coin, tid)
        if key in self._trades:
            return False
        if tid:
            self._trades[key] = None
            if len(self._trades) > REMEMBERED:
                self._trades.popitem(last=False)
        return True

    def note(self, liquidation: Liquidation) -> None:
        """Take note of who was liquidated."""
        if liquidation.account is None:
            return
        key = (liquidation.account, liquidation.coin)
        self._lately[key] = max(liquidation.time_ms, self._lately.pop(key, 0))
        if len(self._lately) > ACCOUNTS:
            self._lately.popitem(last=False)

    def was_told(self, account: str, coin: str, since_ms: int) -> bool:
        """Return whether a liquidation of an account was told that took place since then."""
        return self._lately.get((account, coin), 0) >= since_ms
