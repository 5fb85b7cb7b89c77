"""The commands about the bot itself: help and status."""

from liqbot.chat import market_commands, subscription_commands
from liqbot.chat.command import Ask, Command, Topic, command
from liqbot.chat.desk import SourceHealth
from liqbot.market.figures import duration, price
from liqbot.market.view import MarketView
from liqbot.message import Message, Tone
from liqbot.rules.rule import Rule


@command
async def help(ask: Ask, topic: Topic = "") -> Message:  # noqa: A001 - it bears its command's name
    """What the bot can do; `/help near-cluster` explains a command or a rule."""
    if topic in ask.desk.rules.by_name:
        return _rule_help(ask.desk.rules.by_name[topic])
    chosen = next((item for item in COMMANDS if item.name == topic), None)
    if chosen is not None:
        return Message(chosen.usage, tuple(line for line in (chosen.summary, chosen.details) if line))
    lines = [f"{item.usage} — {item.summary}" for item in COMMANDS]
    rules = ", ".join(ask.desk.rules.by_name)
    return Message(
        "What you can ask", (*lines, f"Rules: {rules}. Example: /subscribe near-cluster BTC within=3%")
    )


@command
async def status(ask: Ask) -> Message:
    """How the bot is doing: sources, ages, rules, subscriptions, what is still to be delivered."""
    desk = ask.desk
    troubled = [f"✗ {error}" for error in desk.rules.errors]
    troubled += [f"✗ rule {name} failed {count}×" for name, count in desk.faults.items()]
    lines = [
        *(_source(source) for source in desk.sources),
        *(_view(view) for view in desk.views.values()),
        f"{len(desk.rules.by_name)} rules: {', '.join(desk.rules.by_name)}",
        *troubled,
        f"{desk.store.subscriptions.count()} subscriptions, {desk.store.outbox.owed()} deliveries under way",
    ]
    return Message("Status", tuple(lines), tone=Tone.WARNING if troubled else Tone.NEUTRAL)


COMMANDS: tuple[Command, ...] = (*market_commands.COMMANDS, *subscription_commands.COMMANDS, help, status)
"""Every command, in the order of `/help`."""


def _rule_help(rule: Rule) -> Message:
    lines = [rule.summary]
    for parameter in rule.form.parameters:
        default = parameter.show(parameter.default)
        lines.append(f"{parameter.name} — {parameter.help}; {parameter.takes}; usually {default}")
    return Message(f"/subscribe {rule.name} COIN {rule.form.show(rule.form.defaults())}", tuple(lines))


def _source(source: SourceHealth) -> str:
    text = f"{source.name} ({source.layer.label}): {source.state}"
    if not source.rejected:
        return text
    reasons = ", ".join(f"{count}× {reason}" for reason, count in source.rejected.most_common(3))
    return f"{text}; refused {reasons}"


def _view(view: MarketView) -> str:
    clusters, age = len(view.clusters), "" if view.age_s is None else f", {duration(view.age_s)} old"
    accounts = view.accounts.long + view.accounts.short
    return f"{view.coin} {price(view.spot)}: {accounts} positions{age}, {clusters} clusters"
