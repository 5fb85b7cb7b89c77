"""Options of a subscription beside its rule's parameters: silent, digest, once, role, until."""

import re
from collections.abc import Mapping
from dataclasses import replace

from liqbot.rules.parameters import Parameter, ParameterError
from liqbot.rules.wording import quoted
from liqbot.store.subscriptions import Manner
from liqbot.text import N_

CHOICES = (
    Parameter("silent", "no", N_("without a sound"), choices=("no", "yes")),
    Parameter(
        "digest",
        "off",
        N_("combine the alerts of an hour or a day into one message"),
        choices=("off", "hourly", "daily"),
    ),
)
"""What can be chosen; besides there is `role`, the platform's id of a role to ping, and `until`, a time."""
ONCE = Parameter("once", "no", N_("pause it as soon as it has told something"), choices=("no", "yes"))
ROLE = "role"
UNTIL = "until"
_MENTION = re.compile(r"<@&(\w+)>|(\w*)", re.ASCII)


def take_options(written: Mapping[str, str], before: Manner | None = None) -> tuple[Manner, dict[str, str]]:
    """Return how alerts are to be brought, and what else was written. Raises `ParameterError`.

    What is not written stays as it was `before`; without that it is as by default.
    """
    left = {name.lower(): text for name, text in written.items()}
    if len(left) < len(written):
        raise ParameterError("a name is given twice")
    manner = before or Manner()
    silent, digest, once = (
        one.parse(left.pop(one.name)) if one.name in left else None for one in (*CHOICES, ONCE)
    )
    if silent is not None:
        manner = replace(manner, silent=silent == "yes")
    if digest is not None:
        manner = replace(manner, digest=str(digest))
    if once is not None:
        manner = replace(manner, once=once == "yes")
    if ROLE in left:
        manner = replace(manner, role=_role(left.pop(ROLE)))
    return manner, left


def _role(written: str) -> str | None:
    """Return the id of a role; None for none, which `off` stands for as well. Raises `ParameterError`."""
    if written.lower() == "off":
        return None
    mention = _MENTION.fullmatch(written)
    if mention is None:
        raise ParameterError(f"role must be the id of a role or a mention of it, not {quoted(written)}")
    return mention[1] or mention[2] or None
