"""The counterparts' own tests share the worlds that the tests of adapters use."""

from counterparts.telegram.fixtures import telegram, telegram_process

__all__ = ["telegram", "telegram_process"]
