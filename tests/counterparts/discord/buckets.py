"""Rate limits: a bucket per route and main parameter, all requests of a bot together, and invalid ones.

How large Discord's buckets are is not documented and a client must not know it; these are of the usual size.
"""

import hashlib
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .nouns import Json

MAIN_PARAMETERS = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id")
SIZES = {  # (method, end of the path template): (requests, seconds)
    ("POST", "/channels/{channel_id}/messages"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): (5, 1.0),
    ("POST", "/channels/{channel_id}/typing"): (5, 5.0),
    ("POST", "/users/@me/channels"): (10, 10.0),
    ("PUT", "/applications/{application_id}/commands"): (4, 20.0),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}"): (5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original"): (5, 2.0),
}
UNLIMITED = (
    "/interactions/{interaction_id}/{interaction_token}/callback",
)  # answered without any such header
ORDINARY = (20, 5.0)
INVALID_STATUSES = (401, 403, 429)
INVALID_LIMIT, INVALID_SECONDS = 10_000, 600.0


@dataclass
class Bucket:
    """What is left of a window that began with its first request."""

    limit: int
    seconds: float
    used: int = 0
    until: float = 0.0

    def take(self, now: float) -> bool:
        if now >= self.until:
            self.used, self.until = 0, now + self.seconds
        if self.used >= self.limit:
            return False
        self.used += 1
        return True


@dataclass
class Window:
    """So many requests in any second, whenever it begins."""

    limit: int
    times: deque[float] = field(default_factory=deque)

    @property
    def until(self) -> float:
        return self.times[-self.limit] + 1.0

    def take(self, now: float) -> bool:
        while self.times and self.times[0] <= now - 1.0:
            self.times.popleft()
        if len(self.times) >= self.limit:
            return False
        self.times.append(now)
        return True


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass, what its answer's headers say, and how long to wait if not."""

    passed: bool
    headers: dict[str, str]
    retry_after: float = 0.0
    is_global: bool = False

    def body(self) -> Json:
        text = "You are being rate limited."
        return {
            "code": 0,
            "message": text,
            "retry_after": round(self.retry_after, 3),
            "global": self.is_global,
        }


class RateLimits:
    """All buckets. Windows run in real time, whatever the control door does to Discord's clock."""

    def __init__(self, *, per_second: int = 50, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`per_second` requests in all; 0 switches every limit off, for benchmarks."""
        self._off = per_second == 0
        self._clock_s = clock_s
        self._buckets: dict[tuple[str, ...], Bucket] = {}
        self._all = Window(per_second)
        self._invalid: deque[float] = deque()

    def take(self, method: str, template: str, parameters: dict[str, str], *, counts: bool) -> Verdict:
        """Count a request. `counts` says whether it counts towards the bot's 50 a second."""
        if template in UNLIMITED:
            return Verdict(passed=True, headers={})
        now = self._clock_s()
        limit, seconds = SIZES.get((method, template), ORDINARY)
        name = hashlib.md5(f"{method} {template}".encode(), usedforsecurity=False).hexdigest()
        if self._off:
            return Verdict(passed=True, headers=_headers(name, Bucket(10**6, 1.0, 0, now + 1), now))
        main = [parameters[key] for key in MAIN_PARAMETERS if key in parameters]
        bucket = self._buckets.setdefault((name, *main), Bucket(limit, seconds))
        if counts and not self._all.take(now):
            wait = self._all.until - now
            headers = _refused("global", wait) | {"X-RateLimit-Global": "true"}
            return Verdict(passed=False, headers=headers, retry_after=wait, is_global=True)
        if not bucket.take(now):
            wait = bucket.until - now
            headers = _headers(name, bucket, now) | _refused("user", wait)
            return Verdict(passed=False, headers=headers, retry_after=wait)
        return Verdict(passed=True, headers=_headers(name, bucket, now))

    def note(self, status: int) -> None:
        """Count an answer of 401, 403 or 429 as invalid: 10,000 in ten minutes, and we are blocked."""
        now = self._clock_s()
        if status in INVALID_STATUSES:
            self._invalid.append(now)
        while self._invalid and self._invalid[0] < now - INVALID_SECONDS:
            self._invalid.popleft()

    @property
    def invalid(self) -> int:
        return len(self._invalid)

    @property
    def blocked(self) -> bool:
        return len(self._invalid) >= INVALID_LIMIT


def _headers(name: str, bucket: Bucket, now: float) -> dict[str, str]:
    after = max(bucket.until - now, 0.0)
    return {
        "X-RateLimit-Bucket": name,
        "X-RateLimit-Limit": str(bucket.limit),
        "X-RateLimit-Remaining": str(bucket.limit - bucket.used),
        "X-RateLimit-Reset": f"{time.time() + after:.3f}",
        "X-RateLimit-Reset-After": f"{after:.3f}",
    }


def _refused(scope: str, wait: float) -> dict[str, str]:
    return {"X-RateLimit-Scope": scope, "Retry-After": str(math.ceil(wait))}
