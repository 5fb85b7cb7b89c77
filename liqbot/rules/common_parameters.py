"""The parameters that every rule has, whatever it looks for: how its hits become alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from liqbot.rules.parameters import Between, Parameter, Value
from liqbot.rules.units import Unit

LONGEST_S = 30 * 86_400
"""The longest span that may be asked for."""
MANNER = ("silent", "digest", "role", "venue", "once", "until")
"""What a subscription says of how its alerts are brought: no rule can have parameters of these names."""
_YES = "yes"
_NOT_OF_EVENTS = {
    "for": "it tells of events, which do not last",
    "repeat": "it tells of events, each of them once",
    "resolved": "it tells of events, which are never over",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """How a rule's hits become alerts; spans in seconds. A subscription may ask for other values."""

    hold: float = 0
    """A hit must last this long before its alert goes out (`for`)."""
    recover: float = 0
    """It must be gone this long before its alert is over."""
    cooldown: float = 3_600
    """After an alert of a key, once it is over, no other of the same key for this long."""
    apart: float = 0
    """Between two alerts of a watch, of different keys, at least so long. One that comes sooner waits, and
    goes out then if it still holds; at once where its value is `escalate` times what was told."""
    repeat: float = 0
    """While an alert is on, it is told again after so long; 0 for never."""
    escalate: float = 0
    """While an alert is on, it is told again when its value is so many times what was told; 0 for never."""
    resolve: bool = False
    """Whether it is told that an alert is over."""
    steady: bool = False
    """Whether it must be gone as long as it had to last (`for`): `recover` is then not looked at."""
    is_event: bool = False
    """Whether each hit is something that happened, and not a state that lasts: only `cooldown` applies."""


def common_parameters(policy: Policy) -> tuple[Parameter, ...]:
    """Return the parameters with which a subscription may change `policy`."""
    if policy.is_event:
        return (_span("cooldown", policy.cooldown, "minimum time between two alerts about the same thing"),)
    apart = (
        _span(
            "apart",
            policy.apart,
            "minimum time between two alerts about different things, but for a far larger one",
        ),
    )
    return (
        _span("for", policy.hold, "how long it must hold before you are alerted"),
        _span("cooldown", policy.cooldown, "minimum time between two alerts about the same thing"),
        *(apart if policy.apart else ()),
        _span("repeat", policy.repeat, "repeat the alert this often while it holds; 0 for never"),
        Parameter(
            "resolved",
            _yes_no(policy),
            "also alert when it has resolved",
            choices=("no", _YES),
            standing=True,
        ),
    )


def refused_parameters(policy: Policy) -> dict[str, str]:
    """Return the parameters that make no sense for a rule of this policy, each with the reason."""
    return dict(_NOT_OF_EVENTS) if policy.is_event else {}


def policy_of(policy: Policy, values: Mapping[str, Value]) -> Policy:
    """Return `policy` as the values of a form change it."""
    hold = float(values.get("for", policy.hold))
    return replace(
        policy,
        hold=hold,
        recover=hold if policy.steady else policy.recover,
        cooldown=float(values.get("cooldown", policy.cooldown)),
        apart=float(values.get("apart", policy.apart)),
        repeat=float(values.get("repeat", policy.repeat)),
        resolve=values.get("resolved", _yes_no(policy)) == _YES,
    )


def _span(name: str, default: float, text: str) -> Parameter:
    return Parameter(name, default, text, Unit.SECONDS, Between(0, LONGEST_S), standing=True)


def _yes_no(policy: Policy) -> str:
    return _YES if policy.resolve else "no"
