"""Telegram's answers to a message, as verdicts: by the error code and the description of the Bot API.

Telegram publishes no list of descriptions; these are the ones that its server makes
(github.com/tdlib/telegram-bot-api), and those of the API behind it that come through unchanged. An answer
that is not the Bot API's own, as a proxy's page, is an outage, whatever its status.
"""

from liqbot.alerts.verdict import Verdict

GONE = (
    "topic_deleted",
    "group chat was deleted",
    "group is deactivated",
)
"""What nobody can take back."""
AWAY = (
    "chat not found",  # also said to another bot's token, and by a Bot API server without its memory
    "user not found",
    "peer_id_invalid",
    "message thread not found",  # its group has switched topics off, and may switch them on again
    "topic_id_invalid",
    "user is deactivated",  # the account may be given back
    "user_banned_in_channel",
    "peer_flood",
    "chat_forbidden",
    "have no write access to the chat",
    "topic_closed",
    "topic closed",
    "not enough rights to send text messages",
    "have no rights to send a message",
    "need administrator rights in the channel chat",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_admin_required",
    "chat_guest_send_forbidden",
    "chat_send_plain_forbidden",
    "channel_private",
    "user_is_blocked",
    "group chat was upgraded to a supergroup chat",  # without saying what its id is now
)
WITHOUT_PICTURES = (
    "not enough rights to send photos",
    "chat_send_photos_forbidden",
    "chat_send_media_forbidden",
    "photo_invalid_dimensions",
    "photo_ext_invalid",
    "photo_save_file_invalid",
    "image_process_failed",
    "wrong type of the web page content",
    "file is too big",
    "request entity too large",
    "payload too large",
)
"""The picture is not taken, the text may be."""
LOST_UPLOADS = ("file identifier", "wrong file_id", "file reference")
"""The picture has to be uploaded anew."""


def verdict(code: int, description: str | None) -> Verdict:
    """Return what a refusal means; `description` is the Bot API's, None where it did not answer itself."""
    if description is None or code in (401, 404, 409, 420, 429) or code >= 500:
        return Verdict.AGAIN
    if says(description, *GONE):
        return Verdict.GONE
    if code == 403 or says(description, *AWAY):
        return Verdict.WAIT
    return Verdict.DEGRADE


def says(description: str, *signs: str) -> bool:
    """Return whether a description holds one of the `signs`, which are in small letters."""
    text = description.lower()
    return any(sign in text for sign in signs)
