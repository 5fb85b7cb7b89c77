"""The commands with which a chat says what it wants to hear of."""

from collections.abc import Mapping

from liqbot.alerts.states import status_words
from liqbot.alerts.watching import decode_state
from liqbot.chat.command import Ask, Coin, Number, Refusal, RuleName, Settings, command
from liqbot.message import Button, Message
from liqbot.rules.parameters import ParameterError
from liqbot.rules.rule import Hit, RuleFault
from liqbot.store.subscriptions import Subscription, Watch


@command
async def subscribe(ask: Ask, rule: RuleName, coin: Coin, settings: Settings) -> Message:
    """Hear of it when a rule finds something: `/subscribe near-cluster BTC within=3% at_least=10M`.

    What is not given has its default; `/help RULE` lists what can be given.
    """
    subscription, is_new = enter(ask, rule, coin, settings)
    said = "Subscribed" if is_new else "You have that subscription already"
    return Message(
        title=f"{said}: #{subscription.number} {_words(ask, subscription.watch)}",
        lines=(ask.desk.rules.by_name[rule].summary, f"Right now: {_now(ask, subscription.watch)}"),
        buttons=(
            Button("Unsubscribe", f"/unsubscribe {subscription.number}"),
            Button("Subscriptions", "/subscriptions"),
        ),
    )


@command
async def subscriptions(ask: Ask) -> Message:
    """What this chat has subscribed to, how each stands, and what it says right now."""
    mine = ask.desk.store.subscriptions.of(ask.chat)
    if not mine:
        return Message("No subscriptions in this chat", ("Try /subscribe regime-flip BTC",))
    lines = [line for item in mine for line in _standing(ask, item)]
    buttons = [Button(f"Unsubscribe #{item.number}", f"/unsubscribe {item.number}") for item in mine]
    plural = "" if len(mine) == 1 else "s"
    return Message(f"{len(mine)} subscription{plural}", tuple(lines), buttons=tuple(buttons))


@command
async def unsubscribe(ask: Ask, number: Number) -> Message:
    """End a subscription by its number, as `/subscriptions` shows it."""
    ended = ask.desk.store.subscriptions.unsubscribe(ask.chat, number)
    if ended is None:
        raise Refusal(f"There is no subscription {number} here. See /subscriptions")
    return Message(f"Unsubscribed: #{ended.number} {_words(ask, ended.watch)}")


def enter(ask: Ask, rule: str, coin: str, settings: Mapping[str, str]) -> tuple[Subscription, bool]:
    """Write a subscription down; return it, and whether it is new. Raises `Refusal` for wrong settings."""
    form = ask.desk.rules.by_name[rule].form
    try:
        parameters = form.canonical(form.parse(settings))
    except ParameterError as error:
        raise Refusal(f"{rule}: {error}. See /help {rule}") from None
    return ask.desk.store.subscriptions.subscribe(
        ask.chat, rule=rule, coin=coin, parameters=parameters, now_ms=ask.desk.clock()
    )


COMMANDS = (subscribe, subscriptions, unsubscribe)


def _standing(ask: Ask, item: Subscription) -> list[str]:
    state = decode_state(ask.desk.store.outbox.state(item.watch))
    return [
        f"#{item.number} {_words(ask, item.watch)} — {status_words(state.keys)}",
        f"    {_now(ask, item.watch)}",
    ]


def _words(ask: Ask, watch: Watch) -> str:
    """Return a watch as it would be typed: `near-cluster BTC within=2% …`."""
    rule = ask.desk.rules.by_name.get(watch.rule)
    if rule is None:
        return f"{watch.rule} {watch.coin} (this rule is not loaded)"
    try:
        return f"{watch.rule} {watch.coin} {rule.form.show(rule.form.restore(watch.parameters))}"
    except ParameterError as error:
        return f"{watch.rule} {watch.coin} (no longer possible: {error})"


def _now(ask: Ask, watch: Watch) -> str:
    """Return what the watch's rule says of the newest view."""
    rule, view = ask.desk.rules.by_name.get(watch.rule), ask.desk.views.get(watch.coin)
    if rule is None:
        return "the rule is not loaded"
    if view is None:
        return f"no data of {watch.coin} yet"
    memory = decode_state(ask.desk.store.outbox.state(watch)).memory
    try:
        hits = rule.read(view, rule.form.restore(watch.parameters), memory).hits
    except (RuleFault, ParameterError) as error:
        return f"the rule failed: {error}"
    strong = [hit for hit in hits if not hit.holding]
    return _said(strong) if strong else f"nothing; {view.coin} is {view.regime}"


def _said(hits: list[Hit]) -> str:
    more = f" (and {len(hits) - 1} more)" if len(hits) > 1 else ""
    return f"{hits[0].text}{more}"
