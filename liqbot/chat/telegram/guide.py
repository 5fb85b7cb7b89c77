"""Guided questions on Telegram: asks with buttons for what a command still lacks.

Most commands lack one thing, and each button carries the whole command. Subscribing takes several taps: rule,
coin, values, with the defaults one tap away. What was chosen so far travels in the buttons (`choice.py`).

Not here: what was chosen so far (`choice.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from liqbot.chat.answering import Answering
from liqbot.chat.arguments import choices
from liqbot.chat.command import Command, CommandContext, Kind
from liqbot.chat.telegram.choice import Choice
from liqbot.message import Button, Fact, Message, Table, Weight
from liqbot.rules.parameters import Parameter, ParameterError, Value
from liqbot.rules.rule import Rule
from liqbot.rules.units import Unit
from liqbot.service.delivery_options import CHOICES, ONCE
from liqbot.service.errors import UserError
from liqbot.service.markets import BEST_WORD
from liqbot.text import N_, _

_MOST_CHOICES = 40
"""As many buttons as are still a choice."""
_QUESTIONS = {
    Kind.COIN: N_("Which coin?"),
    Kind.RULE: N_("What do you want to hear of?"),
    Kind.NUMBER: N_("Which subscription?"),
    Kind.TOPIC: N_("What about?"),
    Kind.ACCOUNT: N_("Which account?"),
    Kind.TESTED: N_("A test of what?"),
    Kind.SUBJECT: N_("Which coin or account?"),
}
_ROUND = {
    Unit.PERCENT: (0.5, 1, 2, 3, 5, 10, 20, 50, 70, 80, 90),
    Unit.USD: (1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6, 500e6),
    Unit.SECONDS: (0, 60, 300, 600, 1_800, 3_600, 14_400, 86_400),
    Unit.RATIO: (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5),
    Unit.WHOLE: (1, 2, 3, 5, 10, 20, 50, 100),
}
"""Round values to choose from, by unit."""
_VALUES_OFFERED = 8


async def question(line: str, context: CommandContext, answering: Answering) -> Message | None:
    """Return what to ask where a typed command lacks something that can be chosen; None where it does not."""
    name, *words = line.split() or [""]
    command = answering.command(name)
    if command is None or len(words) >= len(command.arguments):
        return None
    if command.name == "subscribe" and len(words) < 2 and not any("=" in word for word in words):
        return _of_subscribe(words, context)
    lacking = command.arguments[len(words)]
    if not lacking.required:
        return None
    return await _of_one(command, words, lacking.kind, context, answering)


def take(step: str, context: CommandContext) -> Message | str:
    """Return the next question after a tap on one of the guide's buttons; at the end, the command to run.

    Raises `UserError` where what was chosen is no longer there.
    """
    try:
        choice = Choice.of(step)
    except ValueError:
        raise UserError("This button is not understood any more. Type /subscribe") from None
    if not choice.rule:
        return _which_rule(context)
    rule = context.services.rules.by_name.get(choice.rule)
    if rule is None:
        raise UserError("There is no rule {rule} any more. Type /subscribe", rule=choice.rule)
    if not choice.coin:
        return _which_coin(rule, context)
    parameters = (*rule.form.parameters, *CHOICES, _venue(choice.coin, context), ONCE)
    values = _values(parameters, choice)
    if choice.done:
        given = [f"{parameters[place - 1].name}={text}" for place, text in sorted(choice.values.items())]
        return " ".join(["/subscribe", choice.rule, choice.coin, *given])
    if choice.asking:
        return _which_value(choice, _at(parameters, choice.asking), values)
    return _these_values(rule, choice, parameters, values)


def _venue(coin: str, context: CommandContext) -> Parameter:
    """Return the choice of the layer that a subscription reads."""
    venues = context.services.markets.watchable(coin)
    return Parameter(
        "venue", BEST_WORD, N_("which map it reads"), choices=(BEST_WORD, *venues), standing=True
    )


def _of_subscribe(words: Sequence[str], context: CommandContext) -> Message | None:
    if not words:
        return _which_rule(context)
    rule = context.services.rules.by_name.get(words[0].lower())
    return None if rule is None else _which_coin(rule, context)


async def _of_one(
    command: Command, words: Sequence[str], kind: Kind, context: CommandContext, answering: Answering
) -> Message | None:
    offered = await choices(kind, context, lambda: answering.topics(context))
    if not offered:
        return None
    typed = " ".join([f"/{command.name}", *words])
    buttons = tuple(Button(name, f"{typed} {name}", renews=True) for name in _first(offered))
    rows = tuple((f"#{name}", told) for name, told in offered.items()) if kind is Kind.NUMBER else ()
    typing = _("Or type {usage}", usage=command.usage)
    return _asked(_(_QUESTIONS.get(kind, N_("Which?"))), [], buttons, rows=rows, notes=(typing,))


def _which_rule(context: CommandContext) -> Message:
    rules = context.services.rules.by_name
    rows = tuple((name, rule.summary) for name, rule in rules.items())
    buttons = [_button(name, Choice(name)) for name in _first(rules)]
    return _asked(_(_QUESTIONS[Kind.RULE]), [], buttons, rows=rows)


def _which_coin(rule: Rule, context: CommandContext) -> Message:
    coins = _first(context.services.markets.views)
    buttons = [_button(coin, Choice(rule.name, coin)) for coin in coins]
    more = (
        []
        if len(coins) == len(context.services.markets.views)
        else [_("Another one: /subscribe {rule} COIN", rule=rule.name)]
    )
    back = _button(_("Back"), Choice(), Weight.BACK)
    return _asked(_("{rule}: which coin?", rule=rule.name), [rule.summary, *more], [*buttons, back])


def _these_values(
    rule: Rule, choice: Choice, parameters: Sequence[Parameter], values: Mapping[str, Value]
) -> Message:
    """CommandContext about the rule's own parameters, or about those that every rule has."""
    shown = [
        (place, item)
        for place, item in enumerate(parameters, start=1)
        if choice.more is (item.standing or item in CHOICES)
    ]
    plain = replace(choice, more=False)
    subscribe = _button(_("Subscribe"), replace(plain, done=True), Weight.MAIN)
    changes = [
        _button(f"{item.name}: {item.show(values[item.name])}", replace(plain, asking=place))
        for place, item in shown
    ]
    more = [] if choice.more else [_button(_("More"), replace(choice, more=True))]
    back = _button(_("Back"), plain if choice.more else Choice(rule.name), Weight.BACK)
    facts = tuple(Fact(item.name, _(item.help)) for _place, item in shown if item.help)
    title = f"{rule.name} {choice.coin}"
    return _asked(title, [rule.describe(values)], [subscribe, *changes, *more, back], facts=facts)


