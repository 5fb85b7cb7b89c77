"""Commands about one alert by its number: how it stands now, why it came (/why), a test (/test).

Not here: the alert itself (`alerts/alert_message.py`), subscribing (`subscription_commands.py`).
"""

from collections.abc import Iterator

from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.alerts.alert_message import TONES, alert_buttons, headline, layer_label, signed
from liqbot.alerts.hold_policy import told_zone
from liqbot.alerts.states import Reason
from liqbot.chat import phrases
from liqbot.chat.arguments import is_account, known_coin
from liqbot.chat.command import AlertNumber, CommandContext, Subject, TestedRule, command
from liqbot.chat.market_words import regime_name
from liqbot.market.layer import Layer
from liqbot.message import Fact, Message
from liqbot.service.alerts import Alert, Reasons
from liqbot.service.chats import ChatSettings
from liqbot.service.errors import UserError
from liqbot.service.market_answer import MarketAnswer
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, price, time_gone_by, usd

_WHY = {
    Reason.FIRST: N_("It was new."),
    Reason.AGAIN: N_("It was back after it had been resolved."),
    Reason.ESCALATED: N_("It has grown a lot since the last alert of it."),
    Reason.UPDATED: N_("It was still on, and its message was brought up to date."),
    Reason.REPEAT: N_("It still held, and reminders are on (repeat=)."),
    Reason.RESOLVED: N_("It was resolved, and you asked to be told (resolved=yes)."),
    Reason.SAMPLE: N_("Somebody here asked for a test."),
}
_STATUS = {
    "sent": N_("arrived"),
    "due": N_("on its way"),
    "sending": N_("arriving right now"),
    "unknown": N_("may have arrived; sent again to be sure"),
    "held": N_("held back; it will arrive in one message with others"),
    "failed": N_("could not be delivered"),
    "expired": N_("too old by the time it could be sent"),
}


@command(public=True, draws=True)
async def alert(context: CommandContext, number: AlertNumber) -> Message:
    """One of this chat's alerts, and how things stand now."""
    answer = await context.services.alerts.alert(context.chat, number)
    told, market = answer.alert, answer.market
    if told.is_of_account:
        return Message(
            title=headline(told),
            lines=(told.hit.means, _("Now: {current}", current=phrases.current(answer.current))),
            notes=(told.coin,),
            tone=TONES[told.hit.side],
            picture=answer.picture,
            actions=alert_buttons(told, answer.subscription),
            time_ms=told.time_ms,
            provenance=signed(told, layer_label(told.layer)),
        )
    if market is None:
        return Message(headline(told), (_("There is no data of {coin} at present.", coin=told.coin),))
    if answer.still_holds is None:
        now = phrases.current(answer.current)
    else:
        now = answer.current.hits[0] if answer.still_holds else _("This no longer holds.")
    return Message(
        title=headline(told),
        lines=(_("Now: {current}", current=now),),
        facts=(Fact(_("Spot"), price(market.spot)), Fact(_("Regime"), regime_name(market.regime))),
        tone=TONES[told.hit.side],
        picture=answer.picture,
        actions=alert_buttons(told, answer.subscription),
        time_ms=market.time_ms,
        provenance=signed(told, market.provenance),
    )


@command
async def why(context: CommandContext, number: AlertNumber) -> Message:
    """Why an alert was sent: what was seen, by which rule, and how it was delivered."""
    reasons = await context.services.alerts.reasons(context.chat, number)
    settings = await context.services.chats.settings(context.chat)
    return Message(
        headline(reasons.alert),
        (_(_WHY[Reason(reasons.alert.reason)]), *filter(None, [reasons.description])),
        facts=tuple(_facts(reasons, settings, context.services.clock())),
        time_ms=reasons.alert.time_ms,
        provenance=signed(reasons.alert, "" if reasons.market is None else reasons.market.provenance),
    )


@command(manages=True)
async def test(context: CommandContext, rule: TestedRule, coin: Subject) -> Message:
    """See what an alert looks like: one is sent here, marked as a test.

    /test watch ADDRESS sends one of an account: the last that came here, else one made of what it holds now.
    """
    services = context.services
    known = None if await is_account(coin, context) else known_coin(coin, context)
    if rule != WATCH_ACCOUNT.name and known is None:
        raise UserError(
            "{text} is no coin. Of an account type /test watch {text}",
            text=coin,
            suggestions=(f"/test watch {coin}",),
        )
    if rule != WATCH_ACCOUNT.name:
        await services.alerts.sample(context.chat, rule, coin)
    elif known is not None:
        raise UserError("{coin} is a coin, and a watch is on an account. Type /test watch ADDRESS", coin=coin)
    else:
        await services.alerts.sample_of_account(
            context.chat, await services.account_watches.address(context.chat, coin)
        )
    rest = await phrases.rest(context)
    title = _("A test alert of {rule} {coin} is on its way", rule=rule, coin=coin)
    return Message(title, (rest,) if rest else ())


COMMANDS = (alert, why, test)


def _facts(reasons: Reasons, settings: ChatSettings, now_ms: int) -> Iterator[Fact]:
    yield Fact(_("You asked for"), reasons.watch)
    if reasons.description:
        yield Fact(_("When"), _timing(reasons))
    if reasons.market is not None:
        yield Fact(_("Seen in"), _seen_in(reasons.alert, reasons.market))
        yield Fact(
            _("The market then"),
            _(
                "{coin} {price}, {regime}, {up} above and {down} below within 5%",
                coin=reasons.market.coin,
                price=price(reasons.market.spot),
                regime=regime_name(reasons.market.regime),
                up=usd(reasons.market.up_usd),
                down=usd(reasons.market.down_usd),
            ),
        )
    yield Fact(_("Delivery"), _delivery(reasons, settings, now_ms))


def _seen_in(alert: Alert, market: MarketAnswer) -> str:
    """Return in which layer an alert was seen, and why in that one."""
    layer = Layer(market.venue, market.basis, market.origin).label
    if alert.instead_of:
        return _("{layer}, since {other} told nothing then", layer=layer, other=alert.instead_of)
    if alert.venue:
        return _("{layer}, as venue={venue} asks for", layer=layer, venue=alert.venue)
    return _("{layer}, the best there was", layer=layer)


def _timing(reasons: Reasons) -> str:
    pause = "; ".join(_pauses(reasons))
    if not reasons.hold_s:
        return pause
    return _("once it has lasted {span}; {pause}", span=duration(reasons.hold_s), pause=pause)


def _pauses(reasons: Reasons) -> Iterator[str]:
    """Yield what lies between alerts at least: of the same, and of different things."""
    if reasons.cooldown_s > reasons.apart_s:
        yield _("at least {span} between two of the same", span=duration(reasons.cooldown_s))
    elif not reasons.cooldown_s:
        yield _("no pause between two of the same")
    if reasons.apart_s:
        yield _("at least {span} between any two, unless one is far larger", span=duration(reasons.apart_s))


def _delivery(reasons: Reasons, settings: ChatSettings, now_ms: int) -> str:
    status = _(_STATUS[reasons.status])
    if reasons.sent_ms is not None:
        when = time_gone_by(reasons.sent_ms, now_ms, phrases.zone_of(settings))
        status = _("{status} {time} {zone}", status=status, time=when, zone=told_zone(settings.time_zone))
    if reasons.attempts <= 1:
        return status
    return ngettext(
        "{status} after {count} try", "{status} after {count} tries", reasons.attempts, status=status
    )
