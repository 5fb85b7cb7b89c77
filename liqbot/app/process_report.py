"""What a process says of itself to others of the same bot: what it does, and how far it is behind."""

from collections.abc import Iterator, Mapping

from liqbot import __version__
from liqbot.app.bot import Bot
from liqbot.app.process_differences import traits_of
from liqbot.app.roles import ALERTS, ENGINE, SCANNER, WEB
from liqbot.market.layer import Origin
from liqbot.service.findings import WELL
from liqbot.store.presence import ProcessReport


def report_of(
    bot: Bot, name: str, *, begun_ms: int, now_ms: int, due_ms: Mapping[str, int], ahead_s: float
) -> ProcessReport:
    """Return what the process of that name is to say; `due_ms` is by platform since when one is due.

    `ahead_s` is how far its clock is ahead of the one that all processes share.
    """
    own = [one.finding for one in bot.services.troubles.all if not one.finding.is_elsewhere]
    return ProcessReport(
        name=name,
        roles=bot.duties.names,
        version=__version__,
        started_ms=begun_ms,
        lags_s=dict(lags_of(bot, now_ms, due_ms)),
        sources=tuple(_sources(bot)),
        troubles={finding.name: finding.whole for finding in own},
        clock_ahead_s=ahead_s,
        traits=dict(traits_of(bot)),
        public_troubles={finding.name: finding.text for finding in own},
    )


def lags_of(bot: Bot, now_ms: int, due_ms: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """Yield by role how many seconds this process is behind in what it leads or shows."""
    if bot.duties.has(ENGINE):
        led = {feed.source.layer for feed in bot.engine.led}
        times = [view.time_ms for view in bot.services.markets.layers.all() if view.layer in led]
        if times:
            yield ENGINE, max(0.0, (now_ms - max(times)) / 1000)
    if bot.duties.has(ALERTS) and bot.alerts.leads:
        yield ALERTS, bot.alerts.lag_s
    for sender in bot.dispatcher.platforms:
        if sender.leads:
            yield sender.name, max(0.0, (now_ms - due_ms.get(sender.name, now_ms)) / 1000)
    for scanner in bot.scanners:
        if scanner.leadership.is_held:
            yield f"{SCANNER} {scanner.name}", scanner.source.oldest_s
    if bot.duties.has(WEB) and bot.follower.late_ms is not None:
        yield WEB, max(0.0, bot.follower.late_ms / 1000)


def _sources(bot: Bot) -> Iterator[str]:
    for feed in bot.engine.led:
        health = feed.health
        if health.state in WELL and feed.source.layer.origin is Origin.LIVE:
            yield f"{health.name} ({health.layer.label}): {health.state}"
