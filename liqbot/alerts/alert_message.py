"""An alert as a message: what happened, what it means, how sure, how old."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from liqbot.alerts.account_message import called, facts_of
from liqbot.alerts.hold_policy import HoldReason, told_zone, zone
from liqbot.alerts.states import Reason
from liqbot.market.accounts import AccountState
from liqbot.market.layer import Origin
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.message import Button, Fact, Message, Picture, Tone
from liqbot.store.alerts import ANNOUNCEMENT, Alert
from liqbot.store.chats import ChatSettings
from liqbot.store.deliveries import Delivery
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import price, weekday_clock

TONES = {Side.LONG: Tone.LONGS, Side.SHORT: Tone.SHORTS, None: Tone.NEUTRAL}
MAY_REPEAT = N_("Possible duplicate: the first copy could not be confirmed.")
LONGEST_TITLE = 80
"""Characters: a phone's notification shows no more."""
DIGEST_LINES = 20
"""How many alerts a digest names; of the others it says how many they are."""
DIGEST_BUTTONS = DIGEST_LINES
_TITLES = {
    Reason.AGAIN: N_("{coin} again: {hit}"),
    Reason.ESCALATED: N_("{coin}, grown: {hit}"),
    Reason.REPEAT: N_("{coin} still: {hit}"),
    Reason.RESOLVED: N_("{coin} resolved: {hit}"),
}
_LIVE = (Reason.UPDATED, Reason.RESOLVED)
"""Why an alert that is kept up to date is told again: its own text says what is new."""


def tell(
    alert: Alert, view: MarketView | None, picture: Picture | None, page: str = "", record: str = ""
) -> Message:
    """Return the message of `alert`, which was raised in `view`; None where that can no longer be read.

    `page` is the address of the coin's page, `record` what became of its rule's alerts; empty where there
    is none.
    It is the same for every chat; `addressed` adds what is one chat's own.
    """
    hit, title = alert.hit, headline(alert)
    if alert.reason == Reason.RESOLVED and not hit.over:
        lines, caveat = [_("This no longer holds.")], ""
    else:
        lines, caveat = [hit.means], hit.caveat
    if len(title) > LONGEST_TITLE:  # what a notification would cut off stands below in full
        lines.insert(0, hit.text)
    return Message(
        title=shortened(title),
        lines=tuple(line for line in lines if line),
        facts=() if view is None else (Fact(_("Spot"), price(view.spot)),),
        notes=tuple(note for note in (caveat, record, fallen_back(alert, view), live_page(page)) if note),
        tone=TONES[hit.side],
        picture=picture,
        time_ms=alert.time_ms,
        provenance=signed(alert, "" if view is None else view.provenance),
    )


def tell_account(alert: Alert, state: AccountState | None, picture: Picture | None = None) -> Message:
    """Return the message of an alert about an account, which was so then; None where that cannot be read."""
    hit, title = alert.hit, headline(alert)
    lines = [hit.text] if len(title) > LONGEST_TITLE else []
    return Message(
        title=shortened(title),
        lines=tuple(line for line in (*lines, hit.means) if line),
        facts=() if state is None else tuple(facts_of(alert, state)),
        notes=tuple(note for note in (hit.caveat, alert.coin) if note),
        tone=TONES[hit.side],
        picture=picture,
        time_ms=alert.time_ms,
        provenance=signed(alert, layer_label(alert.layer)),
    )


def layer_label(key: str) -> str:
    """Return where an account was seen, by the key of the layer: `Hyperliquid`; `Sandbox, simulated`."""
    venue, _slash, rest = key.partition("/")
    origin = rest.rpartition("/")[2]
    label = venue.capitalize()
    return label if origin in ("", Origin.LIVE) else f"{label}, {origin}"


def fallen_back(alert: Alert, view: MarketView | None) -> str:
    """Return that a better layer was silent, so that another one was read; empty where none was."""
    if not alert.instead_of or view is None:
        return ""
    return _("{other} is silent at present; this is {layer}.", other=alert.instead_of, layer=view.layer.label)


def live_page(address: str) -> str:
    """Return where the market is to be seen live; empty where it is nowhere."""
    return _("Live: {address}", address=address) if address else ""


def headline(alert: Alert) -> str:
    """Return an alert in one line."""
    is_live = alert.hit.live and alert.reason in _LIVE
    key = N_("{coin}: {hit}") if is_live else _TITLES.get(Reason(alert.reason), N_("{coin}: {hit}"))
    coin = called(alert.coin, alert.parameters) if alert.is_of_account else alert.coin
    said = _(key, coin=coin, hit=alert.hit.text)
    return _("TEST {alert}", alert=said) if alert.sample else said


