"""The websocket: subscriptions, what is told to whom, and the limits on both."""

import asyncio

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from . import shapes
from .book import Deal
from .exchange import Exchange
from .limits import (
    CONNECTIONS,
    MESSAGES_A_MINUTE,
    NEW_CONNECTIONS_A_MINUTE,
    SUBSCRIPTIONS,
    USERS,
    Window,
)

_ALL = ("allMids",)
_OF_A_USER = ("allDexsClearinghouseState", "userFills")
_OF_A_COIN = ("trades", "activeAssetCtx", "l2Book", "candle", "bbo")


class Sockets:
    """All open connections of the one address that there is on loopback."""

    def __init__(self, exchange: Exchange):
        self._exchange = exchange
        self._subscriptions: dict[ServerConnection, dict[str, dict]] = {}
        self._messages = Window(MESSAGES_A_MINUTE)
        self._connections = Window(NEW_CONNECTIONS_A_MINUTE)
        self.opened = 0
        self.turned_away = 0

    async def run(self, host: str, port: int):
        return await serve(self._serve, host, port, ping_interval=None)

    @property
    def open(self) -> int:
        return len(self._subscriptions)

    async def drop(self) -> None:
        """Break all connections off."""
        for socket in list(self._subscriptions):
            await socket.close(1001)

    async def say(self, frames: list[str]) -> None:
        """Say the same to everybody, sense or not."""
        for socket in list(self._subscriptions):
            for frame in frames:
                await socket.send(frame)

    async def tell(self, deals: list[Deal]) -> None:
        """Tell all subscribers what a step has brought."""
        if self._exchange.faults.silent:
            return
        for socket, wanted in list(self._subscriptions.items()):
            for subscription in list(wanted.values()):
                for frame in self._frames(subscription, deals):
                    try:
                        await socket.send(msgspec.json.encode(frame).decode())
                    except ConnectionClosed:
                        break

    async def _serve(self, socket: ServerConnection) -> None:
        self.opened += 1
        now_ms = self._exchange.clock.now_ms()
        if not self._connections.spend(1, now_ms) or len(self._subscriptions) >= CONNECTIONS:
            self.turned_away += 1
            await socket.close(1008, "too many connections")
            return
        self._subscriptions[socket] = {}
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    await socket.close(1003, "text frames only")
                    return
                if not self._messages.spend(1, self._exchange.clock.now_ms()):
                    await socket.send(msgspec.json.encode(_error("Too many messages")).decode())
                    await socket.close(1008, "too many messages")
                    return
                if self._exchange.faults.silent:
                    continue
                for frame in self._answer(socket, message):
                    await socket.send(msgspec.json.encode(frame).decode())
        except ConnectionClosed:
            pass
        finally:
            del self._subscriptions[socket]

    def _answer(self, socket: ServerConnection, message: str):
        try:
            asked = msgspec.json.decode(message)
            method = asked["method"]
        except (msgspec.DecodeError, KeyError, TypeError):
            return [_error(f"Error parsing JSON into valid websocket request: {message!r}")]
        if method == "ping":
            return [{"channel": "pong"}]
        subscription = asked.get("subscription", {})
        if method == "unsubscribe":
            self._subscriptions[socket].pop(_key(subscription), None)
            told = {"method": method, "subscription": subscription}
            return [{"channel": "subscriptionResponse", "data": told}]
        return self._subscribe(socket, subscription)

    def _subscribe(self, socket: ServerConnection, subscription: dict):
        kind, coin = subscription.get("type"), subscription.get("coin")
        names = {state.name for state in self._exchange.coins()}
        if kind not in {*_ALL, *_OF_A_COIN, *_OF_A_USER} or (kind in _OF_A_COIN and coin not in names):
            return [_error(f"Invalid subscription {subscription}")]
        everything = [item for wanted in self._subscriptions.values() for item in wanted.values()]
        users = {item["user"] for item in everything if "user" in item}
        if len(everything) >= SUBSCRIPTIONS:
            return [_error("Cannot track more than 1000 subscriptions")]
        if "user" in subscription and len(users | {subscription["user"]}) > USERS:
            return [_error("Cannot track more than 10 total users.")]
        self._subscriptions[socket][_key(subscription)] = subscription
        told = {"method": "subscribe", "subscription": subscription}
        return [{"channel": "subscriptionResponse", "data": told}, *self._frames(subscription, [])]

    def _of_a_user(self, kind: str, user: str, deals: list[Deal]):
        now_ms = self._exchange.clock.now_ms()
        if kind == "allDexsClearinghouseState":
            states = [
                [dex, shapes.clearinghouse_state(self._exchange.book(user, dex), now_ms)]
                for dex in ("", *self._exchange.dexes)
            ]
            yield {"channel": kind, "data": {"user": user, "clearinghouseStates": states}}
            return
        mine = [deal for deal in deals if user in (deal.buyer, deal.seller)]
        fills = [shapes.user_fill(deal, user, now_ms, self._exchange.tid + n) for n, deal in enumerate(mine)]
        if fills:
            yield {"channel": kind, "data": {"user": user, "fills": fills}}

    def _frames(self, subscription: dict, deals: list[Deal]):
        kind = subscription["type"]
        now_ms = self._exchange.clock.now_ms()
        if kind == "allMids":
            mids = {coin.name: shapes.number(coin.mark) for coin in self._exchange.market.coins()}
            yield {"channel": "allMids", "data": {"mids": mids}}
        if kind in _OF_A_USER:
            yield from self._of_a_user(kind, subscription["user"], deals)
        if kind not in _OF_A_COIN:
            return
        coin = self._exchange.coin(subscription["coin"])
        match kind:
            case "trades":
                mine = [deal for deal in deals if deal.coin == coin.name]
                self._exchange.tid += len(mine)
                rows = [shapes.trade(deal, now_ms, self._exchange.tid + n) for n, deal in enumerate(mine)]
                if rows:
                    yield {"channel": "trades", "data": rows}
            case "activeAssetCtx":
                yield {"channel": kind, "data": {"coin": coin.name, "ctx": shapes.asset_context(coin)}}
            case "l2Book":
                yield {"channel": kind, "data": shapes.l2_book(coin, now_ms)}
            case "candle":
                start = now_ms // 60_000 * 60_000
                prices = [price for at, price in self._exchange.prices[coin.name] if at >= start]
                told = shapes.candle(coin, start, 60_000, "1m", prices or [coin.mark])
                yield {"channel": kind, "data": told}
            case _:
                book = shapes.l2_book(coin, now_ms)
                best = [side[0] for side in book["levels"]]
                yield {"channel": kind, "data": {"coin": coin.name, "time": now_ms, "bbo": best}}


def _key(subscription: dict) -> str:
    return msgspec.json.encode(subscription, order="sorted").decode()


def _error(text: str) -> dict:
    return {"channel": "error", "data": text}


async def pace(exchange: Exchange, sockets: Sockets, step_s: int) -> None:
    """Let the market follow the clock, a step at a time."""
    due_ms = exchange.clock.now_ms()
    while True:
        due_ms += step_s * 1000
        await exchange.clock.sleep(max(0.0, (due_ms - exchange.clock.now_ms()) / 1000))
        await sockets.tell(exchange.step(step_s))
        await asyncio.sleep(0)
