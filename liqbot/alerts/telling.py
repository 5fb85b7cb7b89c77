"""An alert as a message: what happened, what it means, how sure, how old."""

from collections.abc import Sequence
from dataclasses import replace

from liqbot.alerts.states import Reason
from liqbot.alerts.timing import Hold, local_time
from liqbot.market.figures import price
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.message import Button, Message, Picture, Tone
from liqbot.store.alerts import Alert
from liqbot.store.chats import ChatSettings
from liqbot.store.deliveries import Delivery

TONES = {Side.LONG: Tone.LONGS, Side.SHORT: Tone.SHORTS, None: Tone.NEUTRAL}
MAY_REPEAT = "May be a repeat: whether it arrived the first time is not known."
DIGEST_LINES = 20
"""How many alerts a digest names; of the others it says how many they are."""
_TITLES = {
    Reason.AGAIN: " again",
    Reason.ESCALATED: ", and more of it",
    Reason.REPEAT: " still",
    Reason.RESOLVED: ", over",
}
_OVER = "This no longer holds."
_HELD = {
    Hold.MUTED: "while muted",
    Hold.QUIET: "during quiet hours",
    Hold.DIGEST: "in this digest",
    Hold.LIMIT: "beyond the hourly limit",
}


def tell(alert: Alert, view: MarketView | None, picture: Picture | None) -> Message:
    """Return the message of `alert`, which was raised in `view`; None where that can no longer be read.

    It is the same for every chat; `addressed` adds what is one chat's own.
    """
    hit = alert.hit
    spot = "" if view is None else f"Spot {price(view.spot)}. "
    over = alert.reason == Reason.RESOLVED
    means, caveat = (_OVER, "") if over else (hit.means, hit.caveat)
    return Message(
        title=headline(alert),
        lines=tuple(line for line in (f"{spot}{means}".rstrip(), caveat) if line),
        tone=TONES[hit.side],
        picture=picture,
        time_ms=alert.time_ms,
        provenance=" · ".join(
            part for part in (f"{alert.rule} #{alert.id}", "" if view is None else view.provenance) if part
        ),
    )


def headline(alert: Alert) -> str:
    """Return an alert in one line."""
    sample = "TEST · " if alert.sample else ""
    return f"{sample}{alert.coin}{_TITLES.get(Reason(alert.reason), '')}: {alert.hit.text}"


def addressed(message: Message, alert: Alert, delivery: Delivery) -> Message:
    """Return an alert's message with what is one chat's own: its buttons, and whether it may be a repeat."""
    return replace(
        message,
        lines=(*message.lines, MAY_REPEAT) if delivery.is_repeat else message.lines,
        actions=alert_buttons(alert, delivery.number),
    )


def alert_buttons(alert: Alert, number: int | None) -> tuple[Button, ...]:
    """Return the buttons of an alert; `number` is the chat's subscription, None where that has ended."""
    own = () if number is None else (Button(f"Unsubscribe #{number}", f"/unsubscribe {number}"),)
    return (
        Button("Refresh", f"/alert {alert.id}", renews=True),
        Button("Mute 1 h", "/mute 1h"),
        *own,
        Button("Why", f"/why {alert.id}"),
    )


def digest(alerts: Sequence[Alert], delivery: Delivery) -> Message:
    """Return alerts that were held back as one message."""
    when = _HELD.get(Hold(delivery.held), "") if delivery.held in set(Hold) else "held back"
    lines = [f"{_clock(delivery.settings, alert)} {headline(alert)}" for alert in alerts[:DIGEST_LINES]]
    more = len(alerts) - len(lines)
    lines += [f"and {more} more"] * bool(more)
    lines += [MAY_REPEAT] * delivery.is_repeat
    return Message(
        title=f"{len(alerts)} alerts {when}",
        lines=tuple(lines),
        actions=(Button("Subscriptions", "/subscriptions"),),
        time_ms=alerts[-1].time_ms,
    )


def _clock(settings: ChatSettings, alert: Alert) -> str:
    return f"{local_time(settings, alert.time_ms):%a %H:%M}"
