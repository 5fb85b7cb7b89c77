"""Accounts for tests, in two lines, and a venue that looks at them as a test says.

venue = AccountVenue(state(held("BTC", 2, at=95)))
services = Services(…, places=[venue.place])
"""

from liqbot.market.accounts import AccountState, HeldPosition
from liqbot.market.layer import Basis, Layer
from liqbot.market.positions import MarginMode
from liqbot.service.accounts import AccountPlace

ANN, BOB = f"0xa11ce{'0' * 34}1", f"0xb0b{'0' * 36}2"
LIVE = Layer("Hyperliquid", Basis.MEASURED)


def held(coin="BTC", size=2.0, at=95.0, mark=100.0, entry=100.0, **more):
    settings = {"leverage": 10.0, "mode": MarginMode.CROSS} | more
    return HeldPosition(coin, size, entry, at, mark=mark, **settings)


def state(*positions, account=ANN, time_ms=0, **more):
    return AccountState(account, time_ms, positions, **more)


class AccountVenue:
    """A venue that knows what it was told; silent where it was told so. An `AccountWatch`."""

    def __init__(self, *states, layer=LIVE, knows=None):
        self.states = {one.account: one for one in states}
        self.place = AccountPlace("hyperliquid", layer, self)
        self.is_silent = False
        self.looks = []
        self.past = None
        self.wanted = []
        self.known = {}
        self.interval_s = self.oldest_s = 5.0
        self._newest = {}
        self._listeners = []
        self._knows = knows

    def watch(self, account, known=None):
        self.wanted.append(account)
        self.known[account] = known
        if known is not None:
            self._newest.setdefault(account, known)
        return self.oldest_s

    def unwatch(self, account):
        if account in self.wanted:
            self.wanted.remove(account)
        if account not in self.wanted:
            self._newest.pop(account, None)

    def newest(self, account):
        return self._newest.get(account)

    def is_pushed(self, _account):
        return False

    def knows(self, account):
        return self._knows is None or account in self._knows

    def examples(self, count):
        return list(self.states)[:count]

    async def look(self, account):
        self.looks.append(account)
        if self.is_silent:
            return None
        return self.states.get(account, state(account=account))

    async def past_trades(self, _account, _since_ms):
        return self.past

    def listen(self, listener):
        self._listeners.append(listener)

    def tell(self, told):
        """Tell of a state, or of a liquidation."""
        if isinstance(told, AccountState):
            self.states[told.account] = self._newest[told.account] = told
        for listener in self._listeners:
            listener(told)
