"""Bybit as a source: what can be set, and how it is made of that."""

from pydantic import Field

from liqbot.plugin import SourceRequest, source
from liqbot.sources.exchanges.bybit.client import Bybit
from liqbot.sources.exchanges.settings import API, URL, WEBSOCKET_URL, ExchangeSettings
from liqbot.sources.exchanges.source import ExchangeSource, exchange_source


class BybitSettings(ExchangeSettings):
    """Bybit."""

    api_url: str = Field(default="https://api.bybit.com", pattern=URL, description=API)
    ws_url: str = Field(
        default="wss://stream.bybit.com/v5/public/linear",
        pattern=WEBSOCKET_URL,
        description="the address of its public stream",
    )


@source("bybit", settings=BybitSettings)
def bybit(request: SourceRequest) -> ExchangeSource:
    """Bybit, modelled."""
    own = BybitSettings.model_validate(dict(request.options))
    return exchange_source(Bybit(own.api_url, own.ws_url), request, own)
