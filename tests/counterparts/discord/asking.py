"""The half of the control client that asks what happened, and orders troubles."""

from collections.abc import Sequence
from typing import Any, Protocol

import aiohttp

from .told import Call, Json, Message

WAIT = 10.0


class Door(Protocol):
    """What asks the control door."""

    _session: aiohttp.ClientSession

    async def _do(self, action: str, /, **arguments: Any) -> Any: ...


class Asking(Door):
    """What is there, and what shall go wrong."""

    # what is there

    async def messages(self, channel: int, *, at_least: int = 0, wait: float = WAIT) -> list[Message]:
        """Return a channel's messages, oldest first, no ephemeral ones; waits for `at_least` so many."""
        return [
            Message.of(wire)
            for wire in await self._do("messages", channel=channel, count=at_least, timeout=wait)
        ]

    async def message_counts(self) -> dict[int, int]:
        """Return how many messages each channel has, where there are any."""
        return {int(channel): count for channel, count in (await self._do("message_counts")).items()}

    async def download(self, file: Json) -> bytes:
        """Return a file's bytes, as a user's client would load them."""
        async with self._session.get(file["url"]) as response:
            response.raise_for_status()
            return await response.read()

    async def commands(self) -> list[Json]:
        """Return the registered application commands, as stored."""
        return await self._do("commands")

    async def sessions(self, *, at_least: int = 1, wait: float = WAIT) -> list[Json]:
        """Wait for so many connected gateway sessions; return id, shard, shards and seq of each."""
        return await self._do("sessions", count=at_least, timeout=wait)

    async def identifies(self) -> int:
        """Return how many times a shard has begun a new session."""
        return await self._do("identifies")

    async def calls(self, method: str | None = None, path: str | None = None) -> list[Call]:
        """Return the REST requests so far, oldest first; `path` is a regular expression, searched for."""
        return [Call(**call) for call in await self._do("calls", method=method, path=path)]

    async def too_fast(self) -> list[Json]:
        """Return every request that came too fast: at, method, path, and what came in the 10 s before.

        `all` is how many those were, `there` how many seconds ago those to the same path.
        """
        return await self._do("too_fast")

    async def payloads(self, event: str | None = None) -> list[Json]:
        """Return gateway payloads: op, d, s, t, `direction` (sent, received), shard; `replayed` if so."""
        return await self._do("payloads", event=event)

    async def violations(self, *, clear: bool = False) -> list[Json]:
        """Return every breach of the published contract: kind, where, what."""
        return await self._do("violations", clear=clear)

    async def assert_clean(self) -> None:
        """Assert that neither the bot nor this server has broken the contract."""
        found = await self.violations()
        assert not found, "\n".join(f"{v['kind']} {v['where']}: {v['what']}" for v in found)

    async def invalid_requests(self) -> int:
        """Return how many answers of the last ten minutes were 401, 403 or 429."""
        return await self._do("invalid_requests")

    # troubles

    async def fault(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        times: int = 1,
        after: bool = False,
        reset: bool = False,
        delay: float = 0.0,
        retry_after: float = 0.3,
        via: bool = True,
        is_global: bool = False,
        code: int | None = None,
    ) -> None:
        """Order trouble for the next `times` requests whose method and path match (regular expressions).

        Either a `status` (429, 500, 502, 503), or a `reset` of the connection, or only a `delay` in seconds.
        With a `code` Discord itself refuses so, without one an edge of it in HTML. With `after` the request
        is done first and only its answer is lost. Without `via`, a 429 comes from Cloudflare.
        """
        await self._do(
            "fault",
            method=method,
            path=path,
            status=status,
            times=times,
            after=after,
            reset=reset,
            delay=delay,
            retry_after=retry_after,
            via=via,
            is_global=is_global,
            code=code,
        )

    async def faults_left(self, *, clear: bool = False) -> int:
        """Return how many ordered faults have not befallen a request yet."""
        return await self._do("faults", clear=clear)

    async def gateway_close(self, code: int = 4000, *, shard: int | None = None) -> int:
        """Close the websockets with a code; 4004, 4007 and 4009 also end the session. Returns how many."""
        return await self._do("gateway_close", code=code, shard=shard)

    async def gateway_drop(self, *, shard: int | None = None) -> int:
        """Cut the connections without a close frame."""
        return await self._do("gateway_drop", shard=shard)

    async def gateway_reconnect(self, *, shard: int | None = None) -> int:
        """Send op 7."""
        return await self._do("gateway_reconnect", shard=shard)

    async def gateway_invalidate(self, *, resumable: bool, shard: int | None = None) -> int:
        """Send op 9."""
        return await self._do("gateway_invalidate", resumable=resumable, shard=shard)

    async def gateway_heartbeats(self, *, acknowledged: bool) -> None:
        """Stop or resume acknowledging heartbeats."""
        await self._do("gateway_heartbeats", acknowledged=acknowledged)

    async def gateway_refuse(self, connections: int) -> None:
        """Answer the next so many websocket handshakes with 503."""
        await self._do("gateway_refuse", connections=connections)

    async def gateway_setup(
        self,
        *,
        shards: int = 1,
        max_concurrency: int = 1,
        allowed_intents: Sequence[str] = (),
        starts_left: int = 1000,
    ) -> None:
        """Set what GET /gateway/bot recommends, and grant intents: presences, members, message_content."""
        facts = {"shards": shards, "max_concurrency": max_concurrency, "starts_left": starts_left}
        await self._do("gateway_setup", allowed_intents=list(allowed_intents), **facts)
