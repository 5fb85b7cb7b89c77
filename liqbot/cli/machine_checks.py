"""What `liqbot doctor` looks at on this machine: files, folders, room on its disks, and ports."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec

from liqbot.errors import OperatorError
from liqbot.settings import Settings, settings_file
from liqbot.settings_secrets import secrets_of

LEAST_DISK_MB = 200
"""How much should be free where the bot writes."""
HEALTH_S = 3.0
"""So long a bot that runs has to say how it is."""
_OTHERS = 0o077
"""What of a file's mode others have."""


class Ailing(Exception):  # noqa: N818 - a finding, not an error of ours
    """Something that the bot needs is not as it should be. The text says what to do."""


class _Health(msgspec.Struct):
    """What a bot answers at `/healthz`."""

    ok: bool
    troubles: dict[str, str]


def settings_kept(settings: Settings) -> str:
    """Say that the settings are understood. Raises `Ailing` where others may read a token in their file."""
    file = settings_file()
    holds = any(secret.get_secret_value() for secret in secrets_of(settings))
    if file.is_file() and holds and _is_open(file):
        raise Ailing(f"{file} holds a token and can be read by others of this machine: chmod 600 {file}")
    return "understood"


def require_own(file: Path) -> None:
    """Raise `Ailing` where others of this machine may read or write a file of the bot's."""
    if file.is_file() and _is_open(file):
        raise Ailing(f"{file} can be read by others of this machine: chmod 600 {file}")


def room(settings: Settings) -> str:
    """Say how much is free where the bot writes. Raises `Ailing`."""
    free_mb = dict[int, int]()
    for folder in map(nearest, _written(settings)):
        mb = shutil.disk_usage(folder).free // 2**20
        if mb < LEAST_DISK_MB:
            raise Ailing(f"only {mb} MB are free in {folder}; a year of history takes about 10 MB a coin")
        free_mb[folder.stat().st_dev] = mb
    return f"{min(free_mb.values()):,} MB are free"


def pictures(settings: Settings) -> str:
    """Say where pictures go. Raises `Ailing`."""
    _require_folder("LIQBOT_PICTURES_PATH", settings.pictures_path)
    return f"go to {settings.pictures_path}"


def backups(settings: Settings) -> str:
    """Say where backups go. Raises `Ailing`."""
    folder = Path(settings.backups.folder)
    _require_folder("LIQBOT_BACKUPS__FOLDER", folder)
    return f"go to {folder}, every {settings.backups.every_h:g} h"


def listening(name: str, host: str, port: int, prefix: str) -> str:
    """Say whether a bot serves `name` on a port, or whether it could. Raises `Ailing`.

    `prefix` begins the names of the settings of host and port.
    """
    where = _address(host, port)
    try:
        answer = httpx.get(f"{where}/healthz", timeout=HEALTH_S, trust_env=False)
        health = msgspec.json.decode(answer.content, type=_Health)
    except httpx.ConnectError:
        _require_free(host, port, prefix)
        return f"none answers at {where}; {name} will be there"
    except (httpx.HTTPError, msgspec.DecodeError):
        raise Ailing(
            f"something else answers at {where}, where {name} is to be; free the port, or set {prefix}PORT"
        ) from None
    if health.troubles:
        raise Ailing("; ".join(f"{what}: {text}" for what, text in health.troubles.items()))
    return f"a bot answers at {where}; all is well with it"


def require_writable(path: Path) -> None:
    """Raise `Ailing` where a path, or the nearest folder above it, cannot be written to."""
    existing = nearest(path)
    if existing != path and not existing.is_dir():
        raise Ailing(f"{existing} is no folder")
    if not os.access(existing, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise Ailing(f"{existing} cannot be written to")


def nearest(path: Path) -> Path:
    """Return `path`, or the nearest place above it that exists. Raises `OperatorError`."""
    try:
        return next(place for place in (path, *path.parents) if place.exists())
    except (OSError, StopIteration) as error:
        raise OperatorError(
            f"{path}: {getattr(error, 'strerror', None) or 'there is no such place'}"
        ) from None


def _written(settings: Settings) -> Iterator[Path]:
    """Yield where the bot writes on this machine."""
    yield settings.own_folder.absolute()
    yield settings.pictures_path.absolute()
    if settings.backups.folder:
        yield Path(settings.backups.folder).absolute()


def _require_folder(variable: str, folder: Path) -> None:
    if nearest(folder.absolute()) == folder.absolute() and not folder.is_dir():
        raise Ailing(f"{variable}: {folder} is no folder")
    require_writable(folder.absolute())


def _require_free(host: str, port: int, prefix: str) -> None:
    """Raise `Ailing` where nothing can listen on a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except OSError as error:
        reason = error.strerror or error
        raise Ailing(
            f"{host}:{port} cannot be listened on: {reason}; set {prefix}HOST and {prefix}PORT"
        ) from None


def _address(host: str, port: int) -> str:
    """Return the address under which this machine reaches what listens on a host and a port."""
    named = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - it is only compared
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"


def _is_open(file: Path) -> bool:
    """Return whether others of this machine have any right to a file; on Windows modes say nothing."""
    return os.name == "posix" and bool(file.stat().st_mode & _OTHERS)
