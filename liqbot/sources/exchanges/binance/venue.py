"""Binance as a source: what can be set, and how it is made of that."""

from pydantic import Field

from liqbot.plugin import SourceRequest, source
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


@source("binance", settings=BinanceSettings)
def binance(request: SourceRequest) -> ExchangeSource:
    """Binance, modelled."""
    own = BinanceSettings.model_validate(dict(request.options))
    return exchange_source(Binance(own.api_url, own.ws_url), request, own)
