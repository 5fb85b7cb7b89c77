"""`/pause`, `/mute`, `/quiet`, `/timezone`, `/limit`, `/privacy`, `/forget`, with what they answer."""

from liqbot.alerts.hold_policy import told_zone
from liqbot.chat import phrases
from liqbot.chat.command import CommandContext, Count, Hours, Number, Span, Sure, Switch, Zone, command
from liqbot.chat.times import MOST, minutes_of_day
from liqbot.message import Button, Message
from liqbot.service.chats import ChatSettings
from liqbot.service.errors import UserError
from liqbot.text import N_, _, ngettext

_HELD = N_("Alerts are held back and arrive afterwards in one message.")


@command(manages=True)
async def pause(context: CommandContext, number: Number = 0) -> Message:
    """Pause one subscription or all of them; what happens in the meantime is not reported later.

    For example: /pause 2. To get them afterwards, use /mute
    """
    chosen = await _chosen(context, number)
    changed = await context.services.subscriptions.pause(context.chat, list(chosen), paused=True)
    await context.services.in_flight(context.chat)
    again = f"/resume {number}" if number else "/resume"
    what = _named(chosen)
    title = _("Paused: {what}", what=what) if changed else _("Paused already: {what}", what=what)
    return Message(
        title,
        (_("No alerts until {command}. What happens in the meantime is not reported later.", command=again),),
        actions=(Button(_("Resume"), again),),
    )


@command(manages=True)
async def resume(context: CommandContext, number: Number = 0) -> Message:
    """Turn a paused subscription back on, or all of them; without a number this also ends a mute."""
    services, chat = context.services, context.chat
    is_muted = not number and (await services.chats.settings(chat)).mute_until_ms > services.clock()
    if is_muted:
        await services.chats.unmute(chat)
    mine = await services.subscriptions.numbers(chat)
    chosen = {} if is_muted and not mine else await _chosen(context, number)
    were_paused = await services.subscriptions.paused(chat)
    paused = {key: line for key, line in chosen.items() if were_paused.get(key)}
    await services.subscriptions.pause(chat, list(paused), paused=False)
    if paused:
        title = _("Resumed: {what}", what=_named(paused))
    else:
        title = _("No longer muted") if is_muted else _("Not paused: {what}", what=_named(chosen))
    return Message(title, await _rest(context), actions=(Button(_("Subscriptions"), "/subscriptions"),))


@command(manages=True)
async def mute(context: CommandContext, time: Span = 3_600.0) -> Message:
    """No alerts for a while: /mute 4h or /mute until 7am; /mute off turns them back on.

    Nothing is lost: alerts are held back and arrive afterwards in one message.
    """
    services = context.services
    if not time:
        await services.chats.unmute(context.chat)
        return Message(_("No longer muted"), await _rest(context))
    now_ms = services.clock()
    until_ms = now_ms + round(time * 1000)
    settings = await services.chats.mute(context.chat, until_ms)
    title = _("Muted until {time}", time=phrases.until_text(settings, until_ms, now_ms))
    return Message(title, (_(_HELD),), actions=(Button(_("Unmute"), "/mute off"),))


@command(manages=True)
async def quiet(context: CommandContext, hours: Hours) -> Message:
    """Hours of the day without alerts, in the chat's own time: /quiet 23:00-07:00, or /quiet off.

    Nothing is lost: alerts are held back and arrive afterwards in one message.
    """
    chats = context.services.chats
    if hours == "off":
        await chats.set_quiet_hours(context.chat, None)
        return Message(_("No quiet hours"), await _rest(context) or (_("Alerts come at any time."),))
    settings = await chats.set_quiet_hours(context.chat, minutes_of_day(hours))
    start, end = hours.split("-")
    return Message(
        _(
            "Quiet hours from {start} to {end} every day, {zone}",
            start=start,
            end=end,
            zone=told_zone(settings.time_zone),
        ),
        (
            _(_HELD),
            _("It is {time} here now. If that is wrong, set it with /timezone", time=_now(context, settings)),
        ),
        actions=(Button(_("No quiet hours"), "/quiet off"),),
    )


@command(manages=True)
async def timezone(context: CommandContext, zone: Zone = "") -> Message:
    """The chat's time zone, for quiet hours and digests.

    For example: /timezone Europe/Berlin, or just the city, or UTC+2
    """
    chats = context.services.chats
    if zone:
        settings = await chats.set_time_zone(context.chat, zone)
    else:
        settings = await chats.settings(context.chat)
    return Message(
        _(
            "The time zone is {zone}. It is {time} here",
            zone=told_zone(settings.time_zone),
            time=_now(context, settings),
        ),
        () if zone else (_("To change it: /timezone Europe/Berlin"),),
    )


