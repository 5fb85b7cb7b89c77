"""The adapters of those platforms that are set up."""

from collections.abc import Iterator

from liqbot.app.bot import Bot
from liqbot.chat import registry
from liqbot.chat.adapter import Adapter
from liqbot.logs import hide
from liqbot.settings import Settings


def make_adapters(settings: Settings, bot: Bot) -> Iterator[tuple[str, Adapter]]:
    """Yield an adapter, with its platform's name, for each platform that `settings` have a token for."""
    for name, kind in registry.platforms().items():
        section = settings.section(kind.settings)
        if registry.is_set(section):
            hide(registry.secrets(section))
            yield name, kind.make(section, bot.reception())
