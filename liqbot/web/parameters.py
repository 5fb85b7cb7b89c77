"""Query parameters that a path does not take, or takes once only, are refused by name: no slip is ignored."""

from functools import cache

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from liqbot.rules.wording import listed, nearest, quoted
from liqbot.web.problems import bad_request

_OURS = frozenset({"self", "request"})


def only_known_parameters(
    connection: ASGIConnection[BaseRouteHandler, None, None, State], handler: BaseRouteHandler
) -> None:
    """Raise `ProblemError` for the first query parameter that there is none of, and say which there are.

    One that has two different values is refused as well: nobody can know which is meant.

    A guard for paths whose every parameter is an argument of its function.
    """
    if not connection.query_params:
        return
    known = sorted(_arguments(handler) - set(connection.path_params))
    word = next((name for name in connection.query_params if name not in known), None)
    if word is None:
        _only_one_value(connection)
        return
    if not known:
        raise bad_request(f"There is no parameter {quoted(word)} here: this takes none.")
    near = nearest(word, known)
    meant = f"did you mean {near}? There" if near else "there"
    raise bad_request(f"There is no parameter {quoted(word)} here; {meant} is {listed(known)}.")


def _only_one_value(connection: ASGIConnection[BaseRouteHandler, None, None, State]) -> None:
    for name in connection.query_params:
        values = list(dict.fromkeys(connection.query_params.getall(name)))
        if len(values) > 1:
            one, other = map(quoted, values[:2])
            raise bad_request(f"{name} is given as {one} and as {other}: which is meant?")


@cache
def _arguments(handler: BaseRouteHandler) -> frozenset[str]:
    """Return what a request can say to a path, in its query or as a part of it."""
    return frozenset(handler.parsed_fn_signature.parameters) - _OURS - set(handler.resolve_dependencies())
