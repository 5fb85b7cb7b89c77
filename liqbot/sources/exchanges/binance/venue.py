"""Binance as a source: what can be set, and how it is made of that."""

from pathlib import Path

from pydantic import Field

from liqbot.plugin import SourceRequest, source
from liqbot.sources.exchanges.binance.brackets import Brackets
from liqbot.sources.exchanges.binance.client import Binance
from liqbot.sources.exchanges.settings import API, URL, WEBSOCKET_URL, ExchangeSettings
from liqbot.sources.exchanges.source import ExchangeSource, exchange_source


class BinanceSettings(ExchangeSettings):
    """Binance."""

    api_url: str = Field(default="https://fapi.binance.com", pattern=URL, description=API)
    ws_url: str = Field(
        default="wss://fstream.binance.com/market/ws",
        pattern=WEBSOCKET_URL,
        description="the address of its streams, before `/!forceOrder@arr`",
    )
    brackets_file: str = Field(
        default="",
        description="a table of margin tiers, as `liqbot brackets` writes it; empty for that of liqbot",
    )

    @property
    def brackets(self) -> Brackets:
        """The margin tiers: those of the file, or of liqbot. Raises `SettingsError`."""
        return Brackets.from_file(Path(self.brackets_file)) if self.brackets_file else Brackets.shipped()


@source("binance", settings=BinanceSettings)
def binance(request: SourceRequest) -> ExchangeSource:
    """Binance, modelled."""
    own = BinanceSettings.model_validate(dict(request.options))
    return exchange_source(Binance(own.api_url, own.ws_url, own.brackets), request, own)
