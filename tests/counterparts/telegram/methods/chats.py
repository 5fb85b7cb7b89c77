"""Chats and who is in them; files."""

from counterparts.telegram.refusals import bad

from .access import readable, writable
from .registry import method

GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


@method
def get_chat(api, call):
    chat = readable(api.world, call.parameters.get("chat_id"))
    full = {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }
    if chat.is_group:
        full["permissions"] = {
            "can_send_messages": "messages" not in chat.forbidden,
            "can_send_photos": chat.forbidden.isdisjoint({"messages", "photos"}),
        }
    return chat.short | full


@method
def get_chat_member(api, call):
    chat = readable(api.world, call.parameters.get("chat_id"))
    user = call.integer("user_id")
    if user not in api.world.users:
        raise bad("user not found")
    return api.world.member(chat, user)


@method
def get_chat_administrators(api, call):
    chat = readable(api.world, call.parameters.get("chat_id"))
    if chat.type == "private":
        raise bad("there are no administrators in the private chat")
    return [
        api.world.member(chat, user)
        for user, place in chat.members.items()
        if place.status in ("creator", "administrator")
    ]


@method
def get_chat_member_count(api, call):
    chat = readable(api.world, call.parameters.get("chat_id"))
    return sum(place.status not in ("left", "kicked") for place in chat.members.values())


@method
def leave_chat(api, call):
    chat = writable(api.world, call)
    if chat.type == "private":
        raise bad("chat member status can't be changed in private chats")
    api.crowd.set_member(chat, api.world.bot["id"], "left", by=api.world.bot["id"])
    return True


@method
def get_file(api, call):
    file_id = call.text("file_id")
    if file_id not in api.world.photos:
        raise bad("invalid file_id")
    size = next(size for size in api.world.photos[file_id].sizes if size["file_id"] == file_id)
    return {
        "file_id": file_id,
        "file_unique_id": size["file_unique_id"],
        "file_size": size["file_size"],
        "file_path": f"photos/{file_id}",
    }
