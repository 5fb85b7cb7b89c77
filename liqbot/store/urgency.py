"""Who is answered first by the store: views, alerts and deliveries, before what people ask and change."""

import itertools
import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Given = ParamSpec("Given")

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


class UrgentFirst(Executor):
    """A few threads that take up what is urgent before what was asked earlier."""

    def __init__(self, threads: int, name: str) -> None:
        """`name` is what the threads are called in a dump, with a number."""
        self._jobs = Jobs[tuple[Future[Any], Callable[[], Any]]]()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Have it done, in its turn."""
        future = Future[Result]()
        self._jobs.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - its name
        """Finish all that was submitted; whoever submits anything afterwards waits for ever."""
        del cancel_futures
        self._jobs.close(len(self._threads))
        for thread in self._threads if wait else ():
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - it is for who waits
                future.set_exception(error)
            else:
                future.set_result(result)
