"""An account in words: what it holds, how far each position is from liquidation, and how old that is."""

from liqbot.message import Fact, Table, Tone
from liqbot.service.account_answer import AccountAnswer, PositionAnswer
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, percent, price, short_address, usd

SHOWN = 12
"""So many positions are listed; of the others it says how many they are."""
NEAR_PCT = 5.0
"""What is nearer than this to its liquidation gives the answer its colour."""
OLD_S = 60
"""A look that is older than this is said to be."""
_MARGINS = {"cross": N_("cross"), "isolated": N_("isolated"), "unknown": ""}
_SIDES = {"long": N_("long"), "short": N_("short")}


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
        away=percent(nearest.distance_pct),
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
    how = " ".join(
        part
        for part in ("" if one.leverage is None else f"{one.leverage:g}x", _(_MARGINS[one.margin]))
        if part
    )
    held = _("{coin} {side} {usd}", coin=one.coin, side=_(_SIDES[one.side]), usd=usd(one.usd))
    return f"{held}, {how}" if how else held


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
        away=percent(one.distance_pct),
        dollars=f"${price(one.distance_usd)}",
    )


def signed_usd(value: float) -> str:
    """Return a gain or a loss: `+$12k`, `−$340`."""
    return f"{'−' if value < 0 else '+'}{usd(abs(value))}" if round(abs(value)) else usd(0.0)


def _tone(one: PositionAnswer) -> Tone:
    return Tone.LONGS if one.side == "long" else Tone.SHORTS
