"""May the bot do this here? The refusals of chats that are gone, moved, closed or never begun."""

from counterparts.telegram.refusals import Refused, bad, forbidden
from counterparts.telegram.world import MEMBERS

KINDS = {"group": "group", "supergroup": "supergroup", "channel": "channel"}


def readable(world, chat_id):
    """Return a chat that the bot can see."""
    chat = world.find(chat_id)
    if chat.type != "private":
        _present(world, chat)
    return chat


def writable(world, call, what="messages"):
    """Return the chat that a call writes to; `what` is "messages" or "photos"."""
    user = call.chat
    if user in world.users and user not in world.chats and user != world.bot["id"]:
        raise forbidden("bot can't initiate conversation with a user")
    chat = world.find(call.parameters.get("chat_id"))
    if chat.moved_to is not None:
        raise Refused(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=chat.moved_to,
        )
    if chat.type == "private":
        _reachable(world, chat)
    else:
        _present(world, chat)
        _permitted(world, chat, what)
    return chat


def topic_of(chat, call):
    """Return the topic that a call names, or None."""
    topic = call.integer("message_thread_id")
    if topic is None:
        return None
    if topic not in chat.topics:
        raise bad("message thread not found")
    if topic in chat.closed_topics:
        raise bad("TOPIC_CLOSED")
    return topic


def _reachable(world, chat):
    if chat.id in world.deactivated:
        raise forbidden("user is deactivated")
    if world.bot_in(chat).status == "kicked":
        raise forbidden("bot was blocked by the user")


def _present(world, chat):
    status = world.bot_in(chat).status
    if chat.moved_to is not None:
        raise Refused(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=chat.moved_to,
        )
    if status == "kicked":
        raise forbidden(f"bot was kicked from the {KINDS[chat.type]} chat")
    if status not in MEMBERS:
        raise forbidden(f"bot is not a member of the {KINDS[chat.type]} chat")


def _permitted(world, chat, what):
    place = world.bot_in(chat)
    if chat.type == "channel":
        if place.status != "administrator" or not place.rights.get("can_post_messages"):
            raise bad("need administrator rights in the channel chat")
    elif place.status == "member" and not chat.forbidden.isdisjoint({"messages", what}):
        noun = "text messages" if what == "messages" else what
        raise bad(f"not enough rights to send {noun} to the chat")
