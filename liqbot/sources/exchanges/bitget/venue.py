"""Bitget as a source: what can be set, and how it is made of that."""

from pydantic import Field

from liqbot.plugin import SourceRequest, source
from liqbot.sources.exchanges.bitget.client import Bitget
from liqbot.sources.exchanges.settings import API, URL, WEBSOCKET_URL, ExchangeSettings
from liqbot.sources.exchanges.source import ExchangeSource, exchange_source


class BitgetSettings(ExchangeSettings):
    """Bitget, which keeps no history of open interest."""

    api_url: str = Field(default="https://api.bitget.com", pattern=URL, description=API)
    ws_url: str = Field(
        default="wss://ws.bitget.com/v3/ws/public",
        pattern=WEBSOCKET_URL,
        description="the address of its public stream",
    )


@source("bitget", settings=BitgetSettings)
def bitget(request: SourceRequest) -> ExchangeSource:
    """Bitget, modelled."""
    own = BitgetSettings.model_validate(dict(request.options))
    return exchange_source(Bitget(own.api_url, own.ws_url), request, own)
