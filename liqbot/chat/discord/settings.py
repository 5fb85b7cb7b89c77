"""What can be set of the bots on Discord."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from liqbot.chat.account_settings import BotSection, inheriting, none_if_empty, require_bots


class DiscordAccount(BotSection):
    """One bot on Discord. Where Discord is, is the same for all bots of a process: its library knows one."""

    VARIABLE: ClassVar[str] = "LIQBOT_DISCORD__TOKEN"

    token: SecretStr = Field(
        default=SecretStr(""), description="the Discord bot's token; without it no Discord"
    )

    @property
    def is_set(self) -> bool:
        """Whether there is a bot to serve."""
        return bool(self.token.get_secret_value())

    @property
    def bot_id(self) -> str:
        """What its token begins with, and keeps when it is made anew; empty for no bot."""
        return self.token.get_secret_value().partition(".")[0]

    @field_validator("token")
    @classmethod
    def _bare(cls, value: SecretStr) -> SecretStr:
        """Take a token as it is copied from somewhere."""
        token = value.get_secret_value().strip().removeprefix("Bot ")
        if not token.isascii() or any(map(str.isspace, token)):
            raise ValueError("has not the form of a bot's token")
        return SecretStr(token)


class DiscordSettings(DiscordAccount):
    """The bot on Discord, and further ones."""

    api_url: str = Field(
        default="https://discord.com/api/v10",
        description="Discord's REST API, for a proxy or a test server",
    )
    gateway_url: str = Field(
        default="",
        description="Discord's gateway, for a proxy or a test server; empty for the one that Discord names",
    )
    accounts: Annotated[dict[str, DiscordAccount], BeforeValidator(none_if_empty)] = Field(
        default_factory=dict[str, DiscordAccount],
        description="further bots: LIQBOT_DISCORD__ACCOUNTS__NAME__TOKEN, a section discord.accounts.NAME",
    )

    def each_account(self) -> Mapping[str, DiscordAccount]:
        """Return the further bots by name."""
        return {
            name: DiscordSettings.model_validate(
                {"api_url": self.api_url, "gateway_url": self.gateway_url, **inheriting(self, one)}
            ).at(f"discord.accounts.{name}")
            for name, one in self.accounts.items()
        }

    @model_validator(mode="after")
    def _bots_of_their_own(self) -> Self:
        require_bots(self, self.accounts)
        return self

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
