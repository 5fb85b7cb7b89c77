"""The webhook: a path that only Telegram knows, at which it brings updates."""

import re
import secrets
import socket
from collections.abc import Callable
from hmac import compare_digest
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
import structlog
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from liqbot.chat.adapter import AdapterError
from liqbot.chat.telegram.settings import TelegramSettings

_log = structlog.get_logger()

MOST_BYTES = 1_000_000
"""More than any update has."""
_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


class Webhook:
    """Listens for as long as it is entered."""

    def __init__(self, settings: TelegramSettings, take: Callable[[object], None]) -> None:
        """`take` is given each update as Telegram wrote it."""
        self._host, self._port = settings.webhook_host, settings.webhook_port
        path = secrets.token_urlsafe(32)
        self.url = f"{settings.webhook_url}/{path}"
        """Where Telegram is to bring updates."""
        self.secret = secrets.token_urlsafe(32)
        """What it is to say, so that it is known to be Telegram."""
        own = re.escape(f"{urlsplit(settings.webhook_url).path}/{path}")
        handlers = [(f"{own}/?", _Handler, {"secret": self.secret, "take": take})]
        self._server = HTTPServer(
            Application(handlers, log_function=_say_nothing),  # pyright: ignore[reportArgumentType]
            max_body_size=MOST_BYTES,
        )

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listening = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            where = f"{self._host}:{self._port}"
            raise AdapterError(f"the webhook cannot listen on {where}: {error.strerror}") from None
        listening.settimeout(0)
        self._server.add_socket(listening)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.stop()
        await self._server.close_all_connections()


class _Handler(RequestHandler):
    """Takes one update. Whoever is not Telegram learns nothing."""

    def initialize(self, secret: str, take: Callable[[object], None]) -> None:
        """Take note of what Telegram says, and where its updates go."""
        self._secret = secret
        self._take = take

    def post(self) -> None:
        """Take an update: 403 for whoever is not Telegram, 400 for what is no JSON."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or not compare_digest(
            self.request.headers.get(_SECRET, "").encode(), self._secret.encode()
        ):
            self._end(403)
            return
        try:
            told: object = msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._end(400)
            return
        self._take(told)
        self._end(200)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - tornado's signature
        """Say nothing but the status."""
        del kwargs
        self._end(status_code)

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Log nothing but what kind of failure it was: what strangers send is no trouble of ours."""
        del value, tb
        _log.warning("webhook_failed", reason="" if typ is None else typ.__name__)

    def _end(self, status: int) -> None:
        self.set_status(status)
        self.finish()  # pyright: ignore[reportUnknownMemberType] - its parameter is untyped


def _say_nothing(_: RequestHandler) -> None:
    """Log no requests."""
