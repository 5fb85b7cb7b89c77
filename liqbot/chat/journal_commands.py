"""The commands of a chat's journal: notes, trades taken, and what the market made of them."""

from collections.abc import Iterator

from liqbot.alerts.hold_policy import told_zone
from liqbot.chat import phrases
from liqbot.chat.command import AlertNumber, CommandContext, Text, command
from liqbot.market.side import Side
from liqbot.message import Button, Fact, Message, Table
from liqbot.service.journal import JournalEntry, Kept, Result, RuleHits, Trade
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import percent, price, time_gone_by

ROWS = 12
_RESULTS = {
    Result.TARGET: N_("target"),
    Result.STOP: N_("stopped"),
    Result.OPEN: N_("open"),
    Result.UNCLEAR: N_("unclear"),
}


@command(manages=True)
async def note(context: CommandContext, alert: AlertNumber, text: Text) -> Message:
    """Write something down about an alert: /note A12 faded at once. It stays in this chat's journal."""
    kept = await context.services.journal.note(context.chat, alert, text)
    return Message(
        _("Noted on A{number}: {text}", number=kept.alert, text=_short(kept.note)), actions=_actions()
    )


@command(manages=True)
async def took(context: CommandContext, alert: AlertNumber, levels: Text = "") -> Message:
    """Write down that you took a trade because of an alert.

    For example: /took A12 62000 61000 65000

    The prices are entry, stop and target; all may be left out, and the entry is then the price of now. The
    market fills in what became of it. With neither stop nor target, add side=long or side=short.
    """
    kept = await context.services.journal.took(context.chat, alert, Trade.of(levels))
    return Message(
        _("Taken: {trade}", trade=_trade(kept)),
        (_("/journal says what became of it."),),
        actions=_actions(),
    )


@command
async def journal(context: CommandContext) -> Message:
    """This chat's own setups: notes, trades taken, and how many came to their target, by rule."""
    answer = await context.services.journal.journal(context.chat)
    if not answer.entries:
        return Message(
            _("The journal is empty"), (_("/note A12 TEXT writes on an alert, /took A12 notes a trade."),)
        )
    settings = await context.services.chats.settings(context.chat)
    zone, now_ms = phrases.zone_of(settings), context.services.clock()
    shown = answer.entries[:ROWS]
    rows = tuple(
        (
            f"A{one.entry.alert}",
            time_gone_by(one.entry.created_ms, now_ms, zone),
            one.entry.coin,
            *_cells(one),
        )
        for one in shown
    )
    return Message(
        ngettext("The journal: {count} entry", "The journal: {count} entries", answer.count),
        facts=tuple(_rule(one) for one in answer.rules),
        tables=(Table(rows),),
        notes=(
            _("Times are {zone}.", zone=told_zone(settings.time_zone)),
            *([_("R is what the stop would have cost.")] if any(map(_has_multiple, shown)) else []),
            _("Kept for this chat alone; /forget removes it."),
        ),
        private=True,
    )


COMMANDS = (note, took, journal)


def _actions() -> tuple[Button, ...]:
    return (Button(_("Journal"), "/journal"),)


def _has_multiple(one: Kept) -> bool:
    return one.outcome is not None and one.outcome.multiple is not None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _trade(entry: JournalEntry) -> str:
    side = _("long") if entry.side is Side.LONG else _("short")
    said = _("{coin} {side} from {price}", coin=entry.coin, side=side, price=price(entry.entry or 0.0))
    if entry.stop is not None:
        said = _("{trade}, stop {price}", trade=said, price=price(entry.stop))
    if entry.target is not None:
        said = _("{trade}, target {price}", trade=said, price=price(entry.target))
    return said


def _cells(one: Kept) -> Iterator[str]:
    if one.entry.side is None:
        yield _short(one.entry.note)
        return
    yield _("long") if one.entry.side is Side.LONG else _("short")
    yield price(one.entry.entry or 0.0)
    if one.outcome is None:
        yield _("no price since")
        return
    yield _(_RESULTS[one.outcome.result])
    yield percent(one.outcome.move_pct, signed=True)
    if one.outcome.multiple is not None:
        yield f"{one.outcome.multiple:+.1f}R".replace("-", "−")


def _rule(one: RuleHits) -> Fact:
    over = one.hit + one.stopped
    said = _("{hit} of {over} came to their target; {open} open", hit=one.hit, over=over, open=one.open)
    if one.multiple is not None:
        mean = f"{one.multiple:+.1f}R".replace("-", "−")
        said = _("{said}; {mean} on average", said=said, mean=mean)
    return Fact(one.rule, said)
