"""How the Bot API says no: a code, a description, and sometimes what to do about it."""


class Refused(Exception):  # noqa: N818  the Bot API's word for it is a refusal, not an error of ours
    """An answer `{"ok": false, …}`; `parameters` are `retry_after` or `migrate_to_chat_id`."""

    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    @property
    def body(self):
        body = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(what):
    """Return a refusal of something the request says."""
    return Refused(400, f"Bad Request: {what}")


def forbidden(what):
    return Refused(403, f"Forbidden: {what}")


def conflict(what):
    return Refused(409, f"Conflict: {what}")


def too_many(seconds):
    """Return a flood wait; `seconds` is a whole number, as on the wire."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
