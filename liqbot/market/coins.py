"""What a coin is called: one name in all of liqbot, one table of bundles for every venue, many spellings.

A coin is named as on Hyperliquid: `BTC`, and `kPEPE` for a thousand PEPE. What Hyperliquid does not bundle is
named plainly, however other venues bundle it: `MOG` is one MOG, whether it is traded as 1000000MOG or not.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

BINANCE, BYBIT, OKX, BITGET, GATE = "Binance", "Bybit", "OKX", "Bitget", "Gate"
HYPERLIQUID = "Hyperliquid"
ALL = "all"
"""In `LIQBOT_COINS`, alone: every coin that a source has, where the source can follow them all."""
DEFAULT_COINS = ("BTC", "ETH", "SOL")
"""What is followed where nothing else is named."""


class Bundle(NamedTuple):
    """What a venue calls a bundle, and how many coins are in it."""

    name: str
    coins: int


def _thousand(base: str, *venues: str) -> dict[str, Bundle]:
    return {venue: Bundle(f"k{base}" if venue == HYPERLIQUID else f"1000{base}", 1000) for venue in venues}


BUNDLES: Mapping[str, Mapping[str, Bundle]] = MappingProxyType(
    {
        "BABYDOGE": {
            BINANCE: Bundle("1MBABYDOGE", 1_000_000),
            BYBIT: Bundle("1000000BABYDOGE", 1_000_000),
        },
        "BOB": {BINANCE: Bundle("1000000BOB", 1_000_000)},
        "BONK": _thousand("BONK", BINANCE, BYBIT, HYPERLIQUID),
        "BTT": _thousand("BTT", BYBIT),
        "CAT": _thousand("CAT", BINANCE, BYBIT),
        "CHEEMS": _thousand("CHEEMS", BINANCE) | {BYBIT: Bundle("1000000CHEEMS", 1_000_000)},
        "DOGS": _thousand("DOGS", HYPERLIQUID),
        "FLOKI": _thousand("FLOKI", BINANCE, BYBIT, HYPERLIQUID),
        "LUNC": _thousand("LUNC", BINANCE, BYBIT, HYPERLIQUID),
        "MOG": {
            BINANCE: Bundle("1000000MOG", 1_000_000),
            BYBIT: Bundle("1000000MOG", 1_000_000),
        },
        "NEIRO": _thousand("NEIRO", HYPERLIQUID),
        "PEPE": _thousand("PEPE", BINANCE, BYBIT, HYPERLIQUID),
        "RATS": _thousand("RATS", BINANCE, BYBIT),
        "SATS": _thousand("SATS", BINANCE) | {BYBIT: Bundle("10000SATS", 10_000)},
        "SHIB": _thousand("SHIB", BINANCE, HYPERLIQUID) | {BYBIT: Bundle("SHIB1000", 1000)},
        "TOSHI": _thousand("TOSHI", BYBIT),
        "TURBO": _thousand("TURBO", BYBIT),
        "WHY": _thousand("WHY", BINANCE),
        "X": _thousand("X", BINANCE, BYBIT),
        "XEC": _thousand("XEC", BINANCE, BYBIT),
    }
)
"""Coins that are traded in bundles, by the name of one: what each venue calls a bundle. A venue that is not
named trades single coins, or none. Binance's are those of its margin tiers of September 2026."""

_BUNDLED = re.compile(r"1(?P<zeros>(?:000)+|0000|M)(?=[A-Z])")
_QUOTED = re.compile(r"(?:[-_/](?:USDT|USDC|USD)|USDT|USDC)(?:[-_.]?(?:SWAP|PERP|P))?$|[-_]PERP$")
"""What a venue adds to a coin: `-USDT-SWAP`, `_USDT`, `USDT.P`, `-PERP`. A bare `USD` belongs to the coin:
FDUSD is one."""
_VENUES = {venue.upper() for venue in (BINANCE, BYBIT, OKX, BITGET, GATE, HYPERLIQUID)} | {"GATEIO"}


def canonical(spelling: str) -> str:
    """Return the name of the coin that is meant: of `btc` BTC, of `PEPE` and `BINANCE:1000PEPEUSDT` kPEPE.

    A coin of a builder's dex keeps its prefix: `xyz:NVDA`. What nobody knows comes back in capitals.
    """
    text = spelling.strip()
    prefix, colon, rest = text.rpartition(":")
    if colon and prefix.upper() not in _VENUES:
        return f"{prefix.lower()}:{rest.upper()}"
    name = _QUOTED.sub("", rest.upper()) or rest.upper()
    base = base_of(name)[0]
    if base not in BUNDLES:
        return name
    bundle = BUNDLES[base].get(HYPERLIQUID)
    return base if bundle is None else bundle.name


def base_of(name: str) -> tuple[str, int]:
    """Return a single coin of which `name` is one or a bundle, and how many: `("PEPE", 1000)` for `kPEPE`."""
    upper = name.upper()
    if upper in BUNDLES:
        return upper, 1
    for base, bundles in BUNDLES.items():
        for bundle in bundles.values():
            if bundle.name.upper() == upper:
                return base, bundle.coins
    found = _BUNDLED.match(name)
    if found is not None:
        zeros = found["zeros"]
        return name[found.end() :], 1_000_000 if zeros == "M" else int(f"1{zeros}")
    if re.match(r"k(?=[A-Z])", name):
        return name[1:], 1000
    return upper, 1


def nearest(coin: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `coin` may be a misspelling of; None where none is near."""
    names = list(known)
    if coin in names:
        return coin
    base = base_of(coin)[0]
    same = [name for name in names if base_of(name)[0] == base]
    if same:
        return same[0]
    by_capitals = {name.upper(): name for name in names}
    close = difflib.get_close_matches(coin.upper(), by_capitals, n=1, cutoff=0.74)
    return by_capitals[close[0]] if close else None
