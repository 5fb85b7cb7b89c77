"""What can be set of Hyperliquid."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from liqbot.sections import Section, listed


class HyperliquidSettings(Section):
    """Hyperliquid, live."""

    api_url: str = Field(
        default="https://api.hyperliquid.xyz", description="the Info API: the base before `/info`"
    )
    node_data: str = Field(
        default="",
        description="the data folder of a node of your own, api_url being its info server; empty for none",
    )
    node_path: str = Field(
        default="", description="the same folder as the node itself knows it, where it runs in a container"
    )
    stop_orders_s: float = Field(
        default=300.0,
        ge=0,
        description="so often, in seconds, a node is asked for everybody's stop orders; 0 for never",
    )
    public_url: str = Field(
        default="https://api.hyperliquid.xyz", description="where what a node does not serve is asked for"
    )
    ws_url: str = Field(default="wss://api.hyperliquid.xyz/ws", description="the websocket")
    weight_per_minute: int = Field(
        default=1000,
        ge=0,
        description="request weight a minute, of the 1200 that an address has; 0 is no limit",
    )
    leaderboard_url: str = Field(
        default="https://stats-data.hyperliquid.xyz/Mainnet/leaderboard",
        description="where accounts are found; empty for nowhere",
    )
    vaults: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("0xdfc24b077bc1425ad1dea75bcb6f8158e10df303",),
        description="vaults whose leaders, children and followers are looked at; the first is HLP",
    )
    dexes: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="builder-deployed dexes besides, as xyz; each doubles what an account costs"
    )
    coins_on_request: int = Field(
        default=20,
        ge=0,
        description="so many coins besides LIQBOT_COINS are followed because somebody asked for them",
    )
    pushed_accounts: int = Field(
        default=10,
        ge=0,
        le=15,
        description="so many accounts are streamed, watched ones and the largest: what an address may have",
    )
    liquidations_url: SecretStr = Field(
        default=SecretStr(""),
        description="a provider's websocket that streams liquidationFills, its key included; empty for none",
    )
    accounts_file: str = Field(
        default="", description="a file of addresses to look at, one a line; empty for none"
    )
    hyperperps: bool = Field(
        default=False, description="compare with HyperPerps' public heatmap in `/status`"
    )
    hyperperps_url: str = Field(
        default="https://trade.hyperperps.app/api/public/heatmap", description="where that heatmap is"
    )

    @property
    def market_url(self) -> str:
        """Where everything but accounts is asked for."""
        return self.public_url if self.node_data else self.api_url

    @field_validator("api_url", "public_url", "ws_url", "leaderboard_url", "hyperperps_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "ws_url" else ("http://", "https://")
        if value.startswith(schemes) or (info.field_name == "leaderboard_url" and not value):
            return value
        raise ValueError(f"begins with {' or '.join(schemes)}")

    @field_validator("liquidations_url")
    @classmethod
    def _websocket(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("ws://", "wss://")):
            raise ValueError("begins with ws:// or wss://")
        return value

    @field_validator("vaults", "dexes", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return listed(value)
