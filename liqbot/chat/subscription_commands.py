"""The commands with which a chat says what it wants to hear of."""

from collections.abc import Mapping

from liqbot.alerts.states import WatchState
from liqbot.alerts.watching import decode_state
from liqbot.chat.command import Ask, Coin, Number, Refusal, RuleName, Settings, command
from liqbot.chat.manner import take_manner, told_manner
from liqbot.chat.times import told_rest
from liqbot.market.figures import price
from liqbot.message import Button, Message
from liqbot.rules.parameters import ParameterError
from liqbot.rules.rule import RuleFault
from liqbot.rules.wording import counted
from liqbot.store.subscriptions import Subscription, Watch


@command(manages=True)
async def subscribe(ask: Ask, rule: RuleName, coin: Coin, settings: Settings) -> Message:
    """Be told when a rule finds something in a coin's market.

    For example: /subscribe near-cluster BTC within=3% at_least=10M

    What is not given has its default; /help RULE lists what can be given. How alerts come can be said as
    well: silent=yes without a sound, digest=hourly or digest=daily in one message, role=ID to ping a role.
    """
    subscription, is_new = await enter(ask, rule, coin, settings)
    watch, chosen = subscription.watch, ask.desk.rules.by_name[rule]
    lately = await ask.desk.would_have_fired(watch)
    said = "Subscribed" if is_new else "You have that subscription already"
    return Message(
        title=f"{said}: #{subscription.number} {ask.desk.words(watch)}{told_manner(subscription.manner)}",
        lines=(
            chosen.describe(chosen.form.restore(watch.parameters)),
            f"Right now: {_now(ask, watch, await _state(ask, watch))}",
            *lately,
        ),
        actions=(
            Button("Unsubscribe", f"/unsubscribe {subscription.number}"),
            Button("Subscriptions", "/subscriptions"),
        ),
    )


@command
async def subscriptions(ask: Ask) -> Message:
    """What this chat has subscribed to, how each stands, and what it says right now."""
    mine = await ask.desk.store.subscriptions.of(ask.chat)
    if not mine:
        return Message("No subscriptions in this chat", ("Make one: /subscribe near-cluster BTC",))
    rest = told_rest(await ask.desk.store.chats.settings(ask.chat), ask.desk.clock())
    lines = [f"{rest}: alerts come after that."] if rest else []
    lines += [line for item in mine for line in await _standing(ask, item)]
    buttons = [Button(f"Unsubscribe #{item.number}", f"/unsubscribe {item.number}") for item in mine]
    return Message(counted(len(mine), "subscription"), tuple(lines), actions=tuple(buttons))


@command(manages=True)
async def unsubscribe(ask: Ask, number: Number) -> Message:
    """End a subscription by its number, as /subscriptions shows it."""
    ended = await ask.desk.store.subscriptions.unsubscribe(ask.chat, number)
    if ended is None:
        raise Refusal(f"There is no subscription {number} here. See /subscriptions")
    return Message(f"Unsubscribed: #{ended.number} {ask.desk.words(ended.watch)}")


async def enter(ask: Ask, rule: str, coin: str, settings: Mapping[str, str]) -> tuple[Subscription, bool]:
    """Write a subscription down; return it, and whether it is new. Raises `Refusal` for wrong settings."""
    form = ask.desk.rules.by_name[rule].form
    try:
        manner, own = take_manner(settings)
        parameters = form.canonical(form.parse(own))
    except ParameterError as error:
        raise Refusal(f"{rule}: {error} — see /help {rule}") from None
    return await ask.desk.store.subscriptions.subscribe(
        ask.chat,
        rule=rule,
        coin=coin,
        parameters=parameters,
        now_ms=ask.desk.clock(),
        manner=manner,
        person=ask.person,
    )


COMMANDS = (subscribe, subscriptions, unsubscribe)


async def _state(ask: Ask, watch: Watch) -> WatchState:
    return decode_state(await ask.desk.store.alerts.state(watch))


async def _standing(ask: Ask, item: Subscription) -> list[str]:
    state = await _state(ask, item.watch)
    standing = "paused" if item.paused else state.status
    return [
        f"#{item.number} {ask.desk.words(item.watch)} — {standing}{told_manner(item.manner)}",
        f"    {_now(ask, item.watch, state)}",
    ]


def _now(ask: Ask, watch: Watch, state: WatchState) -> str:
    """Return what the watch's rule says of the newest view."""
    rule, view = ask.desk.rules.by_name.get(watch.rule), ask.desk.views.get(watch.coin)
    if rule is None:
        return "its rule is not loaded"
    if view is None:
        return f"no data of {watch.coin} yet"
    try:
        hits = rule.read(view, rule.form.restore(watch.parameters), state.memory).hits
    except ParameterError:
        return "unsubscribe it, and subscribe with other settings"
    except RuleFault:
        return "its rule fails; the operator's log names the line"
    firing = [hit for hit in hits if hit.key in state.keys and state.keys[hit.key].on]
    said = [hit.text for hit in hits if hit in firing or not hit.holding]
    if not said:
        return f"nothing; {view.coin} {price(view.spot)}, {view.regime}"
    return said[0] if len(said) == 1 else f"{said[0]} (and {len(said) - 1} more)"
