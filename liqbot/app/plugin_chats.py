"""The chats that plugins open: their adapters for the dispatcher, and what they are to hear of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from liqbot.alerts.platform import Limits, NotSent, OutgoingMessage, Platform, Receipt, Refused
from liqbot.app.bot import Bot
from liqbot.hosting.plugins import Plugins
from liqbot.rules.contributions import ChatAdapter, ChatAddress, Undelivered
from liqbot.service.errors import UserError
from liqbot.settings import CHAT_PLATFORMS, Settings, SettingsError
from liqbot.store.chats import ChatKey


def plugin_chats(plugins: Plugins, settings: Settings) -> Mapping[str, Platform]:
    """Return the chat platforms of plugins for which there are options, by platform.

    Raises `SettingsError` where an adapter does not accept its options.
    """
    chats: dict[str, Platform] = {}
    for name, options in settings.plugins.options.items():
        kind = plugins.adapters.get(name)
        if kind is None:
            continue
        if name in CHAT_PLATFORMS:
            raise SettingsError(f"plugins.options.{name}: {name} comes with liqbot")
        try:
            chats[name] = _Plugged(kind.function(options))
        except Exception as error:
            raise SettingsError(f"plugins.options.{name}: {error}") from error
    return chats


async def subscribe_plugin_chats(bot: Bot, settings: Settings) -> None:
    """Enter what chats of plugins are to hear of: the lines `subscribe` in their options.

    Raises `SettingsError` that names the line.
    """
    for name, options in settings.plugins.options.items():
        lines = options.get("subscribe", [])
        if name not in bot.plugins.adapters or not isinstance(lines, list):
            continue
        for line in cast("list[object]", lines):
            try:
                await _subscribe(bot, ChatKey(name, "default"), str(line))
            except (UserError, ValueError) as error:
                raise SettingsError(f"plugins.options.{name}: subscribe {line!r}: {error}") from None


async def _subscribe(bot: Bot, chat: ChatKey, line: str) -> None:
    rule, coin, *pairs = line.split()
    written = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    await bot.services.subscriptions.enter(chat, rule, coin, written)


@dataclass(frozen=True, slots=True)
class _Plugged:
    """A plugin's chat adapter as the dispatcher needs it. It only brings: nobody could lift a limit there."""

    adapter: ChatAdapter
    limits: Limits = field(default_factory=lambda: Limits(hourly=False))

    def is_group(self, chat: ChatKey) -> bool:
        """Return False: what a plugin brings has no limits of groups."""
        del chat
        return False

    async def send(self, outgoing: OutgoingMessage) -> Receipt:
        try:
            await self.adapter.send(ChatAddress(*outgoing.chat), outgoing.message)
        except Undelivered as error:
            outcome = Refused if error.final else NotSent
            raise outcome(str(error)) from error
        return Receipt(outgoing.key)
