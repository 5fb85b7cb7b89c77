"""What can be set of the bot on Telegram."""

import re

from pydantic import Field, SecretStr, field_validator

from liqbot.sections import Section


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
