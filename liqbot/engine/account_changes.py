"""What happened to an account between two looks at it; pure."""

from collections.abc import Iterator, Sequence

from liqbot.market.accounts import AccountState, Change, HeldPosition, PositionChange
from liqbot.market.updates import Liquidation

SAME_SIZE = 1e-6
"""Sizes that differ by less than this share are the same."""


def account_changes(
    before: AccountState, after: AccountState, liquidations: Sequence[Liquidation] = ()
) -> tuple[PositionChange, ...]:
    """Return what happened to the positions of one account from one look to a later one.

    Nothing has happened where the later look is no later, and none of its coins that could not be read has
    changed. `liquidations` are those that were told of the account since the look before; whatever they
    explain was liquidated, not closed. One that is told while the position is still unread, or before the
    next look, is not lost: hand it over again with the look after.
    """
    if after.time_ms <= before.time_ms or after.account != before.account:
        return ()
    return tuple(_changes(before, after, liquidations))


def carried_on(before: AccountState, after: AccountState) -> AccountState:
    """Return the later look, with what could not be read of it as it was before."""
    told = {one.coin for one in after.positions}
    kept = [one for one in before.positions if one.coin in after.unread and one.coin not in told]
    return AccountState(
        after.account, after.time_ms, (*after.positions, *kept), after.unread, after.equity_usd
    )


def _changes(
    before: AccountState, after: AccountState, liquidations: Sequence[Liquidation]
) -> Iterator[PositionChange]:
    held = {one.coin: one for one in before.positions}
    holds = {one.coin: one for one in after.positions}
    for coin in dict.fromkeys((*held, *holds)):
        if coin in after.unread and coin not in holds:
            continue
        was, now = held.get(coin), holds.get(coin)
        change = _change(was, now)
        told = tuple(
            one
            for one in liquidations
            if one.coin == coin and was is not None and one.side is was.side and _is_of(one, before)
        )
        if told and change in (Change.CLOSED, Change.SHRANK, Change.REVERSED):
            yield PositionChange(
                Change.LIQUIDATED, after.account, coin, max(one.time_ms for one in told), was, now, told
            )
        elif change is not None:
            yield PositionChange(change, after.account, coin, after.time_ms, was, now)


def _is_of(liquidation: Liquidation, before: AccountState) -> bool:
    return liquidation.account in (None, before.account) and liquidation.time_ms >= before.time_ms


def _change(was: HeldPosition | None, now: HeldPosition | None) -> Change | None:
    if was is None:
        return None if now is None else Change.OPENED
    if now is None:
        return Change.CLOSED
    if was.side is not now.side:
        return Change.REVERSED
    if abs(now.size - was.size) <= SAME_SIZE * abs(was.size):
        return None
    return Change.GREW if abs(now.size) > abs(was.size) else Change.SHRANK
