"""What the control door tells: servers, messages, answers, calls."""

from dataclasses import dataclass, field
from typing import Any, Self

Json = dict[str, Any]


@dataclass(frozen=True)
class Guild:
    """A server; `bot_role` is the bot's own role in it."""

    id: int
    bot_role: int


@dataclass(frozen=True)
class Message:
    """A message as users see it.

    `files` are all of its files, also those that an embed shows: each with id, filename, size, content_type,
    description (the alt text, where there is one), sha256, url, embedded; for PNG with width and height.
    """

    id: int
    channel: int
    content: str
    embeds: list[Json]
    files: list[Json]
    components: list[Json]
    flags: int
    edits: int
    wire: Json = field(repr=False)  # all of it, as Discord would send it

    @classmethod
    def of(cls, wire: Json) -> Self:
        return cls(
            id=int(wire["id"]),
            channel=int(wire["channel_id"]),
            content=wire["content"],
            embeds=wire["embeds"],
            files=wire["files"],
            components=wire["components"],
            flags=wire["flags"],
            edits=wire["edits"],
            wire=wire,
        )

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & 64)

    @property
    def labels(self) -> list[str]:
        """The labels of its buttons, in order."""
        return [
            button["label"]
            for row in self.components
            for button in row.get("components", [])
            if "label" in button
        ]


@dataclass(frozen=True)
class Answer:
    """How the bot answered a user. Times are in seconds since the user acted, as the server saw them.

    `failed` means "The application did not respond": no acknowledgement within 3 seconds. `callback` is the
    type of the acknowledgement: 4 message, 5 deferred, 6 deferred update, 7 update, 8 autocomplete, 9 modal.
    """

    id: int
    failed: bool
    callback: int | None
    acknowledged_in: float | None
    answered_in: float | None
    message: Message | None
    followups: list[Message]
    choices: list[Json] | None
    modal: Json | None

    @classmethod
    def of(cls, facts: Json) -> Self:
        message = facts["message"]
        return cls(
            **{
                k: facts[k]
                for k in ("id", "failed", "callback", "acknowledged_in", "answered_in", "choices", "modal")
            },
            message=Message.of(message) if message else None,
            followups=[Message.of(wire) for wire in facts["followups"]],
        )


@dataclass(frozen=True)
class Call:
    """A REST request: `path` without `/api/v10`, `code` Discord's own, `fault` what befell it."""

    method: str
    path: str
    at: float
    query: dict[str, str]
    body: Any
    files: list[Json]
    status: int
    code: int
    ms: float
    fault: str | None
