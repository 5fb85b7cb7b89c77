"""What the OpenAPI document says of answers: their shape, and that of errors."""

from http import HTTPStatus

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from liqbot.web.problems import JSON_PROBLEM


class Problem(msgspec.Struct, frozen=True):
    """An error (RFC 9457); `detail` names the thing."""

    type: str
    title: str
    status: int
    detail: str


ERRORS = {
    HTTPStatus.BAD_REQUEST: "A parameter that cannot be, or that there is none of",
    HTTPStatus.NOT_FOUND: "No such coin",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests from one address",
    HTTPStatus.SERVICE_UNAVAILABLE: "No coin is known yet: the market is still being read",
}
_ANYWHERE = HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS


def answers(shape: type[object], *, found_by_name: bool = True) -> dict[int, ResponseSpec]:
    """Return the answers of a path: `shape`, and errors; `found_by_name` where it is asked of a thing."""
    errors = ERRORS if found_by_name else {one: ERRORS[one] for one in _ANYWHERE}
    return {200: ResponseSpec(shape, generate_examples=False, description="The answer")} | problems(errors)


def picture() -> dict[int, ResponseSpec]:
    """Return the answers of a path of pictures."""
    found = ResponseSpec(bytes, generate_examples=False, description="A picture", media_type="image/png")
    return {200: found} | problems(ERRORS)


def problems(errors: dict[HTTPStatus, str]) -> dict[int, ResponseSpec]:
    """Return how errors are answered."""
    return {
        status.value: ResponseSpec(
            Problem, generate_examples=False, description=words, media_type=JSON_PROBLEM
        )
        for status, words in errors.items()
    }
