"""The commands with which a chat says how it wants to be spoken to."""

from dataclasses import replace

from liqbot.alerts.timing import Hold
from liqbot.chat.command import Ask, Count, Hours, Number, Refusal, Span, Sure, Zone, command
from liqbot.chat.forgetting import let_rule_forget
from liqbot.chat.times import minutes_of_day, told_rest, told_time, told_until, told_zone
from liqbot.message import Button, Message
from liqbot.rules.wording import counted
from liqbot.store.chats import ChatSettings
from liqbot.store.subscriptions import Subscription

_HELD = "Alerts are kept meanwhile, and come in one message afterwards."


@command(manages=True)
async def pause(ask: Ask, number: Number = 0) -> Message:
    """Stop the alerts of one subscription, or of all: what happens meanwhile is not told.

    For example: /pause 2. To be told afterwards, use /mute
    """
    chosen = await _chosen(ask, number)
    changed = await ask.desk.store.subscriptions.pause(
        ask.chat, [item.number for item in chosen], paused=True
    )
    again = f"/resume {number}" if number else "/resume"
    what = _named(ask, chosen)
    return Message(
        f"Paused: {what}" if changed else f"Paused already: {what}",
        (f"No alerts until {again}; what happens meanwhile is not told later.",),
        actions=(Button("Resume", again),),
    )


@command(manages=True)
async def resume(ask: Ask, number: Number = 0) -> Message:
    """Have the alerts of a paused subscription again, or of all; without a number it ends a mute as well."""
    settings = await _settings(ask)
    is_muted = not number and settings.mute_until_ms > ask.desk.clock()
    if is_muted:
        await _unmute(ask, settings)
    chosen = [] if is_muted and not await _mine(ask) else await _chosen(ask, number)
    paused = [item for item in chosen if item.paused]
    await ask.desk.store.subscriptions.pause(ask.chat, [item.number for item in paused], paused=False)
    if paused:
        title = f"Resumed: {_named(ask, paused)}"
    else:
        title = "No longer muted" if is_muted else f"Not paused: {_named(ask, chosen)}"
    return Message(title, await _rest(ask), actions=(Button("Subscriptions", "/subscriptions"),))


@command(manages=True)
async def mute(ask: Ask, time: Span = 3_600.0) -> Message:
    """No alerts for a while: /mute 4h, or /mute off to hear again.

    Nothing is lost: alerts are kept meanwhile, and come in one message afterwards.
    """
    settings = await _settings(ask)
    now_ms = ask.desk.clock()
    if not time:
        await _unmute(ask, settings)
        return Message("No longer muted", await _rest(ask))
    until_ms = now_ms + round(time * 1000)
    await _save(ask, replace(settings, mute_until_ms=until_ms))
    title = f"Muted until {told_until(settings, until_ms, now_ms)}"
    return Message(title, (_HELD,), actions=(Button("Unmute", "/mute off"),))


@command(manages=True)
async def quiet(ask: Ask, hours: Hours) -> Message:
    """Hours of the day without alerts, in the chat's own time: /quiet 23:00-07:00, or /quiet off.

    Nothing is lost: alerts are kept meanwhile, and come in one message afterwards.
    """
    settings = await _settings(ask)
    if hours == "off":
        await _save(ask, replace(settings, quiet=None))
        await _wake(ask, Hold.QUIET)
        return Message("No quiet hours", await _rest(ask) or ("Alerts come at any time.",))
    await _save(ask, replace(settings, quiet=minutes_of_day(hours)))
    await _wake(ask, Hold.QUIET)
    return Message(
        f"Quiet hours: {hours.replace('-', ' to ')} every day, {told_zone(settings.time_zone)}",
        (_HELD, f"It is {_now(ask, settings)} here now. If that is wrong, set it with /timezone"),
        actions=(Button("No quiet hours", "/quiet off"),),
    )


