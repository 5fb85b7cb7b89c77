"""What a message says and shows, read from a call: text, caption, photo, buttons."""

import re

from counterparts.telegram.call import attached
from counterparts.telegram.pictures import photo_of
from counterparts.telegram.published import Upload
from counterparts.telegram.refusals import bad
from counterparts.telegram.text import CAPTION_LIMIT, TEXT_LIMIT, formatted

MOST_BUTTONS = 100
ACTIONS = ("url", "callback_data", "web_app", "login_url", "switch_inline_query", "copy_text", "pay")


def text_of(call):
    """Return the fields `text`, `entities` and `link_preview_options`; what is empty is None."""
    text, entities = formatted(
        call.text("text"),
        parse_mode=call.text("parse_mode"),
        entities=call.value("entities"),
        limit=TEXT_LIMIT,
        what="text",
    )
    return {
        "text": text,
        "entities": entities or None,
        "link_preview_options": call.value("link_preview_options"),
    }


def caption_of(given):
    """Return the fields `caption` and `caption_entities` of a call's or a media's parameters."""
    text, entities = formatted(
        given.get("caption") or "",
        parse_mode=given.get("parse_mode"),
        entities=given.get("caption_entities"),
        limit=CAPTION_LIMIT,
        what="caption",
    )
    return {"caption": text or None, "caption_entities": entities or None}


def captioned(call):
    """Return the parameters that `caption_of` reads, from a call."""
    return {
        "caption": call.text("caption"),
        "parse_mode": call.text("parse_mode"),
        "caption_entities": call.value("caption_entities"),
    }


def photo_from(world, call, given):
    """Return the photo that a parameter means: an upload, attach://, or a file_id from before."""
    if isinstance(given, str) and given.startswith("attach://"):
        given = attached(call, given)
    if isinstance(given, Upload):
        return world.keep_photo(photo_of(given.content))
    if not given:
        raise bad("there is no photo in the request")
    if re.match(r"https?://", given):
        raise bad("failed to get HTTP URL content")  # nothing is fetched from here
    if given not in world.photos:
        raise bad("wrong remote file identifier specified: Wrong string length")
    return world.photos[given]


def inline_keyboard(call):
    """Return the inline keyboard of a call, checked, or None."""
    markup = call.value("reply_markup")
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return None
    rows = [[_button(button) for button in row] for row in markup["inline_keyboard"] if row]
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad("reply markup is too long")
    return {"inline_keyboard": rows} if rows else None


def reply_keyboard(call):
    """Return a keyboard of the other kinds, or None."""
    markup = call.value("reply_markup")
    return markup if isinstance(markup, dict) and "inline_keyboard" not in markup else None


def _button(button):
    if not button.get("text"):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if not any(action in button for action in ACTIONS):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not re.match(r"(?:https?|ton|tonsite)://[^\s/?#]+|tg://\w", url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return button
