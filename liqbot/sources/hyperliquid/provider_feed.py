"""All liquidations as a provider streams them: `liquidationFills`, with the fields of `userFills`.

Providers wrap them differently: a fill with its `user`, a pair of an account and its fill, or one account
with several fills. What is none of these is counted.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import msgspec
from pydantic import SecretStr

from liqbot.market.updates import Liquidation
from liqbot.sources.hyperliquid import decoding
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.connection import Connection, Subscription
from liqbot.sources.hyperliquid.decoding import PayloadError, decode
from liqbot.sources.hyperliquid.fills import AccountFill, fills_of, liquidation_in
from liqbot.sources.hyperliquid.liquidation_register import LiquidationRegister
from liqbot.sources.hyperliquid.payloads import Fill

CHANNEL = "liquidationFills"
LATE_MS = 30_000


class ProviderFeed:
    """Listens to a provider, and tells of each liquidation once."""

    def __init__(
        self,
        url: SecretStr,
        clock: Clock,
        register: LiquidationRegister,
        take: Callable[[Liquidation], None],
    ) -> None:
        """Listen at `url`, which may hold a key."""
        self._clock = clock
        self._register = register
        self._take = take
        rng = random.Random(2)  # noqa: S311 - pauses, not secrets
        self.connection = Connection(
            url.get_secret_value(), clock, _wanted, self._handle, rng=rng, may_be_mute=True
        )
        self.told = 0
        """How many liquidations were told."""
        self.refused = 0
        """Frames and fills that made no sense."""

    @property
    def words(self) -> str:
        """What there is to say of it."""
        if not self.connection.is_open:
            return "the provider of liquidations cannot be reached at the moment"
        return f"{self.told:,} fills of liquidations from a provider"

    async def run(self) -> None:
        """Listen until cancelled."""
        await self.connection.run()

    def _handle(self, data: str | bytes) -> bool:
        try:
            frame = decode(data, decoding.FRAME, "frame")
            if frame.channel != CHANNEL:
                return False
            fills = list(_fills(msgspec.json.decode(frame.data)))
        except (PayloadError, msgspec.DecodeError):
            self.refused += 1
            return False
        for one in fills:
            if one is None or one.fill.liquidation is None:
                self.refused += 1
            elif self._register.is_new(one.fill.coin, one.fill.tid):
                liquidation = liquidation_in(one, self._clock.now_ms(), late_ms=LATE_MS)
                if liquidation is None:
                    self.refused += 1
                else:
                    self.told += 1
                    self._take(liquidation)
        return True


def _wanted() -> list[Subscription]:
    return [{"type": CHANNEL}]


def _fills(data: object) -> Iterator[AccountFill | None]:
    """Yield the fills of a frame, None for one that cannot be read."""
    user, items = _unwrapped(data)
    for item in items:
        pair = _listed(item)
        yield _fill(pair[0], pair[1]) if len(pair) == 2 else _fill(user, item)


def _unwrapped(data: object) -> tuple[object, Sequence[object]]:
    """Return whose fills a frame has, None where they say so themselves, and the fills."""
    if isinstance(data, dict):
        told = cast("Mapping[str, object]", data)
        inner = told.get("fills", told.get("liquidations"))
        is_several = isinstance(inner, list)
        return (told.get("user"), _listed(cast("object", inner))) if is_several else (None, [told])
    return None, _listed(data)


def _listed(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list) else [value]


def _fill(user: object, told: object) -> AccountFill | None:
    try:
        fill = msgspec.convert(told, Fill, strict=False)
    except msgspec.ValidationError:
        return None
    named = cast("Mapping[str, object]", told).get("user")
    owner = user or named or (fill.liquidation.liquidated_user if fill.liquidation else None)
    found = fills_of(owner, [fill]) if isinstance(owner, str) else []
    return found[0] if found else None
