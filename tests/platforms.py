"""A chat platform on paper: it writes down what it gets, and has the troubles that a test wishes for."""

import asyncio

from liqbot.alerts.platform import Limits, Receipt


class Paper:
    """What stands in `trouble` for a chat is raised first; a list of troubles is used up."""

    def __init__(self, trouble=None, *, limits=None):
        self.limits = limits or Limits()
        self.parcels = []
        self.trouble = trouble if isinstance(trouble, dict) else {}
        self.always = None if isinstance(trouble, dict) else trouble
        self.groups = set()
        self.tries = 0
        self.tried = asyncio.Event()
        self._came = asyncio.Event()

    def is_group(self, chat):
        return chat.native_id in self.groups

    async def send(self, parcel):
        self.tries += 1
        trouble = self.trouble.get(parcel.chat.native_id, self.always)
        if isinstance(trouble, list):
            trouble = trouble.pop(0) if trouble else None
        self.tried.set()
        if trouble == "hangs":
            await asyncio.Event().wait()
        if trouble is not None:
            raise trouble
        self.parcels.append(parcel)
        self._came.set()
        upload = "handle" if self.limits.reuses_uploads and parcel.message.picture else None
        return Receipt(f"message-{len(self.parcels)}", upload)

    @property
    def messages(self):
        """Return which message came to which chat."""
        return [(parcel.chat, parcel.message) for parcel in self.parcels]

    @property
    def got(self):
        return [(parcel.chat.native_id, parcel.message.title) for parcel in self.parcels]

    async def has_got(self, count):
        async with asyncio.timeout(30):
            while len(self.parcels) < count:
                self._came.clear()
                await self._came.wait()
