"""Bubblewrap around the worker, where it is installed: no network, a read-only system, a home of its own.

The worker sees no other process, no socket of the system's, nobody's home and no temporary file of others; of
these only what Python and the plugins are loaded from. Without it `guard.py` contains accidents alone.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "bwrap"
HOME = "/tmp/home"  # noqa: S108 - within a temporary folder of the worker's own
_MASKED = ("/tmp", "/var/tmp", "/run", "/home", "/root")  # noqa: S108 - what it is to see nothing of
_TRY_S = 5.0
_NOT_INSTALLED = "bubblewrap is not installed"


@dataclass(frozen=True, slots=True)
class Containment:
    """How the worker is contained."""

    program: str = ""
    """The path of bubblewrap; empty where it is not used."""
    why_not: str = ""
    """Why it is not used; empty where it is."""
    has_proc: bool = True
    """Whether the worker has a /proc of its own; without, it has none at all."""

    def __str__(self) -> str:
        if self.program:
            return "bubblewrap: no network, read-only system, its own home" + (
                "" if self.has_proc else ", no /proc"
            )
        return f"accidents only, no sandbox ({self.why_not})"


OFF = Containment(why_not="switched off in the settings")
_lock = threading.Lock()
_found: dict[str, Containment] = {}


def containment() -> Containment:
    """Return how a worker can be contained here; tried out once, in a few hundredths of a second."""
    program = shutil.which(PROGRAM) or ""
    with _lock:
        if program not in _found:
            _found[program] = _tried(program)
        return _found[program]


def wrapped(
    command: Sequence[str],
    contained: Containment,
    info_fd: int,
    *,
    readable: Collection[str] = (),
    hidden: Collection[str] = (),
) -> list[str]:
    """Return a command that runs `command` under bubblewrap; the child's process id is told on `info_fd`.

    `readable` are files and folders that the plugins are in; `hidden` are others that stay unread whatever
    else may be read.
    """
    own = _arguments(readable, hidden, has_proc=contained.has_proc)
    return [contained.program, *own, "--info-fd", str(info_fd), "--", *command]


def _tried(program: str) -> Containment:
    if not program:
        return Containment(why_not=_NOT_INSTALLED)
    whole = _tried_with(program, has_proc=True)
    if whole.program:
        return whole
    # A service manager that hides parts of /proc has the kernel refuse another one; the rest can be had.
    without = _tried_with(program, has_proc=False)
    return without if without.program else whole


def _tried_with(program: str, *, has_proc: bool) -> Containment:
    try:
        subprocess.run(  # noqa: S603 - what is asked for
            [
                program,
                *_arguments((), (), has_proc=has_proc),
                *("--", sys.executable, "-c", "import msgspec, numpy"),
            ],
            check=True,
            capture_output=True,
            timeout=_TRY_S,
            cwd="/",
        )
    except subprocess.CalledProcessError as error:
        if error.returncode < 0:
            return Containment(why_not=f"the system ends bubblewrap here with signal {-error.returncode}")
        said = error.stderr.decode(errors="replace").strip().splitlines()
        return Containment(why_not=f"bubblewrap is refused here: {said[-1] if said else 'it says not why'}")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Containment(why_not=f"bubblewrap does not run here: {type(error).__name__}")
    return Containment(program, has_proc=has_proc)


def _arguments(readable: Collection[str], hidden: Collection[str], *, has_proc: bool) -> Iterator[str]:
    yield from ("--unshare-all", "--as-pid-1", "--cap-drop", "ALL")
    yield from ("--ro-bind", "/", "/", "--dev", "/dev", *(("--proc",) if has_proc else ("--tmpfs",)), "/proc")
    masked = [path for path in dict.fromkeys((*_MASKED, _home())) if path != "/" and Path(path).is_dir()]
    for path in masked:
        yield from ("--tmpfs", path)
    yield from ("--dir", HOME, "--setenv", "HOME", HOME, "--setenv", "TMPDIR", "/tmp")  # noqa: S108 - its own
    for path in _needed(readable):
        if any(_is_within(path, mask) for mask in masked):
            yield from ("--ro-bind", path, path)
    for path in (Path(name).resolve() for name in hidden):
        if path.is_dir():
            yield from ("--tmpfs", str(path))
        elif path.exists():
            yield from ("--ro-bind", os.devnull, str(path))


def _home() -> str:
    try:
        return os.path.realpath(Path.home())
    except RuntimeError:  # nobody says where it is
        return "/root"


def _needed(readable: Collection[str]) -> list[str]:
    """Return what has to be read wherever it is, whole folders before what is within them."""
    own = str(Path(__file__).resolve().parents[1])
    given = [
        Path(path).absolute()
        for path in (sys.prefix, sys.base_prefix, sys.executable, own, *sys.path, *readable)
        if path
    ]
    return sorted({str(path) for one in given if one.exists() for path in (one, one.resolve())})


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
