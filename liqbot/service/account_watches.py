"""Accounts that chats watch: begun, listed by name, and ended. Each is a subscription like any other."""

from collections.abc import Mapping
from dataclasses import dataclass

from liqbot.alerts.account_evaluator import last_seen
from liqbot.alerts.account_message import called, name_of
from liqbot.alerts.account_reading import thresholds
from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.market.accounts import AccountState
from liqbot.market.layer import Layer
from liqbot.rules.parameters import ParameterError
from liqbot.rules.wording import nearest, quoted
from liqbot.service.account_answer import AccountAnswer
from liqbot.service.account_previews import AccountPreview, AccountPreviews
from liqbot.service.accounts import Accounts, NoAccountError, NoAnswerError
from liqbot.service.addresses import address_of, looks_like_address
from liqbot.service.errors import UserError
from liqbot.service.quotas import Quotas
from liqbot.service.subscriptions import By, SubscriptionAnswer, Subscriptions
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.store.subscriptions import ACCOUNT_RULE, Subscription

NOBODY = By()


@dataclass(frozen=True, slots=True)
class WatchedAccount:
    """An account that a chat watches."""

    subscription: SubscriptionAnswer
    name: str
    """What the chat calls it; empty for no name."""
    near_pct: tuple[float, ...]
    """At how many percent from liquidation it warns, the farthest first."""
    every_s: float | None
    """How often it is looked at; None where no source looks at it."""
    is_pushed: bool
    """Whether the venue tells of it by itself at present."""
    account: AccountAnswer | None
    """What it holds; None while nobody has seen that."""

    @property
    def address(self) -> str:
        """Its address."""
        return self.subscription.coin


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """An account that somebody asked to watch."""

    watched: WatchedAccount
    is_new: bool
    is_changed: bool
    """Whether it was watched already, and is now otherwise."""
    lately: AccountPreview | None = None
    """What it would have told lately; None where nothing is new, or no source looks at it."""


