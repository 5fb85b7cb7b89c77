"""From the settings to plugins: which are wanted, and what the house itself brings."""

from collections.abc import Iterator
from pathlib import Path

from liqbot.app.sources import HOUSE_SOURCES
from liqbot.builtin import RULES
from liqbot.chat import plugin_commands
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import Command
from liqbot.chat.console.printer import HOUSE_CHATS
from liqbot.hosting.plugins import Plugins, Wanted, load_plugins
from liqbot.hosting.worker import Limits
from liqbot.rules.contributions import Contribution
from liqbot.settings import Settings, settings_file

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
        bubblewrap=own.bubblewrap,
    )


def plugins_of(settings: Settings, *, show_output: bool = False, later: bool = False) -> Plugins:
    """Return all plugins that the settings ask for, the house's own among them.

    Where it is to be `later`, those of the worker come when they are begun with.
    """
    return load_plugins(HOUSE, wanted(settings, show_output=show_output), later=later)


def may_come_later(settings: Settings) -> bool:
    """Return whether a bot can start without the plugins of the worker, and take them up as they come.

    Platforms are told of all commands at the start, and chats of plugins are subscribed to their rules.
    """
    subscribes = any("subscribe" in options for options in settings.plugins.options.values())
    return not settings.serves_people and not subscribes


def chat_commands(plugins: Plugins) -> Iterator[Command]:
    """Yield the commands that plugins bring."""
    return plugin_commands.chat_commands(plugins.commands.values(), [command.name for command in COMMANDS])


def _hidden(settings: Settings) -> tuple[Path, ...]:
    database = settings.database
    own = (
        [database.with_name(f"{database.name}{ending}") for ending in ("", "-wal", "-shm")]
        if isinstance(database, Path)
        else []
    )
    backups = [Path(settings.backups.folder)] if settings.backups.folder else []
    return settings_file(), *own, *backups
