"""The worker as the bot asks it: calls with a deadline to a process of its own; who hangs is quarantined.

Not here: the process and its pipes (`process.py`), what runs in it (`child.py`), counting failures
(`records.py`).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TypeAlias

import structlog

from liqbot.hosting.bubblewrap import OFF, Containment
from liqbot.hosting.process import Place, Process, Stopped
from liqbot.hosting.protocol import (
    Answer,
    Ask,
    Brought,
    Call,
    Done,
    Fault,
    Item,
    Load,
    Loading,
    Ready,
    Refused,
)
from liqbot.hosting.records import Records
from liqbot.market import wire
from liqbot.market.view import MarketView
from liqbot.rules.hit import NotAsked, RuleFault
from liqbot.rules.plugin_discovery import Candidate
from liqbot.rules.plugin_loading import LoadError

_log = structlog.get_logger()

TICK_S = 5.0
"""So long into a view whoever ended the process before is asked; after that on the next view."""
LONGEST_S = 45.0
"""So long all others are: they pay for nobody, however often the process begins anew meanwhile."""


class _Standing(IntEnum):
    """In which order plugins are asked."""

    PROVEN = 0
    """Those that have answered, and for whom the process was never ended."""
    NEW = 1
    SUSPECT = 2
    """Those for whom it was ended lately."""


class Quarantined(RuleFault):
    """It has failed too often and is not asked any more."""


Outcome: TypeAlias = Answer | RuleFault


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plugin may take."""

    deadline_s: float = 1.0
    """For one call."""
    memory_mb: int = 512
    """For all plugins together, beyond what an empty worker holds."""
    load_s: float = 10.0
    """For the loading of one plugin."""


