"""The commands about single alerts: how one stands now, why it came, and what one is like."""

from collections.abc import AsyncIterator

import structlog

from liqbot.alerts.states import Reason
from liqbot.alerts.telling import TONES, alert_buttons, headline
from liqbot.alerts.timing import local_time
from liqbot.alerts.watching import decode_state
from liqbot.chat.command import AlertNumber, Ask, Coin, Refusal, RuleName, command
from liqbot.chat.times import told_rest, told_zone
from liqbot.market.figures import duration, price, usd
from liqbot.market.view import MarketView
from liqbot.market.wire import WireError
from liqbot.message import Message
from liqbot.rules.parameters import ParameterError
from liqbot.rules.rule import Hit, Rule, RuleFault
from liqbot.store.alerts import Alert, Told
from liqbot.store.subscriptions import Subscription, Watch

_log = structlog.get_logger()

_WHY = {
    Reason.FIRST: "it was new.",
    Reason.AGAIN: "it was back, after it had been over.",
    Reason.ESCALATED: "it has grown a lot since the last alert of it.",
    Reason.REPEAT: "it was still so, and reminders are on (repeat=).",
    Reason.RESOLVED: "it was over, and you asked to hear of that (resolved=yes).",
    Reason.SAMPLE: "somebody here asked for a test.",
}
_NOTHING = "nothing of the kind right now; a real alert says here what it saw"
_STATUS = {
    "sent": "arrived",
    "due": "on its way",
    "sending": "on its way",
    "unknown": "may have arrived; sent again to be sure",
    "held": "kept back, comes in one message with others",
    "failed": "could not be delivered",
    "expired": "too old by the time it could be sent",
}


@command(public=True)
async def alert(ask: Ask, number: AlertNumber) -> Message:
    """An alert of this chat, and how things stand now."""
    told = await _told(ask, number)
    view = ask.desk.views.get(told.alert.coin)
    if view is None:
        return Message(headline(told.alert), (f"No data of {told.alert.coin} at present.",))
    mine = await _subscription(ask, told.alert)
    return Message(
        title=headline(told.alert),
        lines=(f"Now: {await _now(ask, told.alert, mine, view)}", f"Spot {price(view.spot)}, {view.regime}."),
        tone=TONES[told.alert.hit.side],
        picture=await ask.desk.alert_picture(view),
        actions=alert_buttons(told.alert, None if mine is None else mine.number),
        time_ms=view.time_ms,
        provenance=f"{told.alert.rule} #{number} · {view.provenance}",
    )


@command
async def why(ask: Ask, number: AlertNumber) -> Message:
    """Why an alert came: what was seen, by which rule, and how it was delivered."""
    told = await _told(ask, number)
    return Message(
        headline(told.alert), tuple([line async for line in _reasons(ask, told)]), time_ms=told.alert.time_ms
    )


@command(manages=True)
async def test(ask: Ask, rule: RuleName, coin: Coin) -> Message:
    """See what an alert looks like: one is sent here, marked as a test."""
    chosen, view = ask.desk.rules.by_name[rule], ask.desk.views[coin]
    mine = [item for item in await ask.desk.store.subscriptions.of(ask.chat) if _is_of(item, rule, coin)]
    form = chosen.form
    parameters = mine[0].watch.parameters if mine else form.canonical(form.defaults())
    watch = Watch(0, rule, coin, parameters)
    settings = await ask.desk.store.chats.settings(ask.chat)
    hit = _sample(chosen, watch, view)
    await ask.desk.store.alerts.sample(ask.chat, watch, hit, view, ask.desk.clock())
    ask.desk.wake()
    rest = told_rest(settings, ask.desk.clock())
    return Message(
        f"A test alert is on its way: {rule} {coin}",
        () if rest is None else (f"{rest}: it comes after that.",),
    )


COMMANDS = (alert, why, test)


async def _told(ask: Ask, number: int) -> Told:
    told = await ask.desk.store.alerts.told(ask.chat, number)
    if told is None:
        raise Refusal(f"This chat got no alert #{number}. Alerts are kept for 30 days")
    return told


def _is_of(item: Subscription, rule: str, coin: str) -> bool:
    return (item.watch.rule, item.watch.coin) == (rule, coin)


async def _subscription(ask: Ask, alert: Alert) -> Subscription | None:
    wanted = (alert.rule, alert.coin, alert.parameters)
    mine = await ask.desk.store.subscriptions.of(ask.chat)
    return next((m for m in mine if (m.watch.rule, m.watch.coin, m.watch.parameters) == wanted), None)


async def _now(ask: Ask, alert: Alert, mine: Subscription | None, view: MarketView) -> str:
    """Return what the alert's rule says of its key in the newest view."""
    rule = ask.desk.rules.by_name.get(alert.rule)
    if rule is None:
        return "its rule is not loaded"
    state = decode_state(None if mine is None else await ask.desk.store.alerts.state(mine.watch))
    try:
        hits = rule.read(view, rule.form.restore(alert.parameters), state.memory).hits
    except (RuleFault, ParameterError):
        return "its rule fails; the operator's log names the line"
    hit = next((hit for hit in hits if hit.key == alert.hit.key), None)
    return "this no longer holds" if hit is None else hit.text


async def _reasons(ask: Ask, told: Told) -> AsyncIterator[str]:
    alert = told.alert
    yield f"Why: {_WHY[Reason(alert.reason)]}"
    yield f"You asked for: {ask.desk.words(Watch(0, alert.rule, alert.coin, alert.parameters))}"
    rule = ask.desk.rules.by_name.get(alert.rule)
    if rule is not None:
        yield rule.describe(_values(rule, alert))
        policy = rule.policy_for(_values(rule, alert))
        held = f"after it has lasted {duration(policy.hold)}; " if policy.hold else ""
        pause = f"at least {duration(policy.cooldown)} between" if policy.cooldown else "no pause between"
        yield f"When: {held}{pause} two alerts of the same"
    async for line in _market(ask, alert):
        yield line
    settings = await ask.desk.store.chats.settings(ask.chat)
    when = ""
    if told.sent_ms is not None:
        when = f" {local_time(settings, told.sent_ms):%a %H:%M:%S} {told_zone(settings.time_zone)}"
    tries = f", after {told.attempts} tries" if told.attempts > 1 else ""
    yield f"Delivery: {_STATUS[told.status]}{when}{tries}"


async def _market(ask: Ask, alert: Alert) -> AsyncIterator[str]:
    try:
        view = await ask.desk.store.alerts.view_of(alert)
    except WireError:
        return
    yield (
        f"The market then: {alert.coin} {price(view.spot)}, {view.regime}, "
        f"{usd(view.up_usd)} above and {usd(view.down_usd)} below within 5%"
    )
    yield view.provenance


def _values(rule: Rule, alert: Alert) -> dict[str, float | str]:
    try:
        return rule.form.restore(alert.parameters)
    except ParameterError:
        return rule.form.defaults()


def _sample(rule: Rule, watch: Watch, view: MarketView) -> Hit:
    """Return what the rule finds now; where that is nothing, a hit that says so."""
    try:
        hits = rule.read(view, rule.form.restore(watch.parameters), None).hits
    except ParameterError as error:
        raise Refusal(f"{rule.name} cannot be tested: {error}") from None
    except RuleFault as error:
        _log.error("a rule failed in a test", rule=rule.name, reason=str(error))
        raise Refusal(f"{rule.name} cannot be tested: it fails; the operator's log names the line") from None
    return hits[0] if hits else Hit("sample", _NOTHING)
