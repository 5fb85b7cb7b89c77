"""What can be set, section by section: chats and plugins. Each source declares its own beside itself."""

import json
import re
from ipaddress import ip_network
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import NoDecode


class SettingsError(Exception):
    """A setting is wrong. The text names it, and says what it takes."""


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


class WebSettings(Section):
    """The page and the public API."""

    enabled: bool = Field(default=True, description="whether they are served")
    port: int = Field(default=8787, ge=0, le=65_535, description="the port; 0 for any that is free")
    host: str = Field(
        default="127.0.0.1", description="the address to listen on; 0.0.0.0 for all, behind a reverse proxy"
    )
    public_url: str = Field(
        default="", description="the address under which people find it, for links in chats; empty for none"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="host names that it answers to; empty for any"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="addresses of reverse proxies whose X-Forwarded-For is believed"
    )
    rate_per_s: float = Field(
        default=5, ge=0, description="requests a second that an address has; 0 is no limit"
    )
    burst: int = Field(default=60, ge=1, description="so many of them may come at once")
    streams: int = Field(default=500, ge=0, description="streams of pushes that may be open at once")

    @field_validator("allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return listed(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                ip_network(name, strict=False)
            except ValueError:
                raise ValueError(f"{name!r} is no address; write 10.0.0.1 or 10.0.0.0/8") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _like_an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address such as https://liq.example.org")
        return value.rstrip("/")
