"""The live page, one document for every coin, with a preview for chats; its files; health and figures."""

import html
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from liqbot.market.figures import price, ratio, usd
from liqbot.web.caching import Body, answered
from liqbot.web.ports import WebQuestions
from liqbot.web.problems import not_found

Questions = NamedDependency[WebQuestions]
STATIC = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".txt": "text/plain",
    ".html": "text/html",
}
"""Of what is text the framework says by itself that it is UTF-8."""
_HEAD = "<!--head-->"
_TITLE = "<title>liqbot: liquidation heatmap</title>"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'"
)
"""The page loads nothing from anywhere else, and nothing of it can."""


@get("/", include_in_schema=False)
async def page(request: Request[None, None, State]) -> Response[bytes | None]:
    """Return the page."""
    return _page(request)


@get("/c/{coin:str}", include_in_schema=False)
async def coin_page(
    request: Request[None, None, State],
    questions: Questions,
    public_url: NamedDependency[str],
    coin: FromPath[str],
) -> Response[bytes | None]:
    """Return the page; a coin's own address has its figures and its picture for the previews of chats."""
    known = questions.coins()
    found = next((name for name in known if name.lower() == coin.lower()), None)
    if found is None or not known[found]:
        return _page(request)
    return _page(request, _preview(questions, found, public_url))


def _page(request: Request[None, None, State], preview: str | None = None) -> Response[bytes | None]:
    document = _read("index.html").decode()
    if preview is not None:
        document = document.replace(_TITLE, "").replace(_HEAD, preview)
    answer = answered(request, Body(document.encode(), TYPES[".html"]), max_age_s=0)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@get("/static/{name:str}", include_in_schema=False)
async def static(request: Request[None, None, State], name: FromPath[str]) -> Response[bytes | None]:
    """Return a file of the page."""
    if name not in _files():
        raise not_found("There is no such file.")
    return answered(request, _file(name), max_age_s=300)


class HealthAnswer(msgspec.Struct, frozen=True):
    """How the bot is; `troubles` are in words, by name."""

    ok: bool
    troubles: dict[str, str]


@get(
    "/healthz",
    summary="Whether all is well",
    tags=["operation"],
    responses={
        200: ResponseSpec(HealthAnswer, generate_examples=False, description="All is well"),
        503: ResponseSpec(HealthAnswer, generate_examples=False, description="Something is wrong"),
    },
)
async def healthz(questions: Questions) -> Response[bytes]:
    """Return 200 and no troubles, or 503 and what is wrong by name."""
    return _health(questions.troubles())


@get(
    "/readyz",
    summary="Whether this process can serve",
    tags=["operation"],
    responses={
        200: ResponseSpec(HealthAnswer, generate_examples=False, description="It can"),
        503: ResponseSpec(HealthAnswer, generate_examples=False, description="Ask another process"),
    },
)
async def readyz(questions: Questions) -> Response[bytes]:
    """Return 200, or 503 and by name why another process of the bot had better be asked."""
    return _health(questions.hindrances())


@get("/metrics", summary="Figures for Prometheus", tags=["operation"], media_type="text/plain")
async def metrics(questions: Questions) -> Response[bytes]:
    """Return all figures of the bot."""
    return Response(await questions.metrics(), media_type="text/plain; version=0.0.4")


def _health(troubles: Mapping[str, str]) -> Response[bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE if troubles else HTTPStatus.OK
    body = msgspec.json.encode(HealthAnswer(not troubles, dict(troubles)))
    return Response(body, status_code=status, media_type=MediaType.JSON)


def _preview(questions: WebQuestions, coin: str, public_url: str) -> str:
    view = questions.coins()[coin][0]
    title = f"{coin} {price(view.spot)}, {view.regime}"
    words = (
        f"{usd(view.up_usd)} of shorts within 5% above, {usd(view.down_usd)} of longs within 5% below, "
        f"ratio {ratio(view.ratio)}. {view.provenance}"
    )
    picture = f"{public_url}/api/v1/coins/{coin}/heatmap.png"
    tags = {
        "og:type": "website",
        "og:title": title,
        "og:description": words,
        "og:image": picture,
        "og:image:width": "1200",
        "og:image:height": "675",
        "og:url": f"{public_url}/c/{coin}",
        "twitter:card": "summary_large_image",
    }
    lines = [f'<meta property="{name}" content="{html.escape(value)}" />' for name, value in tags.items()]
    named = f'<meta name="description" content="{html.escape(words)}" />'
    return "\n    ".join([f"<title>{html.escape(title)}: liqbot</title>", named, *lines])


@cache
def _files() -> frozenset[str]:
    return frozenset(
        file.name for file in STATIC.iterdir() if file.suffix in TYPES and file.name != "index.html"
    )


@cache
def _file(name: str) -> Body:
    return Body(_read(name), TYPES[Path(name).suffix])


@cache
def _read(name: str) -> bytes:
    return (STATIC / name).read_bytes()
