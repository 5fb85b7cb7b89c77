"""The REST API's front: faults, authorization, rate limits, reading and checking bodies, answers, log."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .buckets import RateLimits, Verdict
from .faults import Fault, Faults
from .messages import Upload
from .nouns import Json
from .record import Call, Record
from .refusal import Refusal
from .specs import Specs
from .world import World

BASE = "/api/v10"
WITHOUT_TOKEN = (
    "/interactions/",
    "/webhooks/",
)  # the token is in the path, and they do not count as the bot's
REQUEST_BYTES = 11 * 10 * 1024 * 1024
EDGE = {"Via": "1.1 google", "CF-RAY": "0-LOOPBACK", "Server": "cloudflare"}


@dataclass
class Asked:
    """A request as a route sees it. `ids` are the numbers of the path."""

    request: web.Request
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)

    def id(self, name: str) -> int:
        value = self.request.match_info[name]
        if not value.isdigit():
            raise Refusal(400, 50035, "Invalid Form Body", {name: f'Value "{value}" is not snowflake.'})
        return int(value)

    @property
    def query(self) -> Any:
        return self.request.query


Answered = tuple[int, Any]
Route = Callable[[Asked], Awaitable[Answered]]


class Rest:
    """Takes requests in, hands them to routes, sends answers out."""

    def __init__(
        self, world: World, specs: Specs, record: Record, limits: RateLimits, faults: Faults
    ) -> None:
        self._world = world
        self._specs = specs
        self._record = record
        self._limits = limits
        self._faults = faults

    def mount(self, app: web.Application, routes: dict[tuple[str, str], Route]) -> None:
        """Add routes by (method, path template); the templates are those of the published description."""
        if self._specs.active and (unknown := set(routes) - self._specs.routes()):
            raise LookupError(f"Discord has no such routes: {sorted(unknown)}")
        for (method, template), route in routes.items():
            app.router.add_route(method, BASE + template, self._handler(template, route))
        app.router.add_route("*", BASE + "/{rest:.*}", self._unknown)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        where = f"{request.method} {request.path}"
        self._record.violation("request", where, "the counterpart has no such route")
        call = Call(request.method, request.path.removeprefix(BASE), query=dict(request.query), status=404)
        self._record.calls.append(call)
        return self._response(404, {"message": "404: Not Found", "code": 0})

    def _handler(self, template: str, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(BASE)
            call = Call(request.method, path, query=dict(request.query))
            self._record.calls.append(call)
            began = time.perf_counter()
            fault = self._faults.next_for(request.method, path)
            try:
                if fault is not None:
                    call.fault = fault.name
                    await asyncio.sleep(fault.delay)
                    if (fault.status or fault.reset) and not fault.after:
                        await request.read()
                        return self._troubled(request, fault, call)
                response = await self._answer(request, template, route, call)
                if fault is not None and fault.after:
                    return self._troubled(request, fault, call)
                return response
            finally:
                call.ms = (time.perf_counter() - began) * 1000

        return handle

    def _troubled(self, request: web.Request, fault: Fault, call: Call) -> web.StreamResponse:
        if fault.reset:
            if request.transport is not None:
                request.transport.abort()
            call.status = 0
            return web.Response()
        status, headers, body = fault.answer()
        call.status = status
        if fault.via:
            headers = EDGE | headers
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html", headers=headers)
        return self._raw(status, body, headers)

    async def _answer(
        self, request: web.Request, template: str, route: Route, call: Call
    ) -> web.StreamResponse:
        verdict: Verdict | None = None
        try:
            self._authorize(request)
            verdict = self._take(request, template)
            if not verdict.passed:
                self._limits.note(429)
                call.status = 429
                self._record.note_too_fast(call)
                self._check_answer(request, template, 429, verdict.body())
                return self._response(429, verdict.body(), verdict.headers)
            asked = await self._read(request, template, call)
            status, body = await route(asked)
        except Refusal as refusal:
            status, body = refusal.status, refusal.body()
            call.code = refusal.code
            self._limits.note(status)
        except Exception as error:  # noqa: BLE001 - a mistake of the counterpart must not pass for one of the bot's
            self._record.violation(
                "answer", f"{request.method} {template}", f"the counterpart failed: {error!r}"
            )
            status, body = 500, {"message": "500: Internal Server Error", "code": 0}
            return self._response(status, body)
        call.status = status
        self._check_answer(request, template, status, body)
        return self._response(status, body, verdict.headers if verdict else {})

    def _authorize(self, request: web.Request) -> None:
        if self._limits.blocked:
            raise Refusal(403, 0, "You are blocked from accessing our API temporarily.")
        if request.path.removeprefix(BASE).startswith(WITHOUT_TOKEN) or request.path == f"{BASE}/gateway":
            return
        agent = request.headers.get("User-Agent", "")
        if not agent.startswith("DiscordBot ("):
            self._record.violation(
                "request", request.path, f"User-Agent {agent!r} is not 'DiscordBot (url, version)'"
            )
        if request.headers.get("Authorization") != f"Bot {self._world.token}":
            raise Refusal(401, 0, "401: Unauthorized")

    def _take(self, request: web.Request, template: str) -> Verdict:
        counts = not template.startswith(WITHOUT_TOKEN)
        return self._limits.take(request.method, template, dict(request.match_info), counts=counts)

    async def _read(self, request: web.Request, template: str, call: Call) -> Asked:
        asked = Asked(request)
        kind = request.content_type
        if kind == "multipart/form-data":
            await self._read_parts(asked)
        elif text := await request.read():
            if request.headers.get("Content-Type") != "application/json":
                sent = request.headers.get("Content-Type")
                wrong = f"Expected \"Content-Type\" header to be one of {{'application/json'}}, not {sent}."
                self._record.violation("request", f"{request.method} {template}", wrong)
                raise Refusal(400, 50035, wrong)
            asked.body = _parsed(text)
        call.body = asked.body
        call.files = [{"number": u.number, "name": u.name, "size": len(u.content)} for u in asked.uploads]
        wrong = self._specs.request(request.method, template, asked.body, kind)
        if wrong:
            self._record.violation("request", f"{request.method} {template}", wrong)
            path, _, text = wrong.partition(": ")
            raise Refusal(400, 50035, "Invalid Form Body", {path: text})
        return asked

    async def _read_parts(self, asked: Asked) -> None:
        """Read `payload_json` and `files[n]`."""
        asked.body = {}
        reader = await asked.request.multipart()
        while (part := await reader.next()) is not None:
            name = part.name or ""
            content = bytes(await part.read(decode=False))
            if name == "payload_json":
                asked.body = _parsed(content)
            elif name.startswith("files[") and name[6:-1].isdigit():
                kind = part.headers.get("Content-Type", "application/octet-stream")
                if kind == "application/octet-stream" and content.startswith(b"\x89PNG"):
                    kind = "image/png"  # Discord looks into the file
                asked.uploads.append(Upload(int(name[6:-1]), part.filename or "unknown", kind, content))
            else:
                self._record.violation("request", asked.request.path, f"form part {name!r}")

    def _check_answer(self, request: web.Request, template: str, status: int, body: Any) -> None:
        wrong = self._specs.answer(request.method, template, status, body)
        if wrong:
            self._record.violation("answer", f"{request.method} {template} {status}", wrong)

    def _response(self, status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
        return self._raw(status, body, EDGE | (headers or {}))

    def _raw(self, status: int, body: Any, headers: dict[str, str]) -> web.Response:
        if body is None:
            return web.Response(status=status, headers=headers)
        text = json.dumps(body, separators=(",", ":")).encode()
        return web.Response(status=status, body=text, headers={**headers, "Content-Type": "application/json"})


def _parsed(text: bytes) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal(400, 50109, "The request body contains invalid JSON.") from error
