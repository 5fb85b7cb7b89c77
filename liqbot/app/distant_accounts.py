"""Accounts as a process sees them whose sources are followed by another: it looks at none itself.

Who is to be watched stands in the store, where the process that follows the source finds it; what that has
seen stands there too.
"""

from collections.abc import Sequence

from liqbot.market.accounts import AccountState
from liqbot.sources.source import AccountListener, AccountWatch


class DistantAccounts:
    """An `AccountWatch` that leaves all looking to another process: one address has one budget."""

    def __init__(self, watch: AccountWatch) -> None:
        """`watch` is that of the source, which is not followed here: it says what may be an account."""
        self._watch = watch

    @property
    def interval_s(self) -> float:
        """After how many seconds each account is looked at again, as far as that is known here."""
        return self._watch.interval_s

    @property
    def oldest_s(self) -> float:
        """How many seconds old a state gets, as far as that is known here."""
        return self._watch.oldest_s

    def watch(self, account: str, known: AccountState | None = None) -> float:
        """Do nothing: the other process finds in the store who is to be watched."""
        del account, known
        return self._watch.oldest_s

    def unwatch(self, account: str) -> None:
        """Do nothing, as above."""

    def newest(self, account: str) -> None:
        """Return nothing: what was seen is in the store."""
        del account

    def is_pushed(self, account: str) -> bool:
        """Return that nothing is known of that here."""
        del account
        return False

    def knows(self, account: str) -> bool:
        """Return whether an address may be an account."""
        return self._watch.knows(account)

    def examples(self, count: int) -> Sequence[str]:
        """Return nobody: whom the source knows, it knows in the other process."""
        del count
        return ()

    async def look(self, account: str) -> None:
        """Return nothing, as above."""
        del account

    async def past_trades(self, account: str, since_ms: int) -> None:
        """Return nothing, as above."""
        del account, since_ms

    def listen(self, listener: AccountListener) -> None:
        """Tell nothing."""
