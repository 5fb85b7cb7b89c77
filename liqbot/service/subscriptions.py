"""What chats want to hear of."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from liqbot.alerts.states import Status
from liqbot.alerts.watching import decode_state
from liqbot.rules.hit import Hit, RuleFault
from liqbot.rules.loading import Rules
from liqbot.rules.parameters import ParameterError
from liqbot.service.errors import UserError
from liqbot.service.manner import take_manner
from liqbot.service.markets import Markets
from liqbot.service.previews import Previews, WouldHaveFired
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.store.subscriptions import Manner, Subscription, Watch

__all__ = ["Current", "Manner", "Subscribed", "SubscriptionAnswer", "Subscriptions", "Unread"]


class Unread(Exception):  # noqa: N818 - an answer about a watch, which whoever presents it puts into words
    """Nobody can say what a watch finds right now. The text says why, in a word of `Unread.REASONS`."""

    REASONS = ("rule not loaded", "no data", "wrong parameters", "rule fails")


@dataclass(frozen=True, slots=True)
class Current:
    """What a watch's rule says of the newest view."""

    hits: tuple[str, ...] = ()
    """What it finds, in its words."""
    unread: str = ""
    """Why it says nothing, one of `Unread.REASONS`; empty where it does."""


@dataclass(frozen=True, slots=True)
class SubscriptionAnswer:
    """A chat's subscription, and how it stands."""

    number: int
    rule: str
    coin: str
    parameters: str
    """Those that differ from the default, as they are typed: `within=3% at_least=$10M`."""
    description: str
    """What it looks for, in a sentence; empty where the rule is not loaded."""
    manner: Manner
    paused: bool
    status: Status
    current: Current

    @property
    def line(self) -> str:
        """What to type to have it again, without the command: `near-cluster BTC within=3%`."""
        return f"{self.rule} {self.coin} {self.parameters}".rstrip()


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was asked for."""

    subscription: SubscriptionAnswer
    is_new: bool
    lately: WouldHaveFired | None
    """How often it would have fired; None where nothing is known of that time."""


class Subscriptions:
    """Makes, lists, pauses and ends subscriptions."""

    def __init__(
        self, store: Store, rules: Rules, markets: Markets, previews: Previews, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._rules = rules
        self._markets = markets
        self._previews = previews
        self._clock = clock

    async def subscribe(
        self, chat: ChatKey, rule: str, coin: str, settings: Mapping[str, str], person: str = ""
    ) -> Subscribed:
        """Write a subscription down, with the `settings` as they were typed. Raises `UserError`."""
        subscription, is_new = await self.enter(chat, rule, coin, settings, person)
        found = self._rules.by_name[rule]
        values = found.form.restore(subscription.watch.parameters)
        lately = await self._previews.told(found, values, self._markets.view(coin))
        return Subscribed(await self._answer(subscription), is_new, lately)

    async def enter(
        self, chat: ChatKey, rule: str, coin: str, settings: Mapping[str, str], person: str = ""
    ) -> tuple[Subscription, bool]:
        """Write a subscription down; return it, and whether it is new. Raises `UserError`."""
        found = self._rules.by_name.get(rule)
        if found is None:
            raise UserError("There is no rule {rule}.", rule=rule)
        try:
            manner, own = take_manner(settings)
            parameters = found.form.canonical(found.form.parse(own))
        except ParameterError as error:
            raise UserError("{rule}: {reason}. See /help {rule}", rule=rule, reason=error) from None
        return await self._store.subscriptions.subscribe(
            chat,
            rule=rule,
            coin=coin,
            parameters=parameters,
            now_ms=self._clock(),
            manner=manner,
            person=person,
        )

    async def of(self, chat: ChatKey) -> list[SubscriptionAnswer]:
        """Return the subscriptions of a chat in the order of their numbers, each with how it stands."""
        return [await self._answer(item) for item in await self._store.subscriptions.of(chat)]

    async def numbers(self, chat: ChatKey) -> dict[int, str]:
        """Return the chat's subscriptions by number, each as it is typed."""
        mine = await self._store.subscriptions.of(chat)
        return {item.number: self.line(item.watch) for item in mine}

    async def unsubscribe(self, chat: ChatKey, number: int) -> str:
        """End a subscription; return it as it was typed. Raises `UserError`."""
        ended = await self._store.subscriptions.unsubscribe(chat, number)
        if ended is None:
            raise UserError("There is no subscription #{number} here. See /subscriptions", number=number)
        return self.line(ended.watch)

    async def pause(self, chat: ChatKey, numbers: Sequence[int], *, paused: bool) -> int:
        """Pause the chat's subscriptions of these numbers, or let them go on; return how many changed."""
        return await self._store.subscriptions.pause(chat, numbers, paused=paused)

    async def paused(self, chat: ChatKey) -> dict[int, bool]:
        """Return by number whether each of the chat's subscriptions is paused."""
        return {item.number: item.paused for item in await self._store.subscriptions.of(chat)}

    def line(self, watch: Watch) -> str:
        """Return a watch as it is typed, without what is the default."""
        return f"{watch.rule} {watch.coin} {self._parameters(watch)}".rstrip()

    def describe(self, watch: Watch) -> str:
        """Return what a watch looks for, in a sentence; empty where its rule is not loaded."""
        rule = self._rules.by_name.get(watch.rule)
        try:
            return "" if rule is None else rule.describe(rule.form.restore(watch.parameters))
        except ParameterError:
            return ""

    async def found(self, watch: Watch, state: bytes | None) -> Sequence[Hit]:
        """Return all that the watch's rule says of the newest view. Raises `Unread`."""
        rule, view = self._rules.by_name.get(watch.rule), self._markets.view(watch.coin)
        if rule is None:
            raise Unread("rule not loaded")
        if view is None:
            raise Unread("no data")
        decoded = decode_state(state)
        try:
            values = rule.form.restore(watch.parameters)
            return (await asyncio.to_thread(rule.read, view, values, decoded.memory)).hits
        except ParameterError:
            raise Unread("wrong parameters") from None
        except RuleFault:
            raise Unread("rule fails") from None

    def _parameters(self, watch: Watch) -> str:
        rule = self._rules.by_name.get(watch.rule)
        try:
            return "" if rule is None else rule.form.show(rule.form.restore(watch.parameters))
        except ParameterError:
            return watch.parameters

    async def _answer(self, item: Subscription) -> SubscriptionAnswer:
        watch = item.watch
        stored = await self._store.alerts.state(watch)
        try:
            on = {key for key, one in decode_state(stored).keys.items() if one.on}
            found = await self.found(watch, stored)
            current = Current(tuple(hit.text for hit in found if hit.key in on or not hit.holding))
        except Unread as why:
            current = Current(unread=str(why))
        return SubscriptionAnswer(
            number=item.number,
            rule=watch.rule,
            coin=watch.coin,
            parameters=self._parameters(watch),
            description=self.describe(watch),
            manner=item.manner,
            paused=item.paused,
            status=decode_state(stored).status,
            current=current,
        )