@command(manages=True)
async def timezone(ask: Ask, zone: Zone = "") -> Message:
    """The chat's time zone, for quiet hours and digests.

    For example: /timezone Europe/Berlin, or just the city, or UTC+2
    """
    settings = await _settings(ask)
    if zone:
        settings = replace(settings, time_zone=zone)
        await _save(ask, settings)
        await _wake(ask, Hold.QUIET)
    hint = () if zone else ("To change it: /timezone Europe/Berlin",)
    return Message(f"Time zone: {told_zone(settings.time_zone)}. It is {_now(ask, settings)} here", hint)


@command(manages=True)
async def limit(ask: Ask, number: Count) -> Message:
    """How many alerts an hour come one by one; the rest come in one message, and none is lost."""
    before = await _settings(ask)
    await _save(ask, replace(before, hourly_limit=number))
    if number > before.hourly_limit:
        await _wake(ask, Hold.LIMIT)
    return Message(f"Limit: {counted(number, 'alert')} an hour", ("What is beyond comes in one message.",))


@command
async def privacy(ask: Ask) -> Message:
    """What the bot knows of this chat, and how to remove it."""
    nothing = "Nothing that is written here is kept, and nothing is passed on."
    if not await ask.desk.store.chats.is_known(ask.chat):
        return Message("Nothing is kept of this chat", (nothing,))
    return Message(
        "What is kept of this chat",
        (
            f"• its id on {ask.chat.platform}",
            f"• its {counted(len(await _mine(ask)), 'subscription')}, each with the id of who made it",
            "• its settings: time zone, language, quiet hours, mute, hourly limit",
            "• which alerts it got in the last 30 days",
            nothing,
            "/forget removes all of it.",
        ),
    )


@command(manages=True)
async def forget(ask: Ask, sure: Sure = "") -> Message:
    """Remove all that the bot knows of this chat, its subscriptions included."""
    if not await ask.desk.store.chats.is_known(ask.chat):
        return Message("Nothing is kept of this chat")
    if not sure:
        return Message(
            f"Remove everything, {counted(len(await _mine(ask)), 'subscription')} included?",
            ("No more alerts will come. This cannot be undone: /forget yes",),
            actions=(Button("Remove everything", "/forget yes"),),
        )
    for item in await _mine(ask):
        await let_rule_forget(ask, item.watch)
    await ask.desk.store.chats.forget(ask.chat)
    return Message("Done: nothing of this chat is kept any more")


COMMANDS = (pause, resume, mute, quiet, timezone, limit, privacy, forget)


async def _settings(ask: Ask) -> ChatSettings:
    return await ask.desk.store.chats.settings(ask.chat)


async def _save(ask: Ask, settings: ChatSettings) -> None:
    await ask.desk.store.chats.save(ask.chat, settings, ask.desk.clock())


async def _unmute(ask: Ask, settings: ChatSettings) -> None:
    await _save(ask, replace(settings, mute_until_ms=0))
    await _wake(ask, Hold.MUTED)


async def _wake(ask: Ask, held_for: Hold) -> None:
    """Let what was held back for one reason be looked at again: another may still hold it back."""
    await ask.desk.store.deliveries.wake_held(ask.chat, ask.desk.clock(), held_for)
    ask.desk.wake()


async def _rest(ask: Ask) -> tuple[str, ...]:
    """Return a line that says why no alerts come now all the same; none where they come."""
    rest = told_rest(await _settings(ask), ask.desk.clock())
    return () if rest is None else (f"{rest}: alerts come after that.",)


async def _mine(ask: Ask) -> list[Subscription]:
    return await ask.desk.store.subscriptions.of(ask.chat)


async def _chosen(ask: Ask, number: int) -> list[Subscription]:
    """Return the chat's subscription of that number, or all for 0. Raises `Refusal` where it has none."""
    mine = await _mine(ask)
    if not mine:
        raise Refusal("This chat has no subscriptions. Make one with /subscribe")
    return [item for item in mine if item.number == number or not number]


def _named(ask: Ask, chosen: list[Subscription]) -> str:
    first = f"#{chosen[0].number} {ask.desk.words(chosen[0].watch)}"
    return first if len(chosen) == 1 else f"{len(chosen)} subscriptions"


def _now(ask: Ask, settings: ChatSettings) -> str:
    return told_time(settings.time_zone, ask.desk.clock())