class Worker:
    """Plugins in a process beside the bot. Every method may be called from any thread, and waits its turn."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        limits: Limits,
        *,
        hidden: Collection[Path] = (),
        show_output: bool = False,
        contained: Containment = OFF,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load `candidates`. `hidden` are files that they must not read; `contained` says in what."""
        self.brought: dict[str, list[Item]] = {}
        """What they bring, by the file of the candidate."""
        self.errors: list[LoadError] = []
        """Who was left out, and later who was put into quarantine."""
        self._candidates = list(candidates)
        self._limits = limits
        self._hidden = [str(path.absolute()) for path in hidden]
        self._show_output = show_output
        self.contained = contained
        """In what the process runs."""
        self._clock = clock
        self._records = Records(clock)
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._sent: MarketView | None = None
        self._written: tuple[MarketView, bytes] | None = None
        self._places: dict[str, tuple[str, int | None]] = {}
        self._grown: Counter[str] = Counter()
        """By how many MB each has let the process grow."""
        self._base_mb: float | None = None
        """What the process held before the first call."""
        self._closed = False
        with self._lock:
            self._process = self._started(first=True)
        _log.info("plugins_contained", by=str(contained))

    @property
    def pid(self) -> int | None:
        """The process id, None while there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process. Whoever is asked afterwards is not there."""
        self._closed = True  # whoever asks at the moment is through with the call that is under way
        with self._lock:
            self._stop()

    def reload(self, candidates: Sequence[Candidate]) -> None:
        """Load `candidates` in place of the plugins before; nobody is quarantined any more."""
        with self._lock:
            self._candidates, self.errors = list(candidates), []
            self._records = Records(self._clock)
            self._process = self._started(first=True)

    def restart(self) -> None:
        """End the process; the next call begins a new one that loads the plugins anew."""
        with self._lock:
            self._stop()

    def ask_one(self, view: MarketView | None, call: Call, *, patience_s: float = TICK_S) -> Answer:
        """Return the answer to one call. Raises `RuleFault`, also where no turn comes in `patience_s`."""
        outcome = self.ask(view, [call], patience_s=patience_s)[0]
        if isinstance(outcome, RuleFault):
            raise outcome
        return outcome

    def ask(
        self, view: MarketView | None, calls: Sequence[Call], *, patience_s: float = TICK_S
    ) -> list[Outcome]:
        """Return what comes of each call on `view`, in their order; to forget needs none.

        Who hangs, ends the process or fills its memory is stopped and named; the process begins anew, and the
        calls that are left are asked there. Who has done so before is asked last, and who has answered before
        first: a dozen that end the process on their first view take the time of others that nobody knows yet.
        """
        if not self._lock.acquire(timeout=patience_s):
            return [NotAsked(f"{call.name}: its worker is busy") for call in calls]
        try:
            return self._ask(view, calls)
        finally:
            self._lock.release()

    def _ask(self, view: MarketView | None, calls: Sequence[Call]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        for place, call in enumerate(calls):
            reason = self._records.quarantined(call.name)
            if reason is not None:
                outcomes[place] = Quarantined(reason)
        left = [place for place in range(len(calls)) if place not in outcomes]
        start = self._clock()
        while left := self._still_to_ask(calls, left, self._clock() - start):
            culprit = self._round(view, calls, left, outcomes)
            if culprit is not None:
                for place in left:
                    if calls[place].name == culprit[0]:
                        outcomes.setdefault(place, RuleFault(culprit[1]))
            left = [place for place in left if place not in outcomes]
        for place, call in enumerate(calls):
            if place not in outcomes:
                outcomes[place] = NotAsked(f"{call.name}: there was no time left to ask it on this view")
        return [outcomes[place] for place in range(len(calls))]

    def _still_to_ask(self, calls: Sequence[Call], left: Sequence[int], taken_s: float) -> list[int]:
        """Return who is to be asked yet, in which order, where a view has taken so many seconds already.

        For those whom the process was ended for there is less time than for others, who do not pay for it.
        """
        if self._closed:
            return []
        standing = {place: self._standing(calls[place].name) for place in left}
        most_s = {_Standing.SUSPECT: TICK_S}
        asked = [place for place in left if taken_s < most_s.get(standing[place], LONGEST_S)]
        return sorted(asked, key=lambda place: (standing[place], place))

    def _standing(self, name: str) -> _Standing:
        if self._records.suspect(name):
            return _Standing.SUSPECT
        return _Standing.PROVEN if self._records.proven(name) else _Standing.NEW

    def _round(
        self,
        view: MarketView | None,
        calls: Sequence[Call],
        left: Sequence[int],
        outcomes: dict[int, Outcome],
    ) -> tuple[str, str] | None:
        """Ask the calls that are left; return who ended the round and why, None where all have answered."""
        if self._process is not None and not self._process.is_alive:
            self._stop()  # it was ended between two views: nobody here is to blame
        try:
            process = self._process = self._process or self._started()
        except Stopped as error:
            for place in left:
                outcomes[place] = RuleFault(f"{calls[place].name}: its worker does not start: {error}")
            return None
        asked: Iterator[int] = iter(left)
        current = next(asked, None)
        raised: dict[str, str | None] = {}
        try:
            process.send(
                Ask(self._bytes(view), [calls[place] for place in left]), self._limits.deadline_s + 1
            )
            self._sent = view or self._sent
            while current is not None:
                message = process.receive(self._limits.deadline_s)
                if isinstance(message, Fault) and message.fatal:
                    return self._end(calls[current], message.reason)
                if isinstance(message, Answer | Fault):
                    is_well = isinstance(message, Answer)
                    outcomes[current] = message if is_well else RuleFault(message.reason)
                    raised.setdefault(calls[current].name, None if is_well else message.reason)
                    current = next(asked, None)
            self._settle(process.receive(self._limits.deadline_s))
        except Stopped as error:
            return self._end(calls[current if current is not None else left[-1]], str(error))
        finally:
            self._note(raised)
        return None

    def _note(self, raised: dict[str, str | None]) -> None:
        for name, reason in raised.items():
            if reason is None:
                self._records.well(name)
            elif self._records.raised(name, reason):
                self._tell_quarantine(name, reason)

    def _end(self, call: Call, reason: str) -> tuple[str, str]:
        """Stop the process because of what `call` did there; return its name, and what happened in words."""
        places = self._stop()
        file, line = self._places.get(call.name, ("?", None))
        line = next((place.line for place in places if place.file == file), line)
        if file not in reason:
            reason = f"{call.kind} {call.name} ({file}, line {line}): {reason}"
        if self._records.killed(call.name, reason):
            self._tell_quarantine(call.name, reason)
        else:
            _log.error("plugin_stopped", plugin=call.name, reason=reason)
        return call.name, reason

    def _settle(self, message: object) -> None:
        """Look at what the calls left behind: who let the worker grow most pays for one that is too large."""
        if not isinstance(message, Done):
            raise Stopped("it sent what makes no sense")
        self._grown.update(message.grown_mb)
        if self._base_mb is None:
            self._base_mb = message.resident_mb - sum(message.grown_mb.values())
        if message.resident_mb - self._base_mb > self._limits.memory_mb / 2:
            [(name, grown)] = self._grown.most_common(1)
            self._end(Call("rule", name), f"it has kept {grown:.0f} MB of memory")

    def _tell_quarantine(self, name: str, reason: str) -> None:
        file, line = self._places.get(name, ("?", None))
        self.errors.append(
            LoadError(Path(file), line, f"{name} is quarantined until the next start: {reason}")
        )
        _log.error("plugin_quarantined", plugin=name, reason=reason)

    def _bytes(self, view: MarketView | None) -> bytes | None:
        """Return `view` as bytes, written once however often it is sent; None where the worker has it."""
        if view is None or self._sent is view:
            return None
        if self._written is None or self._written[0] is not view:
            self._written = (view, wire.to_bytes(view))
        return self._written[1]

    def _stop(self) -> tuple[Place, ...]:
        process, self._process, self._sent = self._process, None, None
        self._grown, self._base_mb = Counter(), None
        return () if process is None else process.kill()

    def _started(self, *, first: bool = False) -> Process:
        """Return a process that has loaded the plugins; who hangs or ends it while loading is left out."""
        while True:
            self._stop()
            process = self._process = Process(
                show_output=self._show_output,
                contained=self.contained,
                readable=[str(Path(one.file).absolute().parent) for one in self._candidates],
                hidden=self._hidden,
            )
            brought: dict[str, list[Item]] = {}
            errors: list[LoadError] = []
            loading: str | None = None
            try:
                process.send(
                    Load(self._candidates, self._limits.memory_mb, self._hidden), self._limits.load_s
                )
                while not isinstance(message := process.receive(self._limits.load_s), Ready):
                    if isinstance(message, Loading):
                        loading = message.file
                    elif isinstance(message, Brought):
                        brought[message.file] = message.items
                    elif isinstance(message, Refused):
                        errors.append(message.error)
            except Stopped as error:
                places = self._stop()
                if loading is None:
                    raise
                self._leave_out(loading, str(error), places)
                continue
            if first:
                self.brought, self.errors = brought, [*self.errors, *errors]
                self._candidates = [one for one in self._candidates if one.file in brought]
                self._places = {
                    item.name: (item.file, item.line) for each in brought.values() for item in each
                }
            return process

    def _leave_out(self, file: str, reason: str, places: Sequence[Place]) -> None:
        line = next((place.line for place in places if place.file == file), None)
        self.errors.append(LoadError(Path(file), line, f"while it was loaded {reason}"))
        self._candidates = [candidate for candidate in self._candidates if candidate.file != file]
