"""The web beside a bot: its server, and the pushes that follow from what the bot sees."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from liqbot.app.bot import Bot
from liqbot.app.clock import clock_ms
from liqbot.bus import ViewsMade
from liqbot.web.api import layer_topics
from liqbot.web.event_text import happening
from liqbot.web.pushes import Pushes
from liqbot.web.questions import ServiceQuestions
from liqbot.web.server import web_server

_log = structlog.get_logger()

ALERTS = 20
"""So many of the newest alerts are looked at for those that have not been pushed yet."""


class WebPushes:
    """Tells the streams of each view, of what happened, and of each alert as it is raised."""

    def __init__(self, pushes: Pushes, questions: ServiceQuestions) -> None:
        self._pushes = pushes
        self._questions = questions
        self._newest_alert: int | None = None

    async def taken(self, notice: ViewsMade) -> None:
        """Push what a beat has brought. Nothing is done while nobody listens, but for the alerts' numbers."""
        events = notice.events
        for view in notice.views:
            topics = {"coin": view.coin, **layer_topics(view.layer)}
            reading = {"coin": view.coin, "layer": view.layer.key, "time_ms": view.time_ms, "spot": view.spot}
            self._pushes.send("view", reading, **topics)
            for event in events.get(view.coin, ()):
                told = happening(event)
                if told is not None:
                    self._pushes.send("event", told, **topics)
        await self._alerts()

    async def _alerts(self) -> None:
        newest = await self._questions.alerts(None, ALERTS)
        if self._newest_alert is not None:
            for alert in reversed(newest):
                if alert.id > self._newest_alert:
                    self._pushes.send("alert", alert, coin=alert.coin)
        self._newest_alert = max((alert.id for alert in newest), default=self._newest_alert or 0)


@asynccontextmanager
async def web_beside(bot: Bot, questions: ServiceQuestions) -> AsyncGenerator[None]:
    """Serve page and API meanwhile, where they are on and as soon as their port is free."""
    settings = bot.settings.web
    if not settings.enabled:
        yield
        return
    pushes = Pushes(settings.streams, clock_ms)
    bot.bus.subscribe(ViewsMade, WebPushes(pushes, questions).taken)

    def opened(host: str, port: int) -> None:
        bot.address = settings.public_url or f"http://{_named(host)}:{port}"
        _log.info("web_served", address=bot.address)

    async with bot.ports.serving(
        "page", f"{settings.host}:{settings.port}", lambda: web_server(questions, pushes, settings), opened
    ):
        yield


def _named(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is only compared
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
