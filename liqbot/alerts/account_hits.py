"""Hits of an account's watch in words: a position opened, grown, closed; nearness; what moved it.

Not here: deciding what is told (`account_reading.py`), the finished message (`account_message.py`).
"""

from dataclasses import dataclass

from liqbot.engine.account_changes import SAME_SIZE
from liqbot.market.accounts import Change, HeldPosition, PositionChange
from liqbot.market.side import Side
from liqbot.market.updates import Provenance
from liqbot.rules.hit import Hit
from liqbot.text import N_, _
from liqbot.text.figures import apart, duration, gap, percent, price, signed_usd, usd

MOSTLY = 2 / 3
"""What moved a position's distance by more than this share of all that did, moved it."""
LATE_MS = 900_000
"""Where the look before is longer ago than this, it is said."""
_SIDES = {Side.LONG: N_("long"), Side.SHORT: N_("short")}


@dataclass(frozen=True, slots=True)
class Since:
    """A position as it was at an earlier time, beside which it is told how it is."""

    held: HeldPosition
    time_ms: int


def change_hit(change: PositionChange, since: Since | None, *, gap_ms: int) -> Hit:
    """Return what is told of a position that was opened, closed, reversed, or changed its size."""
    now, was = change.after, change.before
    means = ""
    if change.change is Change.CLOSED and was is not None:
        means = _(
            "Its entry was {entry}; at the last look it stood at {profit}. No liquidation was told of.",
            entry=price(was.entry),
            profit=signed_usd(_profit(was)),
        )
    elif change.change is Change.OPENED and now is not None:
        means = _("Its own trade, entry {entry}.", entry=price(now.entry))
    elif was is not None and now is not None:
        means = _(
            "Its own trade: from {before} to {after}{span}.",
            before=_held(was),
            after=_held(now),
            span=_span(change, since),
        )
    held = was if now is None else now
    return Hit(
        key=f"{change.change}:{change.coin}",
        text=_headline(change),
        means=means,
        caveat=_late(gap_ms),
        value=None if now is None else now.usd,
        side=None if held is None else held.side,
        level=None if held is None else held.liquidation,
    )


def near_hit(now: HeldPosition, since: Since | None, time_ms: int, *, gap_ms: int) -> Hit:
    """Return that a position is near its liquidation, and what brought it there."""
    distance = now.distance() or 0.0
    if distance <= 0:
        text = _("{coin} {side} is at its liquidation price", coin=now.coin, side=_(_SIDES[now.side]))
    else:
        text = _(
            "{coin} {side} is {away} ({dollars}) from liquidation",
            coin=now.coin,
            side=_(_SIDES[now.side]),
            away=apart(100 * distance),
            dollars=gap(distance * now.mark),
        )
    return Hit(
        key=f"near:{now.coin}",
        text=text,
        means=moved(now, since, time_ms),
        caveat=_late(gap_ms),
        value=100 * distance,
        side=now.side,
        level=now.liquidation,
    )


def liquidation_hit(change: PositionChange, since: Since | None, *, is_shown: bool = True) -> Hit:
    """Return that a position was liquidated, wholly or in part; `is_shown` where a look has shown it."""
    told, was = change.liquidations, change.before
    size = sum(one.size for one in told)
    at = sum(one.size * one.price for one in told) / size if size else 0.0
    side = told[0].side if told else None
    words = {
        "coin": change.coin,
        "side": "" if side is None else _(_SIDES[side]),
        "usd": usd(size * at),
        "price": price(at),
    }
    if change.after is None:
        text = _("{coin} {side} liquidated at {price}: {usd}", **words)
    else:
        text = _("{coin} {side} liquidated in part at {price}: {usd}", **words)
    parts: list[str] = []
    if since is not None and was is not None:
        parts.append(_price_words(since, at, change.time_ms))
    if change.after is not None:
        parts.append(_("{held} is left.", held=_held(change.after)))
    elif not is_shown and was is not None:
        parts.append(_("It held {held} before; what is left is not known yet.", held=_held(was)))
    return Hit(
        key=f"{Change.LIQUIDATED}:{change.coin}",
        text=text,
        means=" ".join(part for part in parts if part),
        caveat=_how_known(change),
        value=size * at,
        side=side,
        level=at if at > 0 else None,
    )


