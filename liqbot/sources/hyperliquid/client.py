"""The Info API of Hyperliquid over httpx: one method a request (clearinghouseState, meta, …), weight first.

Not here: reading answers (`decoding.py`, `payloads.py`), the websocket (`connection.py`, `stream.py`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

import httpx
from msgspec.json import Decoder

from liqbot.sources.http_client import http_client
from liqbot.sources.hyperliquid import decoding
from liqbot.sources.hyperliquid.budget import Budget
from liqbot.sources.hyperliquid.decoding import (
    PayloadError,
    decode,
    decode_contexts,
    decode_leaderboard,
    decode_rows,
    decode_state,
    decode_states,
)
from liqbot.sources.hyperliquid.payloads import (
    Asset,
    AssetCtx,
    Book,
    Candle,
    ClearinghouseState,
    Dex,
    Fill,
    LeaderboardRow,
    Trade,
    Vault,
)

T = TypeVar("T")

LIGHT, HEAVY = 2, 20
"""Weights of a look at one account, at a book or at all mids; and of most other requests."""
CANDLES_A_WEIGHT, TRADES_A_WEIGHT = 60, 20
"""For so many candles or trades an answer weighs one more."""
OK, OUR_FAULT, TOO_MANY_REQUESTS, SERVERS_FAULT = 200, (400, 404, 415, 422), 429, 500
CONNECTIONS = 20
"""More would make httpcore's pool slow."""
TIMEOUT_S, SNAPSHOT_S = 15.0, 90.0
"""So long an answer is waited for; longer where a node writes hundreds of megabytes first."""
SHOWN = 80


class RequestFailed(Exception):  # noqa: N818 - it says what happened, not what went wrong in us
    """A request has no usable answer. The text says which and why; asking again later may help."""

    def __init__(self, text: str, *, too_much: bool = False, passing: bool = False) -> None:
        super().__init__(text)
        self.too_much = too_much
        """The other side says that it was more than it allows."""
        self.passing = passing or too_much
        """It says nothing of the request itself: no connection, or a gateway that has no answer."""


