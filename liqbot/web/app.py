"""The application: API, page, health and figures on one port."""

import ipaddress
from collections.abc import Sequence
from http import HTTPStatus

from litestar import Litestar, Response, Router
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, ExceptionHandlersMap

from liqbot import __version__
from liqbot.sections import WebSettings
from liqbot.service.errors import UserError
from liqbot.web import problems
from liqbot.web.accounts import AccountsApi
from liqbot.web.api import PublicApi, hyperperps
from liqbot.web.caching import BodyCache
from liqbot.web.docs import docs_page
from liqbot.web.exports import ExportsApi
from liqbot.web.flows import FlowsApi
from liqbot.web.head import HeadRequests
from liqbot.web.hosts import AllowedHosts
from liqbot.web.limits import RateLimit
from liqbot.web.page import coin_page, healthz, metrics, page, readyz, static
from liqbot.web.pictures import PicturesApi
from liqbot.web.ports import WebQuestions
from liqbot.web.problems import ProblemError, ProblemsOnly
from liqbot.web.pushes import Pushes
from liqbot.web.records import RecordsApi
from liqbot.web.remembered import RememberedAnswers
from liqbot.web.websockets import NoWebsockets

_HANDLERS: ExceptionHandlersMap = {  # pyright: ignore[reportUnknownVariableType] - requests are left open
    ProblemError: problems.of_problem,
    HTTPException: problems.of_http,
    UserError: problems.of_user,
    LookupError: problems.of_lookup,
    ValueError: problems.of_value,
    Exception: problems.of_anything,
}


def make_app(questions: WebQuestions, pushes: Pushes, settings: WebSettings) -> Litestar:
    """Return the application that answers `questions`."""
    bodies = BodyCache()
    return Litestar(
        route_handlers=[
            PublicApi,
            PicturesApi,
            FlowsApi,
            AccountsApi,
            RecordsApi,
            ExportsApi,
            hyperperps,
            page,
            coin_page,
            static,
            healthz,
            readyz,
            metrics,
            docs_page,
        ],
        dependencies={
            "questions": Provide(lambda: questions, sync_to_thread=False),
            "pushes": Provide(lambda: pushes, sync_to_thread=False),
            "bodies": Provide(lambda: bodies, sync_to_thread=False),
            "public_url": Provide(lambda: settings.public_url, sync_to_thread=False),
        },
        exception_handlers=_HANDLERS,
        cors_config=CORSConfig(allow_origins=["*"], allow_methods=["GET"], expose_headers=["ETag"]),
        openapi_config=OpenAPIConfig(
            title="liqbot",
            version=__version__,
            description="Where leveraged positions will be force-closed. Read-only, no key.",
            path="/api",
            openapi_router=Router(
                "/api",
                route_handlers=[],
                include_in_schema=False,
                dto=None,
                return_dto=None,
                after_request=_problem_where_nothing_is,
            ),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        # Errors are ours to log, once; the framework would log bodies as well.
        logging_config=None,
        debug=False,
    )


def _problem_where_nothing_is(response: Response[object]) -> Response[object]:
    """Raise `NotFoundException` where the framework would answer with a page of its own."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response


def guarded(app: ASGIApp, questions: WebQuestions, settings: WebSettings) -> ASGIApp:
    """Return the application behind what holds for every path, also for those that there are not."""
    remembered = RememberedAnswers(ProblemsOnly(app), questions.revision)
    limited = RateLimit(
        NoWebsockets(HeadRequests(remembered)),
        a_second=settings.rate_per_s,
        burst=settings.burst,
        proxies=networks(settings.trusted_proxies),
    )
    return AllowedHosts(limited, settings.allowed_hosts)


def make_monitor(questions: WebQuestions) -> Litestar:
    """Return an application with health and figures alone, for a port of their own."""
    return Litestar(
        route_handlers=[healthz, readyz, metrics],
        dependencies={"questions": Provide(lambda: questions, sync_to_thread=False)},
        exception_handlers=_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )


def networks(
    names: Sequence[str],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return addresses and networks as such. Raises `ValueError`."""
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)
