"""An account's alert as a message: facts, position lines, names of accounts; shared with answers."""

from liqbot.alerts.account_rule import NAME, WATCH_ACCOUNT
from liqbot.market.accounts import AccountState, HeldPosition
from liqbot.market.positions import MarginMode
from liqbot.market.side import Side
from liqbot.message import Fact
from liqbot.rules.parameters import ParameterError
from liqbot.store.alerts import Alert
from liqbot.text import N_, _
from liqbot.text.figures import apart, gap, listed, price, short_address, signed_usd, usd

NAMED = 3
"""So many other positions are named in an alert."""
_SIDES = {Side.LONG: N_("long"), Side.SHORT: N_("short")}
_MODES = {MarginMode.CROSS: N_("cross"), MarginMode.ISOLATED: N_("isolated"), MarginMode.UNKNOWN: ""}


def name_of(parameters: str) -> str:
    """Return what a chat calls an account, by the parameters of its watch; empty for no name."""
    try:
        return str(WATCH_ACCOUNT.form.restore(parameters)[NAME.name])
    except ParameterError:
        return ""


def called(account: str, parameters: str) -> str:
    """Return an account as it stands in a headline: by its name, or else by its shortened address."""
    return name_of(parameters) or short_address(account)


def facts_of(alert: Alert, state: AccountState) -> list[Fact]:
    """Return what the account holds as the alert saw it: the position that it is about, then the others."""
    coin = alert.market
    mine = state.position(coin)
    others = [one for one in state.nearest_first() if one.coin != coin]
    told: list[Fact] = []
    if mine is not None:
        told += [
            Fact(
                _("Position"),
                _(
                    "{held}, entry {entry}",
                    held=position_text(mine.coin, mine.side, mine.usd, mine.leverage, mine.mode),
                    entry=price(mine.entry),
                ),
            ),
            Fact(_("Liquidation"), liquidation_text(mine)),
            Fact(_("Mark"), price(mine.mark)),
            Fact(_("Profit"), signed_usd((mine.mark - mine.entry) * mine.size)),
        ]
    elif not others:
        told.append(Fact(_("Holds"), _("nothing any more")))
    if others:
        also = listed([held_text(one) for one in others[:NAMED]])
        more = len(others) - NAMED
        held = _("{names} and {count} more", names=also, count=more) if more > 0 else also
        told.append(Fact(_("Also holds") if mine is not None else _("Holds"), held))
    if state.equity_usd is not None:
        told.append(Fact(_("Worth as margin"), usd(state.equity_usd)))
    return told


def position_text(coin: str, side: Side, held_usd: float, leverage: float | None, mode: MarginMode) -> str:
    """Return a position in a line: `BTC long $1.2M, 20x cross`."""
    how = " ".join(part for part in ("" if leverage is None else f"{leverage:g}x", _(_MODES[mode])) if part)
    what = _("{coin} {side} {usd}", coin=coin, side=_(_SIDES[side]), usd=usd(held_usd))
    return f"{what}, {how}" if how else what


def liquidation_text(held: HeldPosition) -> str:
    """Return where a position is liquidated, and how far that is in percent and in dollars."""
    distance = held.distance()
    if held.liquidation is None or distance is None:
        return _("no price liquidates it")
    if distance <= 0:
        return _("{level}: reached", level=price(held.liquidation))
    return _(
        "{level}: {away} or {dollars} away, a loss of {loss}",
        level=price(held.liquidation),
        away=apart(100 * distance),
        dollars=gap(distance * held.mark),
        loss=usd(distance * held.usd),
    )


def held_text(held: HeldPosition) -> str:
    """Return a position among others: `ETH short $600k (12% away)`."""
    what = _("{coin} {side} {usd}", coin=held.coin, side=_(_SIDES[held.side]), usd=usd(held.usd))
    distance = held.distance()
    if distance is None:
        return what
    return _("{held} ({away} away)", held=what, away=apart(100 * distance))
