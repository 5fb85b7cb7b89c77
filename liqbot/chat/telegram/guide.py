"""Asking for what a command still lacks, with buttons: nobody types `/heatmap BTC` on a phone.

Most commands lack one thing, and each button carries the whole command. Subscribing takes several taps: rule,
coin, values. What was chosen so far travels in the buttons, so that it all works after a restart:

    ?                              which rule?
    ?near-cluster                  which coin?
    ?near-cluster BTC              these values? each can be changed
    ?near-cluster BTC 1=3% .2      which value for the second parameter?
    ?near-cluster BTC 1=3% !       done: `/subscribe near-cluster BTC within=3%`

Parameters go by their place in the rule's form: their names would not fit into a button.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from liqbot.chat.answering import Answering
from liqbot.chat.arguments import choices
from liqbot.chat.command import Ask, Command, Kind, Refusal
from liqbot.message import Button, Message
from liqbot.rules.parameters import Form, Parameter, ParameterError, Value
from liqbot.rules.rule import Rule
from liqbot.rules.units import Unit

MARK = "?"
"""What a step of the guide begins with; a typed command never does."""
_DONE, _ASKING = "!", "."
_MOST_CHOICES = 40
"""As many buttons as are still a choice."""
_QUESTIONS = {
    Kind.COIN: "Which coin?",
    Kind.RULE: "What do you want to hear of?",
    Kind.NUMBER: "Which subscription?",
    Kind.TOPIC: "What about?",
}
_USUAL = {
    Unit.PERCENT: (0.5, 1, 2, 3, 5, 10, 20, 50, 70, 80, 90),
    Unit.USD: (1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6, 500e6),
    Unit.SECONDS: (0, 60, 300, 600, 1_800, 3_600, 14_400, 86_400),
    Unit.RATIO: (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5),
}
"""Round values to choose from, by unit."""
_VALUES_OFFERED = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """What has been chosen so far."""

    rule: str = ""
    coin: str = ""
    values: Mapping[int, str] = field(default_factory=dict[int, str])
    """What differs from the defaults, by the parameter's place in the form, from 1."""
    asking: int = 0
    """The place of the parameter that is being chosen; 0 for none."""
    done: bool = False

    @property
    def step(self) -> str:
        """The choice as a button carries it."""
        words = [self.rule, self.coin, *(f"{place}={text}" for place, text in sorted(self.values.items()))]
        end = [_DONE] if self.done else [f"{_ASKING}{self.asking}"] if self.asking else []
        return MARK + " ".join(word for word in (*words, *end) if word)

    @staticmethod
    def of(step: str) -> "Choice":
        """Read what a button carries. Raises `ValueError` for what none of ours does."""
        words = step.removeprefix(MARK).split()
        end = words[-1] if len(words) > 2 or words[-1:] == [_DONE] else ""
        asking = int(end[1:]) if end.startswith(_ASKING) else 0
        middle = words[2:-1] if asking or end == _DONE else words[2:]
        pairs = [word.partition("=") for word in middle]
        values = {int(place): text for place, _, text in pairs}
        rule, coin = [*words[:2], "", ""][:2]
        return Choice(rule, coin, values, asking, end == _DONE)


def question(line: str, ask: Ask, answering: Answering) -> Message | None:
    """Return what to ask where a typed command lacks something that can be chosen; None where it does not."""
    name, *words = line.split() or [""]
    command = answering.commands.get(name.removeprefix("/").lower())
    if command is None or len(words) >= len(command.arguments):
        return None
    if command.name == "subscribe" and len(words) < 2 and not any("=" in word for word in words):
        return _of_subscribe(words, ask)
    lacking = command.arguments[len(words)]
    if not lacking.required:
        return None
    return _of_one(command, words, lacking.kind, ask, answering)


def take(step: str, ask: Ask) -> Message | str:
    """Return the next question after a tap on one of the guide's buttons; at the end, the command to run.

    Raises `Refusal` where what was chosen is no longer there.
    """
    try:
        choice = Choice.of(step)
    except ValueError:
        raise Refusal("This button is not understood any more. Type /subscribe") from None
    if not choice.rule:
        return _which_rule(ask)
    rule = ask.desk.rules.by_name.get(choice.rule)
    if rule is None:
        raise Refusal(f"There is no rule {choice.rule} any more. Type /subscribe")
    if not choice.coin:
        return _which_coin(rule, ask)
    values = _values(rule.form, choice)
    if choice.done:
        given = [
            f"{_parameter(rule.form, place).name}={text}" for place, text in sorted(choice.values.items())
        ]
        return " ".join(["/subscribe", choice.rule, choice.coin, *given])
    if choice.asking:
        return _which_value(rule, choice, values)
    return _these_values(rule, choice, values)


def _of_subscribe(words: Sequence[str], ask: Ask) -> Message | None:
    if not words:
        return _which_rule(ask)
    rule = ask.desk.rules.by_name.get(words[0].lower())
    return None if rule is None else _which_coin(rule, ask)


