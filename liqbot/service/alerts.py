"""Single alerts by number: how one stands now, why it came, a test of a rule; as typed answers.

Not here: the message (`alerts/alert_message.py`), accounts' alerts (`account_alerts.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from liqbot.alerts.account_rule import rule_of
from liqbot.alerts.evaluation import decode_state
from liqbot.market.view import MarketView
from liqbot.market.wire import WireError
from liqbot.message import Picture
from liqbot.rules.hit import Hit, RuleFault
from liqbot.rules.parameters import ParameterError
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Rule
from liqbot.rules.rule_calls import Question, ask_patiently
from liqbot.service.account_alerts import AccountAlerts
from liqbot.service.current_readings import Current, CurrentReadings, Unread
from liqbot.service.errors import UserError
from liqbot.service.market_answer import MarketAnswer, market_answer
from liqbot.service.markets import Markets
from liqbot.service.picture_query import PictureStyle
from liqbot.service.pictures import Pictures
from liqbot.service.previews import Previews
from liqbot.service.subscriptions import Subscriptions
from liqbot.store.alerts import Alert, Told
from liqbot.store.chats import ChatKey
from liqbot.store.deliveries import DeliveryStatus
from liqbot.store.store import Store
from liqbot.store.subscriptions import Subscription, Watch
from liqbot.text import N_, _

_log = structlog.get_logger()

NOTHING_NOW = N_("Nothing of the kind right now. A real alert says here what it saw.")


@dataclass(frozen=True, slots=True)
class AlertAnswer:
    """An alert of a chat, beside how things stand now."""

    alert: Alert
    subscription: int | None
    """The number of the chat's subscription that it comes from; None where that has ended."""
    market: MarketAnswer | None
    """How the market stands now; None without data."""
    still_holds: bool | None
    """Whether what it tells is still so; None where nobody can say."""
    current: Current
    """What its rule says of it now."""
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why an alert came."""

    alert: Alert
    watch: str
    """What was asked for, as it is typed."""
    description: str
    """What the rule looks for, in a sentence; empty where it is not loaded."""
    hold_s: float
    cooldown_s: float
    apart_s: float
    """Between alerts about different things at least so long, but for a far larger one; 0 for none."""
    market: MarketAnswer | None
    """How the market stood then; None where that can no longer be read."""
    status: DeliveryStatus
    """What became of it in the chat: `sent`, `due`, `sending`, `held`, `unknown`, `failed`, `expired`."""
    sent_ms: int | None
    attempts: int


class Alerts:
    """Answers questions about alerts that a chat has got."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        markets: Markets,
        pictures: Pictures,
        subscriptions: Subscriptions,
        *,
        readings: CurrentReadings,
        account_alerts: AccountAlerts,
        previews: Previews,
        clock: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        """`clock` tells the time in ms since 1970 UTC; `wake` lets what is due be sent at once."""
        self._store = store
        self._rules = rules
        self._markets = markets
        self._pictures = pictures
        self._subscriptions = subscriptions
        self._readings = readings
        self._account_alerts = account_alerts
        self._previews = previews
        self._clock = clock
        self._wake = wake

    async def newest(self, chat: ChatKey, limit: int) -> list[Alert]:
        """Return the newest alerts that have arrived in a chat, the newest first."""
        return await self._store.alerts.newest_of(chat, limit)

    async def latest(self, coin: str | None, limit: int) -> list[Alert]:
        """Return the newest alerts of a coin, or of all, whoever got them; no test alerts."""
        return await self._store.alerts.latest(coin, limit)

    async def alert(self, chat: ChatKey, number: int) -> AlertAnswer:
        """Return an alert and how things stand now. Raises `UserError` where the chat got none such."""
        alert = (await self._told(chat, number)).alert
        mine = await self._subscription(chat, alert)
        if alert.is_of_account:
            return await self._of_account(chat, alert, mine)
        view = self._markets.watched(alert.coin, alert.venue)
        current, still_holds = Current(unread="no data"), None
        if view is not None:
            current, still_holds = await self._current(alert, mine)
        return AlertAnswer(
            alert=alert,
            subscription=None if mine is None else mine.number,
            market=None if view is None else market_answer(view),
            still_holds=still_holds,
            current=current,
            picture=None if view is None else await self._picture(chat, view, alert),
        )

    async def _of_account(self, chat: ChatKey, alert: Alert, mine: Subscription | None) -> AlertAnswer:
        """Return an alert about an account, beside what it holds now."""
        number = None if mine is None else mine.number
        watch = Watch(0, alert.rule, alert.coin, alert.parameters) if mine is None else mine.watch
        state = None if mine is None else await self._store.alerts.state(mine.watch)
        held = self._readings.account(watch, decode_state(state))
        try:
            hits = await self._readings.found(watch, state)
        except Unread as why:
            current = Current(unread=str(why))
        else:
            current = Current(tuple(hit.text for hit in hits))
        return AlertAnswer(
            alert=alert,
            subscription=number,
            market=None,
            still_holds=None,
            current=current,
            picture=await self._account_alerts.picture_now(alert, held, await self._style(chat)),
        )

    async def reasons(self, chat: ChatKey, number: int) -> Reasons:
        """Return why an alert came. Raises `UserError` where the chat got none such."""
        told = await self._told(chat, number)
        alert = told.alert
        watch = Watch(0, alert.rule, alert.coin, alert.parameters, alert.venue)
        rule = rule_of(self._rules, alert.rule)
        policy = None if rule is None else rule.policy_for(_values(rule, alert))
        return Reasons(
            alert=alert,
            watch=self._subscriptions.line(watch),
            description="" if rule is None else rule.describe(_values(rule, alert)),
            hold_s=0.0 if policy is None else policy.hold,
            cooldown_s=0.0 if policy is None else policy.cooldown,
            apart_s=0.0 if policy is None else policy.apart,
            market=await self._market_then(alert),
            status=told.status,
            sent_ms=told.sent_ms,
            attempts=told.attempts,
        )

    async def sample(self, chat: ChatKey, rule: str, coin: str) -> None:
        """Send a chat a test alert: what the rule finds now, or else found last. Raises `UserError`."""
        chosen = self._rules.by_name[rule]
        mine = [
            item.watch
            for item in await self._store.subscriptions.of(chat)
            if (item.watch.rule, item.watch.coin) == (rule, coin)
        ]
        form = chosen.form
        watch = mine[0] if mine else Watch(0, rule, coin, form.canonical(form.defaults()))
        view = self._markets.watched(coin, watch.venue)
        if view is None:
            raise UserError("There is no data of {coin} yet. /status says what is being read.", coin=coin)
        hit = await _sample(chosen, watch, view)
        if hit is None:
            case = await self._previews.newest_case(chosen, form.restore(watch.parameters), view)
            hit, view = (Hit("sample", _(NOTHING_NOW)), view) if case is None else (case.hit, case.view)
        await self._store.alerts.sample(chat, watch, hit, view, self._clock())
        self._wake()

    async def sample_of_account(self, chat: ChatKey, account: str) -> None:
        """Send a chat a test alert of an account. Raises `UserError`."""
        await self._account_alerts.sample(chat, account)
        self._wake()

    async def _picture(self, chat: ChatKey, view: MarketView, alert: Alert) -> Picture | None:
        return await self._pictures.of_alert(view, alert.hit, await self._style(chat))

    async def _style(self, chat: ChatKey) -> PictureStyle:
        return PictureStyle.kept((await self._store.chats.settings(chat)).look)

    async def _told(self, chat: ChatKey, number: int) -> Told:
        told = await self._store.alerts.told(chat, number)
        if told is None:
            raise UserError("This chat got no alert A{number}. Alerts are kept for 30 days.", number=number)
        return told

    async def _subscription(self, chat: ChatKey, alert: Alert) -> Subscription | None:
        wanted = (alert.rule, alert.coin, alert.venue, alert.parameters)
        mine = await self._store.subscriptions.of(chat)
        return next((item for item in mine if _named(item.watch) == wanted), None)

    async def _current(self, alert: Alert, mine: Subscription | None) -> tuple[Current, bool | None]:
        """Return what the alert's rule says of its key in the newest view, and whether it still holds."""
        unwatched = Watch(0, alert.rule, alert.coin, alert.parameters, alert.venue)
        watch = unwatched if mine is None else mine.watch
        rule, view = self._rules.by_name.get(watch.rule), self._markets.watched(watch.coin, watch.venue)
        if rule is None or view is None:
            return Current(unread="rule not loaded" if rule is None else "no data"), None
        state = None if mine is None else await self._store.alerts.state(mine.watch)
        try:
            hits = await self._readings.found(watch, state)
        except Unread as why:
            return Current(unread=str(why)), None
        texts = tuple(hit.text for hit in hits if hit.key == alert.hit.key)[:1]
        return Current(texts), bool(texts)

    async def _market_then(self, alert: Alert) -> MarketAnswer | None:
        if alert.is_of_account:
            return None
        try:
            return market_answer(await self._store.alerts.view_of(alert))
        except WireError:
            return None


def _named(watch: Watch) -> tuple[str, str, str, str]:
    """Return what makes two watches the same."""
    return watch.rule, watch.coin, watch.venue, watch.parameters


def _values(rule: Rule, alert: Alert) -> dict[str, float | str]:
    try:
        return rule.form.restore(alert.parameters)
    except ParameterError:
        return rule.form.defaults()


async def _sample(rule: Rule, watch: Watch, view: MarketView) -> Hit | None:
    """Return what the rule finds now; None where that is nothing. Raises `UserError`."""
    try:
        values = rule.form.restore(watch.parameters)
    except ParameterError as error:
        raise UserError("{rule} cannot be tested: {reason}", rule=rule.name, reason=error) from None
    [answer] = await ask_patiently(view, [Question(rule, values)])
    if isinstance(answer, RuleFault):
        _log.error("rule_failed", rule=rule.name, in_test=True, reason=str(answer))
        raise UserError(
            "{rule} cannot be tested: it fails. The operator's log names the line.", rule=rule.name
        ) from None
    new = [hit for hit in answer.hits if not hit.holding]
    return new[0] if new else None
