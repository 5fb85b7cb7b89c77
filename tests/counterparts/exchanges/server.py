"""Five exchanges on one port of loopback: `/binance`, `/bybit`, `/okx`, `/bitget`, `/gate`; `/control`."""

import asyncio
import json
import time
from collections import Counter, deque
from types import ModuleType

from aiohttp import WSCloseCode, WSMsgType, web
from counterparts.exchanges import binance, bitget, bybit, gate, okx
from counterparts.exchanges.faults import Fault, emptied, nulled, renamed, spoilt
from counterparts.exchanges.venue import Query, Refused
from counterparts.exchanges.world import World

VENUES: dict[str, ModuleType] = {
    "binance": binance,
    "bybit": bybit,
    "okx": okx,
    "bitget": bitget,
    "gate": gate,
}
TICK_S = 1.0


class Exchanges:
    """The exchanges, their market, and what was made to go wrong."""

    def __init__(self, world: World, *, follows_the_clock: bool):
        self.world = world
        self.follows_the_clock = follows_the_clock
        self.faults: list[Fault] = []
        self.requests: list[dict] = []
        self.late = Counter()
        """Requests beyond the limits, by venue."""
        self._times: dict[tuple[str, str], deque] = {}
        self._sockets: dict[web.WebSocketResponse, tuple[str, set]] = {}

    def app(self):
        app = web.Application()
        app.add_routes(
            [
                web.get("/control/log", self.log),
                web.post("/control/fault", self.make_fault),
                web.post("/control/clear", self.clear),
                web.post("/control/now", self.set_now),
                web.post("/control/shock", self.shock),
                web.get("/{venue}{path:/.*}", self.answer),
            ]
        )
        if self.follows_the_clock:
            app.cleanup_ctx.append(self._ticking)
        return app

    async def _ticking(self, _):
        async def tick():
            while True:
                await self._until(time.time_ns() // 1_000_000)
                await asyncio.sleep(TICK_S)

        ticker = asyncio.create_task(tick())
        yield
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)

    async def log(self, _):
        sockets = [[venue, sorted(wanted)] for venue, wanted in self._sockets.values()]
        return web.json_response({"requests": self.requests, "late": self.late, "sockets": sockets})

    async def make_fault(self, request):
        self.faults.append(Fault(**await request.json()))
        return web.json_response({})

    async def clear(self, _):
        self.faults.clear()
        self.requests.clear()
        self._times.clear()  # another address comes
        return web.json_response({})

    async def set_now(self, request):
        told = await self._until((await request.json())["now_ms"])
        events = {
            coin: [[event.time_ms, event.side.value, event.price, event.size] for event in of_coin]
            for coin, of_coin in told.items()
        }
        return web.json_response({"now_ms": self.world.now_ms, "liquidations": events})

    async def shock(self, request):
        self.world.shock((await request.json())["percent"])
        return web.json_response({})

    async def answer(self, request):
        venue, path = request.match_info["venue"], request.match_info["path"]
        module = VENUES.get(venue)
        if module is None:
            raise web.HTTPNotFound
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request, venue, module, path)
        response = self._rest(venue, module, path, Query(request.query))
        self.requests.append(
            {
                "venue": venue,
                "path": path,
                "query": dict(request.query),
                "status": response and response.status,
            }
        )
        if response is None:
            request.transport.abort()
            return web.Response()
        return response

    def _rest(self, venue, module, path, query):
        """Return the answer, None for a connection that breaks."""
        if (wait_s := self._beyond_limits(venue, module, path)) is not None:
            self.late[venue] += 1
            return web.Response(
                status=429, text="Too many requests", headers={"Retry-After": f"{wait_s:.2f}"}
            )
        asked = " ".join([path, *query.values()])
        fault = next((fault for fault in self.faults if fault.strikes(venue, asked)), None)
        if fault is not None and fault.kind in ("status", "html", "reset", "error-200"):
            return _broken(fault, module)
        try:
            payload = self._served(module, path, query)
        except Refused as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        return web.json_response(_spoilt(payload, fault))

    def _served(self, module, path, query):
        """Return what the exchange says. Raises `Refused`, also for what no exchange would understand."""
        if module is gate and path.startswith("/api/v4/futures/usdt/contracts/"):
            path, _, contract = path.rpartition("/")
            query = Query({**query, "contract": contract})
        handler = module.ROUTES.get(path)
        if handler is None:
            raise Refused(404, module.error())
        try:
            payload = handler(query, self.world)
        except (KeyError, ValueError) as wrong:
            raise Refused(400, {"counterpart": f"{path}: wrong parameter {wrong}"}) from None
        if query.unread:
            raise Refused(400, {"counterpart": f"{path} takes no {sorted(query.unread)}"})
        return payload

    def _beyond_limits(self, venue, module, path):
        """Return after how many seconds a request may come again, None where it may come now."""
        limit = next(limit for limit in module.LIMITS if path.startswith(limit.prefix))
        times = self._times.setdefault((venue, limit.prefix), deque())
        now = time.monotonic()
        while times and times[0] <= now - limit.seconds:
            times.popleft()
        if len(times) >= limit.requests:
            return times[0] + limit.seconds - now
        times.append(now)
        return None

    async def _socket(self, request, venue, module, path):
        fault = next((one for one in self.faults if one.strikes(venue, path)), None)
        if fault is not None and fault.kind == "refuse":
            return web.Response(status=503)
        silent = (fault is not None and fault.kind == "silent") or path == getattr(
            module, "SILENT_STREAM", ""
        )
        if path not in (getattr(module, "STREAM", None), getattr(module, "SILENT_STREAM", None)):
            raise web.HTTPNotFound
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        if fault is not None and fault.kind == "close":
            await socket.close(code=WSCloseCode.GOING_AWAY)
            return socket
        wanted: set[str] = set()
        if not silent:
            self._sockets[socket] = (venue, wanted)
        if fault is not None and fault.kind == "garbage":
            await socket.send_str("<not json>")
            await socket.send_str('{"data": 7, "o": {}, "topic": []}')
        try:
            async for frame in socket:
                if frame.type is WSMsgType.BINARY:
                    await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"text frames only")
                    break
                if frame.type is not WSMsgType.TEXT or silent:
                    continue
                if frame.data == "ping":
                    await socket.send_str("pong")
                else:
                    await socket.send_json(module.hear(json.loads(frame.data), wanted))
        finally:
            self._sockets.pop(socket, None)
        return socket

    def _frame_fault(self, venue):
        """Return what is wrong with the next frame: a fault whose path is `frame`."""
        return next(
            (fault for fault in self.faults if fault.path == "frame" and fault.strikes(venue, "frame")), None
        )

    async def _until(self, now_ms):
        """Let time pass, and tell those who listen. Return the liquidations meanwhile, by coin."""
        events = self.world.until(now_ms)
        for socket, (venue, wanted) in list(self._sockets.items()):
            for frame in VENUES[venue].frames(events, self.world, wanted):
                await socket.send_json(_spoilt(frame, self._frame_fault(venue)))
        return events


def _spoilt(payload, fault):
    """Return `payload` with what is wrong with it."""
    kind = None if fault is None else fault.kind
    if kind == "wrong-field":
        return renamed(payload, fault.field)
    if kind == "null-row":
        return nulled(payload, fault.rows)
    if kind == "bad-number":
        return spoilt(payload, fault.field, fault.value, fault.rows)
    return emptied(payload) if kind == "empty" else payload


def _broken(fault, module):
    if fault.kind == "reset":
        return None
    if fault.kind == "html":
        return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
    if fault.kind == "status":
        status, _, after = fault.value.partition(",")
        headers = {"Retry-After": after} if after else {}
        return web.json_response(module.error(), status=int(status), headers=headers)
    return web.json_response(module.error())
