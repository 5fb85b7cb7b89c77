"""The adapters of those platforms that are set up."""

from collections.abc import Iterator

from liqbot.app.bot import Bot
from liqbot.chat.adapter import Adapter
from liqbot.logs import hide
from liqbot.settings import Settings


def make_adapters(settings: Settings, bot: Bot) -> Iterator[tuple[str, Adapter]]:
    """Yield an adapter, with its platform's name, for each platform that `settings` have a token for."""
    # A platform's library is loaded where it is served: it takes longer than all the rest.
    if settings.discord.is_set:
        from liqbot.chat.discord.adapter import DiscordAdapter  # noqa: PLC0415 - see above

        hide([settings.discord.token])
        yield "discord", DiscordAdapter(settings.discord, bot.reception())
    if settings.telegram.is_set:
        from liqbot.chat.telegram.adapter import TelegramAdapter  # noqa: PLC0415 - see above

        hide([settings.telegram.token])
        yield "telegram", TelegramAdapter(settings.telegram, bot.reception())
