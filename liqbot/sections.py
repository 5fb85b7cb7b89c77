"""What can be set of the web and of plugins. Sources and platforms declare theirs beside themselves."""

import json
import re
from ipaddress import ip_network
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode

from liqbot.errors import OperatorError


class SettingsError(OperatorError):
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
    bubblewrap: bool = Field(
        default=True,
        description="whether the worker runs under bubblewrap where it is installed: no network, read-only",
    )
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


class KeepSettings(Section):
    """How long history is kept; `liqbot db size` says what that takes."""

    history_days: int = Field(
        default=366,
        ge=8,
        le=3_660,
        description="days that maps, readings and the scoreboard's cases are kept",
    )
    views_days: int = Field(
        default=8,
        ge=1,
        le=366,
        description="days that whole views are kept: about 20 MB a coin and layer at 8",
    )
    events_days: int = Field(
        default=366,
        ge=8,
        le=3_660,
        description="days that the event log is kept: clusters, liquidations, regimes",
    )


class BackupSettings(Section):
    """Copies of the database that the bot makes by itself."""

    folder: str = Field(default="", description="where backups go; empty for none")
    every_h: float = Field(default=24, gt=0, le=24 * 31, description="hours between two backups")
    keep: int = Field(default=7, ge=1, le=1_000, description="so many are kept; the oldest goes")


class WebSettings(Section):
    """The page and the public API."""

    enabled: bool = Field(default=True, description="whether they are served")
    port: int = Field(default=8787, ge=0, le=65_535, description="the port; 0 for any that is free")
    host: str = Field(
        default="127.0.0.1", description="the address to listen on; 0.0.0.0 for all, behind a reverse proxy"
    )
    public_url: str = Field(
        default="",
        description="the address under which people find it, https://liq.example.org; chats then link to it",
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
        if value and not re.fullmatch(r"https?://[^\s/?#@]+/?", value):
            raise ValueError("must be an address without a path, such as https://liq.example.org")
        return value.rstrip("/")
