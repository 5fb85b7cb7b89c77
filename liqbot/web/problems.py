"""Errors as problem+json (RFC 9457) that name the thing; never a trace."""

from http import HTTPStatus

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from liqbot.service.errors import UserError

_log = structlog.get_logger()

JSON_PROBLEM = "application/problem+json"


class ProblemError(Exception):
    """Something that was asked for cannot be answered. The text is for who asked."""

    def __init__(self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def not_found(detail: str) -> ProblemError:
    """Return the error for a coin, an alert or another thing that there is none of."""
    return ProblemError(HTTPStatus.NOT_FOUND, detail)


def not_yet(detail: str) -> ProblemError:
    """Return the error for what there will be in a moment: who asks is to ask again."""
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})


def bad_request(detail: str) -> ProblemError:
    """Return the error for a parameter that cannot be."""
    return ProblemError(HTTPStatus.BAD_REQUEST, detail)


def too_many(detail: str) -> ProblemError:
    """Return the error for more than is done at a time."""
    return ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail)


def of_problem(_: Request[None, None, State], error: ProblemError) -> Response[object]:
    """Answer with a `ProblemError`."""
    return _problem(error.status, error.detail, error.headers)


def of_user(_: Request[None, None, State], error: UserError) -> Response[object]:
    """Answer what a service says is wrong with the question, or that it is to be asked again."""
    if error.again:
        return of_problem(_, not_yet(str(error)))
    return _problem(HTTPStatus.BAD_REQUEST, str(error))


def of_lookup(_: Request[None, None, State], error: LookupError) -> Response[object]:
    """Answer that there is no such thing."""
    if isinstance(error, KeyError | IndexError):  # a slip of ours, not something to tell people
        return of_anything(_, error)
    return _problem(HTTPStatus.NOT_FOUND, str(error))


def of_value(_: Request[None, None, State], error: ValueError) -> Response[object]:
    """Answer that something asked for cannot be."""
    return _problem(HTTPStatus.BAD_REQUEST, str(error))


def of_http(request: Request[None, None, State], error: HTTPException) -> Response[object]:
    """Answer with an error of the framework: no such path, wrong method, a parameter of another type."""
    detail = error.detail
    if isinstance(error, NotFoundException) and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"There is nothing at {request.url.path[:80]!r}. /api/docs lists what there is."
    if isinstance(error, MethodNotAllowedException):
        detail = f"{request.method[:20]} is no method here: everything is read with GET."
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        detail = "; ".join(f"{item.get('key', '?')}: {item.get('message', '')}" for item in error.extra)
    return _problem(HTTPStatus(error.status_code), detail or "", error.headers)


def of_anything(request: Request[None, None, State], error: Exception) -> Response[object]:
    """Answer that something of ours failed: the log has it, who asked does not."""
    _log.error("request_failed", path=request.url.path, exc_info=error)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The bot failed to answer this. Its log says why.")


class ProblemsOnly:
    """Middleware that turns errors in plain words, as the framework has them in places, into problem+json."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass; an answer that breaks off is one line in the log."""
        refused: list[HTTPStatus] = []
        begun = False

        async def told(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if _is_plain_error(message):
                    refused.append(HTTPStatus(message["status"]))
                    return
            elif message["type"] == "http.response.body" and refused:
                body = problem_json(refused[0], message["body"].decode("utf-8", "replace"))
                headers = [(b"content-type", JSON_PROBLEM.encode()), (b"content-length", b"%d" % len(body))]
                await send({"type": "http.response.start", "status": refused[0].value, "headers": headers})
                message["body"] = body
            await send(message)

        try:
            await self._app(scope, receive, told)
        except Exception as error:
            if not begun:
                raise
            _log.warning("answer_broken_off", path=scope["path"], reason=str(error.__cause__ or error))


def _is_plain_error(message: HTTPResponseStartEvent) -> bool:
    headers = dict(message["headers"])
    return message["status"] >= 400 and headers.get(b"content-type", b"").startswith(b"text/plain")


def problem_json(status: HTTPStatus, detail: str) -> bytes:
    """Return the body of an error."""
    return msgspec.json.encode(_said(status, detail))


def _said(status: HTTPStatus, detail: str) -> dict[str, object]:
    return {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}


def _problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> Response[object]:
    return Response(
        _said(status, detail),
        status_code=status.value,
        media_type=JSON_PROBLEM if status is not HTTPStatus.NOT_MODIFIED else MediaType.TEXT,
        headers=headers,
    )