@command(manages=True)
async def limit(context: CommandContext, number: Count) -> Message:
    """How many alerts an hour are sent singly; the rest come in one message, and none is lost."""
    await context.services.chats.set_limit(context.chat, number)
    if number >= MOST:
        return Message(_("No hourly limit"), (_("Every alert comes by itself."),))
    return Message(
        ngettext(
            "At most {count} alert an hour comes by itself",
            "At most {count} alerts an hour come one by one",
            number,
        ),
        (_("Any beyond that come in one message. None is lost."),),
    )


@command(manages=True)
async def grouping(context: CommandContext, switch: Switch = "") -> Message:
    """Whether alerts of one moment come as one message: /grouping off brings each by itself."""
    chats = context.services.chats
    if switch:
        settings = await chats.set_grouped(context.chat, grouped=switch == "on")
    else:
        settings = await chats.settings(context.chat)
    other = "off" if settings.grouped else "on"
    return Message(
        _("Alerts of one moment come as one message")
        if settings.grouped
        else _("Every alert comes by itself"),
        actions=(Button(_("Each by itself") if settings.grouped else _("As one"), f"/grouping {other}"),),
    )


@command
async def privacy(context: CommandContext) -> Message:
    """What the bot knows about this chat, and how to delete it."""
    kept = await context.services.privacy.kept(context.chat)
    nothing = (
        _("Nothing else that is written here is kept, and nothing is passed on.")
        if kept.journal
        else _("Nothing that is written here is kept, and nothing is passed on.")
    )
    if not kept.is_known:
        return Message(_("Nothing is kept of this chat"), (nothing,))
    return Message(
        _("What is kept of this chat"),
        (
            _("Its id on {platform}.", platform=context.chat.kind),
            ngettext(
                "Its {count} subscription.",
                "Its {count} subscriptions.",
                kept.subscriptions,
            ),
            *(
                [
                    ngettext(
                        "Of these, the address of {count} account, and what this chat calls it.",
                        "Of these, the addresses of {count} accounts, and what this chat calls them.",
                        kept.accounts,
                    )
                ]
                if kept.accounts
                else []
            ),
            _("Its settings: time zone, language, quiet hours, mute, hourly limit, grouping, pictures."),
            _("Which alerts it got in the last 30 days."),
            *(
                [ngettext("Its journal, {count} entry.", "Its journal, {count} entries.", kept.journal)]
                if kept.journal
                else []
            ),
            _("In memory, until the bot stops: how often it asked, and when last."),
            nothing,
            _("/forget removes all of it."),
        ),
    )


@command(manages=True)
async def forget(context: CommandContext, sure: Sure = "") -> Message:
    """Delete everything the bot knows about this chat, including its subscriptions."""
    kept = await context.services.privacy.kept(context.chat)
    if not kept.is_known:
        return Message(_("Nothing is kept of this chat"))
    if not sure:
        return Message(
            ngettext(
                "Remove everything, {count} subscription included?",
                "Remove everything, {count} subscriptions included?",
                kept.subscriptions,
            ),
            (_("No more alerts will come. This cannot be undone: /forget yes"),),
            actions=(Button(_("Remove everything"), "/forget yes"),),
        )
    await context.services.privacy.forget(context.chat, context.person)
    await context.services.access.forget(context.chat, context.person)
    return Message(_("Done: nothing of this chat is kept any more"))


COMMANDS = (pause, resume, mute, quiet, timezone, limit, grouping, privacy, forget)


async def _rest(context: CommandContext) -> tuple[str, ...]:
    """Return a line that says why no alerts come now all the same; none where they come."""
    rest = await phrases.rest(context)
    return (rest,) if rest else ()


async def _chosen(context: CommandContext, number: int) -> dict[int, str]:
    """Return the chat's subscription of that number, or all for 0. Raises `UserError` where it has none."""
    mine = await context.services.subscriptions.numbers(context.chat)
    if not mine:
        raise UserError("This chat has no subscriptions. Make one with /subscribe")
    return {key: line for key, line in mine.items() if key == number or not number}


def _named(chosen: dict[int, str]) -> str:
    if len(chosen) == 1:
        ((number, line),) = chosen.items()
        return f"#{number} {line}"
    return ngettext("{count} subscription", "{count} subscriptions", len(chosen))


def _now(context: CommandContext, settings: ChatSettings) -> str:
    return phrases.clock_text(settings, context.services.clock())
