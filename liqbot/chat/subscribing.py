"""What commands that make subscriptions share: who asks, until when, and how alerts come, in words."""

from collections.abc import Mapping

from liqbot.alerts.hold_policy import zone
from liqbot.chat import phrases
from liqbot.chat.command import CommandContext
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
