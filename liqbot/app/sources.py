"""From the names in the settings to sources."""

from pathlib import Path

import structlog

from liqbot.app.clock import clock_ms
from liqbot.settings import EXCHANGES, Settings, SettingsError
from liqbot.sources.exchanges import ExchangeSource
from liqbot.sources.exchanges.binance import Binance
from liqbot.sources.exchanges.bitget import Bitget
from liqbot.sources.exchanges.bybit import Bybit
from liqbot.sources.exchanges.client import Client
from liqbot.sources.exchanges.gate import Gate
from liqbot.sources.exchanges.okx import Okx
from liqbot.sources.exchanges.source import BACKFILL_DAYS
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.replay import Replay
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.sources.simulator.coins import COINS
from liqbot.sources.source import Source

_log = structlog.get_logger()


def make_source(name: str, settings: Settings, now_ms: int) -> Source:
    """Return the source called `name` (`simulator`, `hyperliquid`, `binance`, `replay:FILE`).

    `now_ms` is the clock's time. Raises `SettingsError` where the settings do not fit the source.
    """
    kind, _, rest = name.partition(":")
    if kind == "replay":
        return Replay(Path(rest), speed=settings.replay.speed)
    if kind == "hyperliquid":
        return Hyperliquid(settings.hyperliquid, settings.coins, settings.database, recall_first=True)
    if kind in EXCHANGES:
        return make_exchange(kind, settings)
    return make_simulator(settings, now_ms)


def make_exchange(name: str, settings: Settings) -> ExchangeSource:
    """Return the exchange called `name`, for all coins: which of them it lists, it says itself."""
    client, backfill_days = _client(name, settings)
    return ExchangeSource(client, settings.coins, clock_ms, backfill_days=backfill_days)


def _client(name: str, settings: Settings) -> tuple[Client, float]:
    """Return the client of an exchange, and how many days of its past are wanted."""
    if name == "binance":
        own = settings.binance
        return Binance(own.api_url, own.ws_url), own.backfill_days
    if name == "bybit":
        own = settings.bybit
        return Bybit(own.api_url, own.ws_url), own.backfill_days
    if name == "okx":
        own = settings.okx
        return Okx(own.api_url, own.ws_url), own.backfill_days
    if name == "bitget":
        return Bitget(settings.bitget.api_url), BACKFILL_DAYS
    return Gate(settings.gate.api_url), settings.gate.backfill_days


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
