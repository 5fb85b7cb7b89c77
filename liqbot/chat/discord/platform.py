"""Discord as a platform: its settings, how it is served, and how it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqbot.chat.discord.settings import DiscordSettings
from liqbot.chat.registry import PlatformKind

if TYPE_CHECKING:
    from liqbot.chat.adapter import Adapter, Reception


def _make(settings: DiscordSettings, reception: Reception) -> Adapter:
    from liqbot.chat.discord.adapter import DiscordAdapter  # noqa: PLC0415 - its library takes long to load

    return DiscordAdapter(settings, reception)


async def _check(settings: DiscordSettings) -> object:
    from liqbot.chat.discord.checkup import check_discord  # noqa: PLC0415 - its library takes long to load

    return await check_discord(settings)


async def _reach(settings: DiscordSettings, native_id: str) -> str:
    from liqbot.chat.discord.checkup import reach  # noqa: PLC0415 - its library takes long to load

    return await reach(settings, native_id)


PLATFORM = PlatformKind("discord", DiscordSettings, _make, _check, _reach)
