"""ETags: an answer that has not changed is not sent again."""

import hashlib

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

JSON = "application/json"


def json_answer(
    request: Request[None, None, State], answer: object, *, max_age_s: int = 2
) -> Response[bytes | None]:
    """Return an answer as JSON with its ETag; 304 without a body where the client has it already."""
    return tagged(request, msgspec.json.encode(answer), JSON, max_age_s=max_age_s)


def tagged(
    request: Request[None, None, State], body: bytes, media_type: str, *, max_age_s: int
) -> Response[bytes | None]:
    """Return a body with its ETag; 304 where the client has it already."""
    tag = f'W/"{hashlib.blake2s(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={max_age_s}", "Vary": "Accept-Encoding"}
    if tag in _tags(request.headers.get("if-none-match", "")):
        return Response(None, status_code=304, headers=headers, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)


def _tags(header: str) -> set[str]:
    return {item.strip() for item in header.split(",")}
