"""What commands that make subscriptions share: who asks, until when, and how alerts come, in words."""

from collections.abc import Mapping

from liqbot.alerts.hold_policy import zone
from liqbot.chat import phrases
from liqbot.chat.command import CommandContext
from liqbot.chat.input_cleaning import words_of
from liqbot.chat.times import OFF, read_span, seconds_to
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import quoted
from liqbot.service.delivery_options import UNTIL
from liqbot.service.errors import UserError
from liqbot.service.subscriptions import By, SubscriptionAnswer
from liqbot.text import _


async def by_of(context: CommandContext, settings: Mapping[str, str]) -> tuple[By, dict[str, str]]:
    """Return who subscribes and until when, and the other settings. Raises `UserError`."""
    own = {name: value for name, value in settings.items() if name.lower() != UNTIL}
    given = next((value for name, value in settings.items() if name.lower() == UNTIL), None)
    until_ms = None
    if given is not None and given.lower() not in OFF:
        now_ms = context.services.clock()
        if read_amount(given, Unit.SECONDS) is None:
            chat = await context.services.chats.settings(context.chat)
            seconds = seconds_to(given, now_ms, zone(chat.time_zone))
            if seconds is None:
                raise UserError("Until when is {text}? Write until=7am or until=3d.", text=quoted(given))
        else:
            seconds = read_span(given)
        until_ms = now_ms + round(1000 * seconds)
    return By(context.person, context.check_role, until_ms, sets_until=given is not None), own


async def manner_lines(context: CommandContext, mine: SubscriptionAnswer) -> list[str]:
    """Return how the alerts of a subscription come, and when it ends, where that is not the default."""
    how = phrases.manner(mine.manner)
    lines = [_("Alerts come so: {manner}.", manner=how)] if how else []
    ends = await end_of(context, mine)
    return [*lines, _("It ends at {time}.", time=ends)] if ends else lines


async def end_of(context: CommandContext, mine: SubscriptionAnswer) -> str:
    """Return when a subscription ends by itself; empty where it does not."""
    if mine.manner.until_ms is None:
        return ""
    settings = await context.services.chats.settings(context.chat)
    return phrases.until_text(settings, mine.manner.until_ms, context.services.clock())


def changed(was: SubscriptionAnswer, now: SubscriptionAnswer, ended: str, ends: str) -> list[str]:
    """Return what is different of a subscription, a line each: `within: 3% → 4%`.

    `ended` and `ends` say when it was to end, and when it is to, in words.
    """
    old, new = _values(was), _values(now)
    names = dict.fromkeys([*old, *new])
    said = [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]
    default = _("default")
    lines = [
        _("{name}: {before} → {after}", name=name, before=before or default, after=after or default)
        for name, before, after in said
    ]
    how, then = phrases.manner(now.manner), phrases.manner(was.manner)
    never = _("never")
    if how != then:
        lines.append(
            _("{name}: {before} → {after}", name=_("comes"), before=then or default, after=how or default)
        )
    if ends != ended:
        lines.append(
            _("{name}: {before} → {after}", name=_("ends"), before=ended or never, after=ends or never)
        )
    return lines


def _values(item: SubscriptionAnswer) -> dict[str, str]:
    """Return what is set of a subscription by name."""
    pairs = (word.partition("=") for word in words_of(item.parameters))
    found = {name: value for name, _equals, value in pairs}
    return found | ({"venue": item.venue} if item.venue else {})
