"""The commands with which a chat says what it wants to hear of."""

from liqbot.chat import phrases
from liqbot.chat.command import Coin, CommandContext, Number, RuleName, Settings, command
from liqbot.message import Button, Fact, Message
from liqbot.service.subscriptions import SubscriptionAnswer
from liqbot.text import _, ngettext


@command(manages=True)
async def subscribe(context: CommandContext, rule: RuleName, coin: Coin, settings: Settings) -> Message:
    """Get an alert when a rule finds something in a coin's market.

    For example: /subscribe near-cluster BTC within=3% at_least=10M

    What is not given has its default; /help RULE lists what can be given. How alerts come can be chosen as
    well: silent=yes without a sound, digest=hourly or digest=daily in one message, role=ID to ping a role.

    It reads the best map there is, measured before modelled; for another add venue=binance, venue=measured
    or venue=modelled.
    """
    services = context.services
    done = await services.subscriptions.subscribe(context.chat, rule, coin, settings)
    mine = done.subscription
    title = (
        _("Subscribed to {rule} {coin} as #{number}", rule=rule, coin=coin, number=mine.number)
        if done.is_new
        else _("Already subscribed to {rule} {coin} as #{number}", rule=rule, coin=coin, number=mine.number)
    )
    how = phrases.manner(mine.manner)
    return Message(
        title=title,
        lines=(
            mine.description,
            *([_("It reads {layer}.", layer=mine.layer)] if mine.venue and mine.layer else []),
            *([_("Alerts come so: {manner}.", manner=how)] if how else []),
            _("Right now: {current}", current=phrases.current(mine.current)),
            *phrases.lately(done.lately),
        ),
        facts=(Fact(_("Settings"), mine.parameters),) if mine.parameters else (),
        actions=(
            Button(_("Unsubscribe"), f"/unsubscribe {mine.number}"),
            Button(_("Subscriptions"), "/subscriptions"),
        ),
    )


@command
async def subscriptions(context: CommandContext) -> Message:
    """What this chat is subscribed to, the state of each subscription, and its reading right now."""
    mine = await context.services.subscriptions.of(context.chat)
    if not mine:
        return Message(_("No subscriptions in this chat"), (_("Make one: /subscribe near-cluster BTC"),))
    rest = await phrases.rest(context)
    lines = [rest] if rest else []
    lines += [line for item in mine for line in _standing(item)]
    actions = [
        Button(_("Unsubscribe #{number}", number=item.number), f"/unsubscribe {item.number}") for item in mine
    ]
    return Message(
        ngettext("{count} subscription", "{count} subscriptions", len(mine)),
        tuple(lines),
        actions=tuple(actions),
    )


@command(manages=True)
async def unsubscribe(context: CommandContext, number: Number) -> Message:
    """End a subscription by its number, as /subscriptions shows it."""
    ended = await context.services.subscriptions.unsubscribe(context.chat, number)
    return Message(
        _("Unsubscribed from #{number}", number=number),
        (_("To have it again: /subscribe {line}", line=ended),),
        actions=(Button(_("Subscriptions"), "/subscriptions"),),
    )


COMMANDS = (subscribe, subscriptions, unsubscribe)


def _standing(item: SubscriptionAnswer) -> list[str]:
    status = _("paused") if item.paused else _(phrases.STATUSES[item.status])
    how = ", ".join(part for part in (status, phrases.manner(item.manner)) if part)
    return [
        _("#{number} {line}: {status}", number=item.number, line=item.line, status=how),
        *([_("    Reads {layer}", layer=item.layer)] if item.venue and item.layer else []),
        _("    Now: {current}", current=phrases.current(item.current)),
    ]
