"""The sink as a platform that the dispatcher can send to."""

import math

import aiohttp

from liqbot.alerts.platform import ChatGone, ChatMoved, Limits, NotSent, Receipt, SlowDown, Unclear

from .server import HOLD, KEYED


class Platform:
    """Sends by a session of aiohttp that others may share."""

    def __init__(self, session, url, name, limits=None, *, groups=()):
        self.limits = limits or Limits(knows_repeats_s=math.inf if name == KEYED else 0)
        self._session = session
        self._url = url
        self._name = name
        self._groups = groups

    def is_group(self, chat):
        return chat.native_id in self._groups

    async def send(self, parcel, *, hold=False, headers=None):
        """Bring a message. With `hold` it is stored without trouble, and the answer never comes."""
        message = parcel.message
        told = {"key": parcel.key, "title": message.title, "lines": message.text}
        url = f"{self._url}/{self._name}/{parcel.chat.native_id}"
        headers = {**(headers or {}), **({HOLD: "yes"} if hold else {})}
        try:
            async with self._session.post(url, json=told, headers=headers) as response:
                return await _receipt(response)
        except aiohttp.ClientConnectorError as error:
            raise NotSent("nobody is there") from error
        except aiohttp.ClientError as error:
            raise Unclear(type(error).__name__) from error

    async def has(self, key):
        """Return whether the message of that key is stored."""
        async with self._session.get(f"{self._url}/stored/{key}") as response:
            return (await response.json())["stored"]


async def _receipt(response):
    match response.status:
        case 200:
            return Receipt(str((await response.json())["id"]))
        case 403:
            raise ChatGone("the bot was blocked")
        case 409:
            raise ChatMoved("the chat has moved", native_id=(await response.json())["moved"])
        case 429:
            told = await response.json()
            raise SlowDown("too many", pause_s=told["retry_after"], everywhere=told["everywhere"])
        case 503:
            raise NotSent("unavailable")
        case status:
            raise Unclear(f"status {status}")
