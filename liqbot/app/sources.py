"""From the names in the settings to sources."""

from pathlib import Path

import structlog

from liqbot.settings import Settings, SettingsError
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.replay import Replay
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.source import Source

_log = structlog.get_logger()


def make_source(name: str, settings: Settings, now_ms: int) -> Source:
    """Return the source called `name` (`simulator`, `hyperliquid`, `replay:FILE`).

    `now_ms` is the clock's time. Raises `SettingsError` where the settings do not fit the source.
    """
    kind, _, rest = name.partition(":")
    if kind == "replay":
        return Replay(Path(rest), speed=settings.replay.speed)
    if kind == "hyperliquid":
        return Hyperliquid(settings.hyperliquid, settings.coins, settings.database, recall_first=True)
    return make_simulator(settings, now_ms)


def make_simulator(settings: Settings, now_ms: int) -> Simulator:
    """Return the simulated market of those of the coins that it knows, its past ending at `now_ms`."""
    own = settings.simulator
    coins = [coin for coin in settings.coins if coin in COINS]
    if not coins:
        wanted = ", ".join(settings.coins)
        raise SettingsError(f"LIQBOT_COINS: the simulator knows {', '.join(COINS)}; none of {wanted}")
    if len(coins) < len(settings.coins):
        _log.warning("the simulator does not know every coin", knows=", ".join(COINS))
    return Simulator(
        now_ms=now_ms,
        seed=own.seed,
        scenario=Scenario(own.scenario),
        coins=coins,
        backfill_days=own.backfill_days,
        speed=own.speed,
    )
