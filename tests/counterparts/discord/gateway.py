"""The gateway: identify, heartbeat, resume, dispatch; and the troubles that it makes when told to."""

import asyncio
import json
import secrets
import time

from aiohttp import WSMsgType, web

from .nouns import Json
from .record import Record
from .sessions import Connection, Session
from .specs import Specs
from .world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    *range(5),
    *range(6, 12),
)
PRIVILEGED = {"presences": 1 << 8, "members": 1 << 1, "message_content": 1 << 15}
KNOWN_INTENTS = (1 << 26) - 1
RESUMABLE_SECONDS = 120.0


class Gateway:
    """All sessions and connections."""

    def __init__(
        self,
        world: World,
        specs: Specs,
        record: Record,
        *,
        heartbeat: float,
        max_concurrency: int,
        identify_every: float,
        takes_binary: bool = False,
    ) -> None:
        """`heartbeat` in seconds; an identify per `identify_every` seconds in each concurrent lane."""
        self._world = world
        self._specs = specs
        self._record = record
        self._heartbeat = heartbeat
        self._takes_binary = takes_binary
        """Whether JSON in binary frames is taken: with encoding=json, commands are text."""
        self._identify_every = identify_every
        self._last_identify: dict[int, float] = {}
        self.max_concurrency = max_concurrency
        self.identifies = 0
        self.starts_left = 1000
        self.shards = 1
        self.allowed_intents: set[str] = set()
        self.acknowledges = True
        self.refuse_connections = 0
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.url = ""
        world.dispatch = self.dispatch

    # out

    def dispatch(self, event: str, data: Json, *, guild_id: int | None, intents: int) -> None:
        """Send an event to every session that is to hear it; `intents` are those of which one is needed."""
        hearers = [session for session in self.sessions.values() if session.hears(guild_id, intents)]
        if hearers:
            self._validate(event, data)
        for session in hearers:
            self._send_event(session, event, data)

    def _validate(self, event: str, data: Json) -> None:
        wrong = self._specs.event(event, data)
        if wrong:
            self._record.violation("event", event, wrong)

    def _send_event(self, session: Session, event: str, data: Json) -> None:
        session.seq += 1
        payload = {"op": DISPATCH, "d": data, "s": session.seq, "t": event}
        text = json.dumps(payload, separators=(",", ":"))
        session.events.append((session.seq, text))
        if session.connection is not None:
            self._record.payload("sent", session.shard, payload)
            session.connection.send(text)

    def _send(self, connection: Connection, op: int, data: Json | bool | None = None) -> None:  # noqa: FBT001
        payload = {"op": op, "d": data, "s": None, "t": None}
        shard = connection.session.shard if connection.session else None
        self._record.payload("sent", shard, payload)
        connection.send(json.dumps(payload))

    # in

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one websocket until it ends."""
        if self.refuse_connections > 0:
            self.refuse_connections -= 1
            return web.Response(status=503, text="upstream connect error")
        if request.query.get("v") != "10" or request.query.get("encoding", "json") != "json":
            self._record.violation(
                "command", "connect", f"query {dict(request.query)}: v=10 and encoding=json expected"
            )
        socket = web.WebSocketResponse(max_msg_size=4096 * 4)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.add(connection)
        watch = asyncio.create_task(self._watch_heartbeat(connection))
        try:
            self._send(connection, HELLO, {"heartbeat_interval": int(self._heartbeat * 1000), "_trace": []})
            await self._listen(connection)
        finally:
            watch.cancel()
            self.connections.discard(connection)
            self._left(connection)
            connection.end()
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.BINARY and not self._takes_binary:
                self._record.violation("command", "gateway", "a binary frame, where text is taken")
                await connection.close(4002, "Error while decoding payload.")
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            try:
                payload = json.loads(message.data)
                op, data = payload["op"], payload.get("d")
            except (ValueError, KeyError, TypeError, AttributeError):
                await connection.close(4002, "Decode error")
                return
            if connection.too_many():
                self._record.violation("command", "gateway", "more than 120 commands in a minute")
                await connection.close(4008, "Rate limited")
                return
            self._log(connection, op, data)
            await self._handle(connection, op, data)

    def _log(self, connection: Connection, op: int, data: Json | None) -> None:
        wrong = self._specs.command(op, data)
        if wrong:
            self._record.violation("command", f"op {op}", wrong)
        shown = {**data, "token": "(hidden)"} if isinstance(data, dict) and "token" in data else data
        shard = connection.session.shard if connection.session else None
        self._record.payload("received", shard, {"op": op, "d": shown})

    async def _handle(self, connection: Connection, op: int, data: Json) -> None:
        if op == HEARTBEAT:
            connection.heard = time.monotonic()
            if self.acknowledges:
                self._send(connection, ACK)
        elif op == IDENTIFY:
            await self._identify(connection, data)
        elif op == RESUME:
            await self._resume(connection, data)
        elif connection.session is None:
            await connection.close(4003, "Not authenticated")
        elif op == MEMBERS:
            self._members(connection.session, data)
        elif op not in (PRESENCE, VOICE):
            await connection.close(4001, "Unknown opcode")

    async def _identify(self, connection: Connection, data: Json) -> None:
        code, reason = self._why_not(connection, data)
        if code:
            self._record.violation("command", "identify", f"{code} {reason}")
            await connection.close(code, reason)
            return
        shard, shards = data.get("shard") or (0, 1)
        lane, now = shard % self.max_concurrency, time.monotonic()
        if now - self._last_identify.get(lane, -1e9) < self._identify_every:
            self._send(connection, INVALID, data=False)
            return
        self._last_identify[lane] = now
        self.identifies += 1
        self.starts_left -= 1
        for old in [s for s in self.sessions.values() if (s.shard, s.shards) == (shard, shards)]:
            if old.connection is None:
                del self.sessions[old.id]
        session = Session(secrets.token_hex(16), shard, shards, data["intents"], connection=connection)
        connection.session = session
        self.sessions[session.id] = session
        self._welcome(session)

    def _why_not(self, connection: Connection, data: Json) -> tuple[int, str]:
        if connection.session is not None:
            return 4005, "Already authenticated"
        if data.get("token", "").removeprefix("Bot ") != self._world.token or self.starts_left <= 0:
            return 4004, "Authentication failed"  # who has used up all starts has lost the token
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            return 4010, "Invalid shard"
        intents = data.get("intents", 0)
        if intents & ~KNOWN_INTENTS:
            return 4013, "Invalid intent(s)"
        asked = {name for name, bit in PRIVILEGED.items() if intents & bit}
        if asked - self.allowed_intents:
            return 4014, "Disallowed intent(s)"
        return 0, ""

    def _welcome(self, session: Session) -> None:
        world = self._world
        guilds = [g for g in world.guilds.values() if g.present and session.hears(g.id, 0)]
        ready = {
            "v": 10,
            "user": world.bot.wire() | {"mfa_enabled": False, "verified": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url.replace("/gw", "/resume"),
            "application": {"id": str(world.application_id), "flags": 0, "flags_new": "0"},
            "shard": [session.shard, session.shards],
        }
        self._validate("READY", ready)
        self._send_event(session, "READY", ready)
        for guild in guilds:
            if session.intents & 1:
                data = world.guild_create(guild) | {"unavailable": False}
                self._validate("GUILD_CREATE", data)
                self._send_event(session, "GUILD_CREATE", data)

    async def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(data.get("session_id", ""))
        if data.get("token", "").removeprefix("Bot ") != self._world.token:
            await connection.close(4004, "Authentication failed")
            return
        if session is None or (
            session.connection is None and time.monotonic() - session.left_at > RESUMABLE_SECONDS
        ):
            self._send(connection, INVALID, data=False)
            return
        if data["seq"] > session.seq:
            await connection.close(4007, "Invalid seq")
            return
        if session.connection is not None:
            session.connection.drop()
        session.connection, connection.session = connection, session
        for seq, text in session.events:
            if seq > data["seq"]:
                self._record.payload("sent", session.shard, {**json.loads(text), "replayed": True})
                connection.send(text)
        self._send_event(session, "RESUMED", {"_trace": []})

    def _members(self, session: Session, data: Json) -> None:
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None or not guild.present:
            return
        wanted = {int(i) for i in data.get("user_ids") or []} or set(guild.members)
        members = [member.wire() for user_id, member in guild.members.items() if user_id in wanted]
        answer = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        answer |= {"nonce": data["nonce"]} if data.get("nonce") else {}
        self._send_event(session, "GUILD_MEMBERS_CHUNK", answer)

    def _left(self, connection: Connection) -> None:
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection, session.left_at = None, time.monotonic()
        if connection.socket.close_code in (1000, 1001) and not connection.closed_by_us:
            self.sessions.pop(session.id, None)  # a client that says goodbye gives up its session

    async def _watch_heartbeat(self, connection: Connection) -> None:
        """Close on a client that has gone silent for two intervals."""
        while (silent := time.monotonic() - connection.heard) < 2 * self._heartbeat:  # noqa: ASYNC110 - time it is
            await asyncio.sleep(2 * self._heartbeat - silent)
        await connection.close(4009, "Session timed out")

    # troubles

    def _troubled(self, shard: int | None) -> list[Connection]:
        return [c for c in self.connections if c.session and (shard is None or c.session.shard == shard)]

    async def close_all(self, code: int, shard: int | None = None) -> int:
        closed = self._troubled(shard)
        for connection in closed:
            if code in (4004, 4007, 4009) and connection.session:
                self.sessions.pop(connection.session.id, None)
            await connection.close(code)
        return len(closed)

    def drop_all(self, shard: int | None = None) -> int:
        dropped = self._troubled(shard)
        for connection in dropped:
            connection.drop()
        return len(dropped)

    def ask_to_reconnect(self, shard: int | None = None) -> int:
        asked = self._troubled(shard)
        for connection in asked:
            self._send(connection, RECONNECT)
        return len(asked)

    def invalidate(self, shard: int | None = None, *, resumable: bool) -> int:
        told = self._troubled(shard)
        for connection in told:
            if not resumable and connection.session:
                self.sessions.pop(connection.session.id, None)
                connection.session = None
            self._send(connection, INVALID, data=resumable)
        return len(told)