class InfoClient:
    """Asks the exchange, between `async with`, again and again. Every method raises `RequestFailed`.

    It raises `NoDataError` at the beginning where the environment names a proxy that cannot be.
    """

    def __init__(
        self, api_url: str, budget: Budget, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Ask under `api_url`, the base before `/info`; by `transport` instead of the network where given."""
        self._url = f"{api_url.rstrip('/')}/info"
        self._budget = budget
        self._transport = transport
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._http = _connections(self._transport)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def clearinghouse_state(self, user: str, dex: str = "") -> ClearinghouseState:
        """Return an account's positions and margin on one dex."""
        request = {"type": "clearinghouseState", "user": user, "dex": dex}
        return _read(decode_state, await self._answer(request, LIGHT))

    async def clearinghouse_states(
        self, users: Sequence[str], dex: str, weight: float
    ) -> list[ClearinghouseState | None]:
        """Return several accounts in the order of `users`, None for one that was not served.

        Not every server answers this; what it weighs, the caller knows best.
        """
        request = {"type": "batchClearinghouseStates", "users": list(users), "dex": dex}
        states = _read(decode_states, await self._answer(request, weight))
        if len(states) != len(users):
            raise RequestFailed(f"batchClearinghouseStates: {len(states)} answers of {len(users)} accounts")
        return states

    async def abstraction(self, user: str) -> str:
        """Return an account's mode: `unifiedAccount`, `portfolioMargin`, `disabled` or `default`."""
        return await self._ask({"type": "userAbstraction", "user": user}, HEAVY, decoding.WORD)

    async def contexts(self, dex: str = "") -> tuple[list[tuple[Asset, AssetCtx]], int]:
        """Return the coins of a dex with what the exchange says of each, and of how many it made no sense."""
        request = {"type": "metaAndAssetCtxs", "dex": dex}
        return _read(decode_contexts, await self._answer(request, HEAVY))

    async def dexes(self) -> list[str]:
        """Return the names of the builder-deployed dexes."""
        dexes, _ = await self._rows({"type": "perpDexs"}, HEAVY, Dex)  # the exchange's own is null
        return [dex.name for dex in dexes]

    async def candles(self, coin: str, interval: str, start_ms: int, end_ms: int) -> list[Candle]:
        """Return the candles of `interval` (`1m`, `1h` …) that begin from `start_ms` to `end_ms`."""
        asked = {"coin": coin, "interval": interval, "startTime": start_ms, "endTime": end_ms}
        candles, _ = await self._rows({"type": "candleSnapshot", "req": asked}, HEAVY, Candle)
        await self._budget.spend(len(candles) // CANDLES_A_WEIGHT)
        return candles

    async def book(self, coin: str, digits: int | None = None) -> Book:
        """Return the order book near spot; with `digits` (2 to 5) significant digits in wider steps."""
        request = {"type": "l2Book", "coin": coin, "nSigFigs": digits, "mantissa": None}
        return await self._ask(request, LIGHT, decoding.BOOK)

    async def recent_trades(self, coin: str) -> list[Trade]:
        """Return the last trades, with who made them."""
        trades, _ = await self._rows({"type": "recentTrades", "coin": coin}, HEAVY, Trade)
        await self._budget.spend(len(trades) // TRADES_A_WEIGHT)
        return trades

    async def vault(self, address: str) -> Vault:
        """Return a vault, an empty one where there is none of that address."""
        request = {"type": "vaultDetails", "vaultAddress": address}
        return await self._ask(request, HEAVY, decoding.VAULT) or Vault()

    async def user_fills(self, user: str) -> list[Fill]:
        """Return the newest fills of an account, at most `MOST_FILLS`; what makes no sense is left out."""
        fills, _ = await self._rows({"type": "userFills", "user": user}, HEAVY, Fill)
        await self._budget.spend(len(fills) // TRADES_A_WEIGHT)
        return fills

    async def write_orders(self, file: str) -> None:
        """Have a node write all orders of all coins into a file of its own host, those untriggered as well.

        The public API does not serve this.
        """
        orders = {"type": "l4Snapshots", "includeUsers": True, "includeTriggerOrders": True}
        request = {"type": "fileSnapshot", "request": orders, "outPath": file, "includeHeightInOutput": True}
        await self._answer(request, HEAVY, within_s=SNAPSHOT_S)

    async def leaderboard(self, url: str) -> list[LeaderboardRow]:
        """Return the leaderboard, which is no part of the Info API and weighs nothing."""
        body = await self._body(self._connected().build_request("GET", url), "leaderboard")
        # Tens of thousands of rows: decoded where nobody waits for it.
        return await asyncio.to_thread(_read, decode_leaderboard, body)

    async def _ask(self, request: Mapping[str, object], weight: float, kind: Decoder[T]) -> T:
        body = await self._answer(request, weight)
        return _read(lambda data: decode(data, kind, str(request["type"])), body)

    async def _rows(self, request: Mapping[str, object], weight: float, kind: type[T]) -> tuple[list[T], int]:
        body = await self._answer(request, weight)
        return _read(lambda data: decode_rows(data, kind, str(request["type"])), body)

    async def _answer(
        self, request: Mapping[str, object], weight: float, *, within_s: float = TIMEOUT_S
    ) -> bytes:
        await self._budget.spend(weight)
        built = self._connected().build_request("POST", self._url, json=request, timeout=within_s)
        return await self._body(built, str(request["type"]))

    def _connected(self) -> httpx.AsyncClient:
        if self._http is None:
            raise RuntimeError("the client is not open")
        return self._http

    async def _body(self, request: httpx.Request, what: str) -> bytes:
        try:
            response = await self._connected().send(request)
        except httpx.HTTPError as error:
            raise RequestFailed(f"{what}: {type(error).__name__} {error}".rstrip(), passing=True) from None
        told_in_text = response.headers.get("content-type", "").startswith("text/plain")
        status = response.status_code
        too_much = status == TOO_MANY_REQUESTS or (told_in_text and status not in OUR_FAULT)
        if too_much:
            self._budget.refused()  # it says in plain text when it has had enough, whatever the status
        if status != OK or told_in_text:
            text = f"{what}: {status} {_first_line(response)}".rstrip()
            raise RequestFailed(text, too_much=too_much, passing=status >= SERVERS_FAULT)
        return response.content


def _read(reader: Callable[[bytes], T], body: bytes) -> T:
    try:
        return reader(body)
    except PayloadError as error:
        raise RequestFailed(str(error)) from None


def _connections(transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return http_client(TIMEOUT_S, limits=limits, transport=transport)


def _first_line(response: httpx.Response) -> str:
    lines = response.text.strip().splitlines()
    return lines[0][:SHOWN] if lines else ""
