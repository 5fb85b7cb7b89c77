"""How a subscription's alerts are brought: what may be typed beside the parameters of its rule."""

import re
from collections.abc import Mapping

from liqbot.rules.parameters import Parameter, ParameterError
from liqbot.rules.wording import quoted
from liqbot.store.subscriptions import Manner

CHOICES = (
    Parameter("silent", "no", "without a sound", choices=("no", "yes")),
    Parameter(
        "digest",
        "off",
        "combine the alerts of an hour or a day into one message",
        choices=("off", "hourly", "daily"),
    ),
)
"""What can be chosen; besides there is `role`, the platform's id of a role to ping."""
ROLE = "role"
_MENTION = re.compile(r"<@&(\w+)>|(\w*)", re.ASCII)


def take_options(written: Mapping[str, str]) -> tuple[Manner, dict[str, str]]:
    """Return how alerts are to be brought, and what else was written. Raises `ParameterError`."""
    left = {name.lower(): text for name, text in written.items()}
    if len(left) < len(written):
        raise ParameterError("a name is given twice")
    chosen = {one.name: one.parse(left.pop(one.name, str(one.default))) for one in CHOICES}
    written_role = left.pop(ROLE, "")
    mention = _MENTION.fullmatch(written_role)
    if mention is None:
        raise ParameterError(f"role must be the id of a role or a mention of it, not {quoted(written_role)}")
    role = mention[1] or mention[2] or None
    return Manner(chosen["silent"] == "yes", role, str(chosen["digest"])), left


def told_options(manner: Manner) -> str:
    """Return in words what is not as usual: `, silent, daily digest`; empty where all is."""
    parts = [
        "silent" if manner.silent else "",
        "" if manner.digest == "off" else f"{manner.digest} digest",
        "pings a role" if manner.role else "",
    ]
    return "".join(f", {part}" for part in parts if part)
