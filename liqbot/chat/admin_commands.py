"""The commands for those who own the bot, and the one by which strangers come in."""

from collections.abc import Awaitable, Callable, Mapping

from liqbot.chat.command import Action, CommandContext, Text, command
from liqbot.message import Button, Fact, Message, Table, Tone
from liqbot.platform_names import kind_of
from liqbot.service.access import Standing
from liqbot.service.errors import UserError
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, listed

USERS_SHOWN = 20
INVITED_FOR_DAYS = 30
MOST_USES = 10_000
MOST_DAYS = 3_650


@command
async def join(context: CommandContext, code: Text) -> Message:
    """Come in with an invite code, where the bot serves only who was invited: /join CODE."""
    is_needed = await context.services.access.join(context.chat, code.strip())
    return Message(
        _("Welcome: this chat is let in") if is_needed else _("No invite code is needed here"),
        (_("/help says what you can ask."),),
        actions=(Button(_("Help"), "/help"),),
    )


@command(owners=True)
async def admin(context: CommandContext, action: Action = "", text: Text = "") -> Message:
    """For the owners of the bot: who uses it, who may, and what is wrong.

    users, block ID, unblock ID, allow ID, disallow ID, invite USES DAYS, invites, quota ID NAME=NUMBER,
    broadcast TEXT, pause PLATFORM, resume PLATFORM, troubles. An ID is telegram:123 or discord:456: a chat's,
    a person's or a server's. Everything is logged.
    """
    whom = text.split(" ", maxsplit=1)[0] if action in _ABOUT_SOMEBODY else ""
    context.services.administration.log((context.chat, context.person), action or "overview", whom=whom)
    return await _ACTIONS[action](context, text.strip())


async def _overview(context: CommandContext, _text: str) -> Message:
    found = await context.services.administration.overview()
    troubles = len(context.services.troubles.all)
    refused = ", ".join(f"{count} × {name}" for name, count in found.refused.items())
    return Message(
        ngettext("{count} trouble", "{count} troubles", troubles) if troubles else _("All is well"),
        facts=(
            Fact(
                _("Chats"), ", ".join(f"{name} {count}" for name, count in found.chats.items()) or _("none")
            ),
            Fact(_("Subscriptions"), str(found.subscriptions)),
            Fact(_("Distinct watches"), str(found.watches)),
            Fact(_("Turned away since the start"), refused or _("nobody")),
            *([Fact(_("Paused"), listed(found.paused))] if found.paused else []),
        ),
        notes=(_("/help admin lists what owners can do."),),
        actions=(
            Button(_("Users"), "/admin users"),
            Button(_("Troubles"), "/admin troubles"),
            Button(_("Invite"), "/admin invite"),
        ),
        tone=Tone.WARNING if troubles else Tone.NEUTRAL,
    )


async def _users(context: CommandContext, platform: str) -> Message:
    users = await context.services.administration.users(platform.lower())
    now_ms = context.services.clock()
    rows = tuple(
        (
            user.whom,
            ngettext("{count} subscription", "{count} subscriptions", user.subscriptions),
            ngettext("asked once", "asked {count} times", user.asked),
            "" if user.last_ms is None else _("{time} ago", time=duration((now_ms - user.last_ms) / 1000)),
            user.note,
        )
        for user in users[:USERS_SHOWN]
    )
    more = len(users) - len(rows)
    return Message(
        ngettext("{count} chat or person", "{count} chats and people", len(users)),
        tables=(Table(rows),) if rows else (),
        notes=(
            _("What they asked is counted since the bot started, and never written down."),
            *([_("and {count} more", count=more)] if more else []),
        ),
    )


def _decide(standing: Standing, said: str) -> "Callable[[CommandContext, str], Awaitable[Message]]":
    async def decide(context: CommandContext, whom: str) -> Message:
        await context.services.access.decide(whom, standing)
        return Message(_(said, whom=whom))

    return decide


async def _unblock(context: CommandContext, whom: str) -> Message:
    is_in = await context.services.access.unblock(whom)
    further = () if is_in else (_("It is not let in by that: /admin allow {whom}", whom=whom),)
    return Message(_("No longer blocked: {whom}", whom=whom), further)


async def _disallow(context: CommandContext, whom: str) -> Message:
    await context.services.access.disallow(whom)
    further = (_("Everybody may use this bot: /admin block {whom} keeps somebody out.", whom=whom),)
    return Message(
        _("No longer let in: {whom}", whom=whom), further if context.services.access.mode == "open" else ()
    )


