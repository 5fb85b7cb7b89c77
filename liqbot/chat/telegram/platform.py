"""Telegram as a platform: its settings, how it is served, and how it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liqbot.chat.registry import PlatformKind
from liqbot.chat.telegram.settings import TelegramSettings

if TYPE_CHECKING:
    from liqbot.chat.adapter import Adapter, Reception


def _make(settings: TelegramSettings, reception: Reception) -> Adapter:
    from liqbot.chat.telegram.adapter import TelegramAdapter  # noqa: PLC0415 - its library takes long to load

    return TelegramAdapter(settings, reception)


async def _check(settings: TelegramSettings) -> object:
    from liqbot.chat.telegram.checkup import check_telegram  # noqa: PLC0415 - its library takes long to load

    return await check_telegram(settings)


async def _reach(settings: TelegramSettings, native_id: str) -> str:
    from liqbot.chat.telegram.checkup import reach  # noqa: PLC0415 - its library takes long to load

    return await reach(settings, native_id)


PLATFORM = PlatformKind("telegram", TelegramSettings, _make, _check, _reach)
