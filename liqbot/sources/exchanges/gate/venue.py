"""Gate as a source: what can be set, and how it is made of that."""

from pydantic import Field

from liqbot.plugin import SourceRequest, source
from liqbot.sources.exchanges.gate.client import Gate
from liqbot.sources.exchanges.settings import API, URL, WEBSOCKET_URL, ExchangeSettings
from liqbot.sources.exchanges.source import ExchangeSource, exchange_source


class GateSettings(ExchangeSettings):
    """Gate."""

    api_url: str = Field(default="https://api.gateio.ws", pattern=URL, description=API)
    ws_url: str = Field(
        default="wss://fx-ws.gateio.ws/v4/ws/usdt",
        pattern=WEBSOCKET_URL,
        description="the address of its public stream",
    )


@source("gate", settings=GateSettings)
def gate(request: SourceRequest) -> ExchangeSource:
    """Gate, modelled."""
    own = GateSettings.model_validate(dict(request.options))
    return exchange_source(Gate(own.api_url, own.ws_url), request, own)
