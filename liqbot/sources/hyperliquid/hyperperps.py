"""HyperPerps' public heatmap: another's map of the same market, for comparison only."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import httpx
import msgspec
import structlog

from liqbot.market.regime import FUEL_PCT
from liqbot.sources.http_client import http_client
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.source import Elsewhere, NoDataError

_log = structlog.get_logger()

COINS = ("BTC", "ETH", "SOL")
"""The coins that it has."""
EVERY_S = 300.0
TIMEOUT_S = 15.0
WHO = "HyperPerps"


class HyperPerps:
    """Asks for its heatmaps every five minutes, and keeps the fuel within 5% of spot of each."""

    def __init__(self, url: str, coins: Iterable[str], clock: Clock) -> None:
        """Ask under `url`, the base before the coin."""
        self._url = url.rstrip("/")
        self._coins = [coin for coin in coins if coin in COINS]
        self._clock = clock
        self.readings: dict[str, Elsewhere] = {}

    async def run(self) -> None:
        """Ask until cancelled. What cannot be had or read is left out; the reading before stays, and ages."""
        try:
            opened = http_client(TIMEOUT_S)
        except NoDataError as error:
            _log.info("cross_check_missing", who=WHO, reason=str(error))
            return
        async with opened as http:
            while True:
                for coin in self._coins:
                    await self._ask(http, coin)
                await self._clock.sleep(EVERY_S)

    async def _ask(self, http: httpx.AsyncClient, coin: str) -> None:
        try:
            response = (await http.get(f"{self._url}/{coin}")).raise_for_status()
            fuel = fuel_of(msgspec.json.decode(response.content))
        except (httpx.HTTPError, msgspec.DecodeError, ValueError) as error:
            _log.info("cross_check_missing", who=WHO, coin=coin, reason=str(error))
            return
        self.readings[coin] = Elsewhere(WHO, coin, *fuel, self._clock.now_ms())


def fuel_of(heatmap: object) -> tuple[float, float]:
    """Return the USD of short liquidations within 5% above spot, and of long ones within 5% below.

    Read leniently: rows that make no sense are left out. Raises `ValueError` where there is no spot, or no
    row at all.
    """
    if not isinstance(heatmap, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what is wrong is a value that came from elsewhere
    told = cast("Mapping[str, Any]", heatmap)
    spot = _number(told.get("spot_at_compute"))
    if not spot > 0:
        raise ValueError("no spot price")
    reach = FUEL_PCT / 100
    longs, shorts = _levels(told.get("longs")), _levels(told.get("shorts"))
    if not longs and not shorts:
        raise ValueError("no levels")
    up = sum(usd for price, usd in shorts if spot < price <= (1 + reach) * spot)
    down = sum(usd for price, usd in longs if (1 - reach) * spot <= price < spot)
    return up, down


def _levels(rows: object) -> list[tuple[float, float]]:
    if not isinstance(rows, list):
        return []
    items = [
        cast("Mapping[str, object]", row) for row in cast("Sequence[object]", rows) if isinstance(row, dict)
    ]
    levels = [(_number(row.get("price")), _number(row.get("notional_usd"))) for row in items]
    return [(price, usd) for price, usd in levels if price > 0 and usd > 0]


def _number(value: object) -> float:
    """Return a number that was told as one or as text; NaN where it is none, or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan
