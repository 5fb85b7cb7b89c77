"""An account in words: what it holds, how far each position is from liquidation, and how old that is."""

import math

from liqbot.alerts.account_message import position_text
from liqbot.market.accounts import Change
from liqbot.market.positions import MarginMode
from liqbot.market.side import Side
from liqbot.message import Fact, Table, Tone
from liqbot.service.account_answer import AccountAnswer, PositionAnswer
from liqbot.service.account_previews import AccountPreview
from liqbot.service.account_watches import WatchedAccount
from liqbot.service.previews import DAYS
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import (
    apart,
    duration,
    gap,
    listed,
    percent,
    price,
    short_address,
    signed_usd,
    usd,
    utc,
)

NAMED = 4
"""So many positions of an account are named where there are others to be named."""
SHOWN = 12
"""So many positions are listed; of the others it says how many they are."""
NEAR_PCT = 5.0
"""What is nearer than this to its liquidation gives the answer its colour."""
OLD_S = 60
"""A look that is older than this is said to be."""


def title(answer: AccountAnswer, name: str = "") -> str:
    """Return an account in a line: `whale: 3 positions, the nearest 4.2% from liquidation`."""
    who = name or short_address(answer.account)
    if not answer.positions:
        return _("{who} holds no position", who=who)
    count = len(answer.positions)
    nearest = answer.nearest
    if nearest is None or nearest.distance_pct is None:
        return ngettext(
            "{who}: {count} position, out of reach of liquidation",
            "{who}: {count} positions, out of reach of liquidation",
            count,
            who=who,
        )
    return ngettext(
        "{who}: {count} position, {away} from liquidation",
        "{who}: {count} positions, the nearest {away} from liquidation",
        count,
        who=who,
        away=apart(nearest.distance_pct),
    )


def tone(answer: AccountAnswer) -> Tone:
    """Return the tone of an account: that of a side where a position of it is near its liquidation."""
    nearest = answer.nearest
    if nearest is None or nearest.distance_pct is None or nearest.distance_pct > NEAR_PCT:
        return Tone.NEUTRAL
    return Tone.LONGS if nearest.side == "long" else Tone.SHORTS


def facts(answer: AccountAnswer) -> list[Fact]:
    """Return the account as a whole."""
    told: list[Fact] = []
    if answer.equity_usd is not None:
        told.append(Fact(_("Worth as margin"), usd(answer.equity_usd)))
    if answer.long_usd:
        told.append(Fact(_("Long"), usd(answer.long_usd)))
    if answer.short_usd:
        told.append(Fact(_("Short"), usd(answer.short_usd)))
    if answer.positions:
        told.append(
            Fact(_("Profit since entry"), signed_usd(sum(one.profit_usd for one in answer.positions)))
        )
    return told


def tables(answer: AccountAnswer) -> list[Table]:
    """Return a table for each position, the nearest to its liquidation first."""
    return [
        Table(tuple(position_rows(one)), position_line(one), _tone(one)) for one in answer.positions[:SHOWN]
    ]


def notes(answer: AccountAnswer, now_ms: int) -> list[str]:
    """Return what is left out, how old it is, and the address in full."""
    said: list[str] = []
    if (more := len(answer.positions) - SHOWN) > 0:
        said.append(ngettext("and {count} position more", "and {count} positions more", more))
    if answer.unread:
        said.append(_("Could not be read this time: {coins}.", coins=", ".join(answer.unread)))
    age_s = (now_ms - answer.time_ms) / 1000
    if not answer.is_newest:
        said.append(
            _(
                "{venue} does not answer at present: this is how it stood {age} ago.",
                venue=answer.venue,
                age=duration(max(age_s, 1)),
            )
        )
    elif age_s > OLD_S and answer.origin == "live":
        said.append(_("As it stood {age} ago.", age=duration(age_s)))
    said.append(answer.account)
    return said


def position_line(one: PositionAnswer) -> str:
    """Return a position in a line: `BTC long $1.2M, 20x cross`."""
    mode = MarginMode[one.margin.upper()]
    return position_text(one.coin, Side(one.side), one.usd, one.leverage, mode)


def position_rows(one: PositionAnswer) -> list[tuple[str, ...]]:
    """Return how far a position is from its liquidation, and what it has gained."""
    return [
        (_("Liquidation"), liquidation(one)),
        (_("Mark"), _("{mark}, entry {entry}", mark=price(one.mark), entry=price(one.entry))),
        (_("Profit"), signed_usd(one.profit_usd)),
    ]


def liquidation(one: PositionAnswer) -> str:
    """Return where a position is liquidated, and how far that is in percent and in dollars."""
    if one.liquidation is None or one.distance_pct is None or one.distance_usd is None:
        return _("no price liquidates it")
    if one.distance_pct <= 0:
        return _("{level}: reached", level=price(one.liquidation))
    return _(
        "{level}: {away} or {dollars} away",
        level=price(one.liquidation),
        away=apart(one.distance_pct),
        dollars=gap(one.distance_usd),
    )


def who(watched: WatchedAccount) -> str:
    """Return what an account that is watched is called."""
    return watched.name or short_address(watched.address)


