"""Commands about subscriptions: /subscribe, /subscriptions, /edit, /unsubscribe and their kin."""

from collections.abc import Iterator, Sequence

from liqbot.chat import account_commands, phrases
from liqbot.chat.arguments import ALL, read_arguments
from liqbot.chat.command import (
    Coin,
    CommandContext,
    Count,
    Filter,
    Number,
    RuleName,
    Settings,
    Sure,
    Text,
    command,
)
from liqbot.chat.input_cleaning import words_of
from liqbot.chat.subscribing import by_of, changed, end_of, manner_lines
from liqbot.message import Button, Message, Tone
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.subscriptions import SubscriptionAnswer
from liqbot.text import _, ngettext

A_PAGE = 10
"""So many subscriptions are listed at once."""
BETWEEN = ";"
"""What stands between two subscriptions in one line."""


@command(manages=True)
async def subscribe(context: CommandContext, rule: RuleName, coin: Coin, settings: Settings) -> Message:
    """Get an alert when a rule finds something in a coin's market.

    For example: /subscribe near-cluster BTC within=3% at_least=10M

    What is not given has its default; /help RULE lists what can be given. How alerts come can be chosen as
    well: silent=yes without a sound, digest=hourly or digest=daily in one message, role=ID to ping a role,
    once=yes to pause it after its first alert, until=7am or until=3d to end it then. Asked for again, what is
    not given stays as it was; /edit changes single values. For several coins write BTC,ETH,SOL or all.

    It reads the best map there is, measured before modelled; for another add venue=binance, venue=measured
    or venue=modelled.
    """
    services = context.services
    by, own = await by_of(context, settings)
    done = await services.subscriptions.subscribe(context.chat, rule, coin, own, by=by)
    mine = done.subscription
    title = (
        _("Subscribed to {rule} {coin} as #{number}", rule=rule, coin=coin, number=mine.number)
        if done.is_new
        else _("Already subscribed to {rule} {coin} as #{number}", rule=rule, coin=coin, number=mine.number)
    )
    return Message(
        title=title,
        lines=(
            mine.description,
            *([_("It reads {layer}.", layer=mine.layer)] if mine.venue and mine.layer else []),
            *await manner_lines(context, mine),
            _("Right now: {current}", current=phrases.current(mine.current)),
            *(phrases.never(done.lacking) or phrases.lately(done.lately)),
        ),
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
    lines += [line for item in items for line in _standing(item, await end_of(context, item))]
    return Message(
        ngettext("{count} subscription", "{count} subscriptions", len(chosen)),
        tuple(lines),
        notes=(_("Page {page} of {pages}", page=page, pages=pages),) if pages > 1 else (),
        actions=tuple(_list_buttons(shown, only, page, pages)),
    )


@command(manages=True)
async def edit(context: CommandContext, number: Number, settings: Settings) -> Message:
    """Change a subscription and keep its number and everything else: /edit 2 within=3% digest=daily.

    Takes what its rule takes, and how alerts come: silent=no, digest=off, role=off, once=yes, until=off.
    """
    by, own = await by_of(context, settings)
    if not settings:
        raise UserError("What is to be changed? For example: /edit {number} digest=daily", number=number or 1)
    if not number:
        raise UserError("One at a time: /edit {number} digest=daily", number=1)
    before = await context.services.subscriptions.of(context.chat, [number])
    was = [(one, await end_of(context, one)) for one in before if one.number == number]
    mine = await context.services.subscriptions.edit(context.chat, number, own, by=by)
    ends = await end_of(context, mine)
    changes = [line for one, ended in was for line in changed(one, mine, ended, ends)]
    return Message(
        _("Changed: #{number} {line}", number=mine.number, line=mine.line)
        if changes
        else _("As it was: #{number} {line}", number=mine.number, line=mine.line),
        (*changes, mine.description, *await manner_lines(context, mine)),
        actions=(Button(_("Subscriptions"), "/subscriptions"),),
    )


@command(manages=True)
async def unsubscribe(context: CommandContext, number: Number, sure: Sure = "") -> Message:
    """End a subscription by its number, as /subscriptions shows it; /unsubscribe all ends every one."""
    if not number:
        return await _unsubscribe_all(context, sure=bool(sure))
    ended = await context.services.subscriptions.unsubscribe(context.chat, number)
    await context.services.in_flight(context.chat)
    return Message(
        _("Unsubscribed from #{number}", number=number),
        (_("To have it again: {line}", line=phrases.typed(ended)),),
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
            (_("/unsubscribe all yes does it, and gives the line that brings them back."),),
            actions=(Button(_("End all"), f"/unsubscribe {ALL} yes"),),
        )
    lines = await services.unsubscribe_all(context.chat)
    await context.services.in_flight(context.chat)
    return Message(
        ngettext("Ended {count} subscription", "Ended all {count} subscriptions", len(lines)),
        (_("No more alerts come here. To have them again:"), _import_line(lines)),
    )


@command
async def share(context: CommandContext) -> Message:
    """All subscriptions of this chat as one line, to be taken over by another chat."""
    lines = await context.services.subscriptions.shared(context.chat)
    if not lines:
        return Message(_("No subscriptions in this chat"), (_("Make one: /subscribe near-cluster BTC"),))
    return Message(
        _("Copy this line into another chat"),
        (_import_line(lines),),
        notes=(_("A role to ping and an end are this chat's own, and left out."),),
    )


@command(name="import", manages=True)
async def import_(context: CommandContext, text: Text) -> Message:
    """Take over subscriptions as /share writes them: /import near-cluster BTC within=3%; trapped ETH."""
    said: list[str] = []
    refused: dict[str, list[str]] = {}
    made = 0
    for line in filter(None, (part.strip() for part in text.split(BETWEEN))):
        try:
            number = await _taken_over(context, words_of(line.removeprefix("/subscribe ")))
        except UserError as error:
            refused.setdefault(str(error), []).append(line)
        else:
            made += 1
            said.append(f"✓ #{number} {line}")
    for reason, lines in refused.items():
        line, more = lines[0], len(lines) - 1
        named = _("{line} and {count} more", line=line, count=more) if more else line
        said.append(f"✗ {named}: {reason}")
    return Message(
        ngettext("{count} subscription taken over", "{count} subscriptions taken over", made),
        tuple(said),
        actions=(Button(_("Subscriptions"), "/subscriptions"),),
        tone=Tone.NEUTRAL if made else Tone.WARNING,
    )


async def _taken_over(context: CommandContext, words: Sequence[str]) -> int:
    """Enter one subscription; return its number. Raises `UserError`."""
    if words and words[0].removeprefix("/") == "watch":
        read = await read_arguments(account_commands.watch, words[1:], context)
        by, own = await by_of(context, read["settings"])
        watching = context.services.account_watches
        answer = await watching.watch(context.chat, read["address"], own, by=by)
        return answer.watched.subscription.number
    read = await read_arguments(subscribe, words, context)
    by, own = await by_of(context, read["settings"])
    subscriptions = context.services.subscriptions
    done = await subscriptions.subscribe(context.chat, read["rule"], read["coin"], own, by=by)
    return done.subscription.number


COMMANDS = (subscribe, subscriptions, edit, unsubscribe, share, import_)


def _import_line(lines: Sequence[str]) -> str:
    return f"/import {f'{BETWEEN} '.join(lines)}"


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


def _standing(item: SubscriptionAnswer, end: str) -> list[str]:
    status = (
        _("paused")
        if item.paused
        else phrases.standing(item.status, item.current, is_of_account=item.rule == "watch")
    )
    ends = _("ends at {time}", time=end) if end else ""
    how = ", ".join(part for part in (status, phrases.manner(item.manner), ends) if part)
    return [
        _("#{number} {line}: {status}", number=item.number, line=item.line, status=how),
        *([_("    Reads {layer}", layer=item.layer)] if item.venue and item.layer else []),
        _("    Now: {current}", current=phrases.current(item.current)),
    ]
