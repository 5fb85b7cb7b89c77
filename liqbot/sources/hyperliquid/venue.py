"""Hyperliquid as a source: how it is made of its settings."""

from typing import TYPE_CHECKING, cast

from liqbot.plugin import SourceRequest, source
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.source import Hyperliquid

if TYPE_CHECKING:
    from liqbot.store.address import DatabaseAddress


@source("hyperliquid", settings=HyperliquidSettings, all_coins=True)
def hyperliquid(request: SourceRequest) -> Hyperliquid:
    """Hyperliquid, measured. The accounts that it knows are kept in the bot's own database."""
    own = HyperliquidSettings.model_validate(dict(request.options))
    return Hyperliquid(own, request.coins, cast("DatabaseAddress", request.database), recall_first=True)
