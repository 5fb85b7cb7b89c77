"""The commands about single accounts: what one holds, and being told of what it does."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.chat import account_words as words
from liqbot.chat.arguments import coin_of, is_account
from liqbot.chat.command import Account, CommandContext, Settings, command
from liqbot.chat.subscribing import by_of, manner_lines
from liqbot.message import Button, Message
from liqbot.rules.parameters import Form
from liqbot.service.account_answer import AccountAnswer
from liqbot.service.account_watches import WatchedAccount
from liqbot.service.delivery_options import CHOICES, ONCE
from liqbot.service.errors import UserError
from liqbot.text import _, ngettext

_PLAIN: Mapping[str, str] = MappingProxyType({})
LISTED = 10
"""So many accounts are listed with their buttons."""


@command
async def account(context: CommandContext, address: Account) -> Message:
    """What an account holds: each position with its liquidation price, and how far that is.

    The address may be pasted in a link, as those of explorers; an account that this chat watches may be
    called by its name. It is looked at when you ask; who asked for which account is not kept.
    """
    await _require_no_coin(context, address)
    answer, name = await context.services.account_watches.account(context.chat, address)
    actions = [Button(_("Refresh"), f"/account {answer.account}", renews=True)]
    if answer.account not in await context.services.account_watches.names(context.chat):
        actions.append(Button(_("Watch"), f"/watch {answer.account}"))
    return told_account(answer, context.services.clock(), name, tuple(actions))


@command(manages=True, form=Form([*WATCH_ACCOUNT.form.parameters, *CHOICES, ONCE]))
async def watch(context: CommandContext, address: Account, settings: Settings = _PLAIN) -> Message:
    """Get an alert when an account trades, comes near its liquidation, or is liquidated.

    For example: /watch 0x… name=whale near=5%

    You hear of positions opened, closed, reversed, grown or shrunk by change=25%, and liquidated; and when
    one comes within near=5% of its liquidation, and again at half and at a fifth of that. Each alert says
    what moved it: price, or the account itself. at_least=1M leaves out small positions.

    How alerts come can be chosen as for /subscribe: silent=yes, digest=hourly, once=yes, until=3d. Typed
    again for the same account, it changes what is given.
    """
    await _require_no_coin(context, address)
    by, own = await by_of(context, settings)
    answer = await context.services.account_watches.watch(context.chat, address, own, by=by)
    watched = answer.watched
    named = {"number": watched.subscription.number, "who": words.who(watched)}
    if answer.is_new:
        title = _("Watching {who} as #{number}", **named)
    elif answer.is_changed:
        title = _("Changed #{number}, {who}", **named)
    else:
        title = _("Already watching {who} as #{number}", **named)
    return Message(
        title=title,
        lines=(
            *words.promise(watched),
            *await manner_lines(context, watched.subscription),
            *words.lately(answer.lately),
        ),
        facts=tuple(words.held(watched)),
        notes=(watched.address, _("The address is kept until /unwatch or /forget. See /privacy")),
        actions=(
            Button(_("Account"), f"/account {watched.address}"),
            Button(_("Test alert"), f"/test watch {watched.address}"),
            Button(_("Unwatch"), f"/unwatch {watched.subscription.number}"),
            Button(_("Watched accounts"), "/watching"),
        ),
    )


@command
async def watching(context: CommandContext) -> Message:
    """The accounts that this chat watches, how near each is to liquidation, and how often it is looked at."""
    found = await context.services.account_watches.watching(context.chat)
    if not found:
        return Message(
            _("This chat watches no account"),
            (_("Begin with an address: /watch 0x… name=whale near=5%"),),
            actions=tuple(
                Button(_("Watch {account}", account=words.short_address(one)), f"/watch {one}")
                for one in list(context.services.accounts.examples)[:2]
            ),
        )
    now_ms = context.services.clock()
    nearest = sorted(found, key=words.danger)
    return Message(
        ngettext("{count} account is watched here", "{count} accounts are watched here", len(found)),
        tables=tuple(words.watched_table(one, now_ms) for one in nearest[:LISTED]),
        notes=tuple(_more(len(found))),
        actions=tuple(_buttons(nearest[:LISTED])),
    )


@command(manages=True)
async def unwatch(context: CommandContext, address: Account) -> Message:
    """Watch an account no longer: by its number, its name or its address, as /watching shows them."""
    line = await context.services.account_watches.unwatch(context.chat, address)
    return Message(
        _("Not watched any more"),
        (_("To have it again: {line}", line=f"/{line}"),),
        actions=(Button(_("Watched accounts"), "/watching"),),
    )


def told_account(
    answer: AccountAnswer, now_ms: int, name: str = "", actions: tuple[Button, ...] = ()
) -> Message:
    """Return an account, as a message."""
    return Message(
        title=words.title(answer, name),
        facts=tuple(words.facts(answer)),
        tables=tuple(words.tables(answer)),
        notes=tuple(words.notes(answer, now_ms)),
        tone=words.tone(answer),
        actions=actions,
        time_ms=answer.time_ms,
        provenance=answer.provenance,
    )


COMMANDS = (account, watch, watching, unwatch)


async def _require_no_coin(context: CommandContext, text: str) -> None:
    """Raise `UserError` for a coin, of which `/subscribe` tells; a name of an account goes first."""
    coin = coin_of(text, context)
    if coin is not None and not await is_account(text, context):
        raise UserError(
            "{coin} is a coin, and this takes an account. /subscribe tells of a coin's market.",
            coin=coin,
            suggestions=(f"/subscribe near-cluster {coin}",),
        )


def _more(count: int) -> Iterator[str]:
    if count > LISTED:
        yield ngettext("and {count} account more", "and {count} accounts more", count - LISTED)


def _buttons(found: Sequence[WatchedAccount]) -> Iterator[Button]:
    for one in found:
        yield Button(words.who(one), f"/account {one.address}")
        number = one.subscription.number
        yield Button(_("Unwatch #{number}", number=number), f"/unwatch {number}")