def shortened(title: str) -> str:
    """Return a title that fits on a phone, cut between words."""
    if len(title) <= LONGEST_TITLE:
        return title
    kept = title[: LONGEST_TITLE - 1]
    return f"{(kept.rsplit(maxsplit=1)[0] if ' ' in kept[-30:] else kept).rstrip()}…"


def signed(alert: Alert, provenance: str) -> str:
    """Return whose alert it is, its number, and where its figures come from: `near-cluster A12 · Testex`."""
    return " · ".join(part for part in (f"{alert.rule} A{alert.id}", provenance) if part)


def announcement(alert: Alert) -> Message:
    """Return what an operator tells all chats as a message."""
    return Message(
        _("From the operator of this bot"), tuple(alert.hit.text.split("\n")), time_ms=alert.time_ms
    )


def addressed(message: Message, alert: Alert, delivery: Delivery) -> Message:
    """Return an alert's message with what is one chat's own: its buttons, and whether it may be a repeat."""
    return replace(
        message,
        notes=(*message.notes, _(MAY_REPEAT)) if delivery.is_repeat else message.notes,
        actions=() if alert.reason == ANNOUNCEMENT else alert_buttons(alert, delivery.number),
    )


def alert_buttons(alert: Alert, number: int | None) -> tuple[Button, ...]:
    """Return the buttons of an alert; `number` is the chat's subscription, None where that has ended."""
    own = ()
    if number is not None:
        own = (Button(_("Unsubscribe #{number}", number=number), f"/unsubscribe {number}"),)
    if alert.is_of_account:
        return (
            Button(_("Account"), f"/account {alert.coin}"),
            Button(_("Mute 1 h"), "/mute 1h"),
            *own,
            Button(_("Why"), f"/why {alert.id}"),
        )
    return (
        Button(_("Refresh"), f"/alert {alert.id}", renews=True),
        Button(_("Mute 1 h"), "/mute 1h"),
        *own,
        Button(_("Why"), f"/why {alert.id}"),
    )


def digest(alerts: Sequence[Alert], delivery: Delivery) -> Message:
    """Return alerts that were held back as one message, each with its number and a button."""
    shown = alerts[:DIGEST_LINES]
    lines = [_digest_line(alert, delivery.settings) for alert in shown]
    if more := len(alerts) - len(shown):
        lines.append(_("and {count} more", count=more))
    return Message(
        title=_digest_title(len(alerts), delivery.held),
        lines=tuple(lines),
        notes=(
            _("Times are {zone}.", zone=told_zone(delivery.settings.time_zone)),
            *([_(MAY_REPEAT)] if delivery.is_repeat else []),
            *([_("/grouping off brings each by itself.")] if delivery.held is None else []),
        ),
        actions=(
            *(
                Button(f"A{alert.id}", f"/alert {alert.id}")
                for alert in alerts[:DIGEST_BUTTONS]
                if alert.reason != ANNOUNCEMENT
            ),
            Button(_("Subscriptions"), "/subscriptions"),
        ),
        time_ms=alerts[-1].time_ms,
    )


def _digest_line(alert: Alert, settings: ChatSettings) -> str:
    time = _clock(settings, alert)
    if alert.reason == ANNOUNCEMENT:
        return _("{time} From the operator: {text}", time=time, text=alert.hit.text)
    return _("A{number} {time} {headline}", number=alert.id, time=time, headline=headline(alert))


def _digest_title(count: int, held: str | None) -> str:  # noqa: PLR0911 - one for each reason
    if held is None:
        return ngettext("{count} alert", "{count} alerts at once", count)
    if held == HoldReason.MUTED:
        return ngettext("{count} alert while muted", "{count} alerts while muted", count)
    if held == HoldReason.QUIET:
        return ngettext("{count} alert during quiet hours", "{count} alerts during quiet hours", count)
    if held == HoldReason.DIGEST:
        return ngettext("{count} alert in this digest", "{count} alerts in this digest", count)
    if held == HoldReason.AWAY:
        return ngettext(
            "{count} alert while this chat could not be reached",
            "{count} alerts while this chat could not be reached",
            count,
        )
    if held == HoldReason.LIMIT:
        return ngettext(
            "{count} alert beyond the hourly limit", "{count} alerts beyond the hourly limit", count
        )
    return ngettext("{count} alert held back", "{count} alerts held back", count)


def _clock(settings: ChatSettings, alert: Alert) -> str:
    return weekday_clock(alert.time_ms, zone(settings.time_zone) or UTC)
