"""Subscriptions: subscribing, listing, changing, pausing and ending watches; venue, role, until, once.

Not here: how alerts are brought (`delivery_options.py`), previews (`previews.py`).
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from liqbot.alerts.account_message import name_of
from liqbot.alerts.account_rule import rule_of
from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.states import Status, WatchState
from liqbot.rules.hit import Hit
from liqbot.rules.parameters import ParameterError
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.wording import quoted
from liqbot.service.accounts import Accounts
from liqbot.service.addresses import address_of
from liqbot.service.current_readings import Current, CurrentReadings, Unread
from liqbot.service.delivery_options import ROLE, take_options
from liqbot.service.errors import UserError
from liqbot.service.markets import Markets
from liqbot.service.previews import Previews, WouldHaveFired
from liqbot.service.quotas import DAY_S, Quotas
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.store.subscriptions import ACCOUNT_RULE, Manner, Subscription, Watch

__all__ = ["By", "Current", "Manner", "Subscribed", "SubscriptionAnswer", "Subscriptions"]


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
    venue: str = ""
    """Which layer was asked for: empty for the best there is, `measured`, `modelled`, or a venue."""
    layer: str = ""
    """The label of the layer that it reads now; empty where there is none yet."""

    @property
    def line(self) -> str:
        """What to type to have it again, without the command: `near-cluster BTC within=3%`."""
        return _line(self.rule, self.coin, self.venue, self.parameters)


@dataclass(frozen=True, slots=True)
class By:
    """Who subscribes, and what only the place where they do so knows."""

    person: str = ""
    """The platform's id of who it is; empty for nobody in particular."""
    check_role: Callable[[str], str] | None = None
    """Returns why the role of an id cannot be pinged, empty where it can; None where there are no roles."""
    until_ms: int | None = None
    """When the subscription is to end; None for never."""
    sets_until: bool = False
    """Whether anything was said of its end."""


