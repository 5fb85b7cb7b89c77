"""Answers that are given again: ETags, and bodies encoded and compressed once for all who ask."""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import cached_property

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from liqbot.market.view import MarketView

JSON = "application/json"
LEAST_BYTES = 500
"""A shorter body is not compressed."""
LEVEL = 5
"""Of gzip: the next takes half as long again for 1% less."""


@dataclass(frozen=True)
class Body:
    """The body of an answer, with what is made of it at most once."""

    plain: bytes
    media_type: str

    @cached_property
    def tag(self) -> str:
        """The ETag: weak, as it is the same for both encodings."""
        return f'W/"{hashlib.blake2s(self.plain, digest_size=12).hexdigest()}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """The body in gzip; None where that is not worth it."""
        if len(self.plain) < LEAST_BYTES or self.media_type.startswith("image/"):
            return None
        return gzip.compress(self.plain, LEVEL, mtime=0)


class BodyCache:
    """The bodies that were made of the newest views, each made once though many ask at once."""

    def __init__(self, most: int = 256) -> None:
        """Keep `most` bodies, those that were asked for last."""
        self._kept: OrderedDict[Hashable, tuple[MarketView | None, asyncio.Future[Body]]] = OrderedDict()
        self._most = most

    async def get(self, key: Hashable, view: MarketView | None, make: Callable[[], Awaitable[Body]]) -> Body:
        """Return the body of `key` that was made of this very view, or make it now."""
        of_view, body = self._kept.get(key, (None, None))
        if body is None or of_view is not view or _failed(body):
            body = asyncio.ensure_future(make())
            self._kept[key] = view, body
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(body)


def json_body(answer: object) -> Body:
    """Return an answer as JSON."""
    return Body(msgspec.json.encode(answer), JSON)


def json_answer(
    request: Request[None, None, State], answer: object, *, max_age_s: int = 2
) -> Response[bytes | None]:
    """Return an answer as JSON with its ETag; 304 without a body where the client has it already."""
    return answered(request, json_body(answer), max_age_s=max_age_s)


def answered(request: Request[None, None, State], body: Body, *, max_age_s: int) -> Response[bytes | None]:
    """Return a body with its ETag, compressed for who takes that; 304 where the client has it already."""
    headers = {"ETag": body.tag, "Cache-Control": f"public, max-age={max_age_s}", "Vary": "Accept-Encoding"}
    asked = request.headers
    status, content, gzipped = chosen(body, asked.get("accept-encoding", ""), asked.get("if-none-match", ""))
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, headers=headers, media_type=body.media_type)


def chosen(body: Body, accept_encoding: str, if_none_match: str) -> tuple[int, bytes | None, bool]:
    """Return status, content and whether that is gzipped, by what a client says it takes and has."""
    if {body.tag, "*"} & _named_tags(if_none_match):
        return 304, None, False
    if takes_gzip(accept_encoding) and body.compressed is not None:
        return 200, body.compressed, True
    return 200, body.plain, False


def _failed(body: asyncio.Future[Body]) -> bool:
    return body.done() and (body.cancelled() or body.exception() is not None)


def takes_gzip(header: str) -> bool:
    """Return whether `Accept-Encoding` names gzip, and not with a weight of nothing."""
    for item in header.split(","):
        coding, _, weight = item.partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _named_tags(header: str) -> set[str]:
    """Return the ETags that `If-None-Match` names."""
    return {item.strip() for item in header.split(",")}
