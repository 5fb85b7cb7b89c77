"""The adapters of those platforms that are set up, and that this process is to serve."""

from collections.abc import Iterator
from functools import partial

from liqbot.app.bot import Bot
from liqbot.app.restartable_adapter import RestartableAdapter
from liqbot.chat import registry
from liqbot.chat.adapter import Adapter
from liqbot.logs import hide
from liqbot.settings import Settings


def make_adapters(settings: Settings, bot: Bot) -> Iterator[tuple[str, Adapter]]:
    """Yield an adapter, with its platform's name, for each platform with a token that is a duty of `bot`."""
    for name, kind in registry.platforms().items():
        section = settings.section(kind.settings)
        if not (registry.is_set(section) and bot.duties.has(name)):
            continue
        hide(registry.secrets(section))
        make = partial(kind.make, section, bot.reception())
        yield name, make() if bot.backend.leases is None else RestartableAdapter(make)