def _of_one(
    command: Command, words: Sequence[str], kind: Kind, ask: Ask, answering: Answering
) -> Message | None:
    offered = choices(kind, ask, answering.topics(ask))
    if not offered:
        return None
    typed = " ".join([f"/{command.name}", *words])
    buttons = tuple(Button(name, f"{typed} {name}", renews=True) for name in _first(offered))
    lines = [f"{name} — {told}" for name, told in offered.items() if told] if kind is Kind.NUMBER else []
    return _asked(_QUESTIONS.get(kind, "Which?"), [*lines, f"Or type {command.usage}"], buttons)


def _which_rule(ask: Ask) -> Message:
    rules = ask.desk.rules.by_name
    lines = [f"{name} — {rule.summary}" for name, rule in rules.items()]
    buttons = [_button(name, Choice(name)) for name in _first(rules)]
    return _asked(_QUESTIONS[Kind.RULE], lines, buttons)


def _which_coin(rule: Rule, ask: Ask) -> Message:
    coins = _first(ask.desk.views)
    buttons = [_button(coin, Choice(rule.name, coin)) for coin in coins]
    more = [] if len(coins) == len(ask.desk.views) else [f"Another one: /subscribe {rule.name} COIN"]
    back = _button("‹ Back", Choice())
    return _asked(f"{rule.name}: which coin?", [rule.summary, *more], [*buttons, back])


def _these_values(rule: Rule, choice: Choice, values: Mapping[str, Value]) -> Message:
    changes = [
        _button(f"{item.name}: {item.show(values[item.name])}", replace(choice, asking=place))
        for place, item in enumerate(rule.form.parameters, start=1)
    ]
    usual = "" if choice.values else " as usual"
    subscribe = _button(f"✓ Subscribe{usual}", replace(choice, done=True))
    return _asked(
        f"{rule.name} {choice.coin}",
        [rule.describe(values), *_help(rule.form.parameters)],
        [subscribe, *changes, _button("‹ Back", Choice(rule.name))],
    )


def _which_value(rule: Rule, choice: Choice, values: Mapping[str, Value]) -> Message:
    parameter = _parameter(rule.form, choice.asking)
    now = values[parameter.name]
    buttons = [
        _button(f"• {shown}" if value == now else shown, _with(choice, parameter, value))
        for value in _offered(parameter, now)
        for shown in [parameter.show(value)]
    ]
    typed = f"Another value: /subscribe {rule.name} {choice.coin} {parameter.name}=…, {parameter.takes}"
    back = _button("‹ Back", replace(choice, asking=0))
    lines = [line for line in (parameter.help, "" if parameter.choices else typed) if line]
    return _asked(f"{rule.name} {choice.coin}: {parameter.name}", lines, [*buttons, back])


def _with(choice: Choice, parameter: Parameter, value: Value) -> Choice:
    """Return the choice with that value for the parameter that was asked for."""
    others = {place: text for place, text in choice.values.items() if place != choice.asking}
    if value != parameter.default:
        others[choice.asking] = parameter.show(value).replace(" ", "")
    return replace(choice, values=others, asking=0)


def _offered(parameter: Parameter, now: Value) -> Sequence[Value]:
    """Return values to choose from: all that there are, or round ones about the default."""
    if parameter.choices:
        return parameter.choices
    bounds = parameter.bounds
    usual = [
        float(value)
        for value in _USUAL[parameter.unit]
        if bounds is None or bounds.low <= value <= bounds.high
    ]
    kept = {value for value in (parameter.default, now) if isinstance(value, float)}
    middle = float(parameter.default)
    nearest = sorted(set(usual) - kept, key=lambda value: _apart(value, middle))
    return sorted(kept | set(nearest[: _VALUES_OFFERED - len(kept)]))


def _apart(value: float, middle: float) -> float:
    """Return how far two values are apart, in proportion: 1 is as near to 2 as 4."""
    low, high = sorted((value, middle))
    return high / low if low > 0 else high + 1


def _values(form: Form, choice: Choice) -> dict[str, Value]:
    try:
        return form.parse({_parameter(form, place).name: text for place, text in choice.values.items()})
    except ParameterError as error:
        raise Refusal(f"{choice.rule}: {error}. Type /subscribe {choice.rule}") from None


def _parameter(form: Form, place: int) -> Parameter:
    if not 1 <= place <= len(form.parameters):
        raise Refusal("The rule takes other values now. Type /subscribe")
    return form.parameters[place - 1]


def _help(parameters: Sequence[Parameter]) -> Iterator[str]:
    for item in parameters:
        if item.help:
            yield f"{item.name} — {item.help}"


def _asked(title: str, lines: Sequence[str], buttons: Sequence[Button]) -> Message:
    return Message(title, tuple(lines), buttons=tuple(buttons), private=True)


def _button(label: str, choice: Choice) -> Button:
    return Button(label, choice.step, renews=True)


def _first(names: Mapping[str, object]) -> list[str]:
    return list(names)[:_MOST_CHOICES]
