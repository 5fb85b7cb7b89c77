"""Single accounts: where one can be looked at, and what it holds, with how far that is from liquidation."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from liqbot.market.accounts import AccountState
from liqbot.market.layer import Layer, Origin
from liqbot.service.account_answer import AccountAnswer, account_answer
from liqbot.service.addresses import address_of
from liqbot.service.errors import UserError
from liqbot.service.quotas import Quotas
from liqbot.sources.source import AccountWatch
from liqbot.store.chats import ChatKey
from liqbot.text.figures import listed

_log = structlog.get_logger()

PATIENCE_S = 12.0
"""Nobody waits longer for a look: then what was seen before is answered, or that there is nothing."""
FRESH_MS = 5_000
"""What was seen so lately is answered again without another look."""
MOST_KEPT = 200
"""So many looks are kept, for as long as they are fresh."""
EXAMPLES = 8
"""So many accounts are offered to whoever knows none."""
EVERYBODY = "everybody"
"""Under this name the looks of pages and programs are counted together."""


class NoAccountError(UserError):
    """There is no such account here, or no source that knows accounts."""


class NoAnswerError(UserError):
    """The venue does not answer at present."""


@dataclass(frozen=True, slots=True)
class AccountPlace:
    """A source that knows accounts by name."""

    name: str
    """Its name in `LIQBOT_SOURCES`."""
    layer: Layer
    watch: AccountWatch


async def _never_seen(account: str, layer: Layer) -> None:
    """Return that nothing is written down."""
    del account, layer


async def _nothing() -> None:
    """Watch nobody."""


class Accounts:
    """Looks at accounts."""

    def __init__(
        self,
        places: Sequence[AccountPlace],
        clock: Callable[[], int],
        quotas: Quotas,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`places` are the sources with accounts; `clock` tells ms since 1970 UTC."""
        # What is simulated knows its own few accounts, and an exchange takes every address for one.
        self.places = sorted(places, key=lambda place: place.layer.origin is Origin.LIVE)
        self._clock = clock
        self._quotas = quotas
        self._patience_s = patience_s
        self.settle: Callable[[], Awaitable[None]] = _nothing
        """Has the sources watch who is wanted by now, and nobody else."""
        self.kept: Callable[[str, Layer], Awaitable[AccountState | None]] = _never_seen
        """Returns how an account that somebody watches was seen last, by what is written down."""
        self._looks: dict[str, tuple[int, asyncio.Task[AccountState | None]]] = {}
        """By account: when it was looked at last, by the clock, and what came of it."""

    @property
    def examples(self) -> Mapping[str, str]:
        """Accounts for whoever knows none, by address, each with the name of its venue."""
        found: dict[str, str] = {}
        for place in self.places:
            found |= dict.fromkeys(place.watch.examples(EXAMPLES - len(found)), place.layer.venue)
        return found

    def place_of(self, account: str) -> AccountPlace:
        """Return where an account is to be looked at. Raises `UserError` where that is nowhere."""
        if not self.places:
            raise NoAccountError(
                "This bot cannot look at accounts: none of its sources tells who holds what. "
                "Hyperliquid does (LIQBOT_SOURCES=hyperliquid)."
            )
        found = next((place for place in self.places if place.watch.knows(account)), None)
        if found is None:
            raise NoAccountError(
                "{venues} has no account {account}. Try one of {examples}.",
                venues=listed([place.layer.venue for place in self.places]),
                account=account,
                examples=listed(list(self.examples)[:3]),
                instead=(account, next(iter(self.examples), "")),
            )
        return found

    def newest(self, account: str) -> AccountState | None:
        """Return the newest state of an account that is watched; None where nobody watches it here."""
        found = (place.watch.newest(account) for place in self.places)
        return next((one for one in found if one is not None), None)

    def forget(self) -> None:
        """Forget who was looked at in the last seconds."""
        self._looks.clear()

    async def account(self, text: str, chat: ChatKey | None = None) -> AccountAnswer:
        """Return what the account of an address holds. Raises `UserError`.

        A look is counted to the chat that asks for it, or to all pages and programs together.
        """
        account = address_of(text)
        place = self.place_of(account)
        state, is_newest = await self._seen(place, account, chat)
        return self.answer(place, state, is_newest=is_newest)

    async def state(self, text: str, chat: ChatKey | None = None) -> AccountState:
        """Return the same as it was seen. Raises `UserError`."""
        account = address_of(text)
        state, _is_newest = await self._seen(self.place_of(account), account, chat)
        return state

    async def _seen(
        self, place: AccountPlace, account: str, chat: ChatKey | None
    ) -> tuple[AccountState, bool]:
        """Return the newest state of an account, and whether that is how it stands now."""
        state = place.watch.newest(account)
        if state is not None and self._is_fresh(place, state):
            return state, True
        self._count(account, chat)
        looked = await self._look(place, account)
        state = _later(looked, place.watch.newest(account) or await self.kept(account, place.layer))
        if state is None:
            raise NoAnswerError(
                "{venue} does not answer at present, and nothing is known of this account yet. "
                "Try again in a minute.",
                venue=place.layer.venue,
            )
        return state, looked is not None

    def answer(self, place: AccountPlace, state: AccountState, *, is_newest: bool = True) -> AccountAnswer:
        """Return a state of an account as it is answered."""
        is_watched = place.watch.newest(state.account) is not None
        every_s = place.watch.interval_s if is_watched else None
        return account_answer(state, place.layer, is_newest=is_newest, watched_every_s=every_s)

    def _is_fresh(self, place: AccountPlace, state: AccountState) -> bool:
        """Return whether a state is as new as a look would be; a simulated market has a time of its own."""
        return place.layer.origin is not Origin.LIVE or self._clock() - state.time_ms < FRESH_MS

    def _count(self, account: str, chat: ChatKey | None) -> None:
        """Count a look. Raises `UserError` where that is one too many; to join another costs nothing."""
        if account in self._looks and self._clock() - self._looks[account][0] < FRESH_MS:
            return
        platform, native_id = ("web", EVERYBODY) if chat is None else (chat.kind, chat.native_id)
        wait_s = self._quotas.take("looks", platform, native_id)
        if wait_s:
            raise self._quotas.exceeded("looks", platform, native_id, wait_s)

    async def _look(self, place: AccountPlace, account: str) -> AccountState | None:
        """Look at an account, together with whoever asks for it at the same time; None without an answer."""
        now_ms = self._clock()
        for name in [name for name, (then_ms, _) in self._looks.items() if now_ms - then_ms >= FRESH_MS]:
            del self._looks[name]
        if account not in self._looks:
            while len(self._looks) >= MOST_KEPT:
                del self._looks[next(iter(self._looks))]
            self._looks[account] = (now_ms, asyncio.ensure_future(place.watch.look(account)))
        task = self._looks[account][1]
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(task)
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001 - however a look fails, it is answered
            _log.warning("account_look_failed", source=place.name, error=type(error).__name__)
            return None


def _later(one: AccountState | None, other: AccountState | None) -> AccountState | None:
    """Return the later of two states: of who is watched, more may be known than a look seconds ago told."""
    known = [state for state in (one, other) if state is not None]
    return max(known, key=lambda state: state.time_ms, default=None)
