"""What can be set of the bots on Telegram."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from liqbot.chat.account_settings import (
    BotSection,
    inheriting,
    none_if_empty,
    require_bots,
    require_distinct,
)


class TelegramAccount(BotSection):
    """One bot on Telegram."""

    VARIABLE: ClassVar[str] = "LIQBOT_TELEGRAM__TOKEN"

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

    @property
    def bot_id(self) -> str:
        """The bot's number, which its token begins with and keeps when it is made anew; empty for no bot."""
        return self.token.get_secret_value().partition(":")[0]

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


class TelegramSettings(TelegramAccount):
    """The bot on Telegram, and further ones."""

    accounts: Annotated[dict[str, TelegramAccount], BeforeValidator(none_if_empty)] = Field(
        default_factory=dict[str, TelegramAccount],
        description="further bots: LIQBOT_TELEGRAM__ACCOUNTS__NAME__TOKEN, a section telegram.accounts.NAME",
    )

    def each_account(self) -> Mapping[str, TelegramAccount]:
        """Return the further bots by name; where updates are brought is each bot's own."""
        return {
            name: TelegramSettings.model_validate(inheriting(self, one, own=("webhook_url",))).at(
                f"telegram.accounts.{name}"
            )
            for name, one in self.accounts.items()
        }

    @model_validator(mode="after")
    def _bots_of_their_own(self) -> Self:
        require_bots(self, self.accounts)
        bots = {"token": self, **{f"accounts.{name}": one for name, one in self.each_account().items()}}
        require_distinct(
            "webhook_port",
            {name: f"{one.webhook_host}:{one.webhook_port}" for name, one in bots.items() if one.webhook_url},
        )
        return self
