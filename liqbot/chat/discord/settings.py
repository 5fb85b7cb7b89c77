"""What can be set of the Discord chat."""

import re

from pydantic import Field, SecretStr, field_validator

from liqbot.sections import Section


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
