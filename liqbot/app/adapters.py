"""The adapters of those bots on platforms that are set up, and that this process is to serve."""

from collections.abc import Iterator
from functools import partial

from liqbot.app.bot import Bot
from liqbot.app.restartable_adapter import RestartableAdapter
from liqbot.chat import registry
from liqbot.chat.adapter import Adapter
from liqbot.logs import hide
from liqbot.settings import Settings


def make_adapters(settings: Settings, bot: Bot) -> Iterator[tuple[str, Adapter]]:
    """Yield an adapter, with its platform's name, for each bot on a platform that this process serves."""
    for account in registry.accounts(settings.section):
        if not bot.duties.has(account.name):
            continue
        hide(registry.secrets(account.section))
        make = partial(account.kind.make, account.section, bot.reception(account.name))
        yield account.name, make() if bot.backend.leases is None else RestartableAdapter(make)
