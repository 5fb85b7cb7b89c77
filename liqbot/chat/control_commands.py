"""The commands with which a chat says how it wants to be spoken to."""

from dataclasses import replace

from liqbot.alerts.timing import local_time
from liqbot.chat.command import Ask, Count, Hours, Number, Refusal, Span, Sure, Zone, command
from liqbot.chat.times import minutes_of_day
from liqbot.message import Button, Message
from liqbot.rules.wording import counted
from liqbot.store.chats import ChatSettings

_HELD = "What comes meanwhile is kept, and told in one message afterwards."


@command(manages=True)
async def pause(ask: Ask, number: Number = 0) -> Message:
    """Let one subscription rest, or all of them: what they find meanwhile is not told.

    For example: /pause 2
    """
    changed = _pause(ask, number, paused=True)
    name = f"#{number}" if number else counted(changed, "subscription")
    return Message(
        f"Paused: {name}",
        (f"/resume{f' {number}' if number else ''} lets them go on.",),
        buttons=(Button("Resume", f"/resume {number}" if number else "/resume"),),
    )


@command(manages=True)
async def resume(ask: Ask, number: Number = 0) -> Message:
    """Let a subscription that was paused go on, or all of them; it ends being muted as well."""
    changed = _pause(ask, number, paused=False)
    settings = _settings(ask)
    if not number and settings.mute_until_ms > ask.desk.clock():
        _unmute(ask, settings)
    name = f"#{number}" if number else counted(changed, "subscription")
    return Message(f"Going on: {name}", buttons=(Button("Subscriptions", "/subscriptions"),))


@command(manages=True)
async def mute(ask: Ask, time: Span = 3_600.0) -> Message:
    """No alerts for a while: /mute 4h, or /mute off to hear again.

    Nothing is lost: what comes meanwhile is told in one message afterwards.
    """
    settings = _settings(ask)
    if not time:
        _unmute(ask, settings)
        return Message("Alerts come again")
    until_ms = ask.desk.clock() + round(time * 1000)
    _save(ask, replace(settings, mute_until_ms=until_ms))
    until = f"{local_time(settings, until_ms):%a %H:%M} {settings.time_zone}"
    return Message(f"Muted until {until}", (_HELD,), buttons=(Button("Unmute", "/mute off"),))


@command(manages=True)
async def quiet(ask: Ask, hours: Hours) -> Message:
    """Hours of each day without alerts, in the chat's own time: /quiet 23:00-07:00, or /quiet off.

    Nothing is lost: what comes meanwhile is told in one message afterwards.
    """
    settings = _settings(ask)
    if hours == "off":
        _save(ask, replace(settings, quiet=None))
        ask.desk.store.deliveries.wake_held(ask.chat, ask.desk.clock())
        return Message("No quiet hours: alerts come at any time")
    _save(ask, replace(settings, quiet=minutes_of_day(hours)))
    return Message(
        f"Quiet every day {hours.replace('-', ' to ')}, {settings.time_zone} time",
        (_HELD, f"It is {_now(ask, settings)} here. Is that wrong? /timezone sets it."),
    )


@command(manages=True)
async def timezone(ask: Ask, zone: Zone = "") -> Message:
    """What time it is where the chat is, for quiet hours and digests.

    For example: /timezone Europe/Berlin
    """
    settings = _settings(ask)
    if zone:
        settings = replace(settings, time_zone=zone)
        _save(ask, settings)
    return Message(f"Time zone: {settings.time_zone}, it is {_now(ask, settings)}")


@command(manages=True)
async def limit(ask: Ask, number: Count) -> Message:
    """How many alerts an hour come one by one; beyond that they come together, and none is lost."""
    _save(ask, replace(_settings(ask), hourly_limit=number))
    return Message(f"At most {counted(number, 'alert')} an hour, the rest in one message")


@command
async def privacy(ask: Ask) -> Message:
    """What the bot knows of this chat, and how to remove it."""
    mine = ask.desk.store.subscriptions.of(ask.chat)
    settings = _settings(ask)
    return Message(
        "What is kept of this chat",
        (
            f"The chat's id on {ask.chat.platform}",
            f"Its {counted(len(mine), 'subscription')}, each with the id of who made it",
            f"How it wants to be spoken to: {settings.time_zone} time, quiet hours, mute, hourly limit",
            "Which alerts it got in the last 30 days",
            "Nothing that is written here is kept, and nothing is passed on.",
            "/forget removes all of it.",
        ),
    )


@command(manages=True)
async def forget(ask: Ask, sure: Sure = "") -> Message:
    """Remove all that the bot knows of this chat, its subscriptions included."""
    count = len(ask.desk.store.subscriptions.of(ask.chat))
    if not sure:
        return Message(
            f"Remove everything, {counted(count, 'subscription')} included?",
            ("This cannot be undone. /forget yes does it.",),
            buttons=(Button("Remove everything", "/forget yes"),),
        )
    ask.desk.store.chats.forget(ask.chat)
    return Message("Forgotten: nothing of this chat is kept any more")


COMMANDS = (pause, resume, mute, quiet, timezone, limit, privacy, forget)


def _settings(ask: Ask) -> ChatSettings:
    return ask.desk.store.chats.settings(ask.chat)


def _save(ask: Ask, settings: ChatSettings) -> None:
    ask.desk.store.chats.save(ask.chat, settings, ask.desk.clock())


def _unmute(ask: Ask, settings: ChatSettings) -> None:
    _save(ask, replace(settings, mute_until_ms=0))
    ask.desk.store.deliveries.wake_held(ask.chat, ask.desk.clock())


def _pause(ask: Ask, number: int, *, paused: bool) -> int:
    mine = ask.desk.store.subscriptions.of(ask.chat)
    if not mine:
        raise Refusal("This chat has no subscriptions. Make one with /subscribe")
    numbers = [number] if number else [item.number for item in mine]
    return ask.desk.store.subscriptions.pause(ask.chat, numbers, paused=paused)


def _now(ask: Ask, settings: ChatSettings) -> str:
    return f"{local_time(settings, ask.desk.clock()):%H:%M}"
