"""Sentences that commands about subscriptions share: why no alerts come, what a rule says now, previews."""

from collections.abc import Mapping
from datetime import UTC, tzinfo

from liqbot.alerts.hold_policy import HoldReason, told_zone, zone
from liqbot.alerts.states import Status
from liqbot.chat.command import CommandContext
from liqbot.rules.rule import Need
from liqbot.service.chats import ChatSettings, rest_of
from liqbot.service.current_readings import Current
from liqbot.service.previews import DAYS, WouldHaveFired
from liqbot.service.subscriptions import Manner
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import clock, duration, time_to_come, utc

UNLOOKED = ("rule not loaded", "wrong parameters", "rule fails")
"""Why nobody looks for what somebody subscribed to: that is not the same as that there is nothing."""
STATUSES = {
    Status.OK: N_("quiet"),
    Status.PENDING: N_("pending"),
    Status.FIRING: N_("firing"),
    Status.RECOVERING: N_("recovering"),
    Status.NO_DATA: N_("no data"),
}
_UNREAD: Mapping[str, str] = {
    "rule not loaded": N_("Its rule is not loaded."),
    "no data": N_("There is no data of its coin at present."),
    "wrong parameters": N_("Its settings are no longer possible. Unsubscribe it and subscribe anew."),
    "not seen yet": N_("It has not been looked at yet."),
    "rule fails": N_("Its rule fails. The operator's log names the line."),
    Need.BOOK: N_("No order book is known at present."),
    Need.FUNDING: N_("Funding is not known at present."),
    Need.OPEN_INTEREST: N_("Open interest is not known at present."),
}


_NEVER: Mapping[str, str] = {
    Need.BOTH_MAPS: N_(
        "It can never fire here: it compares measured maps with modelled ones, and this bot has but one kind."
    ),
    Need.ACCOUNTS: N_("It can never fire here: it needs positions of accounts, and this map is modelled."),
}


_LACKED: Mapping[str, str] = {
    Need.BOTH_MAPS: N_("a map of the other kind"),
    Need.ACCOUNTS: N_("who holds what"),
    Need.BOOK: N_("the order book"),
    Need.FUNDING: N_("funding"),
    Need.OPEN_INTEREST: N_("open interest"),
}
"""What a view of the past may be without, so that a rule finds nothing in it."""


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


def standing(status: Status, found: Current, *, is_of_account: bool = False) -> str:
    """Return the state of a subscription in words; of an account, what is found is what it holds."""
    if status is Status.OK and found.hits and not is_of_account:
        return _("just found")
    return _("not looked at") if found.unread in UNLOOKED else _(STATUSES[status])


def current(found: Current) -> str:
    """Return what a rule says of the newest view."""
    if found.unread:
        return _(_UNREAD[found.unread])
    if not found.hits:
        return _("nothing")
    more = len(found.hits) - 1
    return _("{hit} (and {count} more)", hit=found.hits[0], count=more) if more else found.hits[0]


def lately(fired: WouldHaveFired | None) -> list[str]:
    """Return how often a watch would have fired, as sentences or none."""
    if fired is None:
        return []
    if fired.state in _UNCOUNTED:
        return [_(_UNCOUNTED[fired.state], days=DAYS)]
    is_whole = fired.span_s > (DAYS - 0.5) * 86_400
    span = _("{days} days", days=DAYS) if is_whole else duration(max(fired.span_s, 60))
    is_blind = fired.lacking in _LACKED and fired.blind >= fired.views
    return [_cannot_tell(fired, span)] if is_blind else [_fired(fired, span), *_limits(fired)]


_UNCOUNTED: Mapping[str, str] = {
    "counting": N_("How often it would have fired in the last {days} days is still being counted."),
    "skipped": N_("How often it would have fired is not counted for more than a few a minute."),
    "failed": N_("How often it would have fired cannot be told. The operator's log says why."),
}


def _fired(fired: WouldHaveFired, span: str) -> str:
    if not fired.times or fired.last_ms is None:
        return ngettext(
            "It would not have fired in the last {span} ({count} view).",
            "It would not have fired in the last {span} ({count} views).",
            fired.views,
            span=span,
        )
    return ngettext(
        "It would have fired once in the last {span}, on {last}.",
        "It would have fired {count} times in the last {span}, last on {last}.",
        fired.times,
        span=span,
        last=utc(fired.last_ms),
    )


def _cannot_tell(fired: WouldHaveFired, span: str) -> str:
    return ngettext(
        "Whether it would have fired in the last {span} cannot be told: {what} was not known in the one view "
        "of that time.",
        "Whether it would have fired in the last {span} cannot be told: {what} was not known in any of "
        "{count} views.",
        fired.views,
        span=span,
        what=_(_LACKED[fired.lacking]),
    )


def _limits(fired: WouldHaveFired) -> list[str]:
    """Return what the count does not say, in sentences: what was not known, and how closely was looked."""
    said: list[str] = []
    if fired.lacking in _LACKED:
        said.append(
            ngettext(
                "In {count} view of that time {what} was not known: it could not have fired there.",
                "In {count} views of that time {what} was not known: it could not have fired there.",
                fired.blind,
                what=_(_LACKED[fired.lacking]),
            )
        )
    elif fired.lacking and fired.blind >= fired.views:
        said.append(_("No liquidation was told of in that time: there was none, or the venue does not tell."))
    if 0 < fired.fine_s < fired.span_s:
        said.append(_("Of what is older than a day, one view in half an hour was looked at."))
    return said


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
