"""Chats of a bot whose token is no longer in the settings: that nobody brings what they are owed is said."""

from collections.abc import AsyncIterator, Mapping

import structlog

from liqbot.app.bot import Bot
from liqbot.chat import registry
from liqbot.platform_names import kind_of
from liqbot.service.troubles import Finding
from liqbot.settings import CHAT_PLATFORMS
from liqbot.store.errors import StoreError
from liqbot.text import _, ngettext

_log = structlog.get_logger()

COUNT_AGAIN_MS = 600_000
"""So often the chats are counted."""


class LostBots:
    """Looks in the store for platforms that no token of the settings serves."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._counted_ms: int | None = None
        self._chats: Mapping[str, int] = {}

    async def findings(self, now_ms: int) -> AsyncIterator[Finding]:
        """Yield each bot that has chats with subscriptions, and no token."""
        served = {account.name for account in registry.accounts(self._bot.settings.section)}
        if not served:  # nobody is served by a token here, as in a tour at the terminal
            return
        if self._counted_ms is None or now_ms - self._counted_ms >= COUNT_AGAIN_MS:
            try:
                self._chats = await self._bot.store.access.subscribed()
            except StoreError as error:
                _log.warning("chats_not_counted", reason=str(error))
            else:
                self._counted_ms = now_ms
        for name, chats in self._chats.items():
            if kind_of(name) in CHAT_PLATFORMS and name not in served:
                yield Finding(
                    _("platform {name}", name=name),
                    ngettext(
                        "{count} chat has subscriptions there, and the settings have no token for it.",
                        "{count} chats have subscriptions there, and the settings have no token for it.",
                        chats,
                    ),
                    _("What they are owed waits until it is out of date. Put its token back."),
                )
