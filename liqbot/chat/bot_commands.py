"""The commands about the bot itself: help and status."""

from collections.abc import Iterator

from liqbot.chat import (
    account_commands,
    admin_commands,
    alert_commands,
    comparison_commands,
    control_commands,
    flow_commands,
    journal_commands,
    look_command,
    market_commands,
    record_commands,
    screener_command,
    subscription_commands,
)
from liqbot.chat.arguments import choices
from liqbot.chat.command import Argument, Command, CommandContext, Kind, Topic, command
from liqbot.message import Button, Fact, Message, Table, Tone
from liqbot.rules.parameters import Form, Parameter
from liqbot.rules.rule import Rule
from liqbot.service.processes import ProcessAnswer
from liqbot.service.status import CoinStatus, ModelScore
from liqbot.text import _, ngettext
from liqbot.text.figures import duration, listed, percent, price

_EVERYTHING = "all"
"""The topic under which `/help` lists all commands and rules."""


@command
async def help(context: CommandContext, topic: Topic = "") -> Message:  # noqa: A001 - it bears its command's name
    """What the bot can do, or how to use one command or rule."""
    if topic == _EVERYTHING:
        return _everything(context)
    rules = context.services.rules.by_name
    rule, chosen = rules.get(topic), next((item for item in COMMANDS if item.name == topic), None)
    if chosen is not None:
        also = () if rule is None else (_("It is a rule as well:"), _usage(rule), *_rule_lines(rule))
        form = chosen.form if rule is None else rule.form
        facts = () if form is None else tuple(_facts_of(form))
        return Message(chosen.usage, (*await _command_lines(context, chosen), *also), facts=facts)
    if rule is not None:
        return Message(_usage(rule), _rule_lines(rule), facts=tuple(_rule_facts(rule)))
    coin = _any_coin(context)
    return Message(
        _("What you can ask"),
        (
            _("/heatmap {coin}: liquidations over time", coin=coin),
            _("/clusters {coin}: the nearest prices", coin=coin),
            _("/regime {coin}: which side is heavier", coin=coin),
            _("/subscribe: alerts in this chat"),
            _("/mute 4h: no alerts for a while"),
            _("/help all: everything else"),
        ),
        actions=(
            Button(_("Heatmap"), f"/heatmap {coin}"),
            Button(_("Subscribe"), f"/subscribe near-cluster {coin}"),
            Button(_("Everything"), f"/help {_EVERYTHING}"),
            Button(_("Status"), "/status"),
        ),
    )


@command
async def status(context: CommandContext) -> Message:
    """How the bot is doing, how old its data is, and what has yet to be delivered."""
    answer = await context.services.status.status()
    away = listed([f"{count}× {reason}" for reason, count in answer.away.items()])
    return Message(
        _("Status: not all is well") if answer.troubles else _("Status: all is well"),
        lines=(*(f"✗ {trouble}" for trouble in answer.troubles), *answer.sources, *answer.remarks),
        facts=(
            Fact(_("Rules"), listed(answer.rules) or _("none")),
            Fact(_("Subscriptions"), str(answer.subscriptions)),
            Fact(_("Deliveries under way"), str(answer.owed)),
            *([Fact(_("Chats that cannot be reached"), away)] if away else []),
            *(_score(score) for score in answer.scores),
            *(_process(process) for process in answer.processes),
        ),
        tables=(Table(tuple(_coin(coin) for coin in answer.coins)),) if answer.coins else (),
        tone=Tone.WARNING if answer.troubles else Tone.NEUTRAL,
    )


def _process(process: ProcessAnswer) -> Fact:
    """Return what a process does, what of it only one may do, and how far it is behind."""
    leads = _("leads {what}", what=listed(process.leads)) if process.leads else _("stands by")
    behind = [
        _("{role} {time} behind", role=role, time=duration(lag_s)) for role, lag_s in process.lags_s.items()
    ]
    if process.is_silent:
        behind.append(_("silent for {time}", time=duration(process.silent_s)))
    label = _("Process {name}: {roles}", name=process.name, roles=listed(process.roles))
    return Fact(label, "; ".join([leads, *behind]))


