"""Changing and deleting what was sent."""

from counterparts.telegram.refusals import bad

from .access import writable
from .content import caption_of, captioned, inline_keyboard, photo_from, text_of
from .registry import method

SHOWN = ("text", "entities", "caption", "caption_entities", "photo", "reply_markup", "link_preview_options")


@method
def edit_message_text(api, call):
    kept = _to_edit(api, call)
    content = text_of(call)
    if "text" not in kept.message:
        raise bad("there is no text in the message to edit")
    return _edit(api, kept, content | {"reply_markup": inline_keyboard(call)})


@method
def edit_message_caption(api, call):
    kept = _to_edit(api, call)
    if "photo" not in kept.message:
        raise bad("there is no caption in the message to edit")
    content = caption_of(captioned(call))
    return _edit(api, kept, content | {"reply_markup": inline_keyboard(call)})


@method
def edit_message_media(api, call):
    kept = _to_edit(api, call)
    media = call.value("media")
    if not isinstance(media, dict):
        raise bad("can't parse InputMedia: expected an Object")
    if media.get("type") != "photo":
        raise bad(f'can\'t parse InputMedia: type "{media.get("type")}" is not known to this server')
    photo = photo_from(api.world, call, media.get("media"))
    content = {"photo": photo.sizes, "text": None, "entities": None, "link_preview_options": None}
    content["show_caption_above_media"] = media.get("show_caption_above_media") or None
    content["has_media_spoiler"] = media.get("has_spoiler") or None
    return _edit(api, kept, content | caption_of(media) | {"reply_markup": inline_keyboard(call)})


@method
def edit_message_reply_markup(api, call):
    kept = _to_edit(api, call)
    return _edit(api, kept, {"reply_markup": inline_keyboard(call)})


@method
def delete_message(api, call):
    chat = writable(api.world, call)
    _delete(api, chat, call.integer("message_id"))
    return True


@method
def delete_messages(api, call):
    """Delete several; those that are not there are passed over."""
    chat = writable(api.world, call)
    numbers = call.value("message_ids") or []
    if not 1 <= len(numbers) <= 100:
        raise bad("message identifiers are not specified" if not numbers else "too many message identifiers")
    for number in numbers:
        if number in chat.kept and not chat.kept[number].deleted:
            _delete(api, chat, number)
    return True


def _to_edit(api, call):
    if call.text("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")
    chat = writable(api.world, call)
    kept = chat.kept.get(call.integer("message_id"))
    if kept is None or kept.deleted:
        raise bad("message to edit not found")
    if not _own(api, chat, kept.message) or kept.keyboard is not None:
        raise bad("message can't be edited")
    if "text" not in kept.message and "photo" not in kept.message:
        raise bad("message can't be edited")
    return kept


def _own(api, chat, message):
    """Say whether the bot wrote a message; in a channel, posts of people carry their `author`."""
    if chat.type == "channel":
        return message["message_id"] not in api.crowd.posts_of_people.get(chat.id, ())
    return message.get("from", {}).get("id") == api.world.bot["id"]


def _edit(api, kept, content):
    changed = {key: value for key, value in kept.message.items() if key in SHOWN} | {
        key: value for key, value in content.items() if key in SHOWN
    }
    if {key: value for key, value in changed.items() if value is not None} == {
        key: value for key, value in kept.message.items() if key in SHOWN
    }:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    message = api.world.edit(kept, content)
    api.changed.fire()
    return message


def _delete(api, chat, number):
    kept = chat.kept.get(number)
    if kept is None or kept.deleted:
        raise bad("message to delete not found")
    if chat.type != "private" and not _own(api, chat, kept.message):
        place = api.world.bot_in(chat)
        if place.status != "administrator" or not place.rights.get("can_delete_messages"):
            raise bad("message can't be deleted")
    kept.deleted = True
    api.changed.fire()
