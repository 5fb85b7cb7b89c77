"""OKX as a source: what can be set, and how it is made of that."""

from pydantic import Field

from liqbot.plugin import SourceRequest, source
from liqbot.sources.exchanges.okx.client import Okx
from liqbot.sources.exchanges.settings import API, URL, WEBSOCKET_URL, ExchangeSettings
from liqbot.sources.exchanges.source import ExchangeSource, exchange_source


class OkxSettings(ExchangeSettings):
    """OKX."""

    api_url: str = Field(default="https://www.okx.com", pattern=URL, description=API)
    ws_url: str = Field(
        default="wss://ws.okx.com:8443/ws/v5/public",
        pattern=WEBSOCKET_URL,
        description="the address of its public stream",
    )


@source("okx", settings=OkxSettings)
def okx(request: SourceRequest) -> ExchangeSource:
    """OKX, modelled."""
    own = OkxSettings.model_validate(dict(request.options))
    return exchange_source(Okx(own.api_url, own.ws_url), request, own)
