"""What tests see: a message of a chat as it is now, a call of the bot."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """A message. `before` holds what it was before each edit; `raw` is the API's Message."""

    id: int
    chat: int
    text: str
    raw: dict = field(repr=False)
    before: tuple[dict, ...] = field(default=(), repr=False)
    silent: bool = False
    deleted: bool = False
    keyboard: dict | None = None

    @classmethod
    def of(cls, told):
        message = told["message"]
        return cls(
            id=message["message_id"],
            chat=message["chat"]["id"],
            text=message.get("text") or message.get("caption", ""),
            raw=message,
            before=tuple(told["before"]),
            silent=told["silent"],
            deleted=told["deleted"],
            keyboard=told["keyboard"],
        )

    @property
    def entities(self):
        """The entities of the text or of the caption."""
        return self.raw.get("entities") or self.raw.get("caption_entities", [])

    @property
    def topic(self):
        return self.raw.get("message_thread_id")

    @property
    def file_id(self):
        """The file_id of the whole photo, or None."""
        return self.raw["photo"][-1]["file_id"] if "photo" in self.raw else None

    @property
    def rows(self):
        """The inline keyboard: rows of buttons as the API has them."""
        return self.raw.get("reply_markup", {}).get("inline_keyboard", [])

    @property
    def buttons(self):
        """What the buttons say, row by row, in one list."""
        return [button["text"] for row in self.rows for button in row]

    def data_of(self, label):
        """Return the callback data of the button that says `label`, or whose data it is."""
        for row in self.rows:
            for button in row:
                if label in (button["text"], button.get("callback_data")):
                    return button["callback_data"]
        raise AssertionError(f"no button says “{label}”; there are {self.buttons}")


@dataclass(frozen=True)
class Call:
    """A call. `at` is Unix time, `took` a duration, in seconds; without `status` the caller hung up.

    `cause` says why it failed, if not by its own content: "limit", "flood wait" or "fault".
    """

    number: int
    method: str
    chat: int | str | None
    parameters: dict
    at: float
    took: float
    status: int | None
    description: str
    cause: str


@dataclass(frozen=True)
class Answer:
    """The bot's answer to a tap, `after` seconds."""

    text: str
    alert: bool
    url: str
    after: float


def shown(told):
    """Return a message in one line, for an error."""
    message = told["message"]
    return f"{message['message_id']}: {(message.get('text') or message.get('caption') or '…')[:60]}"