NOBODY = By()


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was asked for."""

    subscription: SubscriptionAnswer
    is_new: bool
    lately: WouldHaveFired | None
    """How often it would have fired; None where nothing is known of that time."""
    lacking: str = ""
    """Without what it can never fire, a `Need`; empty where it can."""


class Subscriptions:
    """Makes, lists, pauses and ends subscriptions."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        markets: Markets,
        previews: Previews,
        clock: Callable[[], int],
        *,
        quotas: Quotas,
        accounts: Accounts,
        readings: CurrentReadings,
    ) -> None:
        self._accounts = accounts
        self._readings = readings
        self._store = store
        self._rules = rules
        self._markets = markets
        self._previews = previews
        self._clock = clock
        self._quotas = quotas
        self._entering: WeakValueDictionary[ChatKey, asyncio.Lock] = WeakValueDictionary()
        """Held while a chat's subscriptions are counted, and one more is written down."""

    async def subscribe(
        self, chat: ChatKey, rule: str, coin: str, settings: Mapping[str, str], *, by: By = NOBODY
    ) -> Subscribed:
        """Write a subscription down, with the `settings` as they were typed. Raises `UserError`."""
        subscription, is_new = await self.enter(chat, rule, coin, settings, by=by)
        person = by.person
        found = self._rules.by_name[rule]
        values = found.form.restore(subscription.watch.parameters)
        view = self._markets.watched(coin, subscription.watch.venue)
        if self._quotas.may_preview(chat, person):
            lately = await self._previews.told(found, values, view)
        else:
            lately = WouldHaveFired("skipped")
        [answer] = await self._answers([subscription])
        return Subscribed(answer, is_new, lately, self._markets.lacking(found.needs, coin, answer.venue))

    async def enter(
        self, chat: ChatKey, rule: str, coin: str, settings: Mapping[str, str], *, by: By = NOBODY
    ) -> tuple[Subscription, bool]:
        """Write a subscription down; return it, and whether it is new. Raises `UserError`.

        How the alerts of one that is there already are brought stays as it was where nothing else is said.
        """
        found = rule_of(self._rules, rule)
        if found is None:
            raise UserError("There is no rule {rule}.", rule=rule)
        is_of_account = rule == ACCOUNT_RULE
        if is_of_account:
            coin = address_of(coin)
            self._accounts.place_of(coin)
        async with self._entering.setdefault(chat, asyncio.Lock()):
            mine = await self._store.subscriptions.of(chat)
            try:
                given, own = take_options(settings)
                venue = "" if is_of_account else self._markets.venue(coin, own.pop("venue", ""))
                parameters = found.form.canonical(found.form.parse(own))
                wanted = _Wanted(rule, coin, parameters, venue)
                before = next((item for item in mine if wanted == _Wanted.of(item.watch)), None)
                manner = given if before is None else take_options(settings, before.manner)[0]
            except ParameterError as error:
                raise UserError("{rule}: {reason} (/help {rule})", rule=rule, reason=error) from None
            manner = _checked(manner, settings, by, manner.until_ms)
            if is_of_account:
                _require_free_name(mine, parameters, but_not=0 if before is None else before.number)
            if before is None:
                await self._require_room(chat, by.person, wanted, len(mine))
            return await self._store.subscriptions.subscribe(
                chat,
                rule=rule,
                coin=coin,
                parameters=parameters,
                now_ms=self._clock(),
                venue=venue,
                manner=manner,
            )

    async def edit(
        self, chat: ChatKey, number: int, settings: Mapping[str, str], *, by: By = NOBODY
    ) -> SubscriptionAnswer:
        """Change what a subscription looks for, or how its alerts are brought; the rest stays.

        Raises `UserError`.
        """
        async with self._entering.setdefault(chat, asyncio.Lock()):
            mine = {item.number: item for item in await self._store.subscriptions.of(chat)}
            item = mine.get(number)
            if item is None:
                raise UserError("There is no subscription #{number} here. See /subscriptions", number=number)
            watch = item.watch
            found = rule_of(self._rules, watch.rule)
            if found is None:
                raise UserError("The rule {rule} is not loaded, so it cannot be changed.", rule=watch.rule)
            try:
                manner, own = take_options(settings, item.manner)
                venue = watch.venue
                if "venue" in own and not watch.is_of_account:
                    venue = self._markets.venue(watch.coin, own.pop("venue"))
                parsed = found.form.parse(own)
                values = found.form.restore(watch.parameters)
                named = {found.form.plain(name) for name in own}
                values |= {name: value for name, value in parsed.items() if name in named}
                parameters = found.form.canonical(values)
            except ParameterError as error:
                raise UserError("{rule}: {reason} (/help {rule})", rule=watch.rule, reason=error) from None
            manner = _checked(manner, settings, by, item.manner.until_ms)
            wanted = _Wanted(watch.rule, watch.coin, parameters, venue)
            twin = next(
                (one for one in mine.values() if one is not item and _Wanted.of(one.watch) == wanted), None
            )
            if twin is not None:
                raise UserError("That is #{number} already. Nothing was changed.", number=twin.number)
            if watch.is_of_account:
                _require_free_name(mine.values(), parameters, but_not=number)
            if wanted != _Wanted.of(watch):
                await self._require_room(chat, by.person, wanted, len(mine) - 1)
            changed = await self._store.subscriptions.change(
                chat, number, parameters=parameters, venue=venue, manner=manner
            )
        if changed is None:  # it was ended meanwhile
            raise UserError("There is no subscription #{number} here. See /subscriptions", number=number)
        [answer] = await self._answers([changed])
        return answer

    async def unsubscribe_all(self, chat: ChatKey) -> list[str]:
        """End all subscriptions of a chat; return each as it is typed, to have it again."""
        ended = [(item.number, self.short(item)) for item in await self._store.subscriptions.of(chat)]
        for number, _line_of_it in ended:
            await self._store.subscriptions.unsubscribe(chat, number)
        return [line for _number, line in ended]

    async def shared(self, chat: ChatKey) -> list[str]:
        """Return the subscriptions of a chat as another chat can take them over, each as it is typed."""
        return [self.short(item) for item in await self._store.subscriptions.of(chat)]

    def short(self, item: Subscription) -> str:
        """Return a subscription as it is typed, with nothing that is the default.

        A role is left out, which means nothing elsewhere, and so is its end.
        """
        watch, rule = item.watch, rule_of(self._rules, item.watch.rule)
        try:
            given = "" if rule is None else rule.form.show_changed(rule.form.restore(watch.parameters))
        except ParameterError:
            given = ""
        manner = item.manner
        words = [
            _line(watch.rule, watch.coin, watch.venue, given),
            "silent=yes" if manner.silent else "",
            f"digest={manner.digest}" if manner.digest != "off" else "",
            "once=yes" if manner.once else "",
        ]
        return " ".join(word for word in words if word)

    async def _require_room(self, chat: ChatKey, person: str, wanted: "_Wanted", held: int) -> None:
        """Raise `UserError` where a chat, a person or the whole bot has as many subscriptions as it may.

        `held` are those of the chat.
        """
        quotas, access = self._quotas, self._store.access
        if wanted.rule == ACCOUNT_RULE:
            await self._require_room_for_account(chat, wanted.coin)
        if 0 < quotas.most("subscriptions", *chat[:2]) <= held:
            raise quotas.exceeded("subscriptions", *chat[:2])
        is_shared = await access.is_watched(
            rule=wanted.rule, coin=wanted.coin, venue=wanted.venue, parameters=wanted.parameters
        )
        if not is_shared:
            if 0 < quotas.most("watches", *chat[:2]) <= await access.only_here(chat):
                raise quotas.exceeded("watches", *chat[:2])
            if 0 < quotas.most("watches_in_all", *chat[:2]) <= await access.watches():
                raise quotas.exceeded("watches_in_all", *chat[:2])
        wait_s = quotas.take("subscriptions_person", chat.kind, person, span_s=DAY_S)
        if wait_s:
            raise quotas.exceeded("subscriptions_person", chat.kind, person, wait_s)

    async def _require_room_for_account(self, chat: ChatKey, account: str) -> None:
        """Raise `UserError` where a chat, or the whole bot, watches as many accounts as it may."""
        quotas, alerts = self._quotas, self._store.alerts
        mine = {one.watch.coin for one in await self._store.subscriptions.of(chat) if one.watch.is_of_account}
        if account not in mine and 0 < quotas.most("accounts", *chat[:2]) <= len(mine):
            raise quotas.exceeded("accounts", *chat[:2])
        watched = {one.coin for one in await alerts.watches_of_rule(ACCOUNT_RULE)}
        if account not in watched and 0 < quotas.most("accounts_in_all", *chat[:2]) <= len(watched):
            raise quotas.exceeded("accounts_in_all", *chat[:2])

    async def of(self, chat: ChatKey, numbers: Collection[int] | None = None) -> list[SubscriptionAnswer]:
        """Return the subscriptions of a chat in the order of their numbers, each with how it stands.

        `numbers` are those that are wanted; None for all.
        """
        mine = await self._store.subscriptions.of(chat)
        return await self._answers([item for item in mine if numbers is None or item.number in numbers])

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
        return _line(watch.rule, watch.coin, watch.venue, self._parameters(watch))

    def describe(self, watch: Watch) -> str:
        """Return what a watch looks for, in a sentence; empty where its rule is not loaded."""
        rule = rule_of(self._rules, watch.rule)
        try:
            return "" if rule is None else rule.describe(rule.form.restore(watch.parameters))
        except ParameterError:
            return ""

    def _parameters(self, watch: Watch) -> str:
        rule = rule_of(self._rules, watch.rule)
        try:
            return "" if rule is None else rule.form.show_changed(rule.form.restore(watch.parameters))
        except ParameterError:
            return ""

    async def _answers(self, items: Sequence[Subscription]) -> list[SubscriptionAnswer]:
        states = [decode_state(await self._store.alerts.state(item.watch)) for item in items]
        found = await self._readings.of(list(zip((item.watch for item in items), states, strict=True)))
        return [self._answer(*one) for one in zip(items, states, found, strict=True)]

    def _answer(
        self, item: Subscription, state: WatchState, found: Sequence[Hit] | Unread
    ) -> SubscriptionAnswer:
        if isinstance(found, Unread):
            current = Current(unread=str(found))
        else:
            on = {key for key, one in state.keys.items() if one.on}
            current = Current(tuple(hit.text for hit in found if hit.key in on or not hit.holding))
        watch = item.watch
        view = None if watch.is_of_account else self._markets.watched(watch.coin, watch.venue)
        return SubscriptionAnswer(
            number=item.number,
            rule=watch.rule,
            coin=watch.coin,
            parameters=self._parameters(watch),
            description=self.describe(watch),
            manner=item.manner,
            paused=item.paused,
            status=state.status,
            current=current,
            venue=watch.venue,
            layer="" if view is None else view.layer.label,
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A watch as it is asked for."""

    rule: str
    coin: str
    parameters: str
    venue: str

    @staticmethod
    def of(watch: Watch) -> "_Wanted":
        """Return what a watch was made of."""
        return _Wanted(watch.rule, watch.coin, watch.parameters, watch.venue)


def _checked(manner: Manner, written: Mapping[str, str], by: By, until_ms: int | None) -> Manner:
    """Return how alerts are to be brought, with the end that was asked for. Raises `UserError` for a role."""
    names = {name.lower() for name in written}
    if ROLE in names and manner.role is not None:
        if by.check_role is None:
            raise UserError("There are no roles to ping here.")
        unable = by.check_role(manner.role)
        if unable:
            raise UserError("{reason}", reason=unable)
    return replace(manner, until_ms=by.until_ms if by.sets_until else until_ms)


def _require_free_name(mine: Iterable[Subscription], parameters: str, *, but_not: int) -> None:
    """Raise `UserError` where another account of the chat has the name that these parameters give."""
    given = name_of(parameters)
    for item in mine:
        is_other = item.watch.is_of_account and item.number != but_not
        if given and is_other and name_of(item.watch.parameters).lower() == given.lower():
            raise UserError("#{number} is called {name} already.", number=item.number, name=quoted(given))


def _line(rule: str, coin: str, venue: str, parameters: str) -> str:
    words = [rule, coin, f"venue={venue}" if venue else "", parameters]
    return " ".join(word for word in words if word)
