"""The commands with which a chat says what it wants to hear of."""

from collections.abc import Iterator, Sequence

from liqbot.chat import phrases
from liqbot.chat.arguments import ALL
from liqbot.chat.command import (
    Coin,
    CommandContext,
    Count,
    Filter,
    Number,
    RuleName,
    Settings,
    Sure,
    command,
)
from liqbot.message import Button, Fact, Message
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.subscriptions import SubscriptionAnswer
from liqbot.text import _, ngettext

A_PAGE = 10
"""So many subscriptions are listed at once."""


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
async def subscriptions(context: CommandContext, only: Filter = "", page: Count = 1) -> Message:
    """What this chat is subscribed to, the state of each subscription, and its reading right now.

    Of a long list /subscriptions BTC shows those of one coin or rule, /subscriptions 2 the second page.
    """
    mine = await context.services.subscriptions.numbers(context.chat)
    if not mine:
        return Message(_("No subscriptions in this chat"), (_("Make one: /subscribe near-cluster BTC"),))
    chosen = [number for number, line in mine.items() if not only or only in line.split()[:2]]
    if not chosen:
        raise UserError("This chat has no subscription to {text}. See /subscriptions", text=quoted(only))
    pages = -(-len(chosen) // A_PAGE)
    page = min(page, pages)
    shown = chosen[(page - 1) * A_PAGE : page * A_PAGE]
    items = await context.services.subscriptions.of(context.chat, shown)
    rest = await phrases.rest(context)
    lines = [rest] if rest else []
    lines += [line for item in items for line in _standing(item)]
    return Message(
        ngettext("{count} subscription", "{count} subscriptions", len(chosen)),
        tuple(lines),
        notes=(_("Page {page} of {pages}", page=page, pages=pages),) if pages > 1 else (),
        actions=tuple(_list_buttons(shown, only, page, pages)),
    )


@command(manages=True)
async def unsubscribe(context: CommandContext, number: Number, sure: Sure = "") -> Message:
    """End a subscription by its number, as /subscriptions shows it; /unsubscribe all ends every one."""
    if not number:
        return await _unsubscribe_all(context, sure=bool(sure))
    ended = await context.services.subscriptions.unsubscribe(context.chat, number)
    return Message(
        _("Unsubscribed from #{number}", number=number),
        (_("To have it again: /subscribe {line}", line=ended),),
        actions=(Button(_("Subscriptions"), "/subscriptions"),),
    )


async def _unsubscribe_all(context: CommandContext, *, sure: bool) -> Message:
    services = context.services.subscriptions
    mine = await services.numbers(context.chat)
    if not mine:
        raise UserError("This chat has no subscriptions. Make one with /subscribe")
    if not sure:
        return Message(
            ngettext("End {count} subscription?", "End all {count} subscriptions?", len(mine)),
            (_("This cannot be undone: /unsubscribe all yes"),),
            actions=(Button(_("End all"), f"/unsubscribe {ALL} yes"),),
        )
    for number in mine:
        await services.unsubscribe(context.chat, number)
    return Message(
        ngettext("Ended {count} subscription", "Ended all {count} subscriptions", len(mine)),
        (_("No more alerts come here."),),
    )


def _list_buttons(shown: Sequence[int], only: str, page: int, pages: int) -> Iterator[Button]:
    line = " ".join(word for word in ("/subscriptions", only) if word)
    for number in shown:
        yield Button(_("Unsubscribe #{number}", number=number), f"/unsubscribe {number}")
    if page > 1:
        yield Button(_("Previous"), f"{line} {page - 1}", renews=True)
    if page < pages:
        yield Button(_("Next"), f"{line} {page + 1}", renews=True)
    if pages > 1:
        yield Button(_("End all"), f"/unsubscribe {ALL}")


COMMANDS = (subscribe, subscriptions, unsubscribe)


def _standing(item: SubscriptionAnswer) -> list[str]:
    status = _("paused") if item.paused else _(phrases.STATUSES[item.status])
    how = ", ".join(part for part in (status, phrases.manner(item.manner)) if part)
    return [
        _("#{number} {line}: {status}", number=item.number, line=item.line, status=how),
        *([_("    Reads {layer}", layer=item.layer)] if item.venue and item.layer else []),
        _("    Now: {current}", current=phrases.current(item.current)),
    ]
