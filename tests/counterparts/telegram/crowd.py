"""What people do: write, tap, block, join, promote, upgrade. Each makes the real server's updates."""

import itertools
import time
from dataclasses import dataclass

from .refusals import bad
from .text import with_found
from .world import ANONYMOUS, CHANNEL, CHANNEL_RIGHTS, GROUP_RIGHTS, MEMBERS, RIGHTS, TELEGRAM, Member

TOPIC_COLOUR = 0x6FB9F0


@dataclass
class Tap:
    """A tap on a button, until the bot answers."""

    at: float
    answer: dict | None = None
    expired: bool = False


class Crowd:
    """People's side of the world."""

    def __init__(self, world, updates, changed, tap_life):
        self.world = world
        self.updates = updates
        self.changed = changed
        self.tap_life = tap_life
        self.taps: dict[str, Tap] = {}
        self.posts_of_people: dict[int, set] = {}
        self._tap_numbers = itertools.count(4_000_000_000_000_000_001)

    # Writing

    def write(self, user, chat_id, text, *, topic=None, reply_to=None, name=None):
        """Send a text as a user, to a chat that they are in; return the message.

        `name`: the chat in whose name they write: the group itself, as anonymous admins do, or their channel.
        """
        chat = self._joined(user, chat_id)
        if name == chat.id and chat.status_of(user) not in ("creator", "administrator"):
            raise bad("only administrators write in the group's name")
        if topic is not None and topic not in chat.topics:
            raise bad("there is no such topic")
        content = {"text": text}
        if entities := with_found(text, []):
            content["entities"] = entities
        quoted = reply_to or topic
        if quoted is not None:
            content["reply_to_message"] = _without_reply(chat.kept[quoted].message)
        sender = user
        if name is not None:
            content["sender_chat"] = self.world.find(name).short
            sender = ANONYMOUS if name == chat.id else CHANNEL
        kept = self.world.keep(chat, content, sender=sender, topic=topic)
        if chat.type == "private" or self._heard_in_group(chat, kept.message):
            self.updates.add("message", kept.message)
        return kept.message

    def post(self, user, chat_id, text):
        """Post in a channel, as one of its administrators."""
        chat = self._joined(user, chat_id)
        if chat.type != "channel" or chat.status_of(user) not in ("creator", "administrator"):
            raise bad("only administrators post, and only in channels")
        entities = with_found(text, [])
        content = {"text": text} | ({"entities": entities} if entities else {})
        kept = self.world.keep(chat, content)
        self.posts_of_people.setdefault(chat.id, set()).add(kept.number)
        if self._bot_present(chat):
            self.updates.add("channel_post", kept.message)
        if chat.discussion is not None:
            self._discuss(chat, kept.message)
        return kept.message

    def _discuss(self, channel, post):
        """Forward a post to the group that discusses the channel, as Telegram does by itself."""
        group = self.world.find(channel.discussion)
        origin = {
            "type": "channel",
            "date": post["date"],
            "chat": channel.short,
            "message_id": post["message_id"],
        }
        content = {key: post[key] for key in ("text", "entities") if key in post}
        content |= {"sender_chat": channel.short, "is_automatic_forward": True, "forward_origin": origin}
        kept = self.world.keep(group, content, sender=TELEGRAM)
        if self._heard_in_group(group, kept.message):
            self.updates.add("message", kept.message)

    def edit(self, user, chat_id, message_id, text):
        """Change a text that a user wrote."""
        chat = self._joined(user, chat_id)
        kept = chat.kept[message_id]
        if kept.message.get("from", {}).get("id") != user:
            raise bad("people edit what they wrote themselves")
        message = self.world.edit(kept, {"text": text, "entities": with_found(text, []) or None})
        if chat.type == "private" or self._heard_in_group(chat, message):
            self.updates.add("edited_message", message)
        return message

    def tap(self, user, chat_id, message_id, data):
        """Tap the button that carries `data`; return the query's id."""
        chat = self._joined(user, chat_id, may_have_moved=True)  # its messages are still shown
        kept = chat.kept.get(message_id)
        if kept is None or kept.deleted:
            raise bad("there is no such message to tap")
        rows = kept.message.get("reply_markup", {}).get("inline_keyboard", [])
        if not any(button.get("callback_data") == data for row in rows for button in row):
            raise bad(f"the message has no button with the data “{data}”")
        number = str(next(self._tap_numbers))
        self.taps[number] = Tap(time.time())
        out_of_reach = {"chat": chat.short, "message_id": kept.number, "date": 0}
        query = {
            "id": number,
            "from": self.world.users[user],
            "message": out_of_reach if kept.old else kept.message,
            "chat_instance": str(chat.id * 7919),
            "data": data,
        }
        self.updates.add("callback_query", query)
        return number

    def answer_tap(self, number, answer):
        """Take the bot's answer to a tap."""
        tap = self.taps.get(number)
        late = tap is not None and time.time() - tap.at > self.tap_life
        if tap is None or tap.answer is not None or tap.expired or late:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        tap.answer = answer | {"after": time.time() - tap.at}
        self.changed.fire()

    # Coming and going

    def set_member(self, chat, user, status, *, by, rights=None, told=True):
        """Change somebody's place in a chat; the bot is told of its own, of others' if it asked."""
        old = self.world.member(chat, user)
        chat.members[user] = Member(status, rights or {})
        new = self.world.member(chat, user)
        if told and old != new:
            kind = "my_chat_member" if user == self.world.bot["id"] else "chat_member"
            if kind == "my_chat_member" or chat.status_of(self.world.bot["id"]) == "administrator":
                self.updates.add(
                    kind,
                    {
                        "chat": chat.short,
                        "from": self.world.users[by],
                        "date": int(time.time()),
                        "old_chat_member": old,
                        "new_chat_member": new,
                    },
                )
        self.changed.fire()

    def place(self, user, chat_id, status, *, by, rights=()):
        """Give a user or the bot a place in a chat, with the service message that goes with it."""
        chat = self.world.find(chat_id)
        before = chat.status_of(user)
        granted = all_rights(chat, rights) if status == "administrator" else {}
        self.set_member(chat, user, status, by=by, rights=granted)
        present = before in MEMBERS, status in MEMBERS
        if chat.type != "channel" and present[0] != present[1]:
            person = self.world.users[user]
            field = {"new_chat_members": [person]} if present[1] else {"left_chat_member": person}
            self._service(chat, field, by, heard=self._bot_present(chat) or user == self.world.bot["id"])

    def block(self, user, *, blocked):
        chat = self.world.private(user)
        self.set_member(chat, self.world.bot["id"], "kicked" if blocked else "member", by=user)

    def upgrade(self, chat_id, by):
        """Make a supergroup of a group; return it. Both chats carry the service message."""
        old = self.world.find(chat_id)
        if old.type != "group" or old.moved_to is not None:
            raise bad("only groups are upgraded, once")
        new = self.world.add_chat("supergroup", old.title)
        new.members = dict(old.members)
        old.moved_to = new.id
        if self._bot_present(new):
            self._service(old, {"migrate_to_chat_id": new.id}, by)
            self._service(new, {"migrate_from_chat_id": old.id}, by)
        return new

    def open_topic(self, chat_id, name, by):
        chat = self.world.find(chat_id)
        if not chat.forum:
            raise bad("the chat is not a forum")
        created = {"forum_topic_created": {"name": name, "icon_color": TOPIC_COLOUR}}
        kept = self.world.keep(chat, created, sender=by)
        kept.message |= {"message_thread_id": kept.number, "is_topic_message": True}
        chat.topics[kept.number] = name
        if self._bot_present(chat):
            self.updates.add("message", kept.message)
        return kept.number

    def close_topic(self, chat_id, topic, *, closed):
        chat = self.world.find(chat_id)
        (chat.closed_topics.add if closed else chat.closed_topics.discard)(topic)

    def drop_topic(self, chat_id, topic):
        del self.world.find(chat_id).topics[topic]

    def _service(self, chat, content, by, *, heard=True):
        kept = self.world.keep(chat, content, sender=by)
        if heard:
            self.updates.add("message", kept.message)

    def _joined(self, user, chat_id, *, may_have_moved=False):
        """Return a chat that a user is in; writing to the bot opens the private chat."""
        if chat_id == user:
            chat = self.world.private(user)
            if self.world.bot_in(chat).status == "kicked":
                self.block(user, blocked=False)
            return chat
        chat = self.world.find(chat_id)
        if chat.moved_to is not None and not may_have_moved:
            raise bad(f"the group is a supergroup now: {chat.moved_to}")
        if chat.status_of(user) not in MEMBERS:
            raise bad("people write only where they are members")
        return chat

    def _bot_present(self, chat):
        return self.world.bot_in(chat).status in MEMBERS

    def _heard_in_group(self, chat, message):
        """Say whether the bot gets a message of a group: in privacy mode, commands and replies to itself."""
        if not self._bot_present(chat):
            return False
        if self.world.reads_all or self.world.bot_in(chat).status == "administrator":
            return True
        reply = message.get("reply_to_message", {})
        if reply.get("from", {}).get("id") == self.world.bot["id"]:
            return True
        command, _, name = (
            message["text"].split(maxsplit=1)[0].partition("@") if message["text"].strip() else ("",) * 3
        )
        return command.startswith("/") and name.lower() in ("", self.world.bot["username"].lower())


def all_rights(chat, granted):
    """Return an administrator's rights; `granted` names them, or is empty for the usual ones."""
    extra = CHANNEL_RIGHTS if chat.type == "channel" else GROUP_RIGHTS
    usual = set(RIGHTS + extra) - {"can_promote_members"}
    names = set(granted) or usual
    unknown = names - set(RIGHTS + extra)
    if unknown:
        raise bad(f"there is no right “{min(unknown)}” in a {chat.type}")
    return {right: right in names for right in RIGHTS + extra}


def _without_reply(message):
    return {key: value for key, value in message.items() if key != "reply_to_message"}
