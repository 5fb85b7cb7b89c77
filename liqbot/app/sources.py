"""From the names in the settings to sources: what there is, only the registry knows."""

from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from liqbot.market.coins import ALL, DEFAULT_COINS
from liqbot.plugin import SourceRequest
from liqbot.rules.contributions import SourceKind
from liqbot.settings import Settings, SettingsError
from liqbot.sources import registry
from liqbot.sources.simulator import Simulator
from liqbot.sources.source import Source

HOUSE_SOURCES = tuple(registry.venues().values())
"""The sources that come with liqbot."""


def make_source(
    name: str, settings: Settings, now_ms: int, kinds: Mapping[str, SourceKind] | None = None
) -> Source:
    """Return the source called `name` (`simulator`, `hyperliquid`, `replay:FILE`, `plugin:NAME`).

    `now_ms` is the clock's time; `kinds` are those that there are, the plugins' among them. Raises
    `SettingsError` where the settings do not fit the source.
    """
    kind, argument = registry.kind_of(name, kinds)
    own = f"plugins.options.{kind.name}" if kind.name not in registry.venues() else kind.name
    try:
        options = registry.checked(kind, settings.options_of(kind.name))
    except ValidationError as error:
        wrong = "; ".join(f"{own}.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise SettingsError(wrong) from None
    coins = DEFAULT_COINS if ALL in settings.coins and not kind.all_coins else settings.coins
    return kind.function(SourceRequest(argument, coins, now_ms, options, settings.database))


def make_simulator(settings: Settings, now_ms: int) -> Simulator:
    """Return the simulated market of those of the coins that it knows, its past ending at `now_ms`."""
    return cast("Simulator", make_source("simulator", settings, now_ms))
