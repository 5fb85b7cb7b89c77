"""The worker's process: spawned, frames sent and read with a deadline, traced where it hangs, killed."""

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec

from liqbot.hosting.bubblewrap import OFF, Containment, wrapped
from liqbot.hosting.protocol import LARGEST, LENGTH, FromWorker, ToWorker, frame, from_worker

TRACE_S = 0.2
"""How long a worker that hangs has to say where."""
QUIET_S = 0.02
"""After so long without another word it has said all."""
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "TMPDIR")
"""All that a worker's environment takes over from the bot's: nothing that could hold a token."""
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMEXPR")}
"""Thread pools of numeric libraries would take address space by the gigabyte."""
_SIGNALLED = 128
"""Bubblewrap ends with that and the number of the signal that ended what it ran."""
_INFO_S = 5.0
"""How long bubblewrap may take to say whom it has started."""
_TRACED = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


class Stopped(Exception):  # noqa: N818 - it says what happened
    """The worker does not answer any more. The text says why: it hung, or it ended."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line of it."""

    file: str
    line: int


class Process:
    """One worker process. Not for several threads at once."""

    def __init__(
        self,
        *,
        show_output: bool,
        contained: Containment = OFF,
        readable: Collection[str] = (),
        hidden: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start it. What its plugins print is thrown away, or goes to standard error with `show_output`.

        Where it is `contained`, it can read what is `readable` wherever that is, and never what is `hidden`.
        """
        self._clock = clock
        self._is_contained = bool(contained.program)
        self._trace, trace = os.pipe()
        os.set_blocking(self._trace, False)
        with contextlib.ExitStack() as closing:
            closing.callback(os.close, trace)
            command, info = [sys.executable, "-m", "liqbot.hosting.child", str(trace)], -1
            passed = [trace]
            if contained.program:
                info, told = os.pipe()
                closing.callback(os.close, info)
                closing.callback(os.close, told)
                passed.append(told)
                command = wrapped(command, contained, told, readable=readable, hidden=hidden)
            self._popen = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if show_output else subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                pass_fds=passed,
                start_new_session=True,  # Ctrl-C at the terminal is for the bot; what it starts dies with it
                bufsize=0,
            )
            # Within bubblewrap it is the first of all processes, and known here by another number.
            self.pid = self._popen.pid if info < 0 else _child_pid(info, self._popen.pid)
            """Its process id, as this process sees it."""
        self._received = bytearray()
        for pipe in (self._in, self._out):
            os.set_blocking(pipe, False)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._popen.poll() is None

    def send(self, message: ToWorker, within_s: float) -> None:
        """Send `message`. Raises `Stopped`."""
        data, end = memoryview(frame(message)), self._clock() + within_s
        while data:
            self._wait(writing=True, end=end)
            try:
                data = data[os.write(self._in, data) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Stopped(self._ended()) from None

    def receive(self, within_s: float) -> FromWorker:
        """Return the next message. Raises `Stopped` where none comes within `within_s` seconds."""
        end = self._clock() + within_s
        while True:
            message = self._next()
            if message is not None:
                return message
            self._wait(writing=False, end=end)
            try:
                data = os.read(self._out, 1 << 16)
            except BlockingIOError:
                continue
            if not data:
                raise Stopped(self._ended())
            self._received += data

    def kill(self) -> tuple[Place, ...]:
        """End it at once; return where its threads were, the innermost places first, if it still said so."""
        places = self._places() if self._popen.poll() is None else _places_in(self._read_trace())
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()
        os.close(self._trace)
        return places

    @property
    def _in(self) -> int:
        assert self._popen.stdin is not None  # noqa: S101 - it was started with a pipe
        return self._popen.stdin.fileno()

    @property
    def _out(self) -> int:
        assert self._popen.stdout is not None  # noqa: S101 - it was started with a pipe
        return self._popen.stdout.fileno()

    def _next(self) -> FromWorker | None:
        if len(self._received) < LENGTH.size:
            return None
        length = LENGTH.unpack_from(self._received)[0]
        if length > LARGEST:
            raise Stopped("it sent what makes no sense")
        if len(self._received) < LENGTH.size + length:
            return None
        data = bytes(self._received[LENGTH.size : LENGTH.size + length])
        del self._received[: LENGTH.size + length]
        try:
            return from_worker.decode(data)
        except msgspec.DecodeError:
            raise Stopped("it sent what makes no sense") from None

    def _wait(self, *, writing: bool, end: float) -> None:
        pipe, event = (self._in, select.POLLOUT) if writing else (self._out, select.POLLIN)
        if not _ready(pipe, event, max(0.0, end - self._clock())):
            raise Stopped("it did not answer in time")

    def _ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._popen.wait(timeout=1)
            if self._is_contained and status > _SIGNALLED:
                status = _SIGNALLED - status
            if status < 0:
                return f"it ended its process ({signal.Signals(-status).name})"
            return f"it ended its process (exit status {status})"
        return "it closed its pipe"

    def _places(self) -> tuple[Place, ...]:
        """Ask a process that hangs where it is: its C handler answers even where Python cannot."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)
        end, quiet_s = self._clock() + TRACE_S, TRACE_S
        text = bytearray()
        while self._clock() < end and _ready(self._trace, select.POLLIN, quiet_s):
            text += self._read_trace()
            quiet_s = QUIET_S
        return _places_in(text)

    def _read_trace(self) -> bytearray:
        text = bytearray()
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._trace, 1 << 16):
                text += data
        return text


def _child_pid(info: int, otherwise: int) -> int:
    """Return the process id that bubblewrap tells; `otherwise` where it ends before."""
    told = b""
    while not told.endswith(b"}\n") and _ready(info, select.POLLIN, _INFO_S):
        data = os.read(info, 1 << 12)
        if not data:
            break
        told += data
    try:
        return int(json.loads(told)["child-pid"])
    except (ValueError, KeyError, TypeError):
        return otherwise


def _ready(pipe: int, event: int, within_s: float) -> bool:
    poll = select.poll()
    poll.register(pipe, event)
    return bool(poll.poll(within_s * 1000))


def _places_in(text: bytes | bytearray) -> tuple[Place, ...]:
    return tuple(Place(at["file"], int(at["line"])) for at in _TRACED.finditer(text.decode(errors="replace")))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    search = os.pathsep.join(path for path in sys.path if path)
    return kept | _ONE_THREAD | {"PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"}
