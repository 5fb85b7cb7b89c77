"""Answers given again from memory, without the framework, and made anew once there is a newer view."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from liqbot.web.caching import Body, chosen

_MADE_BY = "liqbot.made_by"
_OF_BODY = (b"etag", b"content-length", b"content-encoding")
Make = Callable[[], Awaitable[Body]]


def remember(scope: Scope, coin: str, revision: int, make: Make) -> None:
    """Say that what `make` makes answers this request, for all who ask, while a coin has this revision."""
    scope["state"][_MADE_BY] = coin, revision, make


@dataclass(slots=True)
class _Kept:
    """An answer with all that is needed to give it again."""

    coin: str
    revision: int
    make: Make
    headers: list[tuple[bytes, bytes]]
    """Without those that tell of the body."""
    body: Body

    async def give(self, accept_encoding: str, if_none_match: str, send: Send) -> None:
        """Send it, or that the client has it already."""
        headers = [*self.headers, (b"etag", self.body.tag.encode())]
        status, content, gzipped = chosen(self.body, accept_encoding, if_none_match)
        if content is not None:
            headers.append((b"content-length", b"%d" % len(content)))
        if gzipped:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content or b"", "more_body": False})


class RememberedAnswers:
    """Middleware that gives the answers of which it was told by `remember`."""

    def __init__(self, app: ASGIApp, revision: Callable[[str], int], most: int = 256) -> None:
        """`revision` of a coin is another number once anything that is shown of it may be another."""
        self._app = app
        self._revision = revision
        self._most = most
        self._kept: OrderedDict[tuple[str, bytes, bool], _Kept] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory; what is not known there, or cannot be made, the framework answers."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if b"cookie" in headers:  # the framework answers these in another way
            await self._app(scope, receive, send)
            return
        key = scope["path"], scope["query_string"], b"origin" in headers
        kept = await self._newest(key)
        if kept is None:
            await self._ask(key, scope, receive, send)
            return
        accept_encoding, if_none_match = (
            headers.get(name, b"").decode("latin-1") for name in (b"accept-encoding", b"if-none-match")
        )
        await kept.give(accept_encoding, if_none_match, send)

    async def _newest(self, key: tuple[str, bytes, bool]) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        revision = self._revision(kept.coin)
        if kept.revision != revision:
            try:
                kept.body = await kept.make()
            except Exception:  # noqa: BLE001 - the framework is asked again, and says what is wrong
                self._kept.pop(key, None)
                return None
            kept.revision = revision
        if key in self._kept:
            self._kept.move_to_end(key)
        return kept

    async def _ask(self, key: tuple[str, bytes, bool], scope: Scope, receive: Receive, send: Send) -> None:
        start: HTTPResponseStartEvent | None = None

        async def told(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
            await send(message)

        await self._app(scope, receive, told)
        made_by = scope["state"].get(_MADE_BY)
        if made_by is None or start is None:
            return
        coin, revision, make = made_by
        headers = [one for one in start["headers"] if one[0].lower() not in _OF_BODY]
        try:
            body = await make()
        except Exception:  # noqa: BLE001 - it has been answered; who asks next is told what is wrong
            return
        self._kept[key] = _Kept(coin, revision, make, headers, body)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
