"""What is wrong: one list, behind `/status`, the operator's chat, `/healthz`, `/metrics` and `doctor`.

Whoever notices a trouble yields it as a `Finding`; `Troubles` says since when each is there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from liqbot.text import _
from liqbot.text.figures import duration


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
    is_in_status: bool = False
    """Whether `/status` says it in words of its own, beside what it is about."""

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
        since = duration(max(now_ms - self.since_ms, 0) / 1000)
        return _("{name}, for {since}: {text}", name=self.finding.name, since=since, text=self.finding.whole)


class Troubles:
    """What is wrong now."""

    def __init__(self) -> None:
        self._by_name: dict[str, Trouble] = {}

    @property
    def all(self) -> tuple[Trouble, ...]:
        """What is wrong, the oldest first."""
        return tuple(sorted(self._by_name.values(), key=lambda one: one.since_ms))

    @property
    def by_name(self) -> dict[str, Trouble]:
        """What is wrong, by what it is about."""
        return dict(self._by_name)

    def renew(self, findings: Iterable[Finding], now_ms: int) -> None:
        """Put what is found now in the place of what was; what lasts keeps its beginning."""
        before, self._by_name = self._by_name, {}
        for finding in findings:
            known = before.get(finding.name)
            self._by_name[finding.name] = (
                Trouble(finding, now_ms) if known is None else replace(known, finding=finding)
            )
