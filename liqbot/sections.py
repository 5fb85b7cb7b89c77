"""What can be set, section by section: sources, exchanges, chats, plugins."""

import json
import re
from typing import Annotated, Any, Literal

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode


def listed(value: object) -> object:
    """Take `BTC,ETH` or a JSON list for `("BTC", "ETH")`."""
    if not isinstance(value, str):
        return value
    if value.strip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("begins like a JSON list, but is none") from None
    return tuple(item.strip() for item in value.split(",") if item.strip())


class Section(BaseModel):
    """Settings that belong together; another name than theirs is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SimulatorSettings(Section):
    """The simulated market."""

    seed: int = Field(default=7, description="the same seed is the same market")
    scenario: Literal["calm", "grind", "squeeze", "cascade", "mixed"] = Field(
        default="mixed", description="what the market is up to"
    )
    speed: float = Field(default=60, ge=0, description="simulated seconds a second; 0 is as fast as possible")
    backfill_days: float = Field(
        default=7, ge=0, le=366, description="days of history made up before the start"
    )


class ReplaySettings(Section):
    """Recordings."""

    speed: float = Field(default=0, ge=0, description="recorded seconds a second; 0 is as fast as possible")


class HyperliquidSettings(Section):
    """Hyperliquid, live."""

    api_url: str = Field(
        default="https://api.hyperliquid.xyz", description="the Info API: the base before `/info`"
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
    accounts_file: str = Field(
        default="", description="a file of addresses to look at, one a line; empty for none"
    )
    hyperperps: bool = Field(
        default=False, description="compare with HyperPerps' public heatmap in `/status`"
    )
    hyperperps_url: str = Field(
        default="https://trade.hyperperps.app/api/public/heatmap", description="where that heatmap is"
    )

    @field_validator("api_url", "ws_url", "leaderboard_url", "hyperperps_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        schemes = ("ws://", "wss://") if info.field_name == "ws_url" else ("http://", "https://")
        if value.startswith(schemes) or (info.field_name == "leaderboard_url" and not value):
            return value
        raise ValueError(f"begins with {' or '.join(schemes)}")

    @field_validator("vaults", "dexes", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return listed(value)


EXCHANGES = ("binance", "bybit", "okx", "bitget", "gate")
"""The exchanges whose maps are modelled: what they are called in `LIQBOT_SOURCES`."""
SOURCES = ("simulator", "hyperliquid", *EXCHANGES)
"""The sources that need nothing but their name."""

_URL, _WEBSOCKET_URL = r"^https?://[^\s/]+", r"^wss?://[^\s/]+"
_API = "the address of its API"
_BACKFILL = "days of history to begin with; the exchange keeps about a month"


class BinanceSettings(Section):
    """Binance."""

    api_url: str = Field(default="https://fapi.binance.com", pattern=_URL, description=_API)
    ws_url: str = Field(
        default="wss://fstream.binance.com/market/ws",
        pattern=_WEBSOCKET_URL,
        description="the address of its streams, before `/!forceOrder@arr`",
    )
    backfill_days: float = Field(default=30, ge=0, le=30, description=_BACKFILL)


class BybitSettings(Section):
    """Bybit."""

    api_url: str = Field(default="https://api.bybit.com", pattern=_URL, description=_API)
    ws_url: str = Field(
        default="wss://stream.bybit.com/v5/public/linear",
        pattern=_WEBSOCKET_URL,
        description="the address of its public stream",
    )
    backfill_days: float = Field(default=30, ge=0, le=30, description=_BACKFILL)


class OkxSettings(Section):
    """OKX."""

    api_url: str = Field(default="https://www.okx.com", pattern=_URL, description=_API)
    ws_url: str = Field(
        default="wss://ws.okx.com:8443/ws/v5/public",
        pattern=_WEBSOCKET_URL,
        description="the address of its public stream",
    )
    backfill_days: float = Field(default=30, ge=0, le=30, description=_BACKFILL)


class BitgetSettings(Section):
    """Bitget, which keeps no history of open interest."""

    api_url: str = Field(default="https://api.bitget.com", pattern=_URL, description=_API)


class GateSettings(Section):
    """Gate."""

    api_url: str = Field(default="https://api.gateio.ws", pattern=_URL, description=_API)
    backfill_days: float = Field(default=30, ge=0, le=30, description=_BACKFILL)


class DiscordSettings(Section):
    """The Discord chat."""

    token: SecretStr = Field(
        default=SecretStr(""), description="the Discord bot's token; without it no Discord"
    )
    api_url: str = Field(
        default="https://discord.com/api/v10",
        description="Discord's REST API, for a proxy or a test server",
    )
    gateway_url: str = Field(
        default="",
        description="Discord's gateway, for a proxy or a test server; empty for the one that Discord names",
    )

    @property
    def is_set(self) -> bool:
        """Whether there is a bot to serve."""
        return bool(self.token.get_secret_value())

    @field_validator("token")
    @classmethod
    def _bare(cls, value: SecretStr) -> SecretStr:
        """Take a token as it is copied from somewhere."""
        token = value.get_secret_value().strip().removeprefix("Bot ")
        if not token.isascii() or any(map(str.isspace, token)):
            raise ValueError("has not the form of a bot's token")
        return SecretStr(token)

    @field_validator("api_url")
    @classmethod
    def _like_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address such as https://discord.com/api/v10")
        return value.rstrip("/")

    @field_validator("gateway_url")
    @classmethod
    def _like_a_gateway(cls, value: str) -> str:
        if value and not re.fullmatch(r"wss?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address such as wss://gateway.discord.gg")
        return value


class TelegramSettings(Section):
    """The bot on Telegram."""

    token: SecretStr = Field(
        default=SecretStr(""), description="the Telegram bot's token, from @BotFather; without it no Telegram"
    )
    api_url: str = Field(
        default="https://api.telegram.org", description="the Bot API server, as `http://host:port`"
    )
    webhook_url: str = Field(
        default="",
        description="the public address at which Telegram brings updates; without it they are fetched",
    )
    webhook_host: str = Field(default="127.0.0.1", description="where the webhook listens")
    webhook_port: int = Field(default=8443, ge=1, le=65535, description="the port on which it listens")

    @property
    def is_set(self) -> bool:
        """Whether there is a bot to serve."""
        return bool(self.token.get_secret_value())

    @field_validator("token")
    @classmethod
    def _like_a_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value().strip()
        if token and not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", token):
            raise ValueError("has not the form of a bot's token, 123456789:letters")
        return SecretStr(token)

    @field_validator("api_url", "webhook_url")
    @classmethod
    def _like_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address such as https://example.org")
        return value.rstrip("/")

    @field_validator("api_url")
    @classmethod
    def _is_given(cls, value: str) -> str:
        if not value:
            raise ValueError("must be an address such as https://example.org")
        return value.removesuffix("/bot")


class PluginSettings(Section):
    """Plugins: rules and more that others wrote."""

    enabled: bool = Field(default=True, description="whether plugins are loaded at all")
    trusted: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="plugins that run inside the bot, not in the worker"
    )
    denied: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="plugins that are not loaded, by name or as wall==1.2, wall<2"
    )
    overlays: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="overlays of plugins that are drawn on every heatmap"
    )
    deadline_s: float = Field(default=1, gt=0, le=60, description="seconds that a rule may take over a view")
    memory_mb: int = Field(default=512, ge=64, description="MB that all plugins in the worker may take")
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict[str, dict[str, Any]],
        description="what a plugin is told, in the file alone: a section plugins.options.NAME",
    )

    @field_validator("trusted", "denied", "overlays", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return listed(value)

    @field_validator("denied")
    @classmethod
    def _entries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            try:
                Requirement(entry)
            except InvalidRequirement:
                raise ValueError(f"{entry!r} is no plugin; write its name, or wall==1.2, wall<2") from None
        return value
