"""The commands about the bot itself: help and status."""

from collections.abc import Iterable

from liqbot.chat import alert_commands, control_commands, market_commands, subscription_commands
from liqbot.chat.arguments import choices
from liqbot.chat.command import Argument, Ask, Command, Kind, Topic, command
from liqbot.chat.desk import Desk, SourceHealth
from liqbot.market.figures import duration, price, usd
from liqbot.market.layer import Basis, Origin
from liqbot.market.view import MarketView
from liqbot.message import Button, Message, Tone
from liqbot.rules.loading import LoadError
from liqbot.rules.rule import Rule
from liqbot.rules.wording import counted, listed

WELL = ("starting", "running", "ended")
"""The states of a source that are no trouble."""


@command
async def help(ask: Ask, topic: Topic = "") -> Message:  # noqa: A001 - it bears its command's name
    """What the bot can do, or what one command or rule is and takes."""
    rules = ask.desk.rules.by_name
    rule, chosen = rules.get(topic), next((item for item in COMMANDS if item.name == topic), None)
    if chosen is not None:
        also = () if rule is None else ("It is a rule as well:", _usage(rule), *_rule_lines(rule))
        return Message(chosen.usage, (*await _command_lines(ask, chosen), *also))
    if rule is not None:
        return Message(_usage(rule), _rule_lines(rule))
    coin = next(iter(ask.desk.views), "BTC")
    return Message(
        "What you can ask",
        (
            *(f"{item.usage} — {item.summary}" for item in COMMANDS if item not in SELDOM),
            f"Also: {', '.join(item.usage for item in SELDOM)}; /help COMMAND tells more",
            "What you can /subscribe to; /help RULE tells more:",
            *(f"{rule.name} — {rule.summary}" for rule in rules.values()),
        ),
        actions=(
            Button("Heatmap", f"/heatmap {coin}"),
            Button("Subscribe", f"/subscribe near-cluster {coin}"),
            Button("Status", "/status"),
        ),
    )


@command
async def status(ask: Ask) -> Message:
    """How the bot is doing, how old its data is, and what is still to be delivered."""
    desk = ask.desk
    troubles = list(_troubles(desk))
    lines = [
        *troubles,
        *(_source(source) for source in desk.sources if source.state in WELL),
        *(line for source in desk.sources for line in (*source.report().lines, *_compared(source, desk))),
        *(
            f"{source.name} without {what}: {why}"
            for source in desk.sources
            for what, why in source.limits.items()
        ),
        *(_view(view, desk.clock()) for view in desk.views.values()),
        f"{counted(len(desk.rules.by_name), 'rule')}: {listed(desk.rules.by_name) or 'none'}",
        f"{counted(await desk.store.subscriptions.count(), 'subscription')}",
        f"{counted(await desk.store.deliveries.owed(), 'delivery')} under way",
    ]
    if troubles:
        return Message("Status: not all is well", tuple(lines), tone=Tone.WARNING)
    return Message("Status: all is well", tuple(lines))


SELDOM = (*alert_commands.COMMANDS, *control_commands.COMMANDS)
"""Commands that /help names without explaining them."""
COMMANDS: tuple[Command, ...] = (
    *market_commands.COMMANDS,
    *subscription_commands.COMMANDS,
    *SELDOM,
    help,
    status,
)
"""Every command, in the order of `/help`."""


async def _command_lines(ask: Ask, chosen: Command) -> list[str]:
    lines = [chosen.summary, *chosen.details]
    for argument in chosen.arguments:
        names = () if argument.kind is Kind.NUMBER else tuple(await choices(argument.kind, ask, {}))
        usually = f"; usually {_usual(argument)}" if argument.default else ""
        lines += [f"{argument.kind} — {listed(names)}{usually}"] if names else []
    return lines


def _usual(argument: Argument) -> str:
    return duration(argument.default) if argument.kind is Kind.SPAN else str(argument.default)


def _usage(rule: Rule) -> str:
    return f"/subscribe {rule.name} COIN {rule.form.show(rule.form.defaults())}".rstrip()


def _rule_lines(rule: Rule) -> tuple[str, ...]:
    lines = [rule.summary, *rule.details]
    for parameter in rule.form.parameters:
        if parameter.standing:
            continue
        told = (parameter.help, parameter.takes, f"usually {parameter.show(parameter.default)}")
        lines.append(f"{parameter.name} — {'; '.join(part for part in told if part)}")
    standing = [item for item in rule.form.parameters if item.standing]
    usual = (f"{item.name}={item.show(item.default).replace(' ', '')} ({item.help})" for item in standing)
    return (*lines, f"As for every rule: {', '.join(usual)}")


def _troubles(desk: Desk) -> Iterable[str]:
    for source in desk.sources:
        if source.state not in WELL:
            yield f"✗ {_source(source)}"
        for what, why in source.missing.items():
            yield f"✗ {source.name}: no data of {what}: {why}"
    for error in desk.rules.errors:
        yield f"✗ plugin {_where(error)}: {error.reason}"
    for name, count in desk.faults.items():
        if name in desk.rules.by_name:
            yield f"✗ rule {name} has failed {count}×; the operator's log names the line"
        else:
            yield f"✗ rule {name} is not loaded, but still subscribed to"


def _where(error: LoadError) -> str:
    """Return where a plugin failed; not in which folder, which is nobody's business in a chat."""
    return f"{error.file.name}, line {error.line}" if error.line else error.file.name


def _source(source: SourceHealth) -> str:
    text = f"{source.name} ({source.layer.label}): {source.state}"
    refused = source.rejected + source.report().refused
    if not refused:
        return text
    reasons = ", ".join(f"{count}× {reason}" for reason, count in refused.most_common(3))
    return f"{text}; refused {reasons}"


def _compared(source: SourceHealth, desk: Desk) -> Iterable[str]:
    """Yield how the fuel of a source's views compares with what others say."""
    for other in source.report().elsewhere:
        view = desk.views.get(other.coin)
        if view is not None and view.layer == source.layer:
            yield (
                f"{other.coin} within 5%: {usd(view.up_usd)} ↑ · {usd(view.down_usd)} ↓ here, "
                f"{usd(other.up_usd)} ↑ · {usd(other.down_usd)} ↓ at {other.who}, "
                f"{duration(max(desk.clock() - other.time_ms, 0) / 1000)} ago"
            )


def _view(view: MarketView, now_ms: int) -> str:
    known = view.accounts.long + view.accounts.short
    held = counted(known, "position") if view.layer.basis is Basis.MEASURED else "modelled"
    text = f"{view.coin} {price(view.spot)} — {held}"
    if view.age_s is not None:
        # A live market that falls silent goes on ageing; a made-up or recorded one has a time of its own.
        silent_s = (now_ms - view.time_ms) / 1000 if view.layer.origin is Origin.LIVE else 0
        text += f", {duration(view.age_s + max(silent_s, 0))} old"
    return f"{text}, {counted(len(view.clusters), 'cluster')}"
