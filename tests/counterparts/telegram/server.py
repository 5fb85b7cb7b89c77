"""The two doors on one port: `/bot<token>/<method>` and `/file/…` for the bot, `/control/…` for tests."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from .api import Api
from .call import LARGEST_BODY, Call, attach, read
from .door import Door
from .faults import HTML_502
from .refusals import Refused, bad

RESET = struct.pack("ii", 1, 0)
NOT_FOUND = Refused(404, "Not Found")


class Server:
    """Speaks HTTP for an Api."""

    def __init__(self, new_world: Callable[[], Api]):
        self._new_world = new_world
        self._tasks = set()
        self.api = new_world()
        self.door = Door(self.api)

    def app(self):
        """Return the application that serves both doors."""
        app = web.Application(client_max_size=LARGEST_BODY + 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/photos/{file_id}", self._file)
        app.router.add_post("/control/reset", self._reset)
        app.router.add_post("/control/{action}", self._control)
        app.router.add_route("*", "/{rest:.*}", self._elsewhere)
        app.on_shutdown.append(self._shut)
        return app

    async def _shut(self, _):
        self.api.updates.unset()

    async def _control(self, request):
        return await self.door.ask(request)

    async def _reset(self, _):
        """Begin anew: nobody, no chats, no faults; whoever still polls is told."""
        self.api.updates.unset()
        self.api.updates.stop_poll("the world began anew")
        self.api = self._new_world()
        self.door = Door(self.api)
        return _json(200, {"result": None})

    async def _elsewhere(self, _):
        return _refusal(NOT_FOUND)

    async def _call(self, request):
        if (refused := self._wrong_token(request)) is not None:
            return _refusal(refused)
        api = self.api
        call = Call(len(api.calls) + 1, request.match_info["method"])
        started = time.perf_counter()
        api.calls.append(call)
        try:
            answer = await self._answered(request, api, call)
        except Refused as error:
            call.status, call.description = error.code, error.description
            answer = _refusal(error)
        except (ValueError, AssertionError, HttpProcessingError) as error:
            # A body that cannot be read is the caller's fault, and should not happen to a library.
            api.violate("body", f"{type(error).__name__}: {error}", call)
            call.status, call.description = 400, "a body that cannot be read"
            answer = _refusal(bad("can't parse request"))
        except asyncio.CancelledError:
            call.description = call.description or "the caller hung up"
            raise
        finally:
            call.took = time.perf_counter() - started
            api.changed.fire()
        return answer

    async def _answered(self, request, api, call):
        """Read the call, let it fail if a fault was ordered, else carry it out."""
        given = await read(request, call.number, call.method)
        call.parameters, call.files = given.parameters, given.files
        attach(call)
        fault = api.fault_for(call)
        if fault is None:
            return self._done(call, await api.answer(call))
        call.cause = "fault"
        if fault.kind == "delay":
            # A caller that hangs up meanwhile does not call it back: that is what makes lateness a fault.
            late = asyncio.create_task(self._late(api, call, fault.seconds))
            self._tasks.add(late)
            late.add_done_callback(self._tasks.discard)
            return await asyncio.shield(late)
        answer = None
        if fault.after or fault.kind == "hold":
            answer = self._done(call, await api.answer(call))
        return await self._failed(request, api, call, fault, answer)

    async def _late(self, api, call, seconds):
        await asyncio.sleep(seconds)
        try:
            return self._done(call, await api.answer(call))
        except Refused as error:
            call.status, call.description = error.code, error.description
            return _refusal(error)

    async def _failed(self, request, api, call, fault, answer):
        call.description = fault.kind
        if fault.kind == "hold":
            await asyncio.sleep(fault.seconds)
            return answer
        if fault.kind == "reset":
            call.status = 0
            if (connection := request.transport) is not None:  # None: the caller was quicker
                connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.abort()
            return web.Response()
        if fault.kind == "bad_gateway":
            call.status = 502
            return web.Response(status=502, text=HTML_502, content_type="text/html")
        if (page := fault.page()) is not None:
            call.status = fault.status
            kind = "application/json" if fault.kind == "foreign_json" else "text/html"
            return web.Response(status=fault.status, text=page, content_type=kind)
        refusal = fault.refusal()
        if fault.kind == "too_many" and call.chat:
            api.pacing.flood_wait(call.chat, fault.seconds, time.monotonic())
        raise refusal

    def _done(self, call, result):
        call.status = 200
        return _json(200, {"ok": True, "result": result})

    async def _file(self, request):
        if (refused := self._wrong_token(request)) is not None:
            return _refusal(refused)
        file_id = request.match_info["file_id"]
        photo = self.api.world.photos.get(file_id)
        if photo is None:
            return _refusal(NOT_FOUND)
        return web.Response(body=photo.bytes_of(file_id), content_type="application/octet-stream")

    def _wrong_token(self, request):
        """Return the refusal of a token: 404 if it has not even the form of one, 401 if it is another's."""
        token = request.match_info["token"]
        if token == self.api.world.token:
            return None
        number, colon, secret = token.partition(":")
        return Refused(401, "Unauthorized") if number.isdigit() and colon and len(secret) > 10 else NOT_FOUND


def _refusal(error):
    headers = {}
    if "retry_after" in error.parameters:
        headers["Retry-After"] = str(error.parameters["retry_after"])
    return _json(error.code, error.body, headers)


def _json(status, body, headers=None):
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers
    )
