"""Sending: texts, photos, and "is typing"."""

from counterparts.telegram.refusals import bad

from .access import topic_of, writable
from .content import caption_of, captioned, inline_keyboard, photo_from, reply_keyboard, text_of
from .registry import method

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


@method
def send_message(api, call):
    chat = writable(api.world, call)
    return _send(api, call, chat, text_of(call))


@method
def send_photo(api, call):
    chat = writable(api.world, call, "photos")
    caption = caption_of(captioned(call))
    photo = photo_from(api.world, call, call.parameters.get("photo"))
    shown = {"show_caption_above_media": True} if call.flag("show_caption_above_media") else {}
    spoiler = {"has_media_spoiler": True} if call.flag("has_spoiler") else {}
    return _send(api, call, chat, {"photo": photo.sizes} | caption | shown | spoiler)


@method
def send_chat_action(api, call):
    writable(api.world, call)
    if call.text("action") not in ACTIONS:
        raise bad("wrong parameter action in request")
    return True


def _send(api, call, chat, content):
    topic = topic_of(chat, call)
    content["reply_to_message"] = _replied(chat, call)
    content["reply_markup"] = inline_keyboard(call)
    if call.flag("protect_content"):
        content["has_protected_content"] = True
    kept = api.world.keep(
        chat,
        {key: value for key, value in content.items() if value is not None},
        sender=None if chat.type == "channel" else api.world.bot["id"],
        topic=topic,
        silent=call.flag("disable_notification"),
        keyboard=reply_keyboard(call),
    )
    api.changed.fire()
    return kept.message


def _replied(chat, call):
    """Return the message that this one answers, without the one that it answered itself."""
    reply = call.value("reply_parameters")
    if not reply:
        return None
    kept = chat.kept.get(reply["message_id"])
    if kept is None or kept.deleted:
        if reply.get("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    return {key: value for key, value in kept.message.items() if key != "reply_to_message"}
