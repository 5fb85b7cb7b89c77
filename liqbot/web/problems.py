"""Errors as problem+json (RFC 9457) that name the thing; never a trace."""

from http import HTTPStatus

import structlog
from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException

from liqbot.service.errors import UserError

_log = structlog.get_logger()

JSON_PROBLEM = "application/problem+json"


class ProblemError(Exception):
    """Something that was asked for cannot be answered. The text is for who asked."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def not_found(detail: str) -> ProblemError:
    """Return the error for a coin, an alert or another thing that there is none of."""
    return ProblemError(HTTPStatus.NOT_FOUND, detail)


def bad_request(detail: str) -> ProblemError:
    """Return the error for a parameter that cannot be."""
    return ProblemError(HTTPStatus.BAD_REQUEST, detail)


def of_problem(_: Request[None, None, State], error: ProblemError) -> Response[object]:
    """Answer with a `ProblemError`."""
    return _problem(error.status, error.detail)


def of_user(_: Request[None, None, State], error: UserError) -> Response[object]:
    """Answer what a service says is wrong with the question."""
    return _problem(HTTPStatus.BAD_REQUEST, str(error))


def of_lookup(_: Request[None, None, State], error: LookupError) -> Response[object]:
    """Answer that there is no such thing."""
    if isinstance(error, KeyError | IndexError):  # a slip of ours, not something to tell people
        return of_anything(_, error)
    return _problem(HTTPStatus.NOT_FOUND, str(error))


def of_value(_: Request[None, None, State], error: ValueError) -> Response[object]:
    """Answer that something asked for cannot be."""
    return _problem(HTTPStatus.BAD_REQUEST, str(error))


def of_http(_: Request[None, None, State], error: HTTPException) -> Response[object]:
    """Answer with an error of the framework: no such path, wrong method, a parameter of another type."""
    detail = error.detail
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        detail = "; ".join(f"{item.get('key', '?')}: {item.get('message', '')}" for item in error.extra)
    return _problem(HTTPStatus(error.status_code), detail or "", error.headers)


def of_anything(request: Request[None, None, State], error: Exception) -> Response[object]:
    """Answer that something of ours failed: the log has it, who asked does not."""
    _log.error("request_failed", path=request.url.path, exc_info=error)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The bot failed to answer this. Its log says why.")


def _problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> Response[object]:
    return Response(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail},
        status_code=status.value,
        media_type=JSON_PROBLEM if status is not HTTPStatus.NOT_MODIFIED else MediaType.TEXT,
        headers=headers,
    )
