"""Sentences that several commands share: when no alerts come, what a rule says now, how alerts come."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

from liqbot.alerts.hold_policy import HoldReason, zone
from liqbot.alerts.states import Status
from liqbot.chat.command import CommandContext
from liqbot.chat.times import told_zone
from liqbot.rules.rule import Need
from liqbot.service.chats import ChatSettings, rest_of
from liqbot.service.current_readings import Current
from liqbot.service.previews import DAYS, WouldHaveFired
from liqbot.service.subscriptions import Manner
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import clock, duration, time_to_come, utc

STATUSES = {
    Status.OK: N_("quiet"),
    Status.PENDING: N_("pending"),
    Status.FIRING: N_("firing"),
    Status.RECOVERING: N_("recovering"),
    Status.NO_DATA: N_("no data"),
}
_UNREAD = {
    "rule not loaded": N_("Its rule is not loaded."),
    "no data": N_("There is no data of its coin at present."),
    "wrong parameters": N_("Its settings are no longer possible. Unsubscribe it and subscribe anew."),
    "not seen yet": N_("It has not been looked at yet."),
    "rule fails": N_("Its rule fails. The operator's log names the line."),
}


_NEVER: Mapping[str, str] = {
    Need.BOTH_MAPS: N_(
        "It can never fire here: it compares measured maps with modelled ones, and this bot has but one kind."
    ),
    Need.ACCOUNTS: N_("It can never fire here: it needs positions of accounts, and this map is modelled."),
}


async def rest(context: CommandContext) -> str:
    """Return why no alerts come to the chat now, in a sentence; empty where they come."""
    settings, now_ms = await context.services.chats.settings(context.chat), context.services.clock()
    absence = await context.services.chats.absence(context.chat)
    if absence is not None:
        return _(
            "Alerts could not be brought here since {since}: {reason}. They are kept and come as one "
            "message; the next try is {time}.",
            since=until_text(settings, absence.since_ms, now_ms),
            reason=absence.reason,
            time=until_text(settings, absence.next_ms, now_ms),
        )
    return rest_text(settings, now_ms)


def rest_text(settings: ChatSettings, now_ms: int) -> str:
    """Return why no alerts come at `now_ms`, in a sentence; empty where they come."""
    found = rest_of(settings, now_ms)
    if found is None:
        return ""
    until = until_text(settings, found.until_ms, now_ms)
    if found.why is HoldReason.MUTED:
        return _("Muted until {time}: alerts come after that.", time=until)
    return _("Quiet hours until {time}: alerts come after that.", time=until)


def until_text(settings: ChatSettings, until_ms: int, now_ms: int) -> str:
    """Return a time to come with the chat's time zone: `Wed 05:00 Europe/Berlin`."""
    return f"{time_to_come(until_ms, now_ms, zone_of(settings))} {told_zone(settings.time_zone)}"


def clock_text(settings: ChatSettings, time_ms: int) -> str:
    """Return what the chat's clocks show: `14:05`."""
    return clock(time_ms, zone_of(settings))


def zone_of(settings: ChatSettings) -> tzinfo:
    """Return the chat's time zone; UTC where the database does not know it any more."""
    return zone(settings.time_zone) or UTC


def current(found: Current) -> str:
    """Return what a rule says of the newest view."""
    if found.unread:
        return _(_UNREAD[found.unread])
    if not found.hits:
        return _("nothing")
    more = len(found.hits) - 1
    return _("{hit} (and {count} more)", hit=found.hits[0], count=more) if more else found.hits[0]


def lately(fired: WouldHaveFired | None) -> list[str]:
    """Return how often a watch would have fired, as a sentence or none."""
    if fired is None:
        return []
    if fired.state == "counting":
        return [_("How often it would have fired in the last {days} days is still being counted.", days=DAYS)]
    if fired.state == "skipped":
        return [_("How often it would have fired is not counted for more than a few a minute.")]
    if fired.state == "failed":
        return [_("How often it would have fired cannot be told. The operator's log says why.")]
    is_whole = fired.span_s > (DAYS - 0.5) * 86_400
    span = _("{days} days", days=DAYS) if is_whole else duration(max(fired.span_s, 60))
    coarse = [_("Of what is older than a day, one view in half an hour was looked at.")]
    more = coarse if 0 < fired.fine_s < fired.span_s else []
    if not fired.times or fired.last_ms is None:
        return [
            ngettext(
                "It would not have fired in the last {span} ({count} view).",
                "It would not have fired in the last {span} ({count} views).",
                fired.views,
                span=span,
            ),
            *more,
        ]
    return [
        ngettext(
            "It would have fired once in the last {span}, on {last}.",
            "It would have fired {count} times in the last {span}, last on {last}.",
            fired.times,
            span=span,
            last=utc(fired.last_ms),
        ),
        *more,
    ]


def typed(line: str) -> str:
    """Return what to type to have a subscription again: `/subscribe …`; of an account `/watch …`."""
    return f"/{line}" if line.startswith("watch ") else f"/subscribe {line}"


def never(lacking: str) -> list[str]:
    """Return that a watch can never fire, as a sentence or none."""
    return [_(_NEVER[lacking])] if lacking in _NEVER else []


def manner(chosen: Manner) -> str:
    """Return how alerts are brought, where it is not the default: `silent, daily digest`."""
    parts = [
        _("silent") if chosen.silent else "",
        {"hourly": _("hourly digest"), "daily": _("daily digest")}.get(chosen.digest, ""),
        _("pings a role") if chosen.role else "",
        _("once") if chosen.once else "",
    ]
    return ", ".join(part for part in parts if part)
