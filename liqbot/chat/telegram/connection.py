"""The connection to the Bot API: it keeps the token to itself, and few requests in flight."""

import asyncio
import contextlib
import json
import math
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import cast
from urllib.parse import urlencode

import httpx
import msgspec
from pydantic import SecretStr
from telegram import Bot
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from liqbot.alerts.rate_window import RateWindow
from liqbot.chat.adapter import AdapterError
from liqbot.chat.platform_time import PlatformTime
from liqbot.chat.telegram.settings import TelegramSettings
from liqbot.proxied_transport import ProxiedTransport, UnusableProxyError

IN_FLIGHT = 30
"""Most requests at the same time: beyond, the connection pool of httpcore stalls the event loop."""
TAPS_IN_FLIGHT = 6
"""Of these, so many let buttons stop waiting; however many are tapped, messages wait for none of them."""
PATIENCE_S = 20.0
"""How long an answer may take."""
UPLOAD_S = 60.0
"""How long the upload of a picture may take."""
CONNECT_S = 10.0
CLOSE_S = 5.0
POLL_MARGIN_S = 15.0
"""How long the answer to a poll may take beyond the time that the poll waits."""
_STAND_IN = "-hidden"
"""What python-telegram-bot and httpx know as the token, and so all that they log, raise or print."""
_COUNTED = ("sendMessage", "sendPhoto", "editMessage")
"""The methods that Telegram allows so many calls of a second, by how they begin."""


class GatewayError(httpx.TransportError):
    """An answer that is not the Bot API's: a page of a proxy, of Cloudflare, of a login to a network."""

    def __init__(self, status: int) -> None:
        """`status` is the HTTP status that it came with."""
        super().__init__(f"not Telegram but something before it answered {status}")
        self.status = status


class Connection:
    """The bot of some settings, and what it speaks through; polling has a line of its own."""

    def __init__(
        self, settings: TelegramSettings, *, patience_s: float = PATIENCE_S, a_second: float = math.inf
    ) -> None:
        """An answer may take `patience_s` seconds; no more than `a_second` messages are sent a second."""
        self.time = PlatformTime()
        """Telegram's time: this machine's clock may be wrong."""
        self._addressing = _Addressing(settings, RateWindow(a_second), self.time)
        self._requests = (
            _request(_Addressing(settings, RateWindow(math.inf), self.time), patience_s),
            _request(self._addressing, patience_s),
        )
        self.bot = Bot(
            _STAND_IN,
            base_url=f"{settings.api_url}/bot",
            base_file_url=f"{settings.api_url}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )

    async def updates(self, offset: int, wait_s: float, kinds: Sequence[str]) -> Sequence[object]:
        """Return what has happened since `offset`, each update as Telegram wrote it; wait for it `wait_s`.

        The library would make objects of all of them at once, and of none where one cannot be read.
        """
        asked = urlencode({"offset": offset, "timeout": wait_s, "allowed_updates": json.dumps(list(kinds))})
        body = await self._requests[0].retrieve(
            f"{self.bot.base_url}/getUpdates?{asked}", read_timeout=wait_s + POLL_MARGIN_S
        )
        told = msgspec.json.decode(body, type=dict[str, object]).get("result")
        if not isinstance(told, list):
            raise NetworkError("the answer to a poll holds no updates")
        return cast("list[object]", told)

    async def close(self) -> None:
        """Close every connection, once what is in flight has arrived or had `CLOSE_S` seconds for it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._addressing.idle()
        await self.bot.shutdown()
        for request in self._requests:
            await request.shutdown()


def _request(transport: httpx.AsyncBaseTransport, patience_s: float) -> HTTPXRequest:
    return HTTPXRequest(
        read_timeout=patience_s,
        write_timeout=patience_s,
        media_write_timeout=UPLOAD_S,
        connect_timeout=min(patience_s, CONNECT_S),
        pool_timeout=patience_s,
        httpx_kwargs={"transport": transport},
    )


class _Addressing(httpx.AsyncBaseTransport):
    """Writes the token into the address of a request, where nobody but the wire sees it."""

    def __init__(self, settings: TelegramSettings, window: RateWindow, platform_time: PlatformTime) -> None:
        self._window = window
        self._time = platform_time
        self._token: SecretStr = settings.token
        self._inner = _transport()
        self._slots = asyncio.Semaphore(IN_FLIGHT - TAPS_IN_FLIGHT)
        self._taps = asyncio.Semaphore(TAPS_IN_FLIGHT)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, and return its answer when all of it is there."""
        async with self._passing(request), self._taps if _is_of_tap(request) else self._slots:
            response = await self._sent(request)
            if isinstance(response, httpx.TransportError):
                raise response
            if not _is_own(response.content):
                raise GatewayError(response.status_code)
        self._time.note(response.headers.get("Date"))
        return response

    def _passing(self, request: httpx.Request) -> AbstractAsyncContextManager[None]:
        """Return what keeps a request to the rate, where it is one that Telegram counts."""
        method = request.url.path.rpartition("/")[2]
        window = self._window.passing(httpx.TimeoutException)
        return window if method.startswith(_COUNTED) else contextlib.nullcontext()

    async def _sent(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        """Return the answer, or what went wrong, made anew: the frames where it arose hold the address."""
        try:
            response = await self._inner.handle_async_request(self._addressed(request))
            await response.aread()
        except httpx.TransportError as error:
            return type(error)(str(error))
        return response

    async def idle(self) -> None:
        """Wait until nothing is in flight."""
        for slots, count in ((self._slots, IN_FLIGHT - TAPS_IN_FLIGHT), (self._taps, TAPS_IN_FLIGHT)):
            for _ in range(count):
                await slots.acquire()
            for _ in range(count):
                slots.release()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()

    def _addressed(self, request: httpx.Request) -> httpx.Request:
        token = f"bot{self._token.get_secret_value()}/".encode()
        path = request.url.raw_path.replace(f"bot{_STAND_IN}/".encode(), token, 1)
        return httpx.Request(
            request.method,
            request.url.copy_with(raw_path=path),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )


def _is_of_tap(request: httpx.Request) -> bool:
    """Return whether a request only lets a button stop waiting."""
    return request.url.path.endswith("/answerCallbackQuery")


def _is_own(body: bytes) -> bool:
    """Return whether a body is an answer of the Bot API: an object that says whether it is `ok`."""
    try:
        told: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(told, dict) and isinstance(told.get("ok"), bool)  # pyright: ignore[reportUnknownMemberType]


def _transport() -> ProxiedTransport:
    try:
        return ProxiedTransport(limits=httpx.Limits(max_connections=IN_FLIGHT))
    except UnusableProxyError as error:
        raise AdapterError(str(error)) from None
