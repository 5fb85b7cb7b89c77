"""The market for agents, by the Model Context Protocol: read-only, out of the public API of a running bot.

Only `liqbot mcp` imports this: the package `mcp` is an extra.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias
from urllib.parse import quote

import httpx
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from liqbot import __version__
from liqbot.proxied_transport import ProxiedTransport

TIMEOUT_S = 60
INSTRUCTIONS = (
    "Where leveraged crypto positions will be force-closed, by coin. Longs are liquidated below the price "
    "(forced sells), shorts above it (forced buys). `measured` layers are known positions, `modelled` ones "
    "are estimates and upper bounds. Prices and sizes are USD, times are ms since 1970 UTC. It is where "
    "forced orders sit, not a forecast."
)
Answer: TypeAlias = dict[str, object]
Coin = Annotated[str, Field(description="The coin, as BTC; `coins` lists them.")]
Venue = Annotated[
    str | None, Field(description="A venue, `measured` or `modelled`; without it the best that there is.")
]
Window = Annotated[str, Field(description="How far back: 12h, 24h, 3d, 7d, 30d, 90d, 180d, 1y.")]
Limit = Annotated[int, Field(description="At most so many, the newest ones.", ge=1, le=1_000)]


class Asker:
    """Asks the public API of a bot."""

    def __init__(self, address: str) -> None:
        """`address` is where the bot's page is, as `http://127.0.0.1:8787`."""
        self._address = address
        self._client = httpx.AsyncClient(
            base_url=address, timeout=TIMEOUT_S, transport=ProxiedTransport(), trust_env=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def json(self, path: str, **parameters: str | float | None) -> Answer:
        """Return an answer of the API. Raises `ToolError` with what the API, or we, say is wrong."""
        return (await self._asked(path, parameters)).json()

    async def png(self, path: str, **parameters: str | None) -> Image:
        """Return a picture of the API. Raises `ToolError`."""
        return Image(data=(await self._asked(path, parameters)).content, format="png")

    async def _asked(self, path: str, parameters: Mapping[str, str | float | None]) -> httpx.Response:
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            answer = await self._client.get(f"/api/v1/{path}", params=given)
        except httpx.HTTPError as error:
            raise ToolError(
                f"No bot answers at {self._address} ({error}). Start it with `liqbot run`."
            ) from None
        if answer.is_success:
            return answer
        raise ToolError(_said(answer))


def _in_path(coin: str) -> str:
    return quote(coin, safe="")


def _said(answer: httpx.Response) -> str:
    """Return what a refusal says."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The bot answered {answer.status_code}."


def make_server(address: str) -> MCPServer[None]:
    """Return a server that answers out of the bot at `address`."""
    asker = Asker(address)

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await asker.close()

    server = MCPServer(
        "liqbot", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING", lifespan=lifespan
    )
    for tool in (*_tools(asker), *_flow_tools(asker)):
        server.add_tool(tool, annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    return server


def _tools(asker: Asker) -> Sequence[Callable[..., Awaitable[object]]]:
    async def coins() -> Answer:
        """List the coins, the layers in which each is known, and the windows of a heatmap."""
        return await asker.json("coins")

    async def market(coin: Coin, venue: Venue = None) -> Answer:
        """One coin now: price, what would be liquidated within 5%, regime, trapped, cohorts, clusters."""
        answer = await asker.json(f"coins/{_in_path(coin)}/view", venue=venue)
        answer.pop("map", None)  # hundreds of bins, which the clusters sum up
        return answer

    async def clusters(coin: Coin, venue: Venue = None) -> Answer:
        """The prices at which many positions of one coin would be force-closed, with dollars and accounts."""
        return await asker.json(f"coins/{_in_path(coin)}/clusters", venue=venue)

    async def events(coin: Coin, window: Window = "24h", venue: Venue = None, limit: Limit = 50) -> Answer:
        """What happened to one coin: clusters that came and went, liquidations, regimes."""
        return await asker.json(f"coins/{_in_path(coin)}/events", window=window, venue=venue, limit=limit)

    async def history(
        coin: Coin, venue: Venue = None, days: Annotated[int, Field(ge=1, le=366)] = 30
    ) -> Answer:
        """One reading a day of one coin: price, ratio, regime, dollars above and below."""
        return await asker.json(f"coins/{_in_path(coin)}/history", venue=venue, days=days)

    async def alerts(coin: Annotated[str | None, Field(description="Of one coin only.")] = None) -> Answer:
        """The newest alerts of this bot, without who got them."""
        return await asker.json("alerts", coin=coin, limit=20)

    async def heatmap(coin: Coin, window: Window = "24h", venue: Venue = None) -> Image:
        """The liquidation heatmap of one coin as a picture: price against time, the brighter the more."""
        return await asker.png(f"coins/{_in_path(coin)}/heatmap.png", window=window, venue=venue)

    return (coins, market, clusters, events, history, alerts, heatmap)


def _flow_tools(asker: Asker) -> Sequence[Callable[..., Awaitable[object]]]:
    async def liquidations(
        coin: Coin,
        window: Annotated[str, Field(description="How far back: 1h, 24h, 7d, at most 30d.")] = "24h",
        venue: Venue = None,
    ) -> Answer:
        """What was liquidated of one coin: by side and venue, the largest, the hour beside a usual one."""
        return await asker.json(f"coins/{_in_path(coin)}/liquidations", window=window, venue=venue)

    async def book(coin: Coin, venue: Venue = None) -> Answer:
        """The order book of one coin: imbalance, walls, what market orders would move, who holds what."""
        return await asker.json(f"coins/{_in_path(coin)}/book", venue=venue)

    async def stops(coin: Coin, venue: Venue = None) -> Answer:
        """Where stop-loss and take-profit orders wait, beside the liquidations on the same way."""
        return await asker.json(f"coins/{_in_path(coin)}/stops", venue=venue)

    async def cascade(
        coin: Coin,
        move: Annotated[float, Field(description="Percent, negative for a fall.", ge=-60, le=100)] = -3.0,
        venue: Venue = None,
    ) -> Answer:
        """What pushing the price of one coin would set off: what is forced, and where price would stop."""
        return await asker.json(f"coins/{_in_path(coin)}/cascade", move=move, venue=venue)

    async def brief(coin: Coin) -> Answer:
        """What to check of one coin before a trade: map, context, liquidations, book, cascades."""
        return await asker.json(f"coins/{_in_path(coin)}/brief")

    async def compare(
        coin: Coin,
        by: Annotated[str, Field(description="venue, or model: three models of one venue.")] = "venue",
        venue: Venue = None,
    ) -> Answer:
        """Maps of one coin side by side, and how much of each two maps' money is at the same prices."""
        return await asker.json(f"coins/{_in_path(coin)}/compare", by=by, venue=venue)

    async def account(
        address: Annotated[str, Field(description="The address of an account: 0x and 40 digits.")],
    ) -> Answer:
        """One account now: its positions, each with how far it is from liquidation, the nearest first."""
        return await asker.json(f"account/{_in_path(address)}")

    async def screener(
        sort: Annotated[str, Field(description="nearest, fuel, imbalance or trapped.")] = "nearest",
        page: Annotated[int, Field(ge=1, le=1_000)] = 1,
    ) -> Answer:
        """All coins by nearest cluster, fuel within 2% of spot, imbalance or trapped share."""
        return await asker.json("screener", sort=sort, page=page)

    return (liquidations, book, stops, cascade, brief, compare, account, screener)
