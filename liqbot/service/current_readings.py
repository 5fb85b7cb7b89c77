"""What the rules of watches say right now, or why they say nothing; of an account, what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.alerts.account_message import held_text
from liqbot.alerts.account_reading import from_bytes
from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.needs import unknown_now
from liqbot.alerts.states import WatchState
from liqbot.market.accounts import AccountState
from liqbot.market.layer import Layer
from liqbot.market.view import MarketView
from liqbot.rules.hit import Hit, Reading, RuleFault
from liqbot.rules.parameters import ParameterError
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Need, Rule
from liqbot.rules.rule_calls import Question, ask_patiently
from liqbot.service.accounts import Accounts
from liqbot.service.markets import Markets
from liqbot.store.subscriptions import Watch
from liqbot.text import _


class Unread(Exception):  # noqa: N818 - an answer about a watch, which whoever presents it puts into words
    """Nobody can say what a watch finds right now. The text says why, in a word of `Unread.REASONS`."""

    REASONS = (
        *("rule not loaded", "no data", "wrong parameters", "rule fails", "not seen yet"),
        *(Need.BOOK, Need.FUNDING, Need.OPEN_INTEREST),
    )
    """The last ones are what a rule needs and nobody knows at present."""


@dataclass(frozen=True, slots=True)
class Current:
    """What a watch's rule says of the newest view."""

    hits: tuple[str, ...] = ()
    """What it finds, in its words."""
    unread: str = ""
    """Why it says nothing, one of `Unread.REASONS`; empty where it does."""


class CurrentReadings:
    """Asks rules about the newest views."""

    def __init__(self, rules: Rules, markets: Markets, accounts: Accounts) -> None:
        self._rules = rules
        self._markets = markets
        self._accounts = accounts

    async def found(self, watch: Watch, state: bytes | None) -> Sequence[Hit]:
        """Return all that the watch's rule says of the newest view. Raises `Unread`."""
        [found] = await self.of([(watch, decode_state(state))])
        if isinstance(found, Unread):
            raise found
        return found

    async def of(self, watched: Sequence[tuple[Watch, WatchState]]) -> list[Sequence[Hit] | Unread]:
        """Return what the rule of each watch says of its newest view; each coin's are asked at once."""
        found: dict[int, Sequence[Hit] | Unread] = {}
        asked: dict[tuple[str, Layer], tuple[MarketView, dict[int, Question]]] = {}
        for place, (watch, state) in enumerate(watched):
            if watch.is_of_account:
                found[place] = self._held(watch, state)
                continue
            rule, view = self._rules.by_name.get(watch.rule), self._markets.watched(watch.coin, watch.venue)
            if rule is None or view is None:
                found[place] = Unread("rule not loaded" if rule is None else "no data")
                continue
            try:
                question = Question(rule, rule.form.restore(watch.parameters), state.memory)
            except ParameterError:
                found[place] = Unread("wrong parameters")
            else:
                asked.setdefault((watch.coin, view.layer), (view, {}))[1][place] = question
        for view, questions in asked.values():
            answers = await ask_patiently(view, list(questions.values()))
            for (place, question), answer in zip(questions.items(), answers, strict=True):
                found[place] = _read(question.rule, view, answer)
        return [found[place] for place in range(len(watched))]

    def _held(self, watch: Watch, state: WatchState) -> Sequence[Hit] | Unread:
        """Return what an account that is watched holds, as it was seen last, one hit for each position."""
        seen = self.account(watch, state)
        if seen is None:
            return Unread("not seen yet")
        if not seen.positions:
            return [Hit("nothing", _("holds no position"))]
        return [Hit(one.coin, held_text(one), side=one.side) for one in seen.nearest_first()]

    def account(self, watch: Watch, state: WatchState) -> AccountState | None:
        """Return an account that is watched as it was seen last; None where it has not been."""
        return self._accounts.newest(watch.coin) or from_bytes(state.memory).state


def _read(rule: Rule, view: MarketView, answer: Reading | RuleFault) -> Sequence[Hit] | Unread:
    """Return what a rule found; where that is nothing for want of what it needs, that nobody can say."""
    if isinstance(answer, RuleFault):
        return Unread("rule fails")
    unknown = None if answer.hits else unknown_now(rule, view)
    return answer.hits if unknown is None else Unread(str(unknown))
