"""What of the settings nobody is to read: tokens, and keys in addresses and in what plugins are told."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from liqbot.logs import HIDDEN

_NAMED = re.compile(r"token|secret|password|passwd|key|credential|webhook", re.IGNORECASE)
_KEY = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_.~-]{16,}")
"""A part of a path that is long, and of letters and figures: how providers of nodes write a key."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def secrets_of(settings: BaseModel) -> Iterator[SecretStr]:
    """Yield what must not stand in a log, an answer or an error."""
    for name in type(settings).model_fields:
        yield from _secrets(getattr(settings, name), is_free=False)


def without_keys(text: str) -> str:
    """Return an address that was refused without what may be a key in it."""
    for secret in _of_address(text.strip("'\"")):
        text = text.replace(secret.get_secret_value(), HIDDEN) if len(secret.get_secret_value()) > 1 else text
    return text


def _secrets(value: object, *, is_free: bool, name: str = "") -> Iterator[SecretStr]:
    if isinstance(value, SecretStr):
        yield value
        yield from _of_address(value.get_secret_value())
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            # Of what plugins are told nobody knows what it is: there the names have to say it.
            yield from _secrets(getattr(value, field), is_free=is_free or field == "options", name=field)
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from _secrets(item, is_free=is_free, name=key)
    elif isinstance(value, str):
        if is_free and (_NAMED.search(name) or "://" in value):  # of apprise the host may be a token
            yield SecretStr(value)
        yield from _of_address(value)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in cast("Sequence[object]", value):
            yield from _secrets(item, is_free=is_free, name=name)


def _of_address(text: str) -> Iterator[SecretStr]:
    """Yield the password, the values of the query, and what looks like a key in the path of an address."""
    if "://" not in text:
        return
    try:
        parts = urlsplit(text)
        password, query = parts.password or "", [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        return
    keys = (part for part in parts.path.split("/") if _KEY.fullmatch(part) and not _ADDRESS.fullmatch(part))
    yield from (SecretStr(one) for one in (password, unquote(password), *query, *keys) if one)
