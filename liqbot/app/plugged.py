"""From the settings to plugins: which are wanted, what the house itself brings, and the chats they open."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from liqbot.alerts.dispatcher import Chat, DeliveryError
from liqbot.app.sources import HOUSE_SOURCES
from liqbot.builtin import RULES
from liqbot.chat import plugin_commands
from liqbot.chat.command import Command
from liqbot.chat.console.printer import HOUSE_CHATS
from liqbot.chat.house_commands import COMMANDS
from liqbot.hosting.plugins import Plugins, Wanted, load_plugins
from liqbot.hosting.worker import Limits
from liqbot.message import Message
from liqbot.rules.contributions import ChatAdapter, ChatAddress, Contribution, Undelivered
from liqbot.settings import Settings, SettingsError, settings_file
from liqbot.store.subscriptions import ChatKey

HOUSE: tuple[Contribution, ...] = (*RULES, *HOUSE_SOURCES, *HOUSE_CHATS)
"""What comes with liqbot, registered through the same door as anyone's plugin."""


def wanted(settings: Settings, *, show_output: bool = False) -> Wanted:
    """Return which plugins the settings ask for."""
    own = settings.plugins
    return Wanted(
        folder=settings.plugins_path if own.enabled else None,
        installed=own.enabled,
        trusted=own.trusted,
        denied=own.denied,
        overlays=own.overlays,
        limits=Limits(own.deadline_s, own.memory_mb),
        hidden=_hidden(settings),
        show_output=show_output,
    )


def plugged(settings: Settings, *, show_output: bool = False) -> Plugins:
    """Return all plugins that the settings ask for, the house's own among them."""
    return load_plugins(HOUSE, wanted(settings, show_output=show_output))


def chat_commands(plugins: Plugins) -> Iterator[Command]:
    """Yield the commands that plugins bring."""
    return plugin_commands.chat_commands(plugins.commands.values(), [command.name for command in COMMANDS])


def plugged_chats(plugins: Plugins, settings: Settings) -> Mapping[str, Chat]:
    """Return the chat platforms of plugins for which there are options, by platform.

    Raises `SettingsError` where an adapter does not accept its options.
    """
    chats: dict[str, Chat] = {}
    for name, options in settings.plugins.options.items():
        kind = plugins.adapters.get(name)
        if kind is None:
            continue
        try:
            chats[name] = _Plugged(kind.function(options))
        except Exception as error:
            raise SettingsError(f"plugins.options.{name}: {error}") from error
    return chats


@dataclass(frozen=True, slots=True)
class _Plugged:
    """A plugin's chat adapter as the dispatcher needs it."""

    adapter: ChatAdapter

    async def send(self, chat: ChatKey, message: Message) -> None:
        try:
            await self.adapter.send(ChatAddress(*chat), message)
        except Undelivered as error:
            raise DeliveryError(str(error), final=error.final) from error


def _hidden(settings: Settings) -> tuple[Path, ...]:
    return settings_file(), settings.database
