"""Pictures that Telegram has already: sent again by their handles, not uploaded again."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import Message as Sent
from telegram.error import BadRequest

from liqbot.chat.telegram.outcomes import is_lost_upload
from liqbot.message import Picture

REMEMBERED = 256
"""Of so many pictures the handles are known; a picture that many ask for is among the newest."""
S = TypeVar("S")


class Uploads:
    """Knows the handles of the pictures that were sent last, by what is on them."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._handles: OrderedDict[bytes, str] = OrderedDict()

    async def send(
        self, picture: Picture, handle: str | None, send: Callable[[Picture | str], Awaitable[S]]
    ) -> S:
        """Send by a picture's handle; by the picture itself where there is none, or Telegram forgot it.

        `handle` comes from an earlier sending, None for a picture of which nobody has kept one. What `send`
        raises is raised, but for what says that the handle is not known any more.
        """
        key = _key(picture)
        handle = self._handles.get(key, handle)
        if handle is None:
            return self._noted(key, await send(picture))
        try:
            return self._noted(key, await send(handle))
        except BadRequest as error:
            if not is_lost_upload(error):
                raise
        self._handles.pop(key, None)
        return self._noted(key, await send(picture))

    def _noted(self, key: bytes, sent: S) -> S:
        handle = upload_of(sent) if isinstance(sent, Sent) else None
        if handle is not None:
            self._handles[key] = handle
            self._handles.move_to_end(key)
            while len(self._handles) > self._most:
                self._handles.popitem(last=False)
        return sent


def upload_of(sent: Sent) -> str | None:
    """Return the handle under which the picture of a sent message can be sent again."""
    return sent.photo[-1].file_id if sent.photo else None


def _key(picture: Picture) -> bytes:
    return hashlib.blake2b(picture.png, digest_size=16).digest()
