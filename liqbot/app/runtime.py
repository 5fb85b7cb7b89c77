"""A bot with all around it: adapters, health monitor, backups, operator's chat, web, metrics.

Not here: what is within the bot (`bot.py`), starting an adapter again (`platform_runner.py`).
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from liqbot.alerts.platform import Platform
from liqbot.app.adapters import make_adapters
from liqbot.app.background import in_background
from liqbot.app.bot import Bot
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.operator_chat import Operator
from liqbot.app.roles import WEB
from liqbot.store.chats import ChatKey


@asynccontextmanager
async def serving(bot: Bot) -> AsyncGenerator[Bot]:
    """Let `bot` run meanwhile, with everything that its settings ask for."""
    settings = bot.settings
    platforms: dict[str, Platform] = {}
    for name, adapter in make_adapters(settings, bot):
        bot.serve(name, adapter)
        platforms[name] = adapter
    operator = Operator(
        _operator_chat(settings.operator_chat),
        platforms,
        may_send=bot.dispatcher.sends_on,
        notes=None if bot.backend.shared is None else bot.store.notes,
    )
    monitor = HealthMonitor(bot, operator, bot.services.clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(bot)
        await stack.enter_async_context(in_background(operator.run()))
        await stack.enter_async_context(in_background(monitor.run()))
        await stack.enter_async_context(in_background(bot.backups.run()))
        # Their libraries take a quarter of a second to load: by now there is a first view.
        from liqbot.app.metrics import metrics_beside, questions_of  # noqa: PLC0415 - see above
        from liqbot.app.web import web_beside  # noqa: PLC0415 - see above

        questions = questions_of(bot, monitor)
        if bot.duties.has(WEB):
            await stack.enter_async_context(web_beside(bot, questions))
        if settings.metrics_port:
            await stack.enter_async_context(metrics_beside(bot, monitor, operator))
        yield bot


def _operator_chat(text: str) -> ChatKey | None:
    platform, _, native_id = text.partition(":")
    return ChatKey(platform, native_id) if text else None
