"""What happened: every REST call, every gateway payload, and every breach of the contract."""

import itertools
import time
from collections import deque
from dataclasses import asdict, dataclass, field

from .nouns import Json

KEPT = 50_000
RECENT_S = 10.0


@dataclass
class Call:
    """A REST request and how it was answered. `at` is in seconds since 1970, `ms` how long it took."""

    method: str
    path: str
    at: float = field(default_factory=time.time)
    query: dict[str, str] = field(default_factory=dict)
    body: Json | list | None = None
    files: list[Json] = field(default_factory=list)
    status: int = 0
    code: int = 0
    ms: float = 0.0
    fault: str | None = None


class Record:
    """The log. It forgets the oldest beyond 50,000 of each."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self.gateway: deque[Json] = deque(maxlen=KEPT)
        self.violations: deque[Json] = deque(maxlen=KEPT)
        self.too_fast: list[Json] = []
        """What came too fast, and what had come shortly before: none of them is forgotten."""

    def violation(self, kind: str, where: str, what: str) -> None:
        """Note a breach: by the client (`request`, `command`), or by this server (`answer`, `event`)."""
        self.violations.append({"kind": kind, "where": where, "what": what, "at": time.time()})

    def note_too_fast(self, call: Call) -> None:
        """Note that a request was one too many."""
        before = list(itertools.takewhile(lambda one: call.at - one.at < RECENT_S, reversed(self.calls)))
        there = [round(call.at - one.at, 2) for one in before if one.path == call.path and one is not call]
        self.too_fast.append(
            {"at": call.at, "method": call.method, "path": call.path, "all": len(before), "there": there}
        )

    def payload(self, direction: str, shard: int | None, payload: Json) -> None:
        self.gateway.append({"direction": direction, "shard": shard, "at": time.time(), **payload})

    def calls_matching(self, matches) -> list[Json]:
        return [asdict(call) for call in self.calls if matches(call)]
