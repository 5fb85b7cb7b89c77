"""The rule by which an account is watched: its parameters, as a form, and how its hits become alerts.

It is a rule like any other for subscriptions, previews of text and the state machine; but what it reads is an
account (`account_reading.py`) and not a market, so it is not among the rules to subscribe to a coin with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from liqbot.market.events import MarketEvent
from liqbot.market.view import MarketView
from liqbot.rules.common_parameters import Policy, common_parameters, refused_parameters
from liqbot.rules.hit import Reading
from liqbot.rules.parameters import Between, Form, Help, Parameter, Percent, Usd, Value
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Rule, place_of
from liqbot.rules.wording import paragraphs
from liqbot.store.subscriptions import ACCOUNT_RULE
from liqbot.text import N_

STEPS = (1.0, 0.5, 0.2)
"""An account is told to be near its liquidation at these parts of `near`: at 5%, 2.5% and 1%, say."""
NAME = Parameter("name", "", N_("what this chat calls the account"), is_name=True)
_POLICY = Policy(cooldown=0, is_event=True)


def _watch(
    *,
    near: Annotated[
        Percent, Between(0.1, 90), Help("how near to liquidation you are warned; again at half and a fifth")
    ] = 5.0,
    change: Annotated[
        Percent, Between(1, 1_000), Help("by how much a position has grown or shrunk when you hear of it")
    ] = 25.0,
    at_least: Annotated[
        Usd, Between(0, 1e12), Help("positions smaller than this open, close and change unheard")
    ] = 0.0,
) -> None:
    """Positions opened, closed, reversed, changed by `change`, within `near` of liquidation, or liquidated.

    It warns at `near` of the price, and again at half and at a fifth of that.
    """
    del near, change, at_least


@dataclass(frozen=True, slots=True)
class _AccountReader:
    """A market says nothing of a single account."""

    def read(
        self,
        view: MarketView,
        values: Mapping[str, Value],
        memory: bytes | None,
        events: Sequence[MarketEvent] = (),
    ) -> Reading:
        """Return nothing, and the memory as it is."""
        del view, values, events
        return Reading((), memory)

    def forget(self, memory: bytes, who: str) -> bytes:
        """Return the memory as it is: it holds the account that is watched, and nothing of who watches it."""
        del who
        return memory


def _rule() -> Rule:
    own = Form.of(_watch)
    form = Form([NAME, *own.parameters]).joined(
        common_parameters(_POLICY), refused=refused_parameters(_POLICY)
    )
    file, line = place_of(_watch)
    text = paragraphs(_watch)
    return Rule(ACCOUNT_RULE, _watch, form, _AccountReader(), text, file, line, _POLICY)


WATCH_ACCOUNT = _rule()


def rule_of(rules: Rules, name: str) -> Rule | None:
    """Return the rule of a watch: that of accounts, or one of those that are loaded; None for none."""
    return WATCH_ACCOUNT if name == ACCOUNT_RULE else rules.by_name.get(name)
