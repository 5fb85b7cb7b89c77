"""Who is answered first by the store: views, alerts and deliveries, before what people ask and change."""

import itertools
import queue
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

Job = TypeVar("Job")

_URGENT, _USUAL, _LAST = range(3)
_is_urgent: ContextVar[bool] = ContextVar("is_urgent", default=False)


@contextmanager
def urgently() -> Generator[None]:
    """Have the store answer what is asked meanwhile before what others ask; so of tasks that begin within."""
    token = _is_urgent.set(True)
    try:
        yield
    finally:
        _is_urgent.reset(token)


def is_urgent() -> bool:
    """Return whether what is asked now goes before what others ask."""
    return _is_urgent.get()


class Jobs(Generic[Job]):
    """What is to be done, for one or several threads: what is urgent first, then in the order of asking."""

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()

    def put(self, job: Job) -> None:
        """Add a job; urgent where `urgently` says so."""
        self._queue.put((_URGENT if is_urgent() else _USUAL, next(self._numbers), job))

    def close(self, threads: int = 1) -> None:
        """Give None to each of so many threads, once all has been done."""
        for _ in range(threads):
            self._queue.put((_LAST, next(self._numbers), None))

    def get(self) -> Job | None:
        """Return what is to be done next, None for nothing any more. Blocks."""
        return self._queue.get()[2]

    def group(self, most: int, beside_urgent: int) -> list[Job]:
        """Return up to `most` of what is to be done next, none for nothing any more. Blocks.

        Where something is urgent, at most `beside_urgent` that are not go with it, which it waits for.
        """
        rank, _number, first = self._queue.get()
        if first is None:
            return []
        jobs, usual = [first], int(rank == _USUAL)
        allowed = beside_urgent if rank == _URGENT else most
        while len(jobs) < most and usual < allowed:
            try:
                taken = self._queue.get_nowait()
            except queue.Empty:
                break
            rank, _number, job = taken
            if job is None:
                self._queue.put(taken)
                break
            jobs.append(job)
            usual += rank == _USUAL
        return jobs
