"""Where a database is: a file for SQLite, or a URL for PostgreSQL, whose password is never shown."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgresql", "postgres")
_FORM = "must name a database on a server, as postgresql://liqbot:password@host/liqbot"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_ALMOST = re.compile(
    r"(postgres|postgresql):|(.*\s)?(host|hostaddr|port|dbname|user|password|passfile|service)\s*=",
    re.IGNORECASE,
)
"""What is meant for a server, and is no URL: a slash is missing, or it is as the driver's own strings are."""


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """The URL of a database on a PostgreSQL server. As text it is without its password."""

    url: str = field(repr=False)
    """As it was given, password and all: for the driver alone."""

    def __post_init__(self) -> None:
        """Refuse what is no such URL. Raises `ValueError`, which does not repeat it."""
        if not self._is_one():
            raise ValueError(f"{_FORM}; in a password write %40 for @, %2F for /, %3F for ?, %23 for #")

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        user, _, host = parts.netloc.rpartition("@")
        user = user.partition(":")[0]
        options = [(name, value) for name, value in self._options() if name not in _SECRET]
        shown = f"{user}@{host}" if user else host
        path = parts.path if shown else f"//{parts.path}"  # else the two slashes of the scheme get lost
        return urlunsplit(("postgresql", shown, path, urlencode(options, safe="/,:", quote_via=quote), ""))

    def __repr__(self) -> str:
        return f"PostgresUrl({str(self)!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not stand in a log: its passwords, as written and as meant."""
        written = urlsplit(self.url).netloc.rpartition("@")[0].partition(":")[2]
        found = {written, unquote(written), *(value for name in _SECRET if (value := self._option(name)))}
        return tuple(sorted((found | {quote(one) for one in found}) - {""}))

    def with_database(self, name: str) -> "PostgresUrl":
        """Return the URL of another database on the same server."""
        parts = urlsplit(self.url)
        options = [item for item in self._options() if item[0] != "dbname"]
        path = f"/{quote(name)}" if parts.netloc else f"///{quote(name)}"
        return PostgresUrl(
            urlunsplit((parts.scheme, parts.netloc, path, urlencode(options, quote_via=quote), ""))
        )

    def _is_one(self) -> bool:
        try:
            parts = urlsplit(self.url)
            _ = "," in parts.netloc or parts.port  # of several hosts the driver reads the ports
        except ValueError:
            return False
        # Behind the host an @ is the end of a password with a sign in it that ends a host.
        strays = "@" in parts.path or any("@" in name for name, _ in self._options())
        has_name = bool(parts.path.strip("/") or self._option("dbname"))
        return parts.scheme in SCHEMES and has_name and not strays

    def _option(self, name: str) -> str:
        return dict(self._options()).get(name, "")

    def _options(self) -> list[tuple[str, str]]:
        # A plus is a plus here, and no space.
        return parse_qsl(urlsplit(self.url).query.replace("+", "%2B"), keep_blank_values=True)


DatabaseAddress: TypeAlias = Path | PostgresUrl
"""Where a database is."""

_SECRET = ("password", "sslpassword")


def parse_address(text: str) -> DatabaseAddress:
    """Return the address that somebody wrote: a URL, or else a file. Raises `ValueError`."""
    scheme, colon, rest = text.strip().partition("://")
    if colon and scheme.lower() in SCHEMES:
        return PostgresUrl(f"{scheme.lower()}://{rest}")
    if colon and _SCHEME.fullmatch(scheme):
        raise ValueError(f"there is no database of the kind {scheme}://; it is a file, or postgresql://…")
    if colon or _ALMOST.match(text.strip()):  # a file of that name would be made, and told of
        raise ValueError(_FORM)
    return Path(text)


def local_folder(database: DatabaseAddress) -> Path:
    """Return the folder on this machine in which a bot with that database keeps what else it keeps."""
    return database.absolute().parent if isinstance(database, Path) else Path.cwd()