class AccountWatches:
    """Begins, lists and ends watches on accounts."""

    def __init__(
        self,
        store: Store,
        subscriptions: Subscriptions,
        accounts: Accounts,
        previews: AccountPreviews,
        quotas: Quotas,
    ) -> None:
        self._previews = previews
        self._quotas = quotas
        self._store = store
        self._subscriptions = subscriptions
        self._accounts = accounts
        accounts.kept = self._kept

    async def watch(
        self, chat: ChatKey, text: str, settings: Mapping[str, str], *, by: By = NOBODY
    ) -> WatchAnswer:
        """Watch an account from now on, or change how one is watched. Raises `UserError`."""
        account = await self.address(chat, text)
        before = await self._of_account(chat, account)
        if before is None:
            item, is_new = await self._subscriptions.enter(chat, ACCOUNT_RULE, account, settings, by=by)
            await self._accounts.settle()
            number, is_changed = item.number, False
        else:
            number, is_new, is_changed = before.number, False, bool(settings) or by.sets_until
            if is_changed:
                await self._subscriptions.edit(chat, number, settings, by=by)
        [watched] = await self._watched(chat, [number], looks=True)
        lately = await self._lately(chat, by, watched) if is_new or is_changed else None
        return WatchAnswer(watched, is_new, is_changed, lately)

    async def watching(self, chat: ChatKey) -> list[WatchedAccount]:
        """Return the accounts that a chat watches, as they were seen last."""
        numbers = [item.number for item in await self._mine(chat)]
        return await self._watched(chat, numbers, looks=False)

    async def unwatch(self, chat: ChatKey, text: str) -> str:
        """End the watch on an account, by its number, name or address; return the line that brings it back.

        Raises `UserError`.
        """
        mine = await self._mine(chat)
        if not mine:
            raise UserError("This chat watches no account. Begin with /watch ADDRESS")
        bare = text.lstrip("#")
        chosen = next((item for item in mine if bare.isdecimal() and item.number == int(bare)), None)
        if chosen is None:
            account = await self.address(chat, text)
            chosen = next((item for item in mine if item.watch.coin == account), None)
        if chosen is None:
            raise UserError("This chat does not watch {account}. See /watching", account=quoted(text))
        line = await self._subscriptions.unsubscribe(chat, chosen.number)
        await self._accounts.settle()
        return line

    async def address(self, chat: ChatKey, text: str) -> str:
        """Return the address that is meant: one that is typed, or that of a name of the chat's own.

        Raises `UserError`.
        """
        names = {name_of(item.watch.parameters).lower(): item.watch.coin for item in await self._mine(chat)}
        named = names.get(text.strip().lower()) if text.strip() else None
        if named is not None:
            return named
        near = nearest(text, [name for name in names if name], cutoff=0.7)
        if near is not None and not looks_like_address(text):
            raise UserError(
                "There is no account {text} here. Did you mean {near}?",
                text=quoted(text),
                near=near,
                instead=(text, near),
            )
        return address_of(text)

    async def names(self, chat: ChatKey) -> dict[str, str]:
        """Return what the accounts that a chat watches are called, by address."""
        return {
            item.watch.coin: called(item.watch.coin, item.watch.parameters) for item in await self._mine(chat)
        }

    async def account(self, chat: ChatKey, text: str) -> tuple[AccountAnswer, str]:
        """Return what an account holds, and what the chat calls it; empty for no name. Raises `UserError`."""
        account = await self.address(chat, text)
        names = {item.watch.coin: name_of(item.watch.parameters) for item in await self._mine(chat)}
        return await self._accounts.account(account, chat), names.get(account, "")

    async def _lately(self, chat: ChatKey, by: By, watched: WatchedAccount) -> AccountPreview | None:
        try:
            place = self._accounts.place_of(watched.address)
        except NoAccountError:
            return None
        if not self._quotas.may_preview(chat, by.person):
            return AccountPreview("skipped")
        item = await self._of_account(chat, watched.address)
        values = _values("" if item is None else item.watch.parameters)
        held = () if watched.account is None else watched.account.positions
        return await self._previews.lately(place, watched.address, values, [one.coin for one in held])

    async def _mine(self, chat: ChatKey) -> list[Subscription]:
        return [item for item in await self._store.subscriptions.of(chat) if item.watch.is_of_account]

    async def _of_account(self, chat: ChatKey, account: str) -> Subscription | None:
        return next((item for item in await self._mine(chat) if item.watch.coin == account), None)

    async def _watched(self, chat: ChatKey, numbers: list[int], *, looks: bool) -> list[WatchedAccount]:
        found: list[WatchedAccount] = []
        items = {item.number: item for item in await self._mine(chat)}
        for answer in await self._subscriptions.of(chat, numbers):
            item = items[answer.number]
            values = _values(item.watch.parameters)
            account, every_s, is_pushed = await self._seen(chat, item, looks=looks)
            found.append(
                WatchedAccount(
                    subscription=answer,
                    name=name_of(item.watch.parameters),
                    near_pct=thresholds(float(values["near"])),
                    every_s=every_s,
                    is_pushed=is_pushed,
                    account=account,
                )
            )
        return found

    async def _kept(self, account: str, layer: Layer) -> AccountState | None:
        """Return how an account was seen last, by what is kept with the watches on it."""
        return await last_seen(self._store.alerts, account, layer)

    async def _seen(
        self, chat: ChatKey, item: Subscription, *, looks: bool
    ) -> tuple[AccountAnswer | None, float | None, bool]:
        """Return what an account holds, how often it is looked at, and whether the venue tells of it."""
        account = item.watch.coin
        try:
            place = self._accounts.place_of(account)
        except NoAccountError:
            return None, None, False
        how = place.watch.interval_s, place.watch.is_pushed(account)
        if looks:
            try:
                return await self._accounts.account(account, chat), *how
            except (NoAnswerError, UserError):
                return None, *how
        state = place.watch.newest(account) or await self._kept(account, place.layer)
        return None if state is None else self._accounts.answer(place, state), *how


def _values(parameters: str) -> dict[str, float | str]:
    try:
        return WATCH_ACCOUNT.form.restore(parameters)
    except ParameterError:
        return WATCH_ACCOUNT.form.defaults()
