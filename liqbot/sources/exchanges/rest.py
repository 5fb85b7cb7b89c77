"""HTTP to an exchange: one budget, retries with growing pauses, bans waited out, answers typed."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.errors import BusyError
from liqbot.sources.http_client import http_client
from liqbot.sources.source import NoDataError

T = TypeVar("T")
Params = Mapping[str, str | int]

TRIES = 4
"""How often a request is made before there is no data."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""The pause before the second try doubles up to the longest, each shortened by chance so that not all
sources come back at once."""
PATIENCE_S = 30.0
"""A longer pause that the exchange asks for is kept too, but said to be no data instead of waited for."""
TIMEOUT_S = 15.0
IN_FLIGHT = 10
"""Requests to one exchange at once: many more would make the client's pool stall the event loop."""
BUSY = (418, 429)
"""Statuses that ask for a pause; 418 is what Binance says to those who do not listen to 429."""
LONGEST_BAN_S = 3 * 86_400.0
"""No exchange bans an address for longer."""
SHOWN = 120
"""So much of an answer that cannot be read is shown in an error."""

Complaint = Callable[[bytes], NoDataError | None]
"""Reads an exchange's own words of error from an answer, whatever its status; None where there are none.

It is given the body, and says what the exchange says, without a name: that is added where it is raised.
"""


class Rest:
    """The public endpoints of one exchange."""

    def __init__(
        self,
        venue: str,
        base_url: str,
        complaint: Complaint,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        """Ask `venue` below `base_url`. `sleep` waits between tries, `chance` shortens the pauses."""
        self.venue = venue
        self._base_url = base_url.rstrip("/")
        self._complaint = complaint
        self._sleep = sleep
        self._chance = chance or random.Random()  # noqa: S311 - spreads pauses, guards nothing
        self._http: httpx.AsyncClient | None = None
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        self._banned_until = 0.0

    async def __aenter__(self) -> Self:
        self._http = http_client(TIMEOUT_S)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def get(self, path: str, kind: type[T], budget: Budget, params: Params, *, weight: float = 1) -> T:
        """Return the answer of `path` as a `kind`.

        Raises `NoDataError` that names the exchange, the path and what is wrong: after `TRIES` tries where
        asking again may help, at once where not. `UnknownSymbolError` is for a symbol that is not listed.
        """
        for tried in range(TRIES):
            if (closed_s := max(budget.closed_for_s, self._banned_until - time.monotonic())) > PATIENCE_S:
                raise BusyError(f"{self.venue} {path}: wants to be left alone for {closed_s:.0f} s more")
            await budget.take(weight)
            try:
                return await self._ask(path, kind, params)
            except BusyError as error:
                if error.after_s is not None:
                    self._leave_alone(error.after_s, budget)
                if tried == TRIES - 1:
                    raise
                await self._pause(tried, error.after_s)
        raise AssertionError("the last try returns or raises")

    async def _ask(self, path: str, kind: type[T], params: Params) -> T:
        if self._http is None:
            raise RuntimeError(f"{self.venue} is asked outside `async with`")
        try:
            async with self._in_flight:
                answer = await self._http.get(f"{self._base_url}{path}", params=params)
        except httpx.TransportError as error:
            what = str(error) or type(error).__name__
            raise BusyError(f"{self.venue} {path}: no answer: {what}") from error
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise NoDataError(f"{self.venue} {path}: cannot be asked: {error}") from error
        self._check(path, answer)
        try:
            return msgspec.json.decode(answer.content, type=kind, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NoDataError(f"{self.venue} {path}: unexpected answer: {error}") from error

    def _check(self, path: str, answer: httpx.Response) -> None:
        """Raise where the answer is an error, by its status or by its own words."""
        if answer.status_code in BUSY:
            raise BusyError(f"{self.venue} {path}: too many requests", _retry_after_s(answer))
        if answer.status_code >= 500:
            raise BusyError(f"{self.venue} {path}: out of order ({answer.status_code})")
        complaint = self._complaint(answer.content)
        if complaint is not None:
            named = f"{self.venue} {path}: {complaint}"
            if isinstance(complaint, BusyError):
                raise BusyError(named, complaint.after_s)
            raise type(complaint)(named)
        if answer.status_code != 200:
            text = answer.text[:SHOWN].strip()
            raise NoDataError(f"{self.venue} {path}: refused ({answer.status_code}): {text}")

    def _leave_alone(self, seconds: float, budget: Budget) -> None:
        """Ask nothing of this budget for `seconds`; nothing at all where it is so long that it is a ban."""
        budget.close_for(seconds)
        if seconds > PATIENCE_S:
            self._banned_until = max(self._banned_until, time.monotonic() + seconds)

    async def _pause(self, tried: int, after_s: float | None) -> None:
        if after_s is None:  # else the budget waits
            pause_s = min(FIRST_PAUSE_S * 2**tried, LONGEST_PAUSE_S)
            await self._sleep(pause_s * self._chance.uniform(0.5, 1.0))


def _retry_after_s(answer: httpx.Response) -> float | None:
    """Return the seconds that the exchange asks for; None where it does not say, or says nonsense."""
    try:
        seconds = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= LONGEST_BAN_S else None
