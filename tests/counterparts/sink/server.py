"""The server: it keeps what it is told for each chat, and answers as its troubles will have it.

POST /{platform}/{chat}   {"key", "title", "lines"} → 200 {"id"} · 403 gone · 409 {"moved"} · 429 · 502 · 503
GET  /stored/{key}        → {"stored"}
GET  /messages            → [[platform, chat, key, title, lines], …]
GET  /tally               → {"stored", "repeats", "too_many", "at_once", "spread_s"}

A chat whose name begins with `gone-` has blocked the bot; one with `old-` has moved to `new-…`.
"""

import asyncio
import socket
import struct
import time
from collections import Counter, deque

from aiohttp import web

from .troubles import Trouble, Troubles

KEYED = "keyed"
"""The platform that knows a message by its key, and does not store it twice."""
SENDER = "X-Sender"
"""A request may say by this header which sender of its platform it is from: a number that rises."""
HOLD = "X-Hold"
"""A request with this header is stored without trouble, and its answer is kept back for ever."""
_RESET = struct.pack("ii", 1, 0)


class Server:
    """What was sent, in the order of its arrival."""

    def __init__(self, *, share=0.0, seed=0, a_second=None):
        """`share` of the requests meet trouble; more than `a_second` within any second get a 429."""
        self.messages = []
        self.keys = {}
        self.tally = Counter()
        self._troubles = Troubles(share, seed)
        self._a_second = a_second
        self._lately = deque()
        self._times_s = []
        self._senders = {}
        """By platform: the number of the newest sender."""

    def app(self):
        app = web.Application()
        app.add_routes(
            [
                web.get("/stored/{key}", self.stored),
                web.get("/messages", self.all),
                web.get("/tally", self.told),
                web.post("/{platform}/{chat}", self.send),
            ]
        )
        return app

    async def stored(self, request):
        return web.json_response({"stored": request.match_info["key"] in self.keys})

    async def all(self, _):
        return web.json_response(self.messages)

    async def told(self, _):
        spread_s = self._times_s[-1] - self._times_s[0] if self._times_s else 0.0
        return web.json_response(
            {"stored": 0, "repeats": 0, "too_many": 0, "at_once": 0, **self.tally, "spread_s": spread_s}
        )

    async def send(self, request):
        platform, chat = request.match_info["platform"], request.match_info["chat"]
        parcel = await request.json()
        if SENDER in request.headers:
            self._note_sender(platform, int(request.headers[SENDER]))
        if chat.startswith("gone-"):
            return web.json_response({"error": "the bot was blocked"}, status=403)
        if chat.startswith("old-"):
            return web.json_response({"moved": chat.replace("old-", "new-")}, status=409)
        if HOLD in request.headers:
            self._store(platform, chat, parcel)
            await asyncio.Event().wait()
        if self._is_too_fast():
            return self._too_many(1.0, everywhere=True)
        return self._meet(self._troubles.next(), request, platform, chat, parcel)

    def _note_sender(self, platform, number):
        """Count a request of a sender that another one has followed already."""
        newest = self._senders.get(platform, number)
        self.tally["at_once"] += number < newest
        self._senders[platform] = max(number, newest)

    def _meet(self, trouble, request, platform, chat, parcel):
        if trouble is Trouble.TOO_MANY:
            pause_s, everywhere = self._troubles.pause_s()
            return self._too_many(pause_s, everywhere=everywhere)
        if trouble is Trouble.UNAVAILABLE:
            return web.json_response({"error": "try again later"}, status=503)
        if trouble is not Trouble.RESET:
            number = self._store(platform, chat, parcel)
        if trouble is Trouble.BAD_GATEWAY:
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        if trouble in (Trouble.RESET, Trouble.LOST):
            _reset(request)
            return web.Response()
        return web.json_response({"id": number})

    def _store(self, platform, chat, parcel):
        key = parcel["key"]
        if platform == KEYED and key in self.keys:
            self.tally["repeats"] += 1
            return self.keys[key]
        self.messages.append([platform, chat, key, parcel["title"], parcel["lines"]])
        self.keys[key] = len(self.messages)
        self.tally["stored"] += 1
        self._times_s.append(time.monotonic())
        return self.keys[key]

    def _is_too_fast(self):
        if self._a_second is None:
            return False
        now_s = time.monotonic()
        while self._lately and self._lately[0] <= now_s - 1:
            self._lately.popleft()
        if len(self._lately) >= self._a_second:
            return True
        self._lately.append(now_s)
        return False

    def _too_many(self, pause_s, *, everywhere):
        self.tally["too_many"] += 1
        return web.json_response({"retry_after": pause_s, "everywhere": everywhere}, status=429)


def _reset(request):
    """End the connection the hard way: the other side sees a reset, not an end."""
    request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    request.transport.abort()