def promise(watched: WatchedAccount) -> list[str]:
    """Return what is told of an account that is watched, and how often it is looked at."""
    steps = ", ".join(percent(step) for step in watched.near_pct[:-1])
    said = [
        watched.subscription.description,
        _(
            "You are warned at {steps} and {last} from liquidation.",
            steps=steps,
            last=percent(watched.near_pct[-1]),
        ),
    ]
    if watched.is_pushed:
        said.append(_("Its venue streams it to this bot: what it does is seconds old."))
    elif watched.every_s is not None:
        said.append(_("It is looked at every {span}.", span=duration(watched.every_s)))
    else:
        said.append(_("No source of this bot can look at it at present."))
    return said


def lately(preview: AccountPreview | None) -> list[str]:
    """Return what a watch would have told lately, in a sentence or two; none where that is not counted."""
    if preview is None or preview.state == "skipped":
        return []
    if preview.state == "counting":
        return [
            _("What it would have told in the last {days} days is not known: its venue is slow.", days=DAYS)
        ]
    is_whole = preview.span_s > (DAYS - 0.5) * 86_400
    span = _("{days} days", days=DAYS) if is_whole else duration(max(preview.span_s, 60))
    if preview.state == "seen":
        return [_seen_lately(preview, span)]
    unknown = _("How near it came to liquidation then is not known.")
    if not preview.trades:
        return [_("It has not traded in the last {span}.", span=span)]
    if preview.last is None:
        return [
            ngettext(
                "Its {count} trade of the last {span} would have told you nothing.",
                "Its {count} trades of the last {span} would have told you nothing.",
                preview.trades,
                span=span,
            ),
            unknown,
        ]
    what = listed([_(_TOLD[change], count=count) for change, count in _counts(preview)])
    return [
        ngettext(
            "In the last {span} this would have come once: {what}, on {last}.",
            "In the last {span} this would have come {count} times: {what}; last on {last}.",
            preview.times,
            span=span,
            what=what,
            last=utc(preview.last.time_ms),
        ),
        unknown,
    ]


_TOLD = {
    Change.OPENED: N_("{count} opened"),
    Change.CLOSED: N_("{count} closed"),
    Change.REVERSED: N_("{count} reversed"),
    Change.GREW: N_("{count} grown"),
    Change.SHRANK: N_("{count} shrunk"),
    Change.LIQUIDATED: N_("{count} liquidated"),
}


def _counts(preview: AccountPreview) -> list[tuple[Change, int]]:
    return [(change, preview.counts[change]) for change in _TOLD if preview.counts.get(change)]


def _seen_lately(preview: AccountPreview, span: str) -> str:
    """Return what this bot itself has seen of an account whose trades its venue does not tell."""
    if preview.last is None:
        return _(
            "Its past trades are not known here, and no large liquidation of it was seen in {span}.",
            span=span,
        )
    return ngettext(
        "Its past trades are not known here. It was seen liquidated once in {span}, on {last}.",
        "Its past trades are not known here. It was seen liquidated {count} times in {span}, last on {last}.",
        preview.times,
        span=span,
        last=utc(preview.last.time_ms),
    )


def held(watched: WatchedAccount) -> list[Fact]:
    """Return what an account that is watched holds now: the positions nearest to their liquidation."""
    answer = watched.account
    if answer is None:
        return [Fact(_("Right now"), _("not seen yet; it comes with the first look"))]
    if not answer.positions:
        return [Fact(_("Right now"), _("holds no position"))]
    told = [Fact(position_line(one), liquidation(one)) for one in answer.positions[:NAMED]]
    if (more := len(answer.positions) - NAMED) > 0:
        told.append(Fact(_("Besides"), ngettext("{count} position", "{count} positions", more)))
    return told


def danger(watched: WatchedAccount) -> float:
    """Return what accounts are listed by: the nearest to a liquidation first."""
    answer = watched.account
    nearest = None if answer is None else answer.nearest
    return math.inf if nearest is None or nearest.distance_pct is None else nearest.distance_pct


def watched_table(watched: WatchedAccount, now_ms: int) -> Table:
    """Return an account of a list: its name and number, and its positions."""
    answer = watched.account
    state = _("paused") if watched.subscription.paused else ""
    every = "" if watched.every_s is None else _("every {span}", span=duration(watched.every_s))
    pushed = _("streamed") if watched.is_pushed else every
    age_s = 0.0 if answer is None or answer.origin != "live" else (now_ms - answer.time_ms) / 1000
    old = _("{age} old", age=duration(age_s)) if age_s > OLD_S else ""
    parts = (f"#{watched.subscription.number} {who(watched)}", state, pushed, old)
    if answer is None:
        rows = ((_("not seen yet"),),)
    elif not answer.positions:
        rows = ((_("holds no position"),),)
    else:
        rows = tuple((position_line(one), liquidation(one)) for one in answer.positions[:NAMED])
    return Table(
        rows, ", ".join(part for part in parts if part), Tone.NEUTRAL if answer is None else tone(answer)
    )


def _tone(one: PositionAnswer) -> Tone:
    return Tone.LONGS if one.side == "long" else Tone.SHORTS
