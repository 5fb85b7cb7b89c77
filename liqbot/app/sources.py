"""From the names in the settings to sources."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import structlog

from liqbot.app.clock import clock_ms
from liqbot.plugin import SourceRequest, source
from liqbot.rules.contributions import SourceKind
from liqbot.rules.wording import listed
from liqbot.settings import (
    BinanceSettings,
    BitgetSettings,
    BybitSettings,
    GateSettings,
    OkxSettings,
    ReplaySettings,
    Settings,
    SettingsError,
    SimulatorSettings,
)
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


@source("simulator")
def simulator(request: SourceRequest) -> Simulator:
    """A market that is made up: the same seed is the same market."""
    own = SimulatorSettings.model_validate(dict(request.options))
    coins = [coin for coin in request.coins if coin in COINS]
    if not coins:
        wanted = ", ".join(request.coins)
        raise SettingsError(f"LIQBOT_COINS: the simulator knows {', '.join(COINS)}; none of {wanted}")
    if len(coins) < len(request.coins):
        _log.warning("the simulator does not know every coin", knows=", ".join(COINS))
    return Simulator(
        now_ms=request.now_ms,
        seed=own.seed,
        scenario=Scenario(own.scenario),
        coins=coins,
        backfill_days=own.backfill_days,
        speed=own.speed,
    )


@source("replay")
def replay(request: SourceRequest) -> Replay:
    """A recording, played as if it were live: `replay:FILE`."""
    own = ReplaySettings.model_validate(dict(request.options))
    return Replay(Path(request.argument), speed=own.speed)


@source("binance")
def binance(request: SourceRequest) -> ExchangeSource:
    """Binance, modelled."""
    own = BinanceSettings.model_validate(dict(request.options))
    return _exchange(Binance(own.api_url, own.ws_url), request, own.backfill_days)


@source("bybit")
def bybit(request: SourceRequest) -> ExchangeSource:
    """Bybit, modelled."""
    own = BybitSettings.model_validate(dict(request.options))
    return _exchange(Bybit(own.api_url, own.ws_url), request, own.backfill_days)


@source("okx")
def okx(request: SourceRequest) -> ExchangeSource:
    """OKX, modelled."""
    own = OkxSettings.model_validate(dict(request.options))
    return _exchange(Okx(own.api_url, own.ws_url), request, own.backfill_days)


@source("bitget")
def bitget(request: SourceRequest) -> ExchangeSource:
    """Bitget, modelled."""
    own = BitgetSettings.model_validate(dict(request.options))
    return _exchange(Bitget(own.api_url), request, BACKFILL_DAYS)


@source("gate")
def gate(request: SourceRequest) -> ExchangeSource:
    """Gate, modelled."""
    own = GateSettings.model_validate(dict(request.options))
    return _exchange(Gate(own.api_url), request, own.backfill_days)


def _exchange(client: Client, request: SourceRequest, backfill_days: float) -> ExchangeSource:
    """Return an exchange's source for all coins: which of them it lists, it says itself."""
    return ExchangeSource(client, request.coins, clock_ms, backfill_days=backfill_days)


HOUSE_SOURCES = (simulator, replay, binance, bybit, okx, bitget, gate)
"""The sources that come with liqbot and need no more than a `SourceRequest`.

Hyperliquid is none of them: it keeps the accounts that it knows in the bot's own database.
"""
_BY_NAME = {kind.name: kind for kind in HOUSE_SOURCES}


def make_source(
    name: str, settings: Settings, now_ms: int, kinds: Mapping[str, SourceKind] = _BY_NAME
) -> Source:
    """Return the source called `name` (`simulator`, `hyperliquid`, `replay:FILE`, `plugin:NAME`).

    `now_ms` is the clock's time; `kinds` are those that there are, the plugins' among them. Raises
    `SettingsError` where the settings do not fit the source.
    """
    kind, _, rest = name.partition(":")
    if kind == "hyperliquid":
        return Hyperliquid(settings.hyperliquid, settings.coins, settings.database, recall_first=True)
    if kind == "plugin":
        kind, _, rest = rest.partition(":")
        options: dict[str, object] = settings.plugins.options.get(kind, {})
    else:
        options = cast("dict[str, Any]", getattr(settings, kind).model_dump())
    found = kinds.get(kind)
    if found is None:
        raise SettingsError(f"LIQBOT_SOURCES: no plugin brings a source {kind}; there is {listed(kinds)}")
    return found.function(SourceRequest(rest, settings.coins, now_ms, options))


def make_simulator(settings: Settings, now_ms: int) -> Simulator:
    """Return the simulated market of those of the coins that it knows, its past ending at `now_ms`."""
    return cast("Simulator", make_source("simulator", settings, now_ms))
