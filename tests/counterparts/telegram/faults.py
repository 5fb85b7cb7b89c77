"""Faults on order: the next so many calls that match fail in one of the ways of the real world."""

import random
import re
from dataclasses import dataclass, field

from .refusals import Refused, conflict, forbidden, too_many

HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n"
)
HTML_PAGE = (
    "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>Attention required</h1>"
    "<p>This page is not from the server that you were looking for.</p></body></html>"
)
FOREIGN = {"page": HTML_PAGE, "foreign_json": '{{"success": false, "status": {status}}}', "empty": ""}
"""What stands between a bot and Telegram answers so, with any status."""
REFUSALS = {
    "unauthorized": lambda _: Refused(401, "Unauthorized"),
    "not_found": lambda _: Refused(404, "Not Found"),
    "says": lambda fault: Refused(fault.status, fault.text),
    "too_many": lambda fault: too_many(int(fault.seconds)),
    "server_error": lambda _: Refused(500, "Internal Server Error"),
    "conflict": lambda _: conflict(
        "terminated by other getUpdates request; make sure that only one bot instance is running"
    ),
    "blocked": lambda _: forbidden("bot was blocked by the user"),
}
KINDS = frozenset(REFUSALS) | frozenset(FOREIGN) | {"bad_gateway", "reset", "hold", "delay"}


@dataclass
class Fault:
    """One order. `after`: the call is carried out first, and only its answer fails.

    too_many (429, `seconds` to wait) · bad_gateway (502, HTML) · server_error (500) · conflict (409) ·
    blocked (403) · reset (the connection) · hold (carried out, the answer kept back for `seconds`) · delay
    (carried out after `seconds`) · page, foreign_json, empty (what stands in between answers with `status`) ·
    says (Telegram refuses with `status` and the description `text`) · unauthorized (401) · not_found (404).
    `share` of the matching calls are hit, chosen by `seed`.
    """

    kind: str
    method: str = ".*"
    chat: int | str | None = None
    times: int | None = 1
    seconds: float = 1
    status: int = 502
    text: str = ""
    after: bool = False
    share: float = 1.0
    seed: int = 0
    hits: int = 0
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault “{self.kind}”; there are {', '.join(sorted(KINDS))}")
        self._pattern = re.compile(self.method, re.IGNORECASE)
        self._chance = random.Random(self.seed)  # noqa: S311  a reproducible choice, not a secret

    def takes(self, call):
        """Say whether this call is hit, and count it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if not self._pattern.fullmatch(call.method) or self.chat not in (None, call.chat):
            return False
        if self.share < 1 and self._chance.random() >= self.share:
            return False
        self.hits += 1
        return True

    def page(self):
        """Return the body of an answer that is not Telegram's, or None if the fault is of another kind."""
        body = FOREIGN.get(self.kind)
        return None if body is None else body.format(status=self.status)

    def refusal(self):
        """Return what a refusing fault answers, or None if it is of another kind."""
        return REFUSALS[self.kind](self) if self.kind in REFUSALS else None
