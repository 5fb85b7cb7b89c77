"""The simulated market as a source: how it is made of its settings."""

import structlog

from liqbot.market.coins import ALL
from liqbot.plugin import SourceRequest, source
from liqbot.sections import SettingsError
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.simulator.scenario import Scenario
from liqbot.sources.simulator.settings import SimulatorSettings
from liqbot.sources.simulator.source import Simulator

_log = structlog.get_logger()


@source("simulator", settings=SimulatorSettings, all_coins=True)
def simulator(request: SourceRequest) -> Simulator:
    """A market that is made up: the same seed is the same market."""
    own = SimulatorSettings.model_validate(dict(request.options))
    wished = tuple(COINS) if ALL in request.coins else request.coins
    coins = [coin for coin in wished if coin in COINS]
    if not coins:
        wanted = ", ".join(wished)
        raise SettingsError(f"LIQBOT_COINS: the simulator knows {', '.join(COINS)}; none of {wanted}")
    if len(coins) < len(wished):
        _log.warning("simulator_coins_unknown", knows=", ".join(COINS))
    return Simulator(
        now_ms=request.now_ms,
        seed=own.seed,
        scenario=Scenario(own.scenario),
        coins=coins,
        backfill_days=own.backfill_days,
        speed=own.speed,
        lacking=[coin for coin in wished if coin not in COINS],
    )
