"""Troubles of the REST API that the control door orders for the next requests that match."""

import re
from dataclasses import dataclass

from .nouns import Json


@dataclass
class Fault:
    """What befalls the next `times` requests whose method and path match.

    With a `code` it is Discord itself that refuses; without, what stands before it answers with a page.
    With `after`, the request is done first and only its answer is lost. Without a `status` and without
    `reset`, the request is only delayed.
    """

    method: str  # a regular expression, as `path` is
    path: str
    times: int = 1
    status: int | None = None
    after: bool = False
    reset: bool = False
    delay: float = 0.0
    retry_after: float = 0.3
    via: bool = True
    is_global: bool = False
    code: int | None = None
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.times

    @property
    def name(self) -> str:
        what = "reset" if self.reset else str(self.status or f"delay {self.delay}")
        return f"{what} after" if self.after else what

    def answer(self) -> tuple[int, dict[str, str], Json | str]:
        """Return status, headers and body. Discord's edge answers in HTML, its API in JSON."""
        status = self.status or 500
        if self.code is not None:  # Discord's own word
            return status, {}, {"message": f"As ordered: {self.code}", "code": self.code}
        if status == 429 and self.via:
            scope = "global" if self.is_global else "user"
            headers = {"Retry-After": str(int(self.retry_after) + 1), "X-RateLimit-Scope": scope}
            headers |= {"X-RateLimit-Global": "true"} if self.is_global else {}
            text = "You are being rate limited."
            body = {"code": 0, "message": text, "retry_after": self.retry_after, "global": self.is_global}
            return status, headers, body
        if status == 429:
            return status, {"Retry-After": str(int(self.retry_after) + 1)}, "error code: 1015"
        if status == 500:
            return status, {}, {"message": "500: Internal Server Error", "code": 0}
        return status, {}, f"<html><head><title>{status}</title></head><body>cloudflare</body></html>"


class Faults:
    """The faults that are waiting, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def next_for(self, method: str, path: str) -> Fault | None:
        for fault in self._waiting:
            if re.fullmatch(fault.method, method) and re.search(fault.path, path):
                fault.left -= 1
                if fault.left <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def pending(self) -> int:
        return sum(fault.left for fault in self._waiting)
