"""What is wrong with a bot's data and settings; what is seen without looking is in `service/findings.py`."""

from collections.abc import Iterator

from liqbot.app.bot import Bot
from liqbot.hosting.plugins import Plugins
from liqbot.market.layer import Basis, Origin
from liqbot.service.findings import WELL
from liqbot.service.troubles import Finding
from liqbot.settings import Settings
from liqbot.text import _
from liqbot.text.figures import duration

SILENT_MS = 120_000
"""A source that has told nothing for so long since the start is named: some never say why."""
OLD_S = 3_600.0
"""Measured positions that are older are named: their map is of an hour ago."""


def findings_of(bot: Bot, now_ms: int, begun_ms: int) -> Iterator[Finding]:
    """Yield what is wrong with data and settings; `begun_ms` is when the bot started."""
    yield from _of_sources(bot, now_ms, begun_ms)
    yield from _of_positions(bot)
    yield from setup_findings(bot.settings, bot.plugins)


def setup_findings(settings: Settings, plugins: Plugins) -> Iterator[Finding]:
    """Yield what the settings name and what is not there."""
    advice = _("Correct it in the settings, or install it.")
    if (
        settings.plugins.enabled
        and not settings.plugins_path.is_dir()
        and "plugins_path" in settings.model_fields_set
    ):
        yield Finding(
            _("plugins folder"),
            _("The folder of plugins does not exist."),
            _("Make it, or correct LIQBOT_PLUGINS_PATH."),
            detail=str(settings.plugins_path),
        )
    found = {known.name for known in plugins.known}
    for name in settings.plugins.trusted if settings.plugins.enabled else ():
        if name not in found:
            yield Finding(
                _("trusted plugin {name}", name=name), _("There is no plugin of that name."), advice
            )
    for name in settings.plugins.overlays if settings.plugins.enabled and not plugins.awaited else ():
        if name not in plugins.overlays:
            yield Finding(
                _("overlay {name}", name=name), _("No plugin brings an overlay of that name."), advice
            )


def _of_sources(bot: Bot, now_ms: int, begun_ms: int) -> Iterator[Finding]:
    told = {view.layer for view in bot.services.markets.layers.all()}
    told |= {view.layer for view in bot.services.markets.all()}
    for health in bot.services.status.sources:
        is_silent = health.layer not in told and now_ms - begun_ms >= SILENT_MS
        if is_silent and health.state in WELL and health.state != "ended":
            span = duration((now_ms - begun_ms) / 1000)
            yield Finding(
                _("source {name}", name=health.name),
                _("It has told nothing yet, {span} after the start.", span=span),
                _("Run doctor: it asks the source directly."),
            )


def _of_positions(bot: Bot) -> Iterator[Finding]:
    for view in bot.services.markets.all():
        is_live = view.layer.origin is Origin.LIVE and view.layer.basis is Basis.MEASURED
        if is_live and view.age_s is not None and view.age_s > OLD_S:
            yield Finding(
                _("positions of {coin}", coin=view.coin),
                _("They are {age} old.", age=duration(view.age_s)),
                _("The source falls behind: fewer coins, or more weight a minute."),
            )
