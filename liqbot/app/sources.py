"""From the names in the settings to sources."""

from pathlib import Path

from liqbot.settings import Settings
from liqbot.sources.replay import Replay
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.sources.source import Source


def make_source(name: str, settings: Settings, now_ms: int) -> Source:
    """Return the source called `name` (`simulator`, `replay:FILE`); `now_ms` is the clock's time."""
    kind, _, rest = name.partition(":")
    if kind == "replay":
        return Replay(Path(rest), speed=settings.replay.speed)
    if kind == "simulator":
        return make_simulator(settings, now_ms)
    raise ValueError(f"{name!r} is no source")


def make_simulator(settings: Settings, now_ms: int) -> Simulator:
    """Return the simulated market, its past ending at `now_ms`."""
    own = settings.simulator
    coins = [coin for coin in settings.coins if coin in KNOWN_COINS] or None
    return Simulator(
        seed=own.seed,
        scenario=Scenario(own.scenario),
        coins=coins,
        speed=own.speed,
        backfill_days=own.backfill_days,
        now_ms=now_ms,
    )