async def _invite(context: CommandContext, text: str) -> Message:
    numbers = [_whole(word) for word in text.split()]
    if len(numbers) > len(("uses", "days")):
        raise UserError("Write whole numbers: /admin invite USES DAYS")
    uses, days = [*numbers, *(1, INVITED_FOR_DAYS)[len(numbers) :]]
    uses, days = min(uses, MOST_USES), min(days, MOST_DAYS)
    made, mode = await context.services.access.invite(uses, days), context.services.access.mode
    return Message(
        _("Invite code {code}", code=made.code),
        (
            ngettext(
                "It lets {count} chat in, for {span}.",
                "It lets {count} chats in, for {span}.",
                uses,
                span=ngettext("{count} day", "{count} days", days),
            ),
            _(
                "They type /join {code}. On Telegram the link is t.me/YOUR_BOT?start=join_{code}",
                code=made.code,
            ),
            *(
                []
                if mode == "invite"
                else [_("Codes count once LIQBOT_ACCESS__MODE is invite; it is {mode}.", mode=mode)]
            ),
        ),
    )


async def _invites(context: CommandContext, _text: str) -> Message:
    invitations = await context.services.access.invitations()
    now_ms = context.services.clock()
    return Message(
        ngettext("{count} invite code", "{count} invite codes", len(invitations)),
        tables=(
            Table(
                tuple(
                    (
                        one.code,
                        ngettext("{count} use left", "{count} uses left", one.uses_left),
                        _("for {time}", time=duration((one.expires_ms - now_ms) / 1000)),
                    )
                    for one in invitations
                )
            ),
        )
        if invitations
        else (),
    )


async def _quota(context: CommandContext, text: str) -> Message:
    whom, name, value = await context.services.administration.set_quota(text)
    if value is None:
        return Message(_("{whom} has the default of {name} again", whom=whom, name=name))
    return Message(
        _("{whom} may use {count} of {name}", whom=whom, count=value or _("any number"), name=name)
    )


async def _broadcast(context: CommandContext, text: str) -> Message:
    draft = await context.services.administration.draft(text)
    return Message(
        ngettext("Tell {count} chat?", "Tell {count} chats?", draft.chats),
        (draft.text, _("Chats that are muted get it afterwards, with what they missed.")),
        actions=(Button(_("Send it"), f"/admin send {draft.id}"),),
    )


async def _send(context: CommandContext, draft: str) -> Message:
    done = await context.services.administration.announce(draft)
    return Message(ngettext("It goes to {count} chat", "It goes to {count} chats", done.chats))


def _pause(said: str, *, paused: bool) -> "Callable[[CommandContext, str], Awaitable[Message]]":
    async def pause(context: CommandContext, platform: str) -> Message:
        served = context.services.platforms()
        known = list(dict.fromkeys([*map(kind_of, served), *served]))
        if platform.lower() not in known:
            raise UserError("Which platform? Choose from {names}.", names=listed(known) or _("none"))
        await context.services.access.pause(platform.lower(), paused=paused)
        context.services.wake()
        return Message(_(said, platform=platform.lower()))

    return pause


async def _troubles(context: CommandContext, _text: str) -> Message:
    found = context.services.troubles.all
    now_ms = context.services.clock()
    return Message(
        ngettext("{count} trouble", "{count} troubles", len(found)) if found else _("All is well"),
        tuple(trouble.line(now_ms) for trouble in found),
        tone=Tone.WARNING if found else Tone.NEUTRAL,
    )


_ACTIONS: Mapping[str, Callable[[CommandContext, str], Awaitable[Message]]] = {
    "": _overview,
    "users": _users,
    "block": _decide("blocked", N_("Blocked: {whom}")),
    "unblock": _unblock,
    "allow": _decide("allowed", N_("Let in: {whom}")),
    "disallow": _disallow,
    "invite": _invite,
    "invites": _invites,
    "quota": _quota,
    "broadcast": _broadcast,
    "send": _send,
    "pause": _pause(N_("Paused: {platform}. Nobody is answered there, and no alerts go out."), paused=True),
    "resume": _pause(N_("Served again: {platform}"), paused=False),
    "troubles": _troubles,
}
_ABOUT_SOMEBODY = ("block", "unblock", "allow", "disallow", "quota", "pause", "resume")
COMMANDS = (join, admin)


def _whole(word: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) < 10 and int(word)):
        raise UserError("Write whole numbers: /admin invite USES DAYS")
    return int(word)
