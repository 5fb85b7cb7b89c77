"""The Info API over httpx: one method a request, its weight spent before it is sent."""

import asyncio
from collections.abc import Mapping
from typing import Self, TypeVar

import httpx
from msgspec.json import Decoder

from liqbot.sources.hyperliquid import payloads
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.payloads import (
    AssetCtx,
    Book,
    Candle,
    ClearinghouseState,
    Leaderboard,
    Meta,
    PayloadError,
    SpotState,
    Trade,
    Vault,
    decode,
)

T = TypeVar("T")

LIGHT, HEAVY = 2, 20
"""Weights of a look at one account, at a book or at all mids; and of most other requests."""
CANDLES_A_WEIGHT, TRADES_A_WEIGHT = 60, 20
"""For so many candles or trades an answer weighs one more."""
OK, OUR_FAULT, TOO_MANY_REQUESTS = 200, 422, 429
CONNECTIONS = 20
"""More would make httpcore's pool slow."""
TIMEOUT_S = 15.0
SHOWN = 80


class RequestFailed(Exception):  # noqa: N818 - it says what happened, not what went wrong in us
    """A request has no usable answer. The text says which and why; asking again later may help."""


class InfoClient:
    """Asks the exchange, between `async with`, again and again. Every method raises `RequestFailed`."""

    def __init__(self, api_url: str, budget: Budget) -> None:
        """Ask under `api_url`, the base before `/info`."""
        self._url = f"{api_url.rstrip('/')}/info"
        self._budget = budget
        self._http = _connections()

    async def __aenter__(self) -> Self:
        if self._http.is_closed:
            self._http = _connections()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def clearinghouse_state(self, user: str, dex: str = "") -> ClearinghouseState:
        """Return an account's positions and margin on one dex."""
        request = {"type": "clearinghouseState", "user": user, "dex": dex}
        return await self._ask(request, LIGHT, payloads.STATE)

    async def spot_state(self, user: str) -> SpotState:
        """Return an account's spot side."""
        return await self._ask({"type": "spotClearinghouseState", "user": user}, LIGHT, payloads.SPOT_STATE)

    async def abstraction(self, user: str) -> str:
        """Return an account's mode: `unifiedAccount`, `portfolioMargin`, `disabled` or `default`."""
        return await self._ask({"type": "userAbstraction", "user": user}, HEAVY, payloads.WORD)

    async def contexts(self, dex: str = "") -> tuple[Meta, list[AssetCtx]]:
        """Return the coins of a dex, and what the exchange says of each."""
        request = {"type": "metaAndAssetCtxs", "dex": dex}
        meta, contexts = await self._ask(request, HEAVY, payloads.CONTEXTS)
        if len(meta.universe) != len(contexts):
            raise RequestFailed(f"metaAndAssetCtxs: {len(contexts)} contexts of {len(meta.universe)} coins")
        return meta, contexts

    async def candles(self, coin: str, interval: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return the candles of `interval` (`1m`, `1h` …) that begin from `start_ms` to `end_ms`."""
        asked = {"coin": coin, "interval": interval, "startTime": start_ms, "endTime": end_ms}
        candles = await self._ask({"type": "candleSnapshot", "req": asked}, HEAVY, payloads.CANDLES)
        await self._budget.spend(len(candles) // CANDLES_A_WEIGHT)
        return candles

    async def book(self, coin: str) -> Book:
        """Return the order book near spot."""
        return await self._ask({"type": "l2Book", "coin": coin}, LIGHT, payloads.BOOK)

    async def recent_trades(self, coin: str) -> list[Trade]:
        """Return the last trades, with who made them."""
        trades = await self._ask({"type": "recentTrades", "coin": coin}, HEAVY, payloads.TRADES)
        await self._budget.spend(len(trades) // TRADES_A_WEIGHT)
        return trades

    async def vault(self, address: str) -> Vault:
        """Return a vault, an empty one where there is none of that address."""
        request = {"type": "vaultDetails", "vaultAddress": address}
        return await self._ask(request, HEAVY, payloads.VAULT) or Vault()

    async def leaderboard(self, url: str) -> Leaderboard:
        """Return the leaderboard, which is no part of the Info API and weighs nothing."""
        body = await self._body(self._http.build_request("GET", url), "leaderboard")
        # Tens of thousands of rows: decoded where nobody waits for it.
        return await asyncio.to_thread(_decoded, body, payloads.LEADERBOARD, "leaderboard")

    async def _ask(self, request: Mapping[str, object], weight: float, kind: Decoder[T]) -> T:
        await self._budget.spend(weight)
        what = str(request["type"])
        return _decoded(
            await self._body(self._http.build_request("POST", self._url, json=request), what), kind, what
        )

    async def _body(self, request: httpx.Request, what: str) -> bytes:
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            raise RequestFailed(f"{what}: {type(error).__name__} {error}".rstrip()) from None
        told_in_text = response.headers.get("content-type", "").startswith("text/plain")
        if response.status_code == TOO_MANY_REQUESTS or (told_in_text and response.status_code != OUR_FAULT):
            self._budget.refused()  # it says in plain text when it has had enough, whatever the status
        if response.status_code != OK or told_in_text:
            raise RequestFailed(f"{what}: {response.status_code} {_first_line(response)}".rstrip())
        return response.content


def _decoded(body: bytes, kind: Decoder[T], what: str) -> T:
    try:
        return decode(body, kind, what)
    except PayloadError as error:
        raise RequestFailed(str(error)) from None


def _connections() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits)


def _first_line(response: httpx.Response) -> str:
    lines = response.text.strip().splitlines()
    return lines[0][:SHOWN] if lines else ""
