"""What code in the worker may not do by accident: start processes, write files, use the network, fill memory.

This contains faults. It is no security sandbox: who means harm finds a way around it.
"""

import os
import resource
import sys
from collections.abc import Collection
from pathlib import Path

_REFUSED = {
    "os.fork": "start a process",
    "os.forkpty": "start a process",
    "os.exec": "start a process",
    "os.posix_spawn": "start a process",
    "os.system": "start a process",
    "subprocess.Popen": "start a process",
    "os.kill": "send a signal",
    "os.killpg": "send a signal",
    "socket.connect": "use the network",
    "socket.bind": "use the network",
    "socket.getaddrinfo": "use the network",
    "sqlite3.connect": "open a database",
    "os.remove": "change files",
    "os.rename": "change files",
    "os.rmdir": "change files",
    "os.mkdir": "change files",
    "os.truncate": "change files",
    "os.link": "change files",
    "os.symlink": "change files",
    "os.chmod": "change files",
    "os.chown": "change files",
}
"""By the name of the audit event; see the table of audit events in Python's library reference."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_KB = 1024
_PAGE = resource.getpagesize()
_STATM = Path("/proc/self/statm")
UNTOLD_MB = 768
"""Address space of an empty worker, most of which is code that is mapped and never touched."""


def refuse_accidents(hidden: Collection[str]) -> None:
    """From now on raise `PermissionError` in code that does what no plugin should.

    `hidden` are files that are not even read. There is no way back.
    """
    sys.dont_write_bytecode = True
    secret = {os.path.realpath(path) for path in hidden}

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        what = _REFUSED.get(event)
        if what is not None:
            raise PermissionError(f"a plugin must not {what}")
        if event == "open":
            _check_open(arguments, secret)

    sys.addaudithook(watch)


def _check_open(arguments: tuple[object, ...], secret: Collection[str]) -> None:
    path, _, flags = arguments
    if not isinstance(path, str | bytes):
        return  # a descriptor that is open already
    name = os.fsdecode(path)
    if name == os.devnull:
        return
    if isinstance(flags, int) and flags & _WRITING:
        raise PermissionError(f"a plugin must not write files: {name}")
    real = os.path.realpath(name)
    if real in secret or (real.startswith("/proc/") and real.endswith("/environ")):
        raise PermissionError(f"a plugin must not read {name}")


def limit_memory(memory_mb: int) -> None:
    """Let this process take at most `memory_mb` MB more address space than it has now.

    Where /proc does not tell how much that is, an empty worker's is taken to be `UNTOLD_MB`.
    """
    has_now = _pages(0) * _PAGE if _STATM.exists() else UNTOLD_MB * _KB * _KB
    limit = has_now + memory_mb * _KB * _KB
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def resident_mb() -> float:
    """Return how much memory this process holds, in MB."""
    return _pages(1) * _PAGE / _KB / _KB


def _pages(column: int) -> int:
    """Return a figure of /proc/self/statm: 0 is the address space, 1 what is resident."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[column])
    except OSError:  # not Linux, or a /proc that is hidden: the peak is the best that is known
        scale = 1 if sys.platform == "darwin" else _KB
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale // _PAGE