def moved(now: HeldPosition, since: Since | None, time_ms: int) -> str:
    """Return what moved a position's distance to its liquidation: price, or the account itself; or both."""
    if since is None or since.time_ms >= time_ms:
        return ""
    was = since.held
    before, after, by_price = was.distance(), now.distance(), was.distance(now.mark)
    if before is None or after is None or by_price is None or was.side is not now.side:
        return _own_words(now, since, time_ms)
    price_part, own_part = before - by_price, by_price - after
    total = abs(price_part) + abs(own_part)
    if not total:
        return ""
    if abs(price_part) >= MOSTLY * total:
        return _("Price moved it: {what}", what=_price_words(since, now.mark, time_ms))
    if abs(own_part) >= MOSTLY * total:
        return _own_words(now, since, time_ms)
    both = _price_words(since, now.mark, time_ms), _own_words(now, since, time_ms)
    return _("Price and the account itself moved it: {price} {own}", price=both[0], own=both[1])


def _own_words(now: HeldPosition, since: Since, time_ms: int) -> str:
    """Return what the account did that moved its liquidation price."""
    was, span = since.held, _ago(time_ms - since.time_ms)
    if abs(now.size - was.size) > SAME_SIZE * abs(was.size):
        return _(
            "Its own trading moved it: from {before} to {after} in {span}.",
            before=_held(was),
            after=_held(now),
            span=span,
        )
    if was.liquidation is None or now.liquidation is None:
        return _("Its margin moved it in {span}, without a trade in {coin}.", span=span, coin=now.coin)
    return _(
        "Its liquidation price moved from {before} to {after} in {span} without a trade in {coin}: "
        "margin was taken out, or other positions lost.",
        before=price(was.liquidation),
        after=price(now.liquidation),
        span=span,
        coin=now.coin,
    )


def _price_words(since: Since, mark: float, time_ms: int) -> str:
    was = since.held.mark
    if not was or time_ms <= since.time_ms:
        return ""
    way = (
        N_("{coin} rose {by} to {price} in {span}.")
        if mark >= was
        else N_("{coin} fell {by} to {price} in {span}.")
    )
    return _(
        way,
        coin=since.held.coin,
        by=percent(100 * abs(mark / was - 1)),
        price=price(mark),
        span=_ago(time_ms - since.time_ms),
    )


def _headline(change: PositionChange) -> str:
    now, was = change.after, change.before
    if now is None:
        return "" if was is None else _("{held} closed", held=_held(was))
    words = {"held": _held(now), "away": _away(now), "by": percent(100 * abs(change.share))}
    if change.change is Change.REVERSED:
        return _("{held}: reversed, {away}", **words)
    if change.change is Change.GREW:
        return _("{held}: up {by}, {away}", **words)
    if change.change is Change.SHRANK:
        return _("{held}: down {by}, {away}", **words)
    return _("{held} opened, {away}", **words)


def _away(held: HeldPosition) -> str:
    distance = held.distance()
    if distance is None:
        return _("no price liquidates it")
    return _("{away} from liquidation", away=apart(100 * distance))


def _held(held: HeldPosition) -> str:
    return _("{coin} {side} {usd}", coin=held.coin, side=_(_SIDES[held.side]), usd=usd(held.usd))


def _profit(held: HeldPosition) -> float:
    return (held.mark - held.entry) * held.size


def _span(change: PositionChange, since: Since | None) -> str:
    if since is None or change.time_ms <= since.time_ms:
        return ""
    return _(" in {span}", span=_ago(change.time_ms - since.time_ms))


def _ago(span_ms: int) -> str:
    return duration(max(span_ms / 1000, 1.0))


def _late(gap_ms: int) -> str:
    """Return that nobody has looked for long, so that it may have happened long ago; empty where not."""
    return _("It was last looked at {span} before.", span=_ago(gap_ms)) if gap_ms >= LATE_MS else ""


def _how_known(change: PositionChange) -> str:
    told = change.liquidations
    if told and all(one.provenance is Provenance.INFERRED for one in told):
        return _("Inferred: price crossed its level and the position was gone; nobody told of it.")
    if any(one.method == "backstop" for one in told):
        return _("The venue's liquidator took it over.")
    return ""
