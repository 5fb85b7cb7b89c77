"""What is wrong, in one list: for `/status`, `/admin`, the operator, `/healthz`, `/metrics` and `doctor`.

Whoever notices a trouble yields it as a `Finding`; `Troubles` says since when each is there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import structlog

from liqbot.logs import redacted
from liqbot.text import _
from liqbot.text.figures import duration

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong."""

    name: str
    """What it is about, the same as long as it lasts: `source hyperliquid`, `disk`."""
    text: str
    """What is wrong, in a sentence, with nothing of the machine in it: people in chats read it."""
    advice: str = ""
    """What an operator can do about it; empty where only waiting helps."""
    detail: str = ""
    """What an operator wants to know besides, as a path of the server; chats are not told."""
    is_elsewhere: bool = False
    """Whether it is another process of the bot that has found it."""

    @property
    def whole(self) -> str:
        """All of it, for the operator."""
        return " ".join(part for part in (self.text, self.detail, self.advice) if part)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A finding, and since when it holds."""

    finding: Finding
    since_ms: int

    def line(self, now_ms: int) -> str:
        """Return it as an operator reads it, with since when and what to do."""
        return self._said(self.finding.whole, now_ms)

    def public_line(self, now_ms: int) -> str:
        """Return it as anybody may read it, without what only the operator can do or should know."""
        return self._said(self.finding.text, now_ms)

    def _said(self, text: str, now_ms: int) -> str:
        for_s = max(now_ms - self.since_ms, 0) / 1000
        if for_s < 1:
            return _("{name}: {text}", name=self.finding.name, text=text)
        return _("{name}, for {since}: {text}", name=self.finding.name, since=duration(for_s), text=text)


def _nothing() -> Iterable[Finding]:
    return ()


class Troubles:
    """What is wrong now."""

    def __init__(self, clock: Callable[[], int], at_once: Callable[[], Iterable[Finding]] = _nothing) -> None:
        """`at_once` finds what costs nothing to look at: it is asked each time, so that no news is old.

        `clock` tells ms since 1970 UTC.
        """
        self._clock = clock
        self._at_once = at_once
        self._found: dict[str, Finding] = {}
        self._since_ms: dict[str, int] = {}

    @property
    def all(self) -> tuple[Trouble, ...]:
        """What is wrong, the oldest first."""
        return tuple(sorted(self.by_name.values(), key=lambda one: one.since_ms))

    @property
    def by_name(self) -> dict[str, Trouble]:
        """What is wrong, by what it is about."""
        now_ms = self._clock()
        found = {finding.name: _bare(finding) for finding in self._seen_at_once()} | self._found
        self._since_ms = {name: self._since_ms.get(name, now_ms) for name in found}
        return {name: Trouble(finding, self._since_ms[name]) for name, finding in found.items()}

    def renew(self, findings: Iterable[Finding], now_ms: int) -> None:
        """Put what is found now in the place of what was; what lasts keeps its beginning.

        This is for what somebody has to go and look at; what is seen `at_once` is in the list besides.
        """
        self._found = {finding.name: _bare(finding) for finding in findings}
        for name in self._found:
            self._since_ms.setdefault(name, now_ms)

    def _seen_at_once(self) -> Iterable[Finding]:
        try:
            return list(self._at_once())
        except Exception:  # noqa: BLE001 - as of a plugin's source whose report fails: it hides nothing else
            _log.exception("health_check_failed")
            return ()


def _bare(finding: Finding) -> Finding:
    """Return a finding without secrets: what an exchange or a library says may hold an address with a key."""
    return replace(finding, text=redacted(finding.text), detail=redacted(finding.detail))
