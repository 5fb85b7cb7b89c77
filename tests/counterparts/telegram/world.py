"""What exists: people, chats with their members and topics, messages, photos."""

import itertools
import re
import time
from dataclasses import dataclass, field

from .refusals import bad

MEMBERS = ("creator", "administrator", "member")
RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics")
TELEGRAM, ANONYMOUS, CHANNEL = 777_000, 1_087_968_824, 136_817_688
"""Who a message is from that was forwarded from a linked channel, or written in a chat's name."""
SERVICES = (
    {"id": TELEGRAM, "is_bot": False, "first_name": "Telegram"},
    {"id": ANONYMOUS, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"},
    {"id": CHANNEL, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"},
)


@dataclass
class Member:
    """Somebody's place in a chat: a status of the API, and an administrator's rights."""

    status: str
    rights: dict = field(default_factory=dict)


@dataclass
class Kept:
    """A message of a chat as it is now, and as it was before each edit."""

    message: dict
    silent: bool = False
    before: list = field(default_factory=list)
    deleted: bool = False
    old: bool = False  # so old that Telegram gives it out no more
    keyboard: dict | None = None  # a reply keyboard, which a Message does not carry

    @property
    def number(self):
        return self.message["message_id"]


@dataclass
class Chat:
    """A private chat, group, supergroup or channel."""

    id: int
    type: str
    title: str = ""
    username: str = ""
    forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    kept: dict[int, Kept] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)  # what members may not send: "messages", "photos"
    moved_to: int | None = None
    discussion: int | None = None  # of a channel: the group in which its posts are discussed
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))
    short: dict = field(default_factory=dict)  # the API's Chat

    @property
    def is_group(self):
        return self.type in ("group", "supergroup")

    def refresh(self):
        """Make the API's Chat again, after a change of title, name or forum."""
        self.short = {"id": self.id, "type": self.type}
        if self.title:
            self.short["title"] = self.title
        if self.username:
            self.short["username"] = self.username
        if self.forum:
            self.short["is_forum"] = True
        return self

    def status_of(self, user):
        return self.members[user].status if user in self.members else "left"


def number_or_name(chat_id):
    """Return a chat as a call names it: a number where it is one, else the @name."""
    text = str(chat_id)
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else text


class World:
    """Everything that lasts between two calls."""

    def __init__(self, token, username):
        self.token = token
        self.bot = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": username.removesuffix("_bot").replace("_", " ").title(),
            "username": username,
        }
        self.users = {self.bot["id"]: self.bot} | {one["id"]: one for one in SERVICES}
        self.chats: dict[int, Chat] = {}
        self.names: dict[str, Chat] = {}
        self.photos = {}
        self.deactivated = set()
        self.reads_all = False
        self._ids = itertools.count(1001)
        self._numbers = itertools.count(1)  # private chats and groups share their message numbers

    # People and chats

    def add_user(self, name, *, language="en", username="", last_name=""):
        user = {"id": next(self._ids), "is_bot": False, "first_name": name}
        optional = {"last_name": last_name, "username": username, "language_code": language}
        user |= {key: value for key, value in optional.items() if value}
        self.users[user["id"]] = user
        return user

    def private(self, user):
        """Return the private chat with a user, opened now if it was not."""
        if user not in self.chats:
            person = self.users[user]
            chat = Chat(user, "private", numbers=self._numbers)
            chat.members = {user: Member("member"), self.bot["id"]: Member("member")}
            names = ("first_name", "last_name", "username")
            chat.short = {"id": user, "type": "private"} | {n: person[n] for n in names if n in person}
            self.chats[user] = chat
        return self.chats[user]

    def add_chat(self, kind, title, *, username="", forum=False):
        number = next(self._ids)
        chat = Chat(-number if kind == "group" else -1_000_000_000_000 - number, kind, title, username, forum)
        if kind == "group":
            chat.numbers = self._numbers
        self.chats[chat.id] = chat
        if username:
            self.names[username.lower()] = chat
        return chat.refresh()

    def find(self, chat_id):
        """Return a chat by its id or @name, as a call gives it."""
        if chat_id in (None, ""):
            raise bad("chat_id is empty")
        named = number_or_name(chat_id)
        chat = self.chats.get(named) or self.names.get(str(named).lower().removeprefix("@"))
        if chat is None:
            raise bad("chat not found")
        return chat

    def member(self, chat, user):
        """Return the API's ChatMember for a user's place in a chat."""
        place = chat.members.get(user, Member("left"))
        described = {"status": place.status, "user": self.users[user]}
        match place.status:
            case "creator":
                described["is_anonymous"] = False
            case "administrator":
                extra = CHANNEL_RIGHTS if chat.type == "channel" else GROUP_RIGHTS
                described |= {"can_be_edited": False, "is_anonymous": False}
                described |= {right: place.rights.get(right, False) for right in RIGHTS + extra}
            case "kicked":
                described["until_date"] = 0
            case _:
                pass
        return described

    def bot_in(self, chat):
        return chat.members.get(self.bot["id"], Member("left"))

    # Messages

    def keep(self, chat, content, *, sender=None, topic=None, **how):
        """Add a message to a chat; `sender` is a user, None in a channel. `how` are fields of Kept."""
        message = {"message_id": next(chat.numbers), "date": int(time.time()), "chat": chat.short}
        if chat.type == "channel":
            message["sender_chat"] = chat.short
        if sender is not None:
            message["from"] = self.users[sender]
        if topic is not None:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        kept = Kept(message | content, **how)
        chat.kept[kept.number] = kept
        return kept

    def edit(self, kept, content):
        """Give a message new content: what is None is taken away."""
        kept.before.append(kept.message)
        changed = kept.message | content | {"edit_date": int(time.time())}
        kept.message = {key: value for key, value in changed.items() if value is not None}
        return kept.message

    def keep_photo(self, photo):
        for size in photo.sizes:
            self.photos[size["file_id"]] = photo
        return photo
