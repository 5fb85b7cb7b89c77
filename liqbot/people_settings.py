"""What can be set of people: who may use the bot, and how much of it one chat or one person may use."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from liqbot.sections import Section, listed

PLATFORMS = ("discord", "telegram")
"""Where people have ids."""
_ID = re.compile(r"(discord:)@?(\d{1,20})|(telegram:)(-?\d{1,20})", re.ASCII)


def read_id(text: str) -> tuple[str, str]:
    """Return the platform and the id of `telegram:123`. Raises `ValueError` for what names nobody."""
    found = _ID.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(
            f"{text!r} is no id, which is telegram: or discord: and a number; the bot tells strangers theirs"
        )
    platform, native_id = found[1] or found[3], found[2] or found[4]
    return platform.removesuffix(":"), native_id


class AccessSettings(Section):
    """Who may use the bot, and who owns it."""

    mode: Literal["open", "allowlist", "invite"] = Field(
        default="open",
        description="who may use the bot: anybody, those that are allowed, or also who has an invite code",
    )
    open_on: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="platforms that stay open to anybody whatever the mode: discord"
    )
    allowed: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="chats, people and servers that may use it, by id: telegram:123,discord:456",
    )
    owners: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="people who may use /admin, by their platform's ids: telegram:123"
    )

    @field_validator("open_on", "allowed", "owners", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return listed(value)

    @field_validator("open_on")
    @classmethod
    def _platforms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for platform in value:
            if platform not in PLATFORMS:
                raise ValueError(f"{platform!r} is no platform; there is {', '.join(PLATFORMS)}")
        return value

    @field_validator("allowed", "owners")
    @classmethod
    def _ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(":".join(read_id(entry)) for entry in value)


class QuotaSettings(Section):
    """How much one chat and one person may use. 0 is no limit."""

    commands: int = Field(default=30, ge=0, description="commands and taps a minute in one chat")
    commands_person: int = Field(default=20, ge=0, description="commands and taps a minute of one person")
    commands_server: int = Field(
        default=120, ge=0, description="commands and taps a minute in all channels of one Discord server"
    )
    pictures: int = Field(default=10, ge=0, description="pictures a minute in one chat")
    pictures_person: int = Field(default=6, ge=0, description="pictures a minute for one person")
    pictures_at_once: int = Field(default=2, ge=0, description="pictures drawn at once for one chat")
    previews: int = Field(
        default=10, ge=0, description="previews of subscriptions a minute, for one chat and for one person"
    )
    subscriptions: int = Field(default=50, ge=0, description="subscriptions of one chat")
    subscriptions_person: int = Field(
        default=100, ge=0, description="new subscriptions a day by one person, in all chats"
    )
    watches: int = Field(
        default=30,
        ge=0,
        description="watches of one chat that no other chat has; each is evaluated by itself",
    )
    accounts: int = Field(default=10, ge=0, description="accounts that one chat watches")
    accounts_in_all: int = Field(
        default=200, ge=0, description="accounts that the whole bot watches; all share the exchange's budget"
    )
    looks: int = Field(
        default=10, ge=0, description="looks at accounts a minute for one chat, and for all programs together"
    )
    watches_in_all: int = Field(default=5_000, ge=0, description="distinct watches of the whole bot")