def _which_value(choice: Choice, parameter: Parameter, values: Mapping[str, Value]) -> Message:
    now = values[parameter.name]
    buttons = [
        _button(shown, _with(choice, parameter, value), Weight.CHOSEN if value == now else Weight.PLAIN)
        for value in _offered(parameter, now)
        for shown in [parameter.show(value)]
    ]
    typed = _(
        "Another value: /subscribe {line} {name}=…, {takes}",
        line=f"{choice.rule} {choice.coin}",
        name=parameter.name,
        takes=parameter.takes,
    )
    back = _button(_("Back"), replace(choice, asking=0), Weight.BACK)
    lines = [line for line in (_(parameter.help), "" if parameter.choices else typed) if line]
    return _asked(f"{choice.rule} {choice.coin}: {parameter.name}", lines, [*buttons, back])


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
    if parameter.is_coin or parameter.is_name:
        return tuple(dict.fromkeys((parameter.default, now)))
    bounds = parameter.bounds
    rounded = [
        float(value)
        for value in _ROUND[parameter.unit]
        if bounds is None or bounds.low <= value <= bounds.high
    ]
    kept = {value for value in (parameter.default, now) if isinstance(value, float)}
    middle = float(parameter.default)
    nearest = sorted(set(rounded) - kept, key=lambda value: _apart(value, middle))
    return sorted(kept | set(nearest[: _VALUES_OFFERED - len(kept)]))


def _apart(value: float, middle: float) -> float:
    """Return how far two values are apart, in proportion: 1 is as near to 2 as 4."""
    low, high = sorted((value, middle))
    return high / low if low > 0 else high + 1


def _values(parameters: Sequence[Parameter], choice: Choice) -> dict[str, Value]:
    """Return the value of every parameter: what was chosen, else the default."""
    values = {item.name: item.default for item in parameters}
    try:
        for place, text in choice.values.items():
            item = _at(parameters, place)
            values[item.name] = item.parse(text)
    except ParameterError as error:
        raise UserError("{rule}: {reason}. Type /subscribe {rule}", rule=choice.rule, reason=error) from None
    return values


def _at(parameters: Sequence[Parameter], place: int) -> Parameter:
    if not 1 <= place <= len(parameters):
        raise UserError("The rule takes other values now. Type /subscribe")
    return parameters[place - 1]


def _asked(
    title: str,
    lines: Sequence[str],
    buttons: Sequence[Button],
    *,
    facts: tuple[Fact, ...] = (),
    rows: tuple[tuple[str, ...], ...] = (),
    notes: tuple[str, ...] = (),
) -> Message:
    tables = (Table(rows),) if rows else ()
    return Message(
        title,
        tuple(lines),
        facts=facts,
        tables=tables,
        notes=notes,
        actions=tuple(buttons),
        private=True,
    )


def _button(label: str, choice: Choice, weight: Weight = Weight.PLAIN) -> Button:
    return Button(label, choice.step, renews=True, weight=weight)


def _first(names: Mapping[str, object]) -> list[str]:
    return list(names)[:_MOST_CHOICES]
