"""Coins as an operator spells them: found whatever their case, and refused with the nearest match."""

from collections.abc import Collection

from liqbot.rules.wording import nearest
from liqbot.sources.source import SourceError


def find_coin(coin: str, coins: Collection[str], where: str) -> str:
    """Return `coin` as `coins` has it, whatever its case. Raises `SourceError` with the nearest match."""
    found = spelled(coin, coins)
    if found is None:
        raise no_such_coin(coin, coins, where)
    return found


def spelled(coin: str, coins: Collection[str]) -> str | None:
    """Return `coin` as `coins` has it, whatever its case; None where it does not."""
    return coin if coin in coins else next((name for name in coins if name.lower() == coin.lower()), None)


def no_such_coin(coin: str, coins: Collection[str], where: str) -> SourceError:
    """Return the error that says so, with the nearest match of `coins`."""
    near = nearest(coin, coins)
    hint = f"did you mean {near}?" if near else f"it has {', '.join(sorted(coins)[:12]) or 'no coins'}"
    return SourceError(f"{where} has no {coin}; {hint}")