def _score(score: ModelScore) -> Fact:
    """Return how the modelled map of a coin fared against the truth."""
    said = [
        _("{name} {value} ({low}…{high})", name=name, value=f"{found[0]:.2f}", low=f"{found[1]:.2f}",
          high=f"{found[2]:.2f}")
        for name, found in (
            (_("rank"), score.rank), (_("size"), score.size), (_("bits over distance only"), score.bits),
            (_("liquidated dollars ranked right"), score.ranked),
        )
        if found is not None
    ]  # fmt: skip
    label = (
        _("{coin} modelled, against {layer}", coin=score.coin, layer=score.label)
        if score.maps
        else _("{coin} of {layer}, by its liquidations", coin=score.coin, layer=score.label)
    )
    return Fact(label, ", ".join(said) or _("nothing could be compared"))


SELDOM = (
    *alert_commands.COMMANDS,
    *journal_commands.COMMANDS,
    *control_commands.COMMANDS,
    *look_command.COMMANDS,
)
"""Commands that `/help all` names last."""
COMMANDS: tuple[Command, ...] = (
    *market_commands.COMMANDS,
    *comparison_commands.COMMANDS,
    *screener_command.COMMANDS,
    *flow_commands.COMMANDS,
    *record_commands.COMMANDS,
    *account_commands.COMMANDS,
    *subscription_commands.COMMANDS,
    *SELDOM,
    help,
    status,
    *admin_commands.COMMANDS,
)
"""Every command, in the order of `/help`."""


def _any_coin(context: CommandContext) -> str:
    return next(iter(context.services.markets.coins), "BTC")


def _everything(context: CommandContext) -> Message:
    rules = context.services.rules.by_name
    return Message(
        _("All commands and rules"),
        tables=(
            Table(
                tuple(
                    (item.usage, item.summary)
                    for item in COMMANDS
                    if item not in SELDOM and (context.is_owner or not item.owners)
                ),
                _("Commands"),
            ),
            Table(tuple((item.usage, item.summary) for item in SELDOM), _("Alerts and settings")),
            Table(tuple((rule.name, rule.summary) for rule in rules.values()), _("Rules to subscribe to")),
        ),
        notes=(_("/help COMMAND or /help RULE says more."),),
    )


async def _command_lines(context: CommandContext, chosen: Command) -> list[str]:
    lines = [chosen.summary, *chosen.details]
    for argument in chosen.arguments:
        is_own = argument.kind in (Kind.NUMBER, Kind.ACCOUNT)
        names = () if is_own else tuple(await choices(argument.kind, context))
        if names and argument.default:
            lines.append(
                _(
                    "{argument}: {names}. Default: {default}.",
                    argument=argument.kind,
                    names=listed(names),
                    default=_default(argument),
                )
            )
        elif names:
            lines.append(_("{argument}: {names}", argument=argument.kind, names=listed(names)))
    return lines


def _default(argument: Argument) -> str:
    if argument.kind is Kind.MOVE:
        return percent(argument.default, signed=True)
    return duration(argument.default) if argument.kind is Kind.SPAN else str(argument.default)


def _usage(rule: Rule) -> str:
    return f"/subscribe {rule.name} COIN {rule.form.show(rule.form.defaults())}".rstrip()


def _rule_lines(rule: Rule) -> tuple[str, ...]:
    return (rule.summary, *rule.details)


def _rule_facts(rule: Rule) -> Iterator[Fact]:
    yield from _facts_of(rule.form)


def _facts_of(form: Form) -> Iterator[Fact]:
    for parameter in form.parameters:
        yield Fact(parameter.name, parameter_text(parameter))


def parameter_text(parameter: Parameter) -> str:
    """Return what a parameter is, takes, and has by default."""
    default = parameter.show(parameter.default)
    if not parameter.help:
        return _("{takes}. Default: {default}.", takes=parameter.takes, default=default)
    return _(
        "{help}; {takes}. Default: {default}.", help=_(parameter.help), takes=parameter.takes, default=default
    )


def _coin(coin: CoinStatus) -> tuple[str, ...]:
    held = (
        _("modelled")
        if coin.positions is None
        else ngettext("{count} position", "{count} positions", coin.positions)
    )
    age = "" if coin.age_s is None else _("{age} old", age=duration(coin.age_s))
    clusters = ngettext("{count} cluster", "{count} clusters", coin.clusters)
    return (coin.coin, price(coin.spot), held, age, clusters)
