"""Records of failures by rule: raised in a row, kills within an hour, quarantine.

Not here: what became of a rule's alerts (`service/rule_records.py`).
"""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

RAISED_IN_A_ROW = 10
"""After so many views in a row on which it raised, a plugin is quarantined."""
KILLS = 3
"""After so many times within `KILLS_WITHIN_S` that the worker had to be ended for it."""
KILLS_WITHIN_S = 3_600


@dataclass(slots=True)
class _Record:
    raised: int = 0
    has_answered: bool = False
    kills: deque[float] = field(default_factory=deque[float])
    quarantined: str | None = None


class Records:
    """Faults by the name of a rule, a command or an overlay."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Count on the time of `clock`, in seconds."""
        self._clock = clock
        self._by_name: defaultdict[str, _Record] = defaultdict(_Record)

    def well(self, name: str) -> None:
        """Note that it answered."""
        record = self._by_name[name]
        record.raised, record.has_answered = 0, True

    def raised(self, name: str, reason: str) -> bool:
        """Note that it failed on a view; return whether that puts it into quarantine."""
        record = self._by_name[name]
        record.has_answered = True  # the process has outlived it
        record.raised += 1
        return record.raised >= RAISED_IN_A_ROW and self._quarantine(record, reason)

    def killed(self, name: str, reason: str) -> bool:
        """Note that the worker was ended for it; return whether that puts it into quarantine."""
        record = self._by_name[name]
        record.kills.append(self._clock())
        self._let_go(record)
        return len(record.kills) >= KILLS and self._quarantine(record, reason)

    def quarantined(self, name: str) -> str | None:
        """Return why it is not asked any more; None where it is."""
        return self._by_name[name].quarantined if name in self._by_name else None

    def suspect(self, name: str) -> bool:
        """Return whether the worker has been ended for it lately: it is asked after all others."""
        record = self._by_name.get(name)
        if record is None:
            return False
        self._let_go(record)
        return bool(record.kills)

    def proven(self, name: str) -> bool:
        """Return whether it has answered and the worker was never ended for it: it is asked before others."""
        record = self._by_name.get(name)
        return record is not None and record.has_answered and not self.suspect(name)

    def _let_go(self, record: _Record) -> None:
        """Forget what lies too long ago."""
        while record.kills and self._clock() - record.kills[0] >= KILLS_WITHIN_S:
            record.kills.popleft()

    def _quarantine(self, record: _Record, reason: str) -> bool:
        is_new, record.quarantined = record.quarantined is None, reason
        return is_new
