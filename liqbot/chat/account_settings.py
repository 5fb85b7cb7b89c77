"""Several bots on one platform: what is set for each, and what each takes from the platform's own section."""

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol, Self, runtime_checkable

from pydantic import BaseModel, PrivateAttr

from liqbot.sections import Section

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,19}")


@runtime_checkable
class WithAccounts(Protocol):
    """A platform's section that can have more bots than one."""

    def each_account(self) -> Mapping[str, Section]:
        """Return the settings of every bot with a name; what it does not set itself is the section's."""
        ...


class BotSection(Section):
    """The settings of one bot."""

    VARIABLE: ClassVar[str]
    """The variable of the token of the bot without a name."""

    _place: str = PrivateAttr("")

    def at(self, place: str) -> Self:
        """Return the same, as the section `place` of the settings: `telegram.accounts.second`."""
        copy = self.model_copy()
        copy._place = place  # noqa: SLF001 - its own
        return copy

    @property
    def token_setting(self) -> str:
        """What an operator looks at where this bot's token is not taken."""
        return f"[{self._place}] token" if self._place else self.VARIABLE


def inheriting(section: Section, account: BaseModel, *, own: Iterable[str] = ()) -> dict[str, object]:
    """Return the values of `section` for one of its accounts: what that sets, and else what the section does.

    What is among `own` belongs to one bot alone, and is not inherited.
    """
    values = {name: getattr(section, name) for name in type(account).model_fields if name not in set(own)}
    return {**values, **{name: getattr(account, name) for name in account.model_fields_set}}


def none_if_empty(value: object) -> object:
    """Take an empty text, as of a variable, for no further bots."""
    return {} if value == "" else value


class OneBot(Protocol):
    """The settings of one bot."""

    @property
    def is_set(self) -> bool:
        """Whether it has a token."""
        ...

    @property
    def bot_id(self) -> str:
        """Which bot it is, however often its token is made anew; empty for none."""
        ...


def require_bots(own: OneBot, accounts: Mapping[str, OneBot]) -> None:
    """Raise `ValueError` for a name that is none, an account without a token, and a bot that stands twice."""
    _require_names(accounts)
    for name, one in accounts.items():
        if not one.is_set:
            raise ValueError(f"accounts.{name} has no token")
    bots = {"token": own, **{f"accounts.{name}": one for name, one in accounts.items()}}
    require_distinct("bot's token", {name: one.bot_id for name, one in bots.items()})


def _require_names(names: Iterable[str]) -> None:
    """Raise `ValueError` for what is no name of an account."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no name of a bot: up to 20 of a to z, 0 to 9, - and _, not with - or _ first"
            )


def require_distinct(what: str, each: Mapping[str, str]) -> None:
    """Raise `ValueError` where two bots have the same of something; `each` tells it by the bot's name.

    What they have is not told: it may be a token.
    """
    first: dict[str, str] = {}
    for name, value in each.items():
        if value in first:
            raise ValueError(f"{first[value]} and {name} have the same {what}; each bot needs one of its own")
        if value:
            first[value] = name
