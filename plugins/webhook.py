"""A chat adapter: alerts to anything that apprise can reach (Slack, Matrix, ntfy, e-mail, a plain webhook).

It uses the network, so it runs inside the bot and must be trusted. In liqbot.toml:

    [plugins]
    trusted = ["webhook"]

    [plugins.options.webhook]
    url = "json://localhost:8080/alerts"
    subscribe = ["near-cluster BTC within=3%"]

and `pip install liqbot[webhook]`.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Protocol, cast

from liqbot.plugin import ChatAddress, Message, Options, Undelivered, adapter


class Service(Protocol):
    """What is needed of apprise."""

    def add(self, services: str) -> bool:
        """Take up an address; False where it makes no sense."""
        ...

    def notify(self, body: str, title: str, *, attach: str | None = None) -> object:
        """Bring a message to all addresses; something false where that failed."""
        ...


class Webhook:
    """Hands messages to apprise."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def send(self, chat: ChatAddress, message: Message) -> None:
        """Bring a message to all addresses. Raises `Undelivered`."""
        del chat  # there is one
        body = "\n".join([*message.text, *([message.provenance] if message.provenance else [])])
        if not await asyncio.to_thread(self._notify, message, body or message.title):
            raise Undelivered("apprise could not deliver it; its log says why")

    def _notify(self, message: Message, body: str) -> bool:
        if message.picture is None:
            return bool(self._service.notify(body=body, title=message.title))
        with tempfile.TemporaryDirectory(prefix="liqbot-") as folder:
            file = Path(folder) / message.picture.name
            file.write_bytes(message.picture.png)
            return bool(self._service.notify(body=body, title=message.title, attach=str(file)))


@adapter("webhook")
def webhook(options: Options) -> Webhook:
    """Alerts to an address of apprise: `url`, or several as `urls`."""
    try:
        from apprise import Apprise  # noqa: PLC0415 - without it the plugin still loads, and says what is missing
    except ImportError:
        raise ValueError("apprise is not installed: pip install liqbot[webhook]") from None
    given = options.get("urls", [options.get("url")])
    several = cast("list[object]", given) if isinstance(given, list) else []
    urls = [url for url in several if isinstance(url, str)]
    service = cast("Service", Apprise())
    if not urls or not all(service.add(url) for url in urls):
        raise ValueError("url must be an address of apprise, as json://host/path")
    return Webhook(service)
