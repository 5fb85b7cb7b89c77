"""Receiving updates: polling, webhooks, and the answers to taps."""

import re

from counterparts.telegram.refusals import bad
from counterparts.telegram.text import units

from .registry import method

LONGEST_ANSWER = 200


@method
async def get_updates(api, call):
    return await api.updates.poll(call)


@method
def set_webhook(api, call):
    """Set a webhook; as a self-hosted Bot API server does, take plain HTTP and any port."""
    url = call.text("url")
    if url and not re.match(r"https?://[^\s/]+", url):
        raise bad("bad webhook: invalid webhook URL specified")
    secret = call.text("secret_token")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]+", secret):
        raise bad("secret token contains unallowed characters")
    connections = call.integer("max_connections", 40)
    if call.flag("drop_pending_updates"):
        api.updates.pending.clear()
    api.updates.set_webhook(
        url,
        secret=secret,
        allowed=call.value("allowed_updates"),
        connections=min(max(connections, 1), 100),
        certificate=bool(call.parameters.get("certificate")),
    )
    api.changed.fire()
    return True


@method
def delete_webhook(api, call):
    if call.flag("drop_pending_updates"):
        api.updates.pending.clear()
    api.updates.unset()
    api.changed.fire()
    return True


@method
def get_webhook_info(api, _):
    return api.updates.webhook_info()


@method
def answer_callback_query(api, call):
    text = call.text("text")
    if units(text) > LONGEST_ANSWER:
        raise bad("MESSAGE_TOO_LONG")
    api.crowd.answer_tap(
        call.text("callback_query_id"),
        {"text": text, "alert": call.flag("show_alert"), "url": call.text("url")},
    )
    return True
